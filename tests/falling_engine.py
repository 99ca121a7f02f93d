"""A ball that falls freely: an engine that offers all that engines may, small enough to check by hand.

As a program it serves itself on a free port, as `pathcast serve` does: falling_engine.py [FOLDER OF RECORDINGS].
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import chi2, norm

from pathcast.model.contacts import CONTACT_KINDS, Contacts
from pathcast.model.engine import Card, refuse_given, refuse_goals
from pathcast.model.forecast import Forecast, pack_covariances
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.others import Others
from pathcast.model.states import COUNT, TIME, States, empty_states

POSITION, VELOCITY, PP, PV, VV, NOISE = (slice(start, start + 3) for start in range(2, 20, 3))
"""Columns, of each axis: means, their variances and what they share, and the standard deviation of the sensor."""
CLOCK, RADIUS, GRAVITY, SURPRISE = range(20, 24)
FAR_M = 5.0
SUSPECT = 6.0
"""Surprise of a suspect observation: one in a million."""
RESTITUTION = 0.75
MOST_SURPRISE = 300.0


class FallingEngine:
    """A Kalman filter of free fall above a floor at z = 0, each axis by itself; it knows no bounce that has been.

    Buoyancy in air takes from gravity what size and mass make of it. The clock's error counts as one of place along the
    velocity.
    """

    def __init__(self, name: str = "falling") -> None:
        self.card = Card(
            name=name,
            version="1",
            summary="Free fall above a floor",
            num_axes=3,
            horizon_s=2.0,
            offsets_s=(0.2, 0.4, 0.6, 0.8, 1.0),
            num_modes=1,
            coast_s=0.5,
            warm_points=4,
            outcome_names=("far", "left"),
            has_contacts=True,
            has_surprise=True,
            takes_noise=True,
            takes_object=True,
        )

    def start(self, num_tracks: int, given: Given = NOTHING_GIVEN) -> States:
        refuse_given(self.card, given)
        noise = given.deviations(3)
        states = empty_states(num_tracks, 24, 0)
        radius = 0.12 if given.radius_m is None else given.radius_m
        mass = 0.62 if given.mass_kg is None else given.mass_kg
        states.filter[:, NOISE] = 0.02 if noise is None else noise
        states.filter[:, CLOCK] = given.clock_s or 0.0
        states.filter[:, RADIUS] = radius
        states.filter[:, GRAVITY] = 9.81 * (1 - 1.2 * 4 / 3 * math.pi * radius**3 / mass)
        return states

    def observe(
        self, states: States, times: Float[np.ndarray, " track"], positions: Float[np.ndarray, "track axis"]
    ) -> States:
        old, new = states.filter, states.filter.copy()
        is_first = old[:, COUNT] == 0
        elapsed = np.where(is_first, 0.0, times - old[:, TIME])
        expected, velocity, pp, pv, vv = _go_on(old, elapsed)
        measured = old[:, NOISE] ** 2 + (old[:, CLOCK, None] * velocity) ** 2
        total = pp + measured
        off = positions.astype(np.float64) - expected
        gain_p, gain_v = pp / total, pv / total
        new[:, COUNT] += 1
        new[:, TIME] = times
        new[:, POSITION], new[:, VELOCITY] = expected + gain_p * off, velocity + gain_v * off
        new[:, PP], new[:, PV], new[:, VV] = pp - gain_p * pp, pv - gain_p * pv, vv - gain_v * pv
        log_probability = chi2.logsf((off**2 / total).sum(axis=1), 3)
        new[:, SURPRISE] = np.minimum(-log_probability / math.log(10), MOST_SURPRISE)
        new[is_first, POSITION] = positions[is_first]
        new[is_first, PP] = old[is_first, NOISE] ** 2
        new[is_first, VV] = 10.0**2
        new[is_first, VELOCITY] = new[is_first, PV] = 0.0
        new[is_first, SURPRISE] = 0.0
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
        ahead = [_go_on(states.filter, column) for column in offsets.T]
        means = np.stack([each[0] for each in ahead], axis=1)
        variances = np.stack([each[2] for each in ahead], axis=1)
        covariances = pack_covariances(variances[..., None] * np.eye(3))
        ones = np.ones((len(offsets), 1), np.float32)
        return Forecast(offsets, ones, means[:, None].astype(np.float32), covariances[:, None].astype(np.float32))

    def positions(self, states: States) -> Float[np.ndarray, "track axis"]:
        return states.filter[:, POSITION]

    def goal_probabilities(
        self, states: States, goals: Float[np.ndarray, "goal 4"]
    ) -> Float[np.ndarray, "track choice"]:
        refuse_goals(self.card)

    def outcomes(self, states: States) -> Float[np.ndarray, "track outcome"]:
        """Whether it comes down beyond x = 5 m, and whether at y over 0."""
        place, _, variance, _, _ = _go_on(states.filter, _fall_time(states.filter))
        off = place[:, :2] - np.array([FAR_M, 0.0])
        return norm.cdf(off / np.sqrt(variance[:, :2])).astype(np.float32)

    def contacts(self, states: States, horizon_s: float) -> Contacts:
        """The next two on the floor, where at all probable."""
        filters = states.filter
        first = _fall_time(filters)
        impact = np.abs(_go_on(filters, first)[1][:, 2])
        second = first + 2 * RESTITUTION * impact / filters[:, GRAVITY]
        offset = np.stack([first, second], axis=1)
        _, _, variance, _, _ = _go_on(filters, first)
        deviation = np.repeat((np.sqrt(variance[:, 2]) / np.maximum(impact, 0.1))[:, None], 2, axis=1)
        probability = norm.cdf((horizon_s - offset) / deviation)
        row, column = np.nonzero(probability > 0.01)
        place, _, spread, _, _ = _go_on(filters[row], offset[row, column])
        place[:, 2], spread[:, 2] = filters[row, RADIUS], 0.0
        return Contacts(
            row,
            np.full(len(row), CONTACT_KINDS.index("floor") + 1),
            probability[row, column],
            offset[row, column],
            deviation[row, column],
            place,
            pack_covariances(spread[:, :, None] * np.eye(3)),
        )

    def surprise(self, states: States) -> Float[np.ndarray, " track"]:
        return states.filter[:, SURPRISE]

    def is_suspect(self, states: States) -> Bool[np.ndarray, " track"]:
        return states.filter[:, SURPRISE] > SUSPECT


def _go_on(
    filters: np.ndarray, seconds: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Position, velocity and their variances and covariance on each axis some seconds on: [track, axis]."""
    density, ahead = 0.05, seconds[:, None]
    pull = np.zeros((len(filters), 3))
    pull[:, 2] = -filters[:, GRAVITY]
    return (
        filters[:, POSITION] + filters[:, VELOCITY] * ahead + pull * ahead**2 / 2,
        filters[:, VELOCITY] + pull * ahead,
        filters[:, PP] + 2 * ahead * filters[:, PV] + ahead**2 * filters[:, VV] + density * ahead**3 / 3,
        filters[:, PV] + ahead * filters[:, VV] + density * ahead**2 / 2,
        filters[:, VV] + density * ahead,
    )


def _fall_time(filters: np.ndarray) -> np.ndarray:
    """Seconds until the ball meets the floor; 0 if it lies on it or below."""
    height = np.maximum(filters[:, POSITION.start + 2] - filters[:, RADIUS], 0.0)
    rise = filters[:, VELOCITY.start + 2]
    return (rise + np.sqrt(rise**2 + 2 * filters[:, GRAVITY] * height)) / filters[:, GRAVITY]


if __name__ == "__main__":
    from pathcast.model.constant_velocity import ConstantVelocityEngine
    from pathcast.model.library import Library
    from pathcast.service.server import serve

    serve(
        Library([FallingEngine(), ConstantVelocityEngine(3)]),
        host="127.0.0.1",
        port=0,
        record=Path(sys.argv[1]) if len(sys.argv) > 1 else None,
        grace_s=0.0,
        on_ready=lambda address: print(f"listening on {address}", flush=True),
        stops_with=sys.stdin.fileno(),
    )
