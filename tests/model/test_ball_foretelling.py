"""What a ball will touch and what becomes of a shot, foretold from flights sampled within what is known of it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from pathcast.model.contacts import CONTACT_KINDS, Contacts
from pathcast.model.frontends.ball.columns import COVARIANCE, MEAN, NUM_QUANTITIES
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.frontends.ball.samples import BOARD, MISSED, NUM_SAMPLES, OPEN, RIM, SWISH, whitened_draws
from pathcast.model.frontends.ball.shots import NUM_CLASSES, NUM_SHOT_INPUTS, OUTCOME_NAMES, probabilities_of
from pathcast.model.given import Given
from pathcast.model.network.outcome_head import OutcomeHead
from pathcast.simulator.ball.scenarios import throw
from pathcast.venue import BASKETBALL_NBA

OPEN_COURT = replace(BASKETBALL_NBA, hoop=None, board=None)
SIGHT = Given(noise_m=(0.003,), clock_s=0.0)


@pytest.fixture(scope="module")
def shots(filter_of: Callable[..., BallFrontEnd]) -> BallFrontEnd:
    return filter_of("free-throw", "basketball-nba", 0.01, 0.0)


def watched(front_end: BallFrontEnd, states: np.ndarray, num: int = 10, rate_hz: float = 60.0) -> np.ndarray:
    """Filters of balls released in those states, seen well."""
    throws = throw("free-throw", len(states), 1)
    rows = np.tile(front_end.settings.parameters, (len(states), 1))
    flights = type(throws)(states, rows, throws.duration, throws.ball, throws.venue)
    times = np.tile(np.arange(num) / rate_hz, (len(states), 1))
    seen = flights.follow(times, max_events=0, positions_only=True).states.astype(np.float32)
    filters = front_end.begin(len(states), SIGHT)
    front_end.absorb(filters, times, seen, np.full(len(states), num))
    return filters


def free_throws(front_end: BallFrontEnd, beyond: np.ndarray) -> np.ndarray:
    """Shots of the nominal ball from the line with its backspin, that come down so far (m) beyond the hoop's middle."""
    num = len(beyond)
    states = np.zeros((num, 9))
    states[:, 0], states[:, 2], states[:, 7] = 4.19, 2.2, 12.0
    elevation = np.full(num, np.radians(52.0))
    directions = np.stack([-np.cos(elevation), 0 * elevation, np.sin(elevation)], axis=1)
    low, high = np.full(num, 4.0), np.full(num, 12.0)
    throws = throw("free-throw", num, 1)
    rows = np.tile(front_end.settings.parameters, (num, 1))
    fall = np.arange(1, 500) / 250
    for _ in range(40):  # bisection of the speed: faster shots come down farther on
        speed = (low + high) / 2
        states[:, 3:6] = directions * speed[:, None]
        flights = type(throws)(states, rows, throws.duration, throws.ball, OPEN_COURT)
        path = flights.follow(fall, max_events=0, positions_only=True).states
        down = (path[:, 1:, 2] < 3.04) & (path[:, :-1, 2] >= 3.04)
        x = np.where(down.any(axis=1), np.take_along_axis(path[:, 1:, 0], down.argmax(1)[:, None], 1)[:, 0], 4.0)
        low, high = np.where(x > -beyond, speed, low), np.where(x > -beyond, high, speed)
    return states


def named(contacts: Contacts, name: str, row: int = 0) -> np.ndarray:
    """Which contacts are with that, in the order of time."""
    return np.flatnonzero((contacts.kind == CONTACT_KINDS.index(name) + 1) & (contacts.row == row))


