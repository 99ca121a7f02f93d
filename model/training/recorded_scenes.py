"""Recorded scenes: tracks made ready to draw prefixes with what came after them from, at any of their rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.model.bundle.config import HeadingConfig
from pathcast.model.frontends.heading import MIN_STEP_S
from pathcast.model.frontends.neighbours import LOOK_S
from pathcast.model.people import Observations, Snapshots, snapshots
from pathcast.model.states import States, empty_states
from pathcast.model.training.observed import Observed
from pathcast.model.training.settings import TrainingSettings
from pathcast.tracks import Tracks

LONGEST_GAP_S = 1.0
"""Between two observations farther apart the truth is not known."""
LEAST_EXAMPLES = 64


class RecordedScenes:
    """Whole scenes that prefixes are drawn from.

    A prefix ends at any observation that has one before it and is followed by `least_known_s` of known positions.
    """

    def __init__(self, settings: TrainingSettings, tracks: Tracks, num_axes: Literal[2, 3], name: str = "") -> None:
        """Finds the ends that there are and follows everybody.

        Args:
            settings: Of the run.
            tracks: Of whole scenes.
            num_axes: That they are expected to have.
            name: What they are called in messages.

        Raises:
            InputError: Tracks with other axes.
        """
        self._settings = settings
        self._knots = np.asarray(settings.knots_s)
        seen = tracks.select(tracks.valid)
        if seen.num_axes != num_axes:
            raise InputError(f"{name} tracks", f"positions in {num_axes} axes, as the others", f"{seen.num_axes}")
        self._tracks = seen
        starts = seen.starts
        self._first = np.repeat(starts[:-1], np.diff(starts))
        """Row at which each row's track begins."""
        self._steps = _thin(seen.time, starts)
        """Rows far enough apart to be the encoder's steps, track by track."""
        self._before = np.searchsorted(self._steps, np.arange(seen.num_rows))
        """Number of steps up to each row, that row not counted."""
        num_before = self._before - np.searchsorted(self._steps, self._first)
        known = _known(seen, self._first, self._knots)
        self._least = max(int(np.searchsorted(self._knots, settings.least_known_s - 1e-9)) + 1, 1)
        self.ends = np.flatnonzero(known[:, : self._least].all(axis=1) & (num_before >= 1))
        """Rows after which a forecast can be made."""
        self.whole_ends = np.flatnonzero(known.all(axis=1) & (num_before >= settings.prefix - 1))
        """Those with a whole prefix before and all knots known after them."""
        self._people = _follow(seen, num_axes)

    def require_examples(self, name: str) -> None:
        """Refuses scenes with too few examples.

        Raises:
            InputError: With what would be one.
        """
        if len(self.ends) < LEAST_EXAMPLES:
            seconds = self._knots[self._least - 1]
            expected = f"at least {LEAST_EXAMPLES} observations with one before and {seconds:g} s after"
            raise InputError(f"{name} tracks", expected, f"{len(self.ends)}")

    def for_scores(self, num: int) -> Int[np.ndarray, " example"]:
        """At most `num` ends, evenly over all: whole ones, wherever there are enough of them."""
        ends = self.whole_ends if len(self.whole_ends) >= LEAST_EXAMPLES else self.ends
        return np.unique(ends[np.linspace(0, len(ends) - 1, min(num, len(ends))).round().astype(np.int64)])

    def draw(self, ends: Int[np.ndarray, " example"], random: np.random.Generator, is_training: bool) -> Observed:
        """Prefixes up to some ends, and what came after.

        Args:
            ends: Rows.
            random: For training: lengths, missing observations, sizes, mirroring and noise.
            is_training: Otherwise prefixes are whole and as they were recorded.
        """
        rows, lengths = self._prefixes(ends, random, is_training)
        times, positions = self._tracks.time[rows], self._tracks.position[rows]
        truth = _interpolate(self._tracks, self._first, ends, self._knots)
        num, axes = len(ends), self._tracks.num_axes
        stretch = self._stretch(num, random) if is_training else np.ones((num, axes))
        positions, truth = positions * stretch[:, None], truth * stretch[:, None]
        if is_training:
            level = self._settings.noise_m * random.random((num, 1, 1)) * (random.random((num, 1, 1)) < 0.5)
            positions = positions + level * random.standard_normal(positions.shape)
        # What stands beyond a prefix is not read, but must be later than it.
        place = np.arange(times.shape[1])
        times = np.where(place < lengths[:, None], times, times + 1e3 * place)
        others = replace(self._people.around(ends), stretch=stretch[:, :2])
        return Observed(times, positions.astype(np.float32), lengths[:, None] - 1, truth[:, None], others)

    def _prefixes(
        self, ends: Int[np.ndarray, " example"], random: np.random.Generator, is_training: bool
    ) -> tuple[Int[np.ndarray, "example step"], Int[np.ndarray, " example"]]:
        """Rows of each prefix from its first on, and their numbers."""
        most = self._settings.prefix
        first = np.searchsorted(self._steps, self._first[ends])
        newest = self._before[ends]
        # The front end's newest observation takes the place of a step too close before it, but for a track's first.
        is_step = self._steps[np.minimum(newest, len(self._steps) - 1)] == ends
        newest = np.where(is_step | (newest - first < 2), newest, newest - 1)
        back = newest[:, None] - np.arange(1, most)  # steps before the newest observation, newest first
        kept = back >= first[:, None]
        if is_training:
            is_short = random.random(len(ends)) < self._settings.short_prefixes
            longest = np.where(is_short, random.integers(1, most, len(ends)), most - 1)
            kept &= np.arange(1, most) <= longest[:, None]
            is_missing = random.random(kept.shape) < self._settings.dropout
            is_missing[:, 0] = False
            kept &= ~is_missing
        lengths = kept.sum(axis=1) + 1
        rows = np.repeat(ends[:, None], most, axis=1)
        oldest_first = np.argsort(~kept[:, ::-1], axis=1, kind="stable")
        steps = np.take_along_axis(self._steps[np.clip(back, 0, len(self._steps) - 1)][:, ::-1], oldest_first, axis=1)
        is_there = np.arange(most - 1) < (lengths - 1)[:, None]
        rows[:, :-1] = np.where(is_there, steps, ends[:, None])
        return rows, lengths

    def _stretch(self, num: int, random: np.random.Generator) -> Float[np.ndarray, "example axis"]:
        """Factors on the axes: one size for all, and y of half of them mirrored."""
        factor = np.clip(1 + self._settings.stretch * random.standard_normal(num), 0.3, 3.0)
        mirrored = factor * np.where(random.random(num) < 0.5, 1.0, -1.0)
        return np.stack([factor, mirrored, factor][: self._tracks.num_axes], axis=1)


