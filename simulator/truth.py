"""Truth: what balls touched on their way and what became of shots, as tables beside the tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.simulator.ball.following import OUTCOMES, UNDECIDED, Courses
from pathcast.simulator.ball.scenarios import Throws
from pathcast.simulator.ball.surfaces import KINDS

if TYPE_CHECKING:
    import pyarrow as pa

USUAL_EVENTS: Final = 12
"""Of a throw; those with more are followed once more with room for all."""
DECIDED_S: Final = 4.0
"""Nearly every shot is decided by then."""
GIVEN_UP_S: Final = 20.0
"""A shot that is not decided by then never is: it lies on the hoop."""


@dataclass(frozen=True, eq=False)
class Events:
    """What happened to balls, by scene and time."""

    scene: Int[np.ndarray, " event"]
    time: Float[np.ndarray, " event"]
    """Seconds from release."""
    kind: Int[np.ndarray, " event"]
    """Numbers of `surfaces.KINDS`."""
    before: Float[np.ndarray, "event 9"]
    after: Float[np.ndarray, "event 9"]
    """States right before and right after: m, m/s, rad/s. The place is the same in both."""

    @classmethod
    def of(cls, throws: Throws, courses: Courses, duration_s: float, first: int) -> Events:
        """All events of throws up to a duration, s, their scenes numbered from `first`.

        Args:
            throws: Followed.
            courses: How they went, with at least one of their events.
            duration_s: Not after what the courses were followed to.
            first: Global index of the first throw.
        """
        is_whole = courses.num_events <= courses.event_times.shape[1]
        is_whole |= courses.event_times[:, -1] > duration_s
        whole, rest = np.flatnonzero(is_whole), np.flatnonzero(~is_whole)
        pieces = [_pick(courses, whole, whole, duration_s, first)]
        if len(rest):
            most = int(courses.num_events[rest].max())
            again = throws.only(rest).follow(np.array([duration_s]), max_events=most, positions_only=True)
            pieces.append(_pick(again, np.arange(len(rest)), rest, duration_s, first))
        scene, time, kind, before, after = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
        order = np.argsort(scene, kind="stable")
        return cls(scene[order], time[order], kind[order], before[order], after[order])

    def to_arrow(self) -> pa.Table:
        """An Arrow table: scene, time (s), kind, place (m), velocity (m/s) and spin (rad/s) before and after."""
        import pyarrow as pa

        columns: dict[str, Any] = {"scene": self.scene, "time": self.time}
        columns["kind"] = pa.array(np.array(KINDS, object)[self.kind], pa.string())
        columns |= {axis: np.ascontiguousarray(self.before[:, index]) for index, axis in enumerate("xyz")}
        for when, states in (("before", self.before), ("after", self.after)):
            for column, name in enumerate(("vx", "vy", "vz", "wx", "wy", "wz"), start=3):
                columns[f"{name}_{when}"] = np.ascontiguousarray(states[:, column])
        return pa.table(columns)


def _pick(
    courses: Courses, rows: NDArray[np.intp], numbers: NDArray[np.intp], duration_s: float, first: int
) -> tuple[NDArray[Any], ...]:
    """Scene, time, kind and states of the events of some courses, which are those throws by number."""
    throw_index, event = np.nonzero(courses.event_times[rows] <= duration_s)
    at = rows[throw_index], event
    scene = first + numbers[throw_index].astype(np.int64)
    return scene, courses.event_times[at], courses.event_kinds[at], courses.before[at], courses.after[at]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of shots, one for each scene."""

    scene: Int[np.ndarray, " shot"]
    outcome: Int[np.ndarray, " shot"]
    """Numbers of `following.OUTCOMES`."""
    decided_at: Float[np.ndarray, " shot"]
    """Seconds from release, perhaps after the end of the track; NaN while undecided."""
    decided_where: Float[np.ndarray, "shot 3"]
    """The centre's place then, m."""

    @classmethod
    def of(cls, throws: Throws, courses: Courses, first: int) -> Outcomes:
        """Outcomes of followed throws; those that are still open are followed on up to `GIVEN_UP_S`.

        Args:
            throws: In a venue with a hoop.
            courses: How they went.
            first: Global index of the first throw.
        """
        outcome, at, where = courses.outcome.copy(), courses.decided_at.copy(), courses.decided_where.copy()
        rest = np.flatnonzero(outcome == UNDECIDED)
        if len(rest):
            later = throws.only(rest).follow(np.array([GIVEN_UP_S]), max_events=0, positions_only=True)
            outcome[rest], at[rest], where[rest] = later.outcome, later.decided_at, later.decided_where
        return cls(np.arange(first, first + len(outcome), dtype=np.int64), outcome, at, where)

    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        number = np.bincount(self.outcome, minlength=len(OUTCOMES))
        return {name: int(number[index]) for index, name in enumerate(OUTCOMES)}

    def to_arrow(self) -> pa.Table:
        """An Arrow table: scene, outcome, decided_at (s), x, y, z (m); null while undecided."""
        import pyarrow as pa

        open_still = self.outcome == UNDECIDED
        columns: dict[str, Any] = {"scene": self.scene}
        columns["outcome"] = pa.array(np.array(OUTCOMES, object)[self.outcome], pa.string())
        columns["decided_at"] = pa.array(self.decided_at, mask=open_still)
        columns |= {
            axis: pa.array(np.ascontiguousarray(self.decided_where[:, index]), mask=open_still)
            for index, axis in enumerate("xyz")
        }
        return pa.table(columns)
