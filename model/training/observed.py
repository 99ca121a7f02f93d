"""Observed prefixes with the truth that followed, from which examples, calibration and scores are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends import EstimatingFrontEnd, FrontEnd
from pathcast.model.others import Others
from pathcast.model.training.examples import FAR, Examples, relate
from pathcast.model.training.goal_choices import GoalChoices


@dataclass(frozen=True, eq=False)
class Observed:
    """Noisy observations of tracks, and the true futures after some of them."""

    times: Float[np.ndarray, "track time"]
    """Seconds, increasing; what stands beyond a track's last end is not meant to be read. float64."""
    positions: Float[np.ndarray, "track time axis"]
    """Metres, as a sensor saw them. float32."""
    ends: Int[np.ndarray, "track end"]
    """Index of the newest observation of each forecast, at least 1."""
    truth: Float[np.ndarray, "track end knot axis"]
    """True positions at the knots after it, metres; NaN where unknown."""
    others: Others | None = None
    """Everybody who was there at each forecast, as seen then: one own row for each (track, end). None: each alone."""
    goals: GoalChoices | None = None
    """Goals that are asked about at each forecast and the true choice; never an input of the paths' forecast."""

    others_truth: Float[np.ndarray, "person knot axis"] | None = None
    """True positions of everybody in `others` at the knots after they stood so, metres; NaN where unknown."""
    starts: Float[np.ndarray, "track column"] | None = None
    """Filters before the first observation, where something is given of sensor, object or place. float64."""

    def others_at(self, end: int) -> Others | None:
        """Everybody who was there at one of the ends."""
        return None if self.others is None else self.others.take(slice(end, None, self.ends.shape[1]))


@runtime_checkable
class Source(Protocol):
    """A world to observe. The same part and epoch give the same observations."""

    def observed(self, part: str, epoch: int, num: int, num_ends: int) -> Observed:
        """Observations.

        Args:
            part: "train", "validation" or "test": no track is in two of them.
            epoch: Other prefixes, noise and dropouts.
            num: Tracks.
            num_ends: Forecasts per track.
        """


@runtime_checkable
class StreamedSource(Source, Protocol):
    """A source that makes examples of training batch by batch, for as many as a process asks for."""

    def own_batches(
        self, epoch: int, first: int, share: Callable[[int], slice], make: Callable[[Observed], Examples]
    ) -> Iterator[tuple[Examples, int]]:
        """A process' own rows of an epoch's batches, and the number of all rows of each.

        Args:
            epoch: From 0.
            first: Batches that are passed over.
            share: The process' rows of a batch of so many.
            make: Examples of observations.
        """


def examples_of(
    observed: Observed, front_end: FrontEnd, knots: Float[np.ndarray, " knot"], num_neighbours: int = 0
) -> Examples:
    """The examples that these observations make.

    Args:
        observed: Tracks and what came after them.
        front_end: What stands before the network.
        knots: Offsets, seconds.
        num_neighbours: Most people around that are looked at.
    """
    steps, filters = _trace(front_end, observed)
    num_tracks, num_ends = observed.ends.shape
    rows = filters.reshape(num_tracks * num_ends, -1)
    truth = observed.truth.reshape(num_tracks * num_ends, *observed.truth.shape[2:])
    if isinstance(front_end, EstimatingFrontEnd):
        return _unrelated(front_end, observed, steps, filters)
    head, at_knots, target, unit = relate(front_end, rows, truth, knots)
    neighbours, present = _around(front_end, rows, observed.others, num_neighbours)
    beside = _beside(front_end, rows, observed, knots, num_neighbours)

    def by_track(array: np.ndarray) -> np.ndarray:
        return array.reshape(num_tracks, num_ends, *array.shape[1:])

    return Examples(
        steps,
        observed.ends,
        by_track(head),
        by_track(at_knots),
        by_track(target),
        by_track(unit),
        np.isfinite(observed.truth).all(axis=-1),
        by_track(neighbours),
        by_track(present),
        by_track(beside),
    )


def _trace(front_end: FrontEnd, observed: Observed) -> tuple[np.ndarray, np.ndarray]:
    """Steps of the encoder, and filters after each end."""
    if isinstance(front_end, EstimatingFrontEnd):
        return front_end.trace(observed.times, observed.positions, observed.ends, observed.starts)
    return front_end.trace(observed.times, observed.positions, observed.ends)


def _unrelated(front_end: EstimatingFrontEnd, observed: Observed, steps: np.ndarray, filters: np.ndarray) -> Examples:
    """Examples whose base the network itself decides, so that nothing can be related to it beforehand."""
    num_tracks, num_ends, num_knots, num_axes = observed.truth.shape
    shape = (num_tracks, num_ends)
    head = front_end.head(filters.reshape(num_tracks * num_ends, -1))
    num_steps = front_end.num_steps(filters)
    return Examples(
        steps[:, : int(num_steps.max())],
        num_steps - 1,
        head.reshape(*shape, -1),
        np.zeros((*shape, num_knots, 0), np.float32),
        np.zeros((*shape, num_knots, num_axes), np.float32),
        np.ones((*shape, num_knots), np.float32),
        np.isfinite(observed.truth).all(axis=-1),
        np.zeros((*shape, 0, 0), np.float32),
        np.zeros((*shape, 0), np.float32),
        np.zeros((*shape, 0, num_knots, num_axes), np.float32),
        filters,
        observed.truth,
    )


def _beside(
    front_end: FrontEnd,
    rows: Float[np.ndarray, "row column"],
    observed: Observed,
    knots: Float[np.ndarray, " knot"],
    num_neighbours: int,
) -> Float[np.ndarray, "row neighbour knot axis"]:
    """Where the people around truly went, as `Examples.beside`; of nobody where that is not known."""
    if observed.others is None or observed.others_truth is None:
        return np.zeros((len(rows), 0, len(knots), front_end.num_axes), np.float32)
    found = front_end.find_nearest(rows, observed.others, num_neighbours)
    truth = np.where((found >= 0)[:, :, None, None], observed.others_truth[found], np.nan)
    flat = truth.reshape(-1, *truth.shape[2:])
    away = relate(front_end, np.repeat(rows, num_neighbours, axis=0), flat, knots)[2].reshape(truth.shape)
    return np.where(np.isnan(truth), np.float32(FAR), away)


def _around(
    front_end: FrontEnd, rows: Float[np.ndarray, "row column"], others: Others | None, num_neighbours: int
) -> tuple[Float[np.ndarray, "row neighbour feature"], Float[np.ndarray, "row neighbour"]]:
    """Inputs of the people around each forecast, and whether they are there."""
    if others is None or not num_neighbours:
        shape = (len(rows), num_neighbours)
        return np.zeros((*shape, front_end.num_neighbour_inputs), np.float32), np.zeros(shape, np.float32)
    return front_end.look_around(rows, others, num_neighbours)


def prefixes_of(observed: Observed, end: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Whole prefixes up to one of the ends: times, positions, lengths, truth."""
    return observed.times, observed.positions, observed.ends[:, end] + 1, observed.truth[:, end]