def test_a_dropped_ball_touches_the_floor_when_and_where_it_falls(shots: BallFrontEnd) -> None:
    """From 2 m, three metres from the hoop: the time is that of the fall, within three of its own deviations."""
    state = np.array([[3.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    contacts = shots.contacts(watched(shots, state), np.ones(1))
    (first, *_) = named(contacts, "floor")
    radius, newest = shots.settings.radius_m, 9 / 60
    gravity = shots.settings.parameters[0]
    expected = np.sqrt(2 * (2.0 - radius) / gravity) - newest  # drag: 2 ms more
    assert contacts.probability[first] == 1.0
    assert abs(contacts.offset_s[first] - expected) < 3 * contacts.deviation_s[first] + 0.003
    assert contacts.deviation_s[first] < 0.02
    off = np.abs(contacts.position[first] - [3.0, 2.0, radius])
    assert (off < 4 * np.sqrt(contacts.covariance[first, [0, 3, 5]]) + 0.003).all()


def test_the_flight_comes_back_from_the_board(shots: BallFrontEnd) -> None:
    state = np.array([[2.5, 0.1, 2.9, -7.0, 0.0, 3.6, 0.0, 12.0, 0.0]])
    filters = watched(shots, state, num=6)
    path = shots.base(filters, np.arange(1, 31)[None] / 50).path[0]
    assert path[:, 0].min() > -0.381 + 0.1 and path[-1, 0] > 0.0
    contacts = shots.contacts(filters, np.full(1, 0.5))
    assert contacts.probability[named(contacts, "board")[0]] > 0.95


def test_a_shot_well_on_the_rim_is_foretold_to_touch_it(shots: BallFrontEnd) -> None:
    filters = watched(shots, free_throws(shots, np.array([-0.24])), num=30)
    contacts = shots.contacts(filters, np.full(1, 1.5))
    assert contacts.probability[named(contacts, "rim")[0]] > 0.9


def test_a_shot_clearly_short_touches_no_rim_and_does_not_go_in(shots: BallFrontEnd) -> None:
    filters = watched(shots, free_throws(shots, np.array([-1.0])), num=20)
    contacts = shots.contacts(filters, np.full(1, 2.0))
    assert not len(named(contacts, "rim")) and contacts.probability[named(contacts, "floor")[0]] == 1.0
    outcomes = shots.sample(filters, np.full(1, 2.2))[0]
    assert (outcomes == MISSED).all()


def test_the_share_of_flights_that_go_in_falls_with_the_error_of_the_aim(shots: BallFrontEnd) -> None:
    """Short by nothing, by as much as leaves the rim's inside, by the rim itself, and by more than that."""
    filters = watched(shots, free_throws(shots, np.array([0.0, -0.16, -0.3, -0.6])), num=25)
    outcomes = shots.sample(filters, np.full(4, 2.2))[0]
    made = np.isin(outcomes, (SWISH, RIM, BOARD)).mean(axis=1)
    assert made[0] > 0.9 and (np.diff(made[:3]) <= 0).all() and made[2] < made[0] and made[3] < 0.1


def test_contacts_are_by_track_then_time_and_probabilities(shots: BallFrontEnd) -> None:
    filters = watched(shots, free_throws(shots, np.array([0.1, -0.3])), num=8)
    contacts = shots.contacts(filters, np.full(2, 2.0))
    assert (np.lexsort((contacts.offset_s, contacts.row)) == np.arange(contacts.num_contacts)).all()
    assert ((contacts.probability >= 0.05) & (contacts.probability <= 1.0)).all()
    assert (contacts.offset_s > 0).all() and (contacts.offset_s <= 2.0).all() and contacts.is_finite(2).all()


def test_without_a_horizon_to_speak_of_nothing_is_touched(shots: BallFrontEnd) -> None:
    filters = watched(shots, free_throws(shots, np.array([0.0])), num=8)
    assert shots.contacts(filters, np.full(1, 0.01)).num_contacts == 0
    assert (shots.sample(filters, np.full(1, 0.01))[0] == OPEN).all()


def test_draws_are_of_mean_zero_and_variance_one() -> None:
    draws = whitened_draws(NUM_SAMPLES)
    assert draws.shape == (NUM_SAMPLES, NUM_QUANTITIES)
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(draws.var(axis=0), 1.0, atol=1e-12)
    np.testing.assert_array_equal(draws, whitened_draws(NUM_SAMPLES))


def test_flights_of_a_ball_that_is_wholly_known_are_all_the_same(shots: BallFrontEnd) -> None:
    filters = watched(shots, free_throws(shots, np.array([0.05])))
    filters[:, COVARIANCE : COVARIANCE + 105] = 0.0
    _, _, kinds, events = shots.sample(filters, np.full(1, 1.5))
    assert (kinds == kinds[:, :1]).all() and (events == events[:, :1]).all()
    assert np.isfinite(filters[:, MEAN]).all()


def test_a_head_that_learned_nothing_says_the_flights_shares(shots: BallFrontEnd) -> None:
    filters = watched(shots, free_throws(shots, np.array([0.0, -0.16, -0.6])), num=12)
    head = OutcomeHead(NUM_SHOT_INPUTS, NUM_CLASSES, 8)
    torch.nn.init.zeros_(head.layer3.weight)
    inputs = shots.shots(filters)
    with torch.no_grad():
        classes = torch.softmax(head(torch.from_numpy(inputs)), 1).numpy()
    outcomes = shots.sample(filters, np.full(3, 2.2))[0]
    counts = np.stack([(outcomes == kind).sum(axis=1) for kind in range(NUM_CLASSES)], axis=1).astype(float)
    counts[:, MISSED] += (outcomes == OPEN).sum(axis=1)
    np.testing.assert_allclose(classes, (counts + 0.25) / (NUM_SAMPLES + 1), atol=1e-6)


def test_made_is_the_sum_of_its_ways_and_with_missed_it_is_one() -> None:
    assert OUTCOME_NAMES == ("made", "swish", "rim", "board")
    classes = np.random.default_rng(1).dirichlet(np.ones(NUM_CLASSES), 50)
    said = probabilities_of(classes)
    np.testing.assert_allclose(said[:, 0], said[:, 1:].sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(said[:, 0] + classes[:, MISSED], 1.0, atol=1e-6)
