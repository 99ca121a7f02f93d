"""Steps: what messages of streams ask to be computed, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.errors import InputError
from pathcast.model.contacts import Contacts
from pathcast.model.entries import Entries
from pathcast.model.forecast import Forecast
from pathcast.model.goals import NO_GOALS, Goals
from pathcast.model.regions import NO_REGIONS, Regions
from pathcast.model.states import States
from pathcast.service.messages import Remark, Snapshot

if TYPE_CHECKING:
    from pathcast.service.session import Session


@dataclass(frozen=True, eq=False)
class Observing:
    """Observations that tracks take in: one each, or `lengths` of them."""

    slots: Int[np.ndarray, " track"]
    times: Float[np.ndarray, "track time"]
    positions: Float[np.ndarray, "track time axis"]
    lengths: Int[np.ndarray, " track"]
    span: slice | None = None
    """The same rows as `slots`, where they follow one another: a slice is taken and put faster than single rows."""

    @property
    def rows(self) -> Int[np.ndarray, " track"] | slice:
        """Where the tracks stand in their session's table."""
        return self.slots if self.span is None else self.span


@dataclass(frozen=True, eq=False)
class Asking:
    """Tracks to forecast, and when."""

    slots: Int[np.ndarray, " track"]
    offsets: Float[np.ndarray, "track time"]
    """Seconds after each track's newest observation."""
    gaps: Float[np.ndarray, " track"]
    """Seconds from each track's newest observation to the frame."""
    statuses: Int[np.ndarray, " track"]
    track_ids: np.ndarray
    goals: Goals = NO_GOALS
    """Those whose probabilities are wanted."""
    regions: Regions = NO_REGIONS
    """Those whose entries are wanted."""


@dataclass(eq=False)
class Step:
    """What one message of a stream asks to be computed, and the results once they are there."""

    session: Session
    frame_number: int = 0
    capture_time_s: float = 0.0
    observing: Observing | None = None
    asking: Asking | None = None
    """None: no answer is due."""
    remarks: list[Remark] = field(default_factory=list)
    restoring: Snapshot | None = None
    """What the session's tracks are to be replaced by, or joined by, if it is sound."""
    refusal: InputError | None = None
    """Why that was not done."""
    is_whole: bool = False
    """Whether it holds all observations of its session, and each track is forecast from its own newest one on."""
    observed: States | None = None
    """The tracks of `observing` with what they took in, where that was one observation each."""
    mixture: Forecast | None = None
    """The forecast in all of the model's modes."""
    forecast: Forecast | None = None
    is_finite: bool = False
    """Whether all of the forecast is known to be finite."""
    goals: Float[np.ndarray, "track goal_or_none"] | None = None
    """Probabilities of the goals, and of none of them."""
    entries: Entries | None = None
    """In seconds after the frame."""
    outcomes: Float[np.ndarray, "track outcome"] | None = None
    contacts: Contacts | None = None
    """In seconds after the frame."""
    surprises: Float[np.ndarray, " track"] | None = None
    late_after_s: float = np.inf
    """On the batcher's clock: forecast later than that, it is a baseline that answers."""
    is_late: bool = False
    """Whether a baseline did."""
    is_suspect: Bool[np.ndarray, " track"] | None = None
    failure: Exception | None = None
    computing_s: float = 0.0


def joined(slots: list[int], kept: list[tuple[np.ndarray, np.ndarray]], num_axes: int) -> Observing:
    """Prefixes of several lengths in arrays as long as the longest."""
    lengths = np.array([len(times) for times, _ in kept], np.int64)
    times = np.zeros((len(kept), int(lengths.max())))
    positions = np.zeros((*times.shape, num_axes), np.float32)
    for row, (row_times, row_positions) in enumerate(kept):
        times[row, : lengths[row]] = row_times
        positions[row, : lengths[row]] = row_positions
    return Observing(np.array(slots, np.int64), times, positions, lengths)


def gather_asked(steps: list[Step]) -> States:
    """The states of the tracks that steps ask about; those that were just computed are at hand."""
    parts = [
        step.observed
        if step.observed is not None and step.observing is not None and step.observing.slots is step.asking.slots
        else step.session.states.take(step.asking.slots)
        for step in steps
        if step.asking is not None
    ]
    if len(parts) == 1:
        return parts[0]
    return States(np.concatenate([part.filter for part in parts]), np.concatenate([part.memory for part in parts]))


def span_of(slots: Int[np.ndarray, " track"]) -> slice | None:
    """The rows as a slice, if they follow one another."""
    first, num = int(slots[0]), len(slots)
    return slice(first, first + num) if bool((np.diff(slots) == 1).all()) else None


def gather(sessions_slots: Sequence[tuple[Session, Int[np.ndarray, " track"] | slice]]) -> States:
    """The states of tracks of several sessions, one after the other."""
    if len(sessions_slots) == 1:
        session, slots = sessions_slots[0]
        return session.states.take(slots)
    return States(
        np.concatenate([session.states.filter[slots] for session, slots in sessions_slots]),
        np.concatenate([session.states.memory[slots] for session, slots in sessions_slots]),
    )
