"""Keeping: a frame's forecasts at one horizon, until the observation that judges them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.forecast import Forecast
from pathcast.service.steps import Step
from pathcast.service.telemetry.ranks import count_denser
from pathcast.service.telemetry.scores import HORIZONS_S, Scores

ROUNDING_S = 1e-6
BASE_S = 0.2
"""Seconds over which the baseline's velocity is taken, at least, where frames allow."""
_NEAR = 0.25
"""An observation judges a horizon only if it is at most this share of it away."""
_LEAST_REACH_S = 0.05
"""So much later may the judging observation come, at least, than the horizon: frames come unevenly."""
_REACH = 0.1
"""An offset stands for a horizon that it misses by at most this share."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a stream saw at one instant."""

    time: float
    slots: Int[np.ndarray, " track"]
    starts: Int[np.ndarray, " track"]
    """How many tracks each slot has held: tells a track from a later one in its place."""
    positions: Float[np.ndarray, "track axis"]

    def rows_of(
        self, slots: Int[np.ndarray, " wanted"], starts: Int[np.ndarray, " wanted"], capacity: int
    ) -> Int[np.ndarray, " wanted"]:
        """The rows of other tracks here, -1 where one was not seen."""
        table = np.full(capacity, -1, np.int64)
        table[self.slots] = np.arange(len(self.slots))
        rows: Int[np.ndarray, " wanted"] = table[slots]
        if len(self.slots):
            rows[self.starts[rows] != starts] = -1
        return rows

    def without(self, slots: Int[np.ndarray, " unwanted"]) -> Seen:
        """The same without some tracks."""
        is_left = ~np.isin(self.slots, slots)
        return Seen(self.time, self.slots[is_left], self.starts[is_left], self.positions[is_left])


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """Forecasts of one frame at one horizon."""

    horizon: int
    """Its place in `HORIZONS_S`."""
    time: float
    """Of the frame."""
    offset_s: float
    """What the arrays below are at: the horizon, or the asked offset nearest to it."""
    reach_s: float
    """How long after the offset an observation may still judge."""
    slots: Int[np.ndarray, " track"]
    starts: Int[np.ndarray, " track"]
    weights: Float[np.ndarray, "track mode"]
    means: Float[np.ndarray, "track mode axis"]
    slopes: Float[np.ndarray, "track mode axis"]
    """Metres a second, of `means`."""
    covariances: Float[np.ndarray, "track mode triangle"]
    point: Float[np.ndarray, "track axis"]
    point_slope: Float[np.ndarray, "track axis"]
    position: Float[np.ndarray, "track axis"]
    """Where the track was seen in the frame."""
    velocity: Float[np.ndarray, "track axis"]

    @property
    def num_tracks(self) -> int:
        return len(self.slots)

    @property
    def last_s(self) -> float:
        """From then on it is too late."""
        return self.time + self.offset_s + self.reach_s + ROUNDING_S

    def due_s(self, interval_s: float) -> float:
        """When the nearest observation may come, with that time between frames."""
        return self.time + max((1 - _NEAR) * self.offset_s, self.offset_s - interval_s / 2) - ROUNDING_S

    def take(self, rows: Int[np.ndarray, " chosen"]) -> Kept:
        """Some of the tracks."""
        arrays = {name: values[rows] for name, values in vars(self).items() if isinstance(values, np.ndarray)}
        return replace(self, **arrays)


