"""Forecaster: a model in this process, for tracks that are at hand as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.model.admission import Admission, admit
from pathcast.model.engine import Card, Engine, refuse_goals
from pathcast.model.forecast import Forecast, join, merge_modes
from pathcast.model.goals import Goals, Places
from pathcast.model.people import Observations, snapshots
from pathcast.model.states import States
from pathcast.tracks import Tracks

_ROWS_AT_ONCE = 1 << 17
"""Observations of whole scenes whose filters are kept at once."""
_TRACKS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class TrackForecasts:
    """Forecasts of tracks, each from its own newest observation on."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation, from which offsets count."""
    forecast: Forecast
    """Positions are metres in the frame of the tracks (the origin added back)."""


@dataclass(frozen=True, eq=False)
class TrackGoals:
    """Where tracks are heading, each as of its own newest observation."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation."""
    goal_names: tuple[str, ...]
    probabilities: Float[np.ndarray, "track goal_or_none"]
    """A column for each goal, and the last for none of them. Rows sum to 1."""


@dataclass(frozen=True, eq=False)
class _Prefixes:
    """What was seen of tracks, and those of them that were seen at least twice."""

    seen: Tracks
    narrow: Float[np.ndarray, "row axis"]
    """Positions of what was seen from the origin, metres. float32."""
    times: Float[np.ndarray, "track time"]
    positions: Float[np.ndarray, "track time axis"]
    lengths: Int[np.ndarray, " track"]
    newest: Int[np.ndarray, " track"]
    """Each track's last row of what was seen."""


