"""Forecaster: a model in this process, for tracks that are at hand as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.model.admission import Admission, admit
from pathcast.model.engine import Card, Engine
from pathcast.model.forecast import Forecast, merge_modes
from pathcast.model.states import States
from pathcast.tracks import Tracks


@dataclass(frozen=True, eq=False)
class TrackForecasts:
    """Forecasts of tracks, each from its own newest observation on."""

    scene: Int[np.ndarray, " track"]
    track: UInt64[np.ndarray, " track"]
    origin_time: Float[np.ndarray, " track"]
    """Seconds: the newest observation, from which offsets count."""
    forecast: Forecast
    """Positions are metres in the frame of the tracks (the origin added back)."""


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
        axes = self.card.num_axes
        if tracks.num_axes != axes:
            raise InputError("tracks.position", f"{axes} axes, those of {self.card.name}", f"{tracks.num_axes}")
        offsets = check_offsets(self.card, offsets_s)
        zero = np.zeros(axes) if origin is None else np.asarray(origin, np.float64)
        if zero.shape != (axes,) or not np.isfinite(zero).all():
            raise InputError("origin", f"{axes} finite metres", f"{origin}")
        if num_modes < 0:
            raise InputError("num_modes", "0 or more", f"{num_modes}")
        rows = [row for row in tracks.each() if row.valid.sum() >= 2]
        lengths = np.array([int(row.valid.sum()) for row in rows], np.int64)
        longest = int(lengths.max(initial=0))
        times = np.zeros((len(rows), longest))
        positions = np.zeros((len(rows), longest, axes), np.float32)
        for index, row in enumerate(rows):
            times[index, : lengths[index]] = row.time[row.valid]
            with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused as too far
                positions[index, : lengths[index]] = row.position[row.valid] - zero
        states = self.encode(times, positions, lengths)
        forecast = self.engine.forecast(states, np.broadcast_to(offsets, (len(rows), len(offsets))))
        forecast = merge_modes(forecast, num_modes or forecast.num_modes)
        return TrackForecasts(
            np.array([row.scene for row in rows], np.int64),
            np.array([row.track for row in rows], np.uint64),
            states.time,
            Forecast(
                forecast.offsets,
                forecast.probabilities,
                (forecast.means + zero).astype(np.float64 if zero.any() else np.float32),
                forecast.covariances,
            ),
        )

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
        axes = positions.shape[-1]
        seen = np.arange(times.shape[1])[None] < lengths[:, None]
        verdict = admit(np.full(seen.sum(), -np.inf), times[seen], positions[seen].reshape(-1, axes))
        if (verdict != Admission.ADMITTED).any():
            raise InputError("tracks.position", "at most 8000 m from the origin", "a position farther away")
        return self.engine.encode(self.engine.start(len(times)), times, positions, lengths)


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
