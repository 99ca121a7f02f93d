"""Forecaster: a model in this process, for tracks that are at hand as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.model.engine import Card, Engine, refuse, refuse_given, refuse_goals
from pathcast.model.entries import entry_knots, find_entries
from pathcast.model.forecast import Forecast, join, merge_modes
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.goals import Goals, Places
from pathcast.model.instants import forecasts_at, scene_blocks
from pathcast.model.regions import Areas, Regions
from pathcast.model.states import States
from pathcast.model.track_answers import (
    TrackContacts,
    TrackForecasts,
    TrackGoals,
    TrackOutcomes,
    TrackRegions,
    TrackSurprises,
)
from pathcast.model.whole_tracks import WholeTracks, check_frame, check_near, lay_out
from pathcast.tracks import Tracks

AnyTracks = Any
"""Whatever `pathcast.formats.anything.as_tracks` takes."""
ROUNDING_S = 1e-9


class Forecaster:
    """Forecasts whole tracks with one engine.

    Every answer holds the tracks that have at least two valid observations, in their order. What is common to all
    questions:

    - `tracks`: Observations; rows that are not valid are passed over. `Tracks`, an Arrow table, a pandas DataFrame, a
      dict of columns, a structured array with the columns track, time (s), x, y (m), and at will scene, z, valid, or an
      array [row, 4 or 5] of track, time, x, y and perhaps z (`pathcast.formats.anything`).
    - `origin`: Metres, subtracted in double precision before the positions are narrowed to float32, and added to places
      in the answer; by default zero, as in a stream.
    - `given`: What is known of sensor and object, for models that take it (`Card.takes_noise`, `Card.takes_object`).
    - They raise InputError: A column that is missing or of another type, other axes than the model's, an origin that
      is not finite, positions beyond 8 km, or something given or asked for that the model does not have.
    """

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
        tracks: AnyTracks,
        offsets_s: Sequence[float] | None = None,
        num_modes: int = 0,
        origin: tuple[float, ...] | None = None,
        given: Given = NOTHING_GIVEN,
    ) -> TrackForecasts:
        """Forecasts every track from its last valid observation.

        A model that looks at the other people sees those of the same scene as they had been seen by then, as in a
        stream: not later, and not those who were missing for longer than the model's own coasting time.

        Args:
            tracks: As of every question.
            offsets_s: Seconds after each track's last observation; by default the model's own.
            num_modes: Modes in the answer, 0 for the model's own number.
            origin: As of every question.
            given: As of every question.

        Raises:
            InputError: As of every question; offsets out of the model's range, or fewer than 0 modes.
        """
        tracks = _as_tracks(tracks)
        zero = check_frame(self.card, tracks, origin)
        offsets = check_offsets(self.card, offsets_s)
        if num_modes < 0:
            raise InputError("num_modes", "0 or more", f"{num_modes}")
        whole = lay_out(tracks, zero)
        states = self.encode(whole.times, whole.positions, whole.lengths, given.seen_from(zero))
        asked = np.broadcast_to(offsets, (len(whole.newest), len(offsets)))
        forecast = self._forecast_among(whole, states, asked, given)
        forecast = merge_modes(forecast, num_modes or forecast.num_modes)
        kind = np.float64 if zero.any() else np.float32
        return TrackForecasts(
            whole.scene,
            whole.track,
            states.time,
            Forecast(
                forecast.offsets,
                forecast.probabilities,
                (forecast.means + zero).astype(kind),
                forecast.covariances,
                None if forecast.point is None else (forecast.point + zero).astype(kind),
            ),
            self.card,
            whole.seen.scene_names,
        )

    def goal_probabilities(
        self,
        tracks: AnyTracks,
        goals: Places,
        origin: tuple[float, ...] | None = None,
        given: Given = NOTHING_GIVEN,
    ) -> TrackGoals:
        """How probable it is that tracks are heading for each of the goals, at their last valid observation.

        Args:
            tracks: As of every question.
            goals: Points or segments by name, metres in the frame of the tracks; at most 64.
            origin: As of every question.
            given: As of every question.

        Raises:
            InputError: As of every question; or goals that are not finite or far away.
        """
        if not self.card.takes_goals:
            refuse_goals(self.card)
        tracks = _as_tracks(tracks)
        zero = check_frame(self.card, tracks, origin)
        named = Goals.of(goals, zero.tolist())
        whole = lay_out(tracks, zero)
        states = self.encode(whole.times, whole.positions, whole.lengths, given.seen_from(zero))
        probabilities = self.engine.goal_probabilities(states, named.ends)
        return TrackGoals(whole.scene, whole.track, states.time, named.names, probabilities)

    def regions(
        self,
        tracks: AnyTracks,
        regions: Areas,
        offsets_s: Sequence[float] | None = None,
        origin: tuple[float, ...] | None = None,
        given: Given = NOTHING_GIVEN,
    ) -> TrackRegions:
        """How probable it is that tracks step into each of the regions, from their last valid observation on, and when.

        Every model tells it: it is read from the forecasts, which are those of `forecast`.

        Args:
            tracks: As of every question.
            regions: Corners of simple polygons on the ground by name, metres in the frame of the tracks; at most 64.
            offsets_s: Seconds up to which entries count; by default the model's own offsets.
            origin: As of every question.
            given: As of every question.

        Raises:
            InputError: As of `forecast`, or of `Regions.of`.
        """
        tracks = _as_tracks(tracks)
        zero = check_frame(self.card, tracks, origin)
        offsets = check_offsets(self.card, offsets_s)
        named = Regions.of(regions, zero.tolist())
        whole = lay_out(tracks, zero)
        states = self.encode(whole.times, whole.positions, whole.lengths, given.seen_from(zero))
        num = len(whole.newest)
        knots = entry_knots(offsets, np.asarray(self.card.offsets_s))
        forecast = self._forecast_among(whole, states, np.broadcast_to(knots, (num, len(knots))), given)
        asked = np.broadcast_to(offsets, (num, len(offsets)))
        entries = find_entries(forecast, self.engine.positions(states), named, asked, np.zeros(num))
        return TrackRegions(whole.scene, whole.track, states.time, named.names, tuple(offsets.tolist()), entries)

    def outcomes(
        self, tracks: AnyTracks, origin: tuple[float, ...] | None = None, given: Given = NOTHING_GIVEN
    ) -> TrackOutcomes:
        """How probable each of the model's outcomes is (`Card.outcome_names`), at the last valid observation.

        Raises:
            InputError: As of every question.
        """
        if not self.card.outcome_names:
            refuse(self.card, "outcomes")
        tracks = _as_tracks(tracks)
        zero = check_frame(self.card, tracks, origin)
        whole = lay_out(tracks, zero)
        states = self.encode(whole.times, whole.positions, whole.lengths, given.seen_from(zero))
        probabilities = self.engine.outcomes(states)
        return TrackOutcomes(whole.scene, whole.track, states.time, self.card.outcome_names, probabilities)

    def contacts(
        self,
        tracks: AnyTracks,
        horizon_s: float | None = None,
        origin: tuple[float, ...] | None = None,
        given: Given = NOTHING_GIVEN,
    ) -> TrackContacts:
        """What tracks will touch, with what probability, when and where.

        Args:
            tracks: As of every question.
            horizon_s: Seconds after each track's last observation; by default the last of the model's own offsets.
            origin: As of every question.
            given: As of every question.

        Raises:
            InputError: As of every question; or a horizon beyond the trained one.
        """
        if not self.card.has_contacts:
            refuse(self.card, "contacts")
        tracks = _as_tracks(tracks)
        zero = check_frame(self.card, tracks, origin)
        horizon = self.card.offsets_s[-1] if horizon_s is None else horizon_s
        if not (math.isfinite(horizon) and 0 < horizon <= self.card.horizon_s + ROUNDING_S):
            raise InputError("horizon_s", f"seconds over 0, at most {self.card.horizon_s:g}", f"{horizon:g}")
        whole = lay_out(tracks, zero)
        states = self.encode(whole.times, whole.positions, whole.lengths, given.seen_from(zero))
        contacts = self.engine.contacts(states, horizon)
        placed = replace(contacts, position=contacts.position + zero)
        return TrackContacts(whole.scene, whole.track, states.time, placed)

    def surprises(
        self, tracks: AnyTracks, origin: tuple[float, ...] | None = None, given: Given = NOTHING_GIVEN
    ) -> TrackSurprises:
        """How surprising the last valid observations were, and which tracks do not fit what they are taken for.

        Raises:
            InputError: As of every question.
        """
        if not self.card.has_surprise:
            refuse(self.card, "surprise")
        tracks = _as_tracks(tracks)
        zero = check_frame(self.card, tracks, origin)
        whole = lay_out(tracks, zero)
        states = self.encode(whole.times, whole.positions, whole.lengths, given.seen_from(zero))
        surprise, is_suspect = self.engine.surprise(states), self.engine.is_suspect(states)
        return TrackSurprises(whole.scene, whole.track, states.time, surprise, is_suspect)

    def _forecast_among(
        self, whole: WholeTracks, states: States, offsets: Float[np.ndarray, "track time"], given: Given
    ) -> Forecast:
        """The forecasts, with the people of each scene as they had been seen by each track's newest observation."""
        if not (self.card.uses_neighbours and len(offsets)):
            return self.engine.forecast(states, offsets)
        check_near(whole.seen.time, whole.narrow)
        parts: list[Forecast] = []
        for block, people in scene_blocks(self.engine, whole.seen, whole.narrow, given):
            begin, end = np.searchsorted(whole.newest, [block.start, block.stop])
            some, rows = np.arange(begin, end), whole.newest[begin:end] - block.start
            parts += forecasts_at(self.engine, people, rows, states.take(some), offsets[some])
        return join(parts)

    def encode(
        self,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
        given: Given = NOTHING_GIVEN,
    ) -> States:
        """The states after whole prefixes.

        Raises:
            InputError: Positions beyond the limit, or something given that the model does not take.
        """
        refuse_given(self.card, given)
        given.deviations(self.card.num_axes)
        seen = np.arange(times.shape[1])[None] < lengths[:, None]
        check_near(times[seen], positions[seen].reshape(-1, positions.shape[-1]))
        return self.engine.encode(self.engine.start(len(times), given), times, positions, lengths)


def _as_tracks(tracks: AnyTracks) -> Tracks:
    """The tracks, of whatever form; what converts them is imported where it is needed."""
    if isinstance(tracks, Tracks):
        return tracks
    from pathcast.formats.anything import as_tracks

    return as_tracks(tracks)


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
    if offsets[-1] > card.horizon_s + ROUNDING_S:
        raise InputError("offsets", rule, f"{offsets[-1]:g}")
    return offsets