class Forecaster:
    """Forecasts whole tracks with one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def load(cls, model: str, version: str | None = None) -> Forecaster:
        """As `pathcast.load`."""
        from pathcast.model.library import load_engine

        return cls(load_engine(model, version))

    @property
    def card(self) -> Card:
        """What the model is."""
        return self.engine.card

    def forecast(
        self,
        tracks: Tracks,
        offsets_s: Sequence[float] | None = None,
        num_modes: int = 0,
        origin: tuple[float, ...] | None = None,
    ) -> TrackForecasts:
        """Forecasts every track from its last valid observation.

        A model that looks at the other people sees those of the same scene as they had been seen by then, as in a
        stream: not later, and not those who were missing for longer than the model's own coasting time.

        Args:
            tracks: Observations; rows that are not valid are passed over.
            offsets_s: Seconds after each track's last observation; by default the model's own.
            num_modes: Modes in the answer, 0 for the model's own number.
            origin: Metres, subtracted in double precision before the positions are narrowed to float32, and added
                to the answer; by default zero, as in a stream.

        Returns:
            The forecasts of the tracks that have at least two valid observations, in their order.

        Raises:
            InputError: Other axes than the model's, offsets out of its range, an origin that is not finite, fewer
                than 0 modes, or positions beyond 8 km.
        """
        zero = self._check_frame(tracks, origin)
        offsets = check_offsets(self.card, offsets_s)
        if num_modes < 0:
            raise InputError("num_modes", "0 or more", f"{num_modes}")
        prefixes = self._read(tracks, zero)
        states = self.encode(prefixes.times, prefixes.positions, prefixes.lengths)
        asked = np.broadcast_to(offsets, (len(prefixes.newest), len(offsets)))
        forecast = self._forecast_among(prefixes, states, asked)
        forecast = merge_modes(forecast, num_modes or forecast.num_modes)
        kind = np.float64 if zero.any() else np.float32
        return TrackForecasts(
            prefixes.seen.scene[prefixes.newest],
            prefixes.seen.track[prefixes.newest],
            states.time,
            Forecast(
                forecast.offsets,
                forecast.probabilities,
                (forecast.means + zero).astype(kind),
                forecast.covariances,
                None if forecast.point is None else (forecast.point + zero).astype(kind),
            ),
        )

    def goal_probabilities(self, tracks: Tracks, goals: Places, origin: tuple[float, ...] | None = None) -> TrackGoals:
        """How probable it is that tracks are heading for each of the goals, at their last valid observation.

        Args:
            tracks: As of `forecast`.
            goals: Points or segments by name, metres in the frame of the tracks; at most 64.
            origin: As of `forecast`.

        Raises:
            InputError: As of `forecast`; goals that are not finite or far away; or a model that takes no goals.
        """
        if not self.card.takes_goals:
            refuse_goals(self.card)
        zero = self._check_frame(tracks, origin)
        named = Goals.of(goals, zero.tolist())
        prefixes = self._read(tracks, zero)
        states = self.encode(prefixes.times, prefixes.positions, prefixes.lengths)
        return TrackGoals(
            prefixes.seen.scene[prefixes.newest],
            prefixes.seen.track[prefixes.newest],
            states.time,
            named.names,
            self.engine.goal_probabilities(states, named.ends),
        )

    def _check_frame(self, tracks: Tracks, origin: tuple[float, ...] | None) -> Float[np.ndarray, " axis"]:
        """The origin, checked as the tracks' axes are."""
        axes = self.card.num_axes
        if tracks.num_axes != axes:
            raise InputError("tracks.position", f"{axes} axes, those of {self.card.name}", f"{tracks.num_axes}")
        zero = np.zeros(axes) if origin is None else np.asarray(origin, np.float64)
        if zero.shape != (axes,) or not np.isfinite(zero).all():
            raise InputError("origin", f"{axes} finite metres", f"{origin}")
        return zero

    def _read(self, tracks: Tracks, zero: Float[np.ndarray, " axis"]) -> _Prefixes:
        """What was seen, and the tracks among it that can be forecast in arrays as long as the longest."""
        seen = tracks.select(tracks.valid)
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused as too far
            narrow = (seen.position - zero).astype(np.float32)
        counts = np.diff(seen.starts)
        first, lengths = seen.starts[:-1][counts >= 2], counts[counts >= 2]
        places = np.arange(int(lengths.max(initial=0)))
        is_inside = places < lengths[:, None]
        rows = np.where(is_inside, first[:, None] + places, 0)
        return _Prefixes(
            seen,
            narrow,
            np.where(is_inside, seen.time[rows], 0.0),
            np.where(is_inside[:, :, None], narrow[rows], np.float32(0)),
            lengths,
            first + lengths - 1,
        )

    def _forecast_among(
        self, prefixes: _Prefixes, states: States, offsets: Float[np.ndarray, "track time"]
    ) -> Forecast:
        """The forecasts, with the people of each scene as they had been seen by each track's newest observation."""
        if not (self.card.uses_neighbours and len(offsets)):
            return self.engine.forecast(states, offsets)
        _check_near(prefixes.seen.time, prefixes.narrow)
        starts = prefixes.seen.starts
        person = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        everybody = Observations(prefixes.seen.scene, person, prefixes.seen.time, prefixes.narrow)
        parts = []
        for block in everybody.blocks(_ROWS_AT_ONCE):
            people = snapshots(self.engine, everybody.take(block), self.card.coast_s)
            begin, end = np.searchsorted(prefixes.newest, [block.start, block.stop])
            for start in range(begin, end, _TRACKS_AT_ONCE):
                some = np.arange(start, min(start + _TRACKS_AT_ONCE, end))
                others = people.around(prefixes.newest[some] - block.start)
                parts.append(self.engine.forecast(states.take(some), offsets[some], others))
        return join(parts)

    def encode(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> States:
        """The states after whole prefixes.

        Raises:
            InputError: Positions beyond the limit.
        """
        seen = np.arange(times.shape[1])[None] < lengths[:, None]
        _check_near(times[seen], positions[seen].reshape(-1, positions.shape[-1]))
        return self.engine.encode(self.engine.start(len(times)), times, positions, lengths)


def _check_near(times: Float[np.ndarray, " row"], positions: Float[np.ndarray, "row axis"]) -> None:
    """Refuses positions beyond the limit."""
    if (admit(np.full(len(times), -np.inf), times, positions) != Admission.ADMITTED).any():
        raise InputError("tracks.position", "at most 8000 m from the origin", "a position farther away")


def check_offsets(card: Card, offsets_s: Sequence[float] | None) -> Float[np.ndarray, " time"]:
    """The offsets as an array, or the model's own.

    Raises:
        InputError: Not increasing, not over 0, or beyond the trained horizon.
    """
    offsets = np.asarray(card.offsets_s if offsets_s is None else offsets_s, np.float64)
    rule = f"increasing seconds over 0, at most the horizon of {card.horizon_s:g}"
    if offsets.ndim != 1 or not len(offsets):
        raise InputError("offsets", rule, f"shape {offsets.shape}")
    if not (np.isfinite(offsets).all() and offsets[0] > 0 and (np.diff(offsets) > 0).all()):
        raise InputError("offsets", rule, f"{offsets.tolist()}")
    if offsets[-1] > card.horizon_s + 1e-9:
        raise InputError("offsets", rule, f"{offsets[-1]:g}")
    return offsets
