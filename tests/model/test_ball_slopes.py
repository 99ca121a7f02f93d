"""Slopes of a flight equal finite differences of the simulator's flight, through the air and through contacts."""

from collections.abc import Callable

import numpy as np
import pytest

from pathcast.model.frontends.ball.columns import (
    BOUNCE,
    COVARIANCE,
    FILTER_SIZE,
    HEADING,
    LOG_DRAG,
    MEAN,
    NUM_QUANTITIES,
    NUM_STATE,
    NUM_TRIANGLE,
    physics_of,
)
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.frontends.ball.slopes import hit_slopes
from pathcast.simulator.ball.following import follow
from pathcast.simulator.ball.parameters import FRICTION, GRAVITY, INERTIA, NUM_FULL_PARAMETERS, RADIUS, RESTITUTION
from pathcast.simulator.ball.scenarios import SCENARIOS
from pathcast.simulator.ball.surfaces import FLOOR_CONTACT, fixtures_of
from pathcast.venue import SHIPPED

STEP = np.array([1e-4] * 3 + [1e-4] * 3 + [1e-2] * 3 + [1e-4] * 5)
"""Of differences: m, m/s, rad/s, then shares. Errors of second order and rounding are both far under the tolerance."""
DEVIATION = np.array([0.02] * 3 + [0.3] * 3 + [4.0] * 3 + [0.1, 0.2, 0.03, 0.1, 0.1])
TIMES = np.arange(1, 19) / 60
FLIGHTS = {
    "a shot in the air": ("three-pointer", "basketball-nba", (7.0, 1.0, 2.3, -6.0, -1.0, 7.2, 1.0, -9.0, 2.0)),
    "a bounce on the floor": ("basketball", "basketball-nba", (5.0, 1.0, 0.6, -3.0, 2.0, -3.5, 2.0, -9.0, 4.0)),
    "a hit on the board": ("basketball", "basketball-nba", (1.0, 0.2, 3.4, -5.5, 0.3, 1.2, 1.0, -9.0, 2.0)),
    "a bounce on the table": ("table-tennis", "table-tennis", (0.1, -1.0, 0.3, 0.4, 6.0, -1.5, -180.0, 20.0, -40.0)),
    "a pitch": ("baseball-pitch", None, (0.5, 16.0, 1.8, 0.3, -40.0, 0.5, -150.0, 20.0, 90.0)),
    "a kick": ("soccer-kick", None, (0.0, 0.0, 0.3, 22.0, 2.0, 6.0, 5.0, 10.0, -40.0)),
    "a forehand": ("tennis-rally", None, (-11.0, 1.0, 0.9, 28.0, 2.0, 3.0, 5.0, 200.0, -30.0)),
    "a drive": ("golf-drive", None, (0.0, 0.0, 0.5, 60.0, 3.0, 14.0, 5.0, -280.0, -20.0)),
}


def row_of(front_end: BallFrontEnd, state: tuple[float, ...], covariance: np.ndarray) -> np.ndarray:
    """A filter that knows so much of a ball in that state; its heading is x, as if it were turned so."""
    row = np.zeros((1, FILTER_SIZE))
    row[0, MEAN : MEAN + NUM_STATE] = state
    row[0, MEAN + LOG_DRAG : MEAN + NUM_QUANTITIES] = front_end.settings.coefficient_mean
    row[0, HEADING] = 1.0
    row[0, COVARIANCE : COVARIANCE + NUM_TRIANGLE] = covariance[np.tril_indices(NUM_QUANTITIES)]
    return row


def differences(front_end: BallFrontEnd, row: np.ndarray, venue: str | None) -> np.ndarray:
    """Slopes of the simulator's places along the flight, by central differences. Shape [time, 3, 14]."""
    nominal = np.array(front_end.settings.parameters)
    reference = np.array([front_end.settings.radius_m, front_end.settings.mass_kg])
    rows = np.repeat(row, 2 * NUM_QUANTITIES, axis=0)
    for index in range(NUM_QUANTITIES):
        rows[2 * index, MEAN + index] += STEP[index]
        rows[2 * index + 1, MEAN + index] -= STEP[index]
    parameters = np.empty((len(rows), NUM_FULL_PARAMETERS))
    for each, written in zip(rows, parameters, strict=True):
        physics_of(each, nominal, reference, written)
    states = np.ascontiguousarray(rows[:, MEAN : MEAN + NUM_STATE])
    place = None if venue is None else SHIPPED[venue]
    flown = follow(states, parameters, TIMES, place, error_m=1e-9, max_events=0, positions_only=True).states
    return ((flown[::2] - flown[1::2]) / (2 * STEP[:, None, None])).transpose(1, 2, 0)