def keep(step: Step, rows: Int[np.ndarray, " chosen"], seen: Seen, base: Seen, interval_s: float) -> list[Kept]:
    """The forecasts of some of a step's tracks, at the horizons that its offsets reach.

    Args:
        step: Computed.
        rows: Of its asked tracks; all were seen now and in the base.
        seen: What the step's frame saw.
        base: What the baseline's velocity counts from.
        interval_s: Seconds since the frame before.
    """
    assert step.asking is not None and step.forecast is not None
    slots = step.asking.slots[rows]
    starts, capacity = step.session.starts[slots], len(step.session.starts)
    position = seen.positions[seen.rows_of(slots, starts, capacity)].astype(np.float64)
    before = base.positions[base.rows_of(slots, starts, capacity)]
    velocity = (position - before) / (seen.time - base.time)
    forecast = step.forecast.take(rows)
    offsets = step.session.settings.offsets
    result = []
    for index, horizon in enumerate(HORIZONS_S):
        offset = min(max(horizon, float(offsets[0])), float(offsets[-1]))
        if abs(offset - horizon) > _REACH * horizon:
            continue
        reach = min(_NEAR * offset, max(interval_s, _LEAST_REACH_S))
        paths, path_slopes = _along(forecast.means, offsets, offset, reach, position[:, None])
        point, point_slope = _best(forecast, offsets, offset, reach, position, paths, path_slopes)
        covariances = _at(forecast.covariances, offsets, offset)
        result.append(
            Kept(
                horizon=index,
                time=seen.time,
                offset_s=offset,
                reach_s=reach,
                slots=slots,
                starts=starts,
                weights=forecast.probabilities,
                means=paths,
                slopes=path_slopes,
                covariances=covariances,
                point=point,
                point_slope=point_slope,
                position=position,
                velocity=velocity,
            )
        )
    return result


def _best(
    forecast: Forecast,
    offsets: Float[np.ndarray, " time"],
    offset: float,
    reach: float,
    position: Float[np.ndarray, "track axis"],
    paths: Float[np.ndarray, "track mode axis"],
    slopes: Float[np.ndarray, "track mode axis"],
) -> tuple[Float[np.ndarray, "track axis"], Float[np.ndarray, "track axis"]]:
    """The one best path at an offset, and its slope; the mean path's where there is none."""
    if forecast.point is not None:
        return _along(forecast.point, offsets, offset, reach, position)
    weights = forecast.probabilities[:, :, None]
    return (weights * paths).sum(axis=1), (weights * slopes).sum(axis=1)


def _along(
    paths: Float[np.ndarray, "*track time axis"],
    offsets: Float[np.ndarray, " time"],
    offset: float,
    reach: float,
    now: Float[np.ndarray, "*now axis"],
) -> tuple[Float[np.ndarray, "*track axis"], Float[np.ndarray, "*track axis"]]:
    """Paths at an offset, and their slopes: of the chord about it, or from now where it is the only offset."""
    there = _at(paths, offsets, offset)
    first, last = max(offset - reach, float(offsets[0])), min(offset + reach, float(offsets[-1]))
    if last - first < 1e-9:
        return there, (there - now) / offset
    return there, (_at(paths, offsets, last) - _at(paths, offsets, first)) / (last - first)


def _at(
    values: Float[np.ndarray, "*track time part"], offsets: Float[np.ndarray, " time"], offset: float
) -> Float[np.ndarray, "*track part"]:
    """Interpolates between offsets."""
    after = min(max(int(np.searchsorted(offsets, offset)), 1), len(offsets) - 1)
    if len(offsets) == 1:
        return values[..., 0, :]
    share = float((offset - offsets[after - 1]) / (offsets[after] - offsets[after - 1]))  # keeps arrays in float32
    return (1 - share) * values[..., after - 1, :] + share * values[..., after, :]


def score(kept: Kept, seen: Seen, capacity: int, scores: Scores, random: np.random.Generator) -> Kept | None:
    """Scores the forecasts whose tracks were seen; what is left of them, if anything.

    Raises:
        numpy.linalg.LinAlgError: A covariance is not positive definite.
    """
    found = seen.rows_of(kept.slots, kept.starts, capacity)
    rows = np.flatnonzero(found >= 0)
    if len(rows):
        judged, truth = kept.take(rows), seen.positions[found[rows]].astype(np.float64)
        spent = seen.time - kept.time
        beyond = spent - kept.offset_s
        errors = np.linalg.norm(judged.point + judged.point_slope * beyond - truth, axis=1)
        baseline = np.linalg.norm(judged.position + judged.velocity * spent - truth, axis=1)
        means = judged.means + judged.slopes * beyond
        denser = count_denser(judged.weights, means, judged.covariances, truth, random)
        scores.add(kept.horizon, errors, baseline, denser)
    if len(rows) == kept.num_tracks:
        return None
    return kept.take(np.flatnonzero(found < 0))
