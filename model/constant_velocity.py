"""Constant velocity: the engine of the simplest baseline, and what a track is answered with when in doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from pathcast.model.contacts import Contacts
from pathcast.model.engine import Card, refuse, refuse_given, refuse_goals
from pathcast.model.forecast import Forecast, pack_covariances
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.others import Others
from pathcast.model.states import COUNT, TIME, States, empty_states


class ConstantVelocityEngine:
    """Goes on with the velocity between the last two observations.

    The spread is that of white-noise acceleration (Bar-Shalom, Li and Kirubarajan 2001, "Estimation with Applications
    to Tracking and Navigation", section 6.2.2): variance q t³/3 beside the measurement's own, carried forward through
    the differenced velocity. It is a plausible spread, not a calibrated one.
    """

    def __init__(self, num_axes: int, noise_m: float = 0.03, acceleration_density: float = 0.3) -> None:
        """Args:
        num_axes: 2 or 3.
        noise_m: Standard deviation of an observed position, metres.
        acceleration_density: q, m²/s³.
        """
        self._card = Card(
            name=f"constant-velocity-{num_axes}d",
            version="1",
            summary=f"Baseline: goes on with the last velocity, {num_axes} axes",
            num_axes=num_axes,
            horizon_s=12.0,
            offsets_s=tuple(round(0.4 * step, 1) for step in range(1, 13)),
            num_modes=1,
            coast_s=1.2,
            text="Constant velocity between the last two observations, white-noise acceleration around it.",
        )
        self._noise_m = noise_m
        self._density = acceleration_density

    @property
    def card(self) -> Card:
        return replace(self._card)

    def start(self, num_tracks: int, given: Given = NOTHING_GIVEN) -> States:
        """Columns: count, time, position, velocity, seconds between the last two observations."""
        refuse_given(self._card, given)
        return empty_states(num_tracks, 3 + 2 * self._card.num_axes, 0)

    def observe(
        self, states: States, times: Float[np.ndarray, " track"], positions: Float[np.ndarray, "track axis"]
    ) -> States:
        axes = self._card.num_axes
        old = states.filter
        new = np.empty_like(old)
        is_first = old[:, COUNT] == 0
        step = np.where(is_first, 1.0, times - old[:, TIME])
        position = positions.astype(np.float64)
        velocity = (position - old[:, 2 : 2 + axes]) / step[:, None]
        new[:, COUNT] = old[:, COUNT] + 1
        new[:, TIME] = times
        new[:, 2 : 2 + axes] = position
        new[:, 2 + axes : 2 + 2 * axes] = np.where(is_first[:, None], 0.0, velocity)
        new[:, 2 + 2 * axes] = step
        return States(new, states.memory)

    def encode(
        self,
        states: States,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> States:
        result = States(states.filter.copy(), states.memory.copy())
        for step in range(times.shape[1]):
            rows = np.flatnonzero(lengths > step)
            if len(rows):
                result.put(rows, self.observe(result.take(rows), times[rows, step], positions[rows, step]))
        return result

    def watch(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, " track"],
        positions: Float[np.ndarray, "track axis"],
    ) -> Float[np.ndarray, "track column"]:
        return self.observe(States(filters, np.zeros((len(filters), 0), np.float32)), times, positions).filter

    def forecast(
        self, states: States, offsets: Float[np.ndarray, "track time"], others: Others | None = None
    ) -> Forecast:
        axes = self._card.num_axes
        position = states.filter[:, 2 : 2 + axes]
        velocity = states.filter[:, 2 + axes : 2 + 2 * axes]
        step = states.filter[:, 2 + 2 * axes]
        means = position[:, None] + velocity[:, None] * offsets[:, :, None]
        ahead = offsets / step[:, None]
        variance = self._noise_m**2 * ((1 + ahead) ** 2 + ahead**2) + self._density * offsets**3 / 3
        covariances = variance[:, :, None, None] * np.eye(axes)
        return Forecast(
            offsets,
            np.ones((len(offsets), 1), np.float32),
            means[:, None].astype(np.float32),
            pack_covariances(covariances)[:, None].astype(np.float32),
        )

    def positions(self, states: States) -> Float[np.ndarray, "track axis"]:
        return states.filter[:, 2 : 2 + self._card.num_axes]

    def goal_probabilities(
        self, states: States, goals: Float[np.ndarray, "goal 4"]
    ) -> Float[np.ndarray, "track choice"]:
        refuse_goals(self._card)

    def outcomes(self, states: States) -> Float[np.ndarray, "track outcome"]:
        refuse(self._card, "outcomes")

    def contacts(self, states: States, horizon_s: float) -> Contacts:
        refuse(self._card, "contacts")

    def surprise(self, states: States) -> Float[np.ndarray, " track"]:
        return np.zeros(states.num_tracks)

    def is_suspect(self, states: States) -> Bool[np.ndarray, " track"]:
        return np.zeros(states.num_tracks, np.bool_)