class _Walkers:
    """Filters of the heading front end, without a memory."""

    def __init__(self, num_axes: Literal[2, 3]) -> None:
        self._front_end = HeadingConfig(num_axes=num_axes).build()

    def start(self, num_tracks: int) -> States:
        return empty_states(num_tracks, self._front_end.filter_size, 0)

    def watch(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, " track"],
        positions: Float[np.ndarray, "track axis"],
    ) -> Float[np.ndarray, "track column"]:
        after = filters.copy()
        self._front_end.absorb(after, times[:, None], positions[:, None], np.ones(len(times), np.int64))
        return after


def _follow(seen: Tracks, num_axes: Literal[2, 3]) -> Snapshots:
    """Everybody at every observation."""
    person = np.repeat(np.arange(len(seen.starts) - 1), np.diff(seen.starts))
    observations = Observations(seen.scene, person, seen.time, seen.position.astype(np.float32))
    return snapshots(_Walkers(num_axes), observations, LOOK_S)


def _thin(time: Float[np.ndarray, " row"], starts: Int[np.ndarray, " track"]) -> Int[np.ndarray, " step"]:
    """Rows at least a step of the front end after one another, from each track's first on."""
    if np.diff(time).min(initial=np.inf, where=np.diff(time) > 0) >= MIN_STEP_S - 1e-6:
        return np.arange(len(time))
    kept = []
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        last = -np.inf
        for row in range(begin, end):
            if time[row] - last >= MIN_STEP_S - 1e-6:
                kept.append(row)
                last = time[row]
    return np.array(kept, np.int64)


def _bracket(
    tracks: Tracks, first: Int[np.ndarray, " row"], rows: Int[np.ndarray, " chosen"], knots: Float[np.ndarray, " knot"]
) -> tuple[Int[np.ndarray, "chosen knot"], Float[np.ndarray, "chosen knot"], np.ndarray]:
    """The row at or before each knot, the share of the way to the next, and whether the truth is known there."""
    # One rising axis for all tracks: each begins far after the one before it ended.
    span = float(np.ptp(tracks.time)) + knots[-1] + 10.0
    _, number = np.unique(first, return_inverse=True)
    rising = tracks.time - tracks.time.min() + number * span
    asked = rising[rows][:, None] + knots
    low = np.clip(np.searchsorted(rising, asked + 1e-6, side="right") - 1, 0, max(len(rising) - 2, 0))
    gap = rising[low + 1] - rising[low]
    since = asked - rising[low]
    is_at = np.abs(since) < 1e-3
    same = first[low] == first[rows][:, None]
    is_between = (first[low + 1] == first[low]) & (gap <= LONGEST_GAP_S)
    share = np.where(is_between & ~is_at, since / np.where(gap > 0, gap, 1.0), 0.0)
    last = np.abs(asked - rising[-1]) < 1e-3
    low, share = np.where(last, len(rising) - 1, low), np.where(last, 0.0, share)
    return low, share, (same & (is_at | is_between)) | (last & (first[-1] == first[rows][:, None]))


def _known(tracks: Tracks, first: Int[np.ndarray, " row"], knots: Float[np.ndarray, " knot"]) -> np.ndarray:
    """Whether the position at each knot after each row is known. Shape: [row, knot]."""
    return _bracket(tracks, first, np.arange(tracks.num_rows), knots)[2]


def _interpolate(
    tracks: Tracks, first: Int[np.ndarray, " row"], rows: Int[np.ndarray, " chosen"], knots: Float[np.ndarray, " knot"]
) -> Float[np.ndarray, "chosen knot axis"]:
    """Positions at the knots after the chosen rows, on straight lines between observations; NaN where unknown."""
    low, share, is_known = _bracket(tracks, first, rows, knots)
    high = np.minimum(low + 1, tracks.num_rows - 1)
    between = tracks.position[low] * (1 - share)[..., None] + tracks.position[high] * share[..., None]
    return np.where(is_known[..., None], between, np.nan)