@pytest.mark.parametrize("name", FLIGHTS)
def test_slopes_are_those_of_the_simulators_flight(filter_of: Callable[..., BallFrontEnd], name: str) -> None:
    """To a hundredth of the spread that all quantities make together: between two knots, 1/60 s apart here, slopes of
    the acceleration are those at the mean state, and a filter's own sensor sees no such difference."""
    kind, venue, state = FLIGHTS[name]
    front_end = filter_of(kind, venue, 0.01, 0.0)
    row = row_of(front_end, state, np.diag(DEVIATION**2))
    base, changes = front_end.base_with_changes(row, TIMES[None])
    found = changes[0] * base.unit[0, :, None, None]
    expected = differences(front_end, row, venue) * DEVIATION
    spread = np.sqrt((expected**2).sum(axis=(1, 2), keepdims=True))
    np.testing.assert_array_less(np.abs(found - expected) / spread, 0.01)
    if "bounce" in name:  # a board gives the ball back by its own coefficients
        assert np.abs(expected[-1, :, BOUNCE]).max() > 0.05 * DEVIATION[BOUNCE]


def test_the_venue_of_a_scenario_without_one_that_ships_is_its_level_floor() -> None:
    for kind, venue, _ in FLIGHTS.values():
        assert venue is None or SCENARIOS[kind].venue is SHIPPED[venue]


def test_slopes_along_whitened_directions_are_combinations_of_those_along_the_quantities(
    filter_of: Callable[..., BallFrontEnd],
) -> None:
    front_end = filter_of("basketball", "basketball-nba", 0.01, 0.0)
    state = FLIGHTS["a hit on the board"][2]
    plain = row_of(front_end, state, np.eye(NUM_QUANTITIES) * DEVIATION**2)
    base, changes = front_end.base_with_changes(plain, TIMES[None])
    along = changes[0] * base.unit[0, :, None, None] / DEVIATION
    random = np.random.default_rng(3).normal(size=(NUM_QUANTITIES, NUM_QUANTITIES)) * DEVIATION[:, None]
    mixed = row_of(front_end, state, random @ random.T / NUM_QUANTITIES)
    mixed[0, HEADING : HEADING + 2] = 0.6, -0.8
    moved = front_end.estimate(np.repeat(mixed, NUM_QUANTITIES, axis=0), np.eye(NUM_QUANTITIES))
    directions = (moved - mixed)[:, MEAN : MEAN + NUM_QUANTITIES].T
    np.testing.assert_allclose(directions @ directions.T, random @ random.T / NUM_QUANTITIES, atol=1e-9)
    base, changes = front_end.base_with_changes(mixed, TIMES[None])
    turn = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    expected = np.einsum("ij,tjk->tik", turn, along @ directions) / base.unit[0, :, None, None]
    np.testing.assert_allclose(changes[0], expected, atol=1e-4)


def test_a_bounce_in_a_vacuum_has_the_slopes_of_the_closed_form() -> None:
    """A ball that comes down later comes faster, and is slower at an instant after: with height h and speed w down,
    contact is at t = (sqrt(w^2 + 2 g h) - w) / g, and the ball leaves with e sqrt(w^2 + 2 g h)."""
    gravity, restitution, until = 9.7, 0.8, 0.15
    parameters = np.zeros(NUM_FULL_PARAMETERS)
    parameters[[GRAVITY, RADIUS, INERTIA, RESTITUTION, FRICTION]] = gravity, 0.12, 2 / 3, restitution, 0.5
    down = 3.0 + gravity * until
    slopes, shares = np.zeros((9, 14)), np.zeros((5, 14))
    slopes[2, 0], slopes[2, 1], slopes[5, 1] = 1.0, until, 1.0
    before = np.array([0.0, 0.0, 0.12, 2.0, 0.0, -down, 0.0, -5.0, 0.0])
    room, work = np.empty((4, 9)), np.empty((9, 14))
    hit_slopes(slopes, shares, before, int(FLOOR_CONTACT), fixtures_of(None), parameters, room, work)
    later = np.array([1.0, until]) / down
    expected = -restitution * np.array([0.0, 1.0]) + (1 + restitution) * gravity * later
    np.testing.assert_allclose(slopes[2, :2], -restitution * np.array([1.0, until]), atol=1e-6)
    np.testing.assert_allclose(slopes[5, :2], expected, atol=1e-6)
