"""The base path of balls flies by the physics that the caller told: level, size and mass, wherever the axes point."""

from collections.abc import Callable

import numpy as np
import pytest

from pathcast.model.frontends import Base
from pathcast.model.frontends.ball.columns import MEAN, NUM_STATE
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.given import Given
from pathcast.simulator.ball.following import follow
from pathcast.simulator.ball.parameters import CRISIS_DRAG, DRAG, LIFT, RADIUS, SPIN_DRAG, SPIN_RATE_DRAG
from pathcast.venue import TABLE_TENNIS

OFFSETS = np.arange(1, 25) / 40
KNOWN = Given(noise_m=(1e-5,), clock_s=0.0)


def thrown(state: tuple[float, ...], level: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Times and places of a ball in a vacuum, seen eight times within 40 ms before it is in that state."""
    before = np.arange(-7, 1) / 175
    velocity = np.array(state[3:6])
    path = np.array(state[:3]) + velocity * before[:, None] + 0.5 * np.array([0, 0, -9.7]) * before[:, None] ** 2
    return before[None] + 1.0, (path + np.array([0, 0, level]))[None].astype(np.float32)


def flown(front_end: BallFrontEnd, state: tuple[float, ...], given: Given, level: float = 0.0) -> Base:
    """The base of a ball whose flight began just so."""
    filters = front_end.begin(1, given)
    times, positions = thrown(state, level)
    front_end.absorb(filters, times, positions, np.array([8]))
    filters[0, MEAN : MEAN + NUM_STATE] = [*state[:2], state[2] + level, *state[3:]]
    return front_end.base(filters, OFFSETS[None])


@pytest.fixture(scope="module")
def table(filter_of: Callable[..., BallFrontEnd]) -> BallFrontEnd:
    return filter_of("table-tennis", "table-tennis", 0.003, 0.0)


LONG = (0.1, 1.2, 0.15, 0.3, 5.0, 0.5, -60.0, 0.0, 0.0)
"""A ball that passes the table's edge, 1.37 m from its middle, before it comes down to its level."""


def test_a_ball_beyond_the_tables_edge_falls_on(table: BallFrontEnd) -> None:
    assert flown(table, LONG, KNOWN).path[0, -1, 2] < -0.3


def test_a_level_that_is_told_replaces_the_venue(table: BallFrontEnd) -> None:
    """The ball bounces beyond the table's edge, and over a net there is none."""
    over = flown(table, LONG, Given(noise_m=(1e-5,), clock_s=0.0, level_m=0.0))
    assert over.path[0, :, 2].min() > 0.015
    low = (0.0, -0.3, 0.08, 0.0, 8.0, 0.3, 0.0, 0.0, 0.0)
    assert flown(table, low, KNOWN).path[0, -1, 1] < 0.1
    assert flown(table, low, Given(noise_m=(1e-5,), clock_s=0.0, level_m=0.0)).path[0, -1, 1] > 2.0


@pytest.mark.parametrize("level", [-0.76, 1.3])
def test_a_flight_over_a_level_is_lifted_with_it(table: BallFrontEnd, level: float) -> None:
    given = {"noise_m": (1e-5,), "clock_s": 0.0}
    here = flown(table, LONG, Given(**given, level_m=0.0))
    there = flown(table, LONG, Given(**given, level_m=level), level)
    np.testing.assert_allclose(there.path, here.path + np.array([0, 0, level]), atol=1e-5)


def test_at_minus_infinity_nothing_is_solid(table: BallFrontEnd) -> None:
    given = Given(noise_m=(1e-5,), clock_s=0.0, level_m=-np.inf)
    for state in (LONG, (0.0, -0.3, 0.08, 0.0, 8.0, 0.3, 0.0, 0.0, 0.0)):
        path = flown(table, state, given).path[0]
        assert (np.diff(path[:, 2], 2) < 0).all() and path[-1, 2] < -1.0


@pytest.mark.parametrize(("radius", "mass"), [(2.0, 1.0), (1.0, 0.4), (0.7, 1.6)])
def test_size_and_mass_change_drag_lift_and_bounce_as_physics_says(
    table: BallFrontEnd, radius: float, mass: float
) -> None:
    """k goes with R^2 / m and c with R^3 / m; the ball touches a table when its centre is R above."""
    settings = table.settings
    state = (0.1, -1.0, 0.3, 0.3, 4.0, -1.0, -120.0, 10.0, 20.0)
    given = Given(noise_m=(1e-5,), clock_s=0.0, radius_m=radius * settings.radius_m, mass_kg=mass * settings.mass_kg)
    filters = table.begin(1, given)
    times, positions = thrown(state)
    table.absorb(filters, times, positions, np.array([8]))
    filters[0, MEAN : MEAN + NUM_STATE] = state
    filters[0, MEAN + NUM_STATE : MEAN + NUM_STATE + 2] = 0.0
    row = np.array(settings.parameters)
    row[RADIUS] *= radius
    row[[DRAG, CRISIS_DRAG, SPIN_DRAG, SPIN_RATE_DRAG]] *= radius**2 / mass
    row[LIFT] *= radius**3 / mass
    row[9:12] = filters[0, MEAN + NUM_STATE + 2 : MEAN + NUM_STATE + 5]
    expected = follow(np.array([state]), row[None], OFFSETS, TABLE_TENNIS).states[0, :, :3]
    np.testing.assert_allclose(table.base(filters, OFFSETS[None]).path[0], expected, atol=2e-5)
    assert (np.diff(expected[:, 2]) > 0.005).any()


@pytest.mark.parametrize("angle", [0.7, -2.6])
def test_a_flight_over_a_level_floor_moves_and_turns_with_the_world(table: BallFrontEnd, angle: float) -> None:
    """The base, its unit, what the decoder reads of it, and what the network's numbers do to it."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    away = np.array([3.0, -2.0, 0.0])
    times, positions = thrown((0.0, 0.0, 0.3, 4.0, 1.0, -1.0))
    random = np.random.default_rng(2)
    noisy = positions.astype(np.float64) + 0.002 * random.standard_normal(positions.shape)
    shift = 0.8 * random.standard_normal((1, 14))
    found = []
    for seen in (noisy, noisy @ turn.T + away):
        filters = table.begin(1, Given(level_m=0.0, noise_m=(0.002,)))
        table.absorb(filters, times, seen.astype(np.float32), np.array([8]))
        moved = table.estimate(filters, shift)
        found.append(
            (*table.base_with_changes(moved, OFFSETS[None]), table.head(filters), table.contacts(moved, np.ones(1)))
        )
    (here, here_changes, here_head, here_contacts), (there, there_changes, there_head, there_contacts) = found
    # Places are read in single precision, a millionth of a metre here; a filter of eight of them magnifies that.
    np.testing.assert_allclose(there.path, here.path @ turn.T + away, atol=2e-4)
    np.testing.assert_allclose(there.unit, here.unit, rtol=2e-3)
    np.testing.assert_allclose(there.knots, here.knots, atol=5e-3)
    np.testing.assert_allclose(there_changes, here_changes, atol=5e-3)
    np.testing.assert_allclose(there_head, here_head, atol=5e-3)
    np.testing.assert_allclose(there_contacts.probability, here_contacts.probability, atol=1e-6)
    np.testing.assert_allclose(there_contacts.position, here_contacts.position @ turn.T + away, atol=1e-3)


def test_a_path_between_the_knots_is_on_the_same_flight(table: BallFrontEnd) -> None:
    filters = table.begin(1, KNOWN)
    times, positions = thrown((0.1, -1.0, 0.3, 0.3, 4.0, -1.0))
    table.absorb(filters, times, positions, np.array([8]))
    whole = table.base(filters, OFFSETS[None])
    between = table.base_between(filters, OFFSETS[None, 2::3], OFFSETS, whole)
    np.testing.assert_allclose(between.path, whole.path[:, 2::3], atol=1e-9)
    np.testing.assert_allclose(between.unit, whole.unit[:, 2::3], rtol=1e-9)
