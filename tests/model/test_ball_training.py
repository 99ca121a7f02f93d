"""Training through a ball's flight: its gradient, and a filter that takes for granted what throws are drawn from."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pathcast.model.frontends.ball.columns import HEADING, MEAN, NUM_QUANTITIES
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.training.ball_filter import WIDER, ball_config
from pathcast.model.training.ball_source import deal
from pathcast.model.training.ball_throws import ANYWHERE, draw
from pathcast.model.training.flight import MOST_AWAY, Flight
from pathcast.model.training.settings import TrainingSettings

KNOTS = np.arange(1, 11) / 20
STEP = 1e-3


@pytest.mark.parametrize(
    ("kind", "venue", "rate", "noise"),
    [("basketball", "basketball-nba", 30.0, 0.02), ("table-tennis", "table-tennis", 120.0, 0.003)],
)
def test_the_gradient_through_a_flight_is_that_of_finite_differences(
    filter_of: Callable[..., BallFrontEnd], watch_throws: Callable, kind: str, venue: str, rate: float, noise: float
) -> None:
    """Of the path in metres, with the unit held; where a difference straddles another contact there is none, which
    few throws do."""
    front_end = filter_of(kind, venue, noise, 0.0)
    seen = watch_throws(front_end, kind, 60, rate, 16, noise)
    ends = np.full((60, 1), 15)
    _, filters = front_end.trace(seen.times, seen.positions, ends, seen.starts)
    rows = filters[:, 0]
    truth = seen.truth(seen.true_times[:, -1:] + KNOTS)
    random = torch.Generator().manual_seed(5)
    shifts = (0.5 * torch.randn(60, NUM_QUANTITIES, generator=random)).requires_grad_()
    weights = torch.randn(60, len(KNOTS), 3, generator=random)
    target, unit, knots = Flight.apply(shifts, front_end, rows, truth, KNOTS)
    assert knots.shape == (60, len(KNOTS), front_end.num_knot_inputs)
    (target * weights).sum().backward()
    assert shifts.grad is not None

    def paths(moves: torch.Tensor) -> np.ndarray:
        """Places in the heading, m."""
        flown = front_end.base(front_end.estimate(rows, moves.double().numpy()), np.tile(KNOTS, (60, 1))).path
        cosine, sine = rows[:, HEADING, None], rows[:, HEADING + 1, None]
        ahead, left = cosine * flown[..., 0] + sine * flown[..., 1], cosine * flown[..., 1] - sine * flown[..., 0]
        return np.stack([ahead, left, flown[..., 2]], axis=2)

    expected = np.empty((60, NUM_QUANTITIES))
    for index in range(NUM_QUANTITIES):
        step = torch.zeros(NUM_QUANTITIES)
        step[index] = STEP
        change = (paths(shifts.detach() + step) - paths(shifts.detach() - step)) / (2 * STEP)
        expected[:, index] = -(weights.numpy() * change / unit.numpy()[..., None]).sum(axis=(1, 2))
    size = np.linalg.norm(expected, axis=1)
    off = np.linalg.norm(shifts.grad.numpy() - expected, axis=1) / size
    assert np.median(off) < 0.005 and (off < 0.03).mean() > 0.9


def test_what_lies_far_from_a_flight_is_taken_to_lie_less_far(
    filter_of: Callable[..., BallFrontEnd], watch_throws: Callable
) -> None:
    front_end = filter_of("basketball", "basketball-nba", 0.02, 0.0)
    seen = watch_throws(front_end, "basketball", 3, 30.0, 16, 0.02)
    _, filters = front_end.trace(seen.times, seen.positions, np.full((3, 1), 15), seen.starts)
    truth = np.full((3, len(KNOTS), 3), 1e6)
    target, _, _ = Flight.apply(torch.zeros(3, NUM_QUANTITIES), front_end, filters[:, 0], truth, KNOTS)
    assert target.abs().max() == MOST_AWAY


def test_a_filters_coefficients_are_those_of_its_throws() -> None:
    settings = TrainingSettings(world="ball", throws={"basketball": 1.0}, venue="basketball-nba")
    config = ball_config(settings)
    rows = draw("basketball", 4096, 0, 0).throws.parameters
    for index, entry in enumerate((9, 10, 11), 2):
        assert config.coefficient_mean[index] == pytest.approx(rows[:, entry].mean(), abs=1e-6)
        assert config.coefficient_deviation[index] == pytest.approx(WIDER * rows[:, entry].std(), abs=2e-3)
    assert config.spin_mean[0] == config.spin_mean[2] == 0.0


@pytest.mark.parametrize("base", ["parabola", "none"])
def test_a_base_of_less_physics_knows_no_air_and_at_last_no_gravity(base: str) -> None:
    settings = TrainingSettings(world="ball", throws={"basketball": 1.0}, base=base)
    front_end = ball_config(settings).build()
    filters = np.zeros((1, front_end.filter_size))
    filters[0, MEAN : MEAN + 9] = 0, 0, 50, 3, 4, 0, 9, -9, 9
    filters[0, HEADING] = 1.0
    (path,) = front_end.base(filters, KNOTS[None]).path
    gravity = settings_gravity(front_end) if base == "parabola" else 0.0
    expected = np.array([0, 0, 50]) + KNOTS[:, None] * [3, 4, 0] - 0.5 * gravity * KNOTS[:, None] ** 2 * [0, 0, 1]
    np.testing.assert_allclose(path, expected, atol=1e-6)


def settings_gravity(front_end: BallFrontEnd) -> float:
    """Less buoyancy, m/s2."""
    gravity: float = front_end.settings.parameters[0]
    assert 9.6 < gravity < 9.81
    return gravity


def test_throws_anywhere_are_the_same_throws_turned_and_moved() -> None:
    here, there = draw("table-tennis", 50, 3, 10), draw("table-tennis" + ANYWHERE, 50, 3, 10)
    assert there.is_level and not here.is_level and not here.shift.any() and there.shift.all()
    for start in (0, 3, 6):
        ours, theirs = here.throws.states[:, start : start + 3], there.throws.states[:, start : start + 3]
        np.testing.assert_allclose(np.hypot(*ours[:, :2].T), np.hypot(*theirs[:, :2].T), atol=1e-9)
        np.testing.assert_array_equal(ours[:, 2], theirs[:, 2])


@given(weights=st.lists(st.integers(1, 20), min_size=1, max_size=8), num=st.integers(1, 5000))
def test_kinds_of_throws_are_dealt_by_their_shares_wherever_one_looks(weights: list[int], num: int) -> None:
    """Off by a few rows at most, also where shares are equal, and over each stretch of rows as over all."""
    shares = np.array(weights) / sum(weights)
    kind = deal(np.array(weights, np.float64), num)
    for rows in (kind, kind[num // 2 :]):
        assert np.abs(np.bincount(rows, minlength=len(shares)) - shares * len(rows)).max() <= 2 + np.log2(len(rows))


def test_every_kind_of_shots_teaches_the_outcome_head() -> None:
    assert np.bincount(deal(np.array([0.5, 0.5]), 1000)).tolist() == [500, 500]
