"""Where a flight may part its modes are its ways, and elsewhere they are what the network says."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathcast.model.bundle.branching import follow_branches
from pathcast.model.bundle.config import read_config
from pathcast.model.bundle.engine import NEAR, BundleEngine, load_bundle
from pathcast.model.forecast import Forecast
from pathcast.model.frontends import Branches
from pathcast.model.frontends.ball.columns import BOUNCE, COUNT, GRIP, HEADING, MEAN, NUM_QUANTITIES, RUB, pack
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.given import Given
from pathcast.model.library import shipped_bundles
from pathcast.model.metrics import energy_score
from pathcast.model.training.ball_source import BallSource
from pathcast.model.training.calibration import forecast_observed
from pathcast.model.training.settings import TrainingSettings

OFFSETS = np.arange(1, 31) / 60


@pytest.fixture(scope="module")
def shots(filter_of: Callable[..., BallFrontEnd]) -> BallFrontEnd:
    return filter_of("free-throw", "basketball-nba", 0.01, 0.0)


@pytest.fixture(scope="module")
def strokes(filter_of: Callable[..., BallFrontEnd]) -> BallFrontEnd:
    return filter_of("table-tennis", "table-tennis", 0.003, 0.0)


def known(front_end: BallFrontEnd, states: list[list[float]], place_m: float, speed_mps: float) -> np.ndarray:
    """Filters of balls whose place and velocity are known so well, and everything else wholly."""
    filters = front_end.begin(len(states), Given(noise_m=(0.005,), clock_s=0.0))
    filters[:, COUNT] = 10
    for row, state in zip(filters, states, strict=True):
        row[MEAN : MEAN + 6] = state
        row[MEAN + BOUNCE], row[MEAN + GRIP], row[MEAN + RUB] = 0.8, 0.0, 0.3
        full = np.diag([place_m**2] * 3 + [speed_mps**2] * 3 + [1e-12] * (NUM_QUANTITIES - 6))
        pack(full, row)
        row[HEADING : HEADING + 2] = np.array(state[3:5]) / np.hypot(*state[3:5])
    return filters


AT_RIM = [1.2, 0.0, 3.5, -3.0, 0.02, -0.2]
"""Falls upon the rim's front."""
AWAY = [8.0, 0.0, 2.0, 3.0, 0.5, 2.0]


def test_only_flights_towards_something_hard_are_looked_at(shots: BallFrontEnd) -> None:
    filters = known(shots, [AT_RIM, AWAY], 0.01, 0.2)
    partings = shots.base(filters, np.tile(OFFSETS, (2, 1))).partings
    assert partings is not None and partings[0] > NEAR > partings[1]


def test_ways_past_a_rim_are_apart_and_their_shares_are_of_the_flights(shots: BallFrontEnd) -> None:
    filters = known(shots, [AT_RIM], 0.01, 0.25)
    ways = shots.branches(filters, OFFSETS[None], 3)
    assert ways.is_parted.all()
    np.testing.assert_allclose(ways.probabilities.sum(axis=1), 1.0)
    ends = ways.means[0, :, -1]
    apart = np.linalg.norm(ends[:, None] - ends, axis=2)
    assert apart.max() > 0.3
    upper = np.triu_indices(3)
    matrices = np.zeros((*ways.covariances.shape[:-1], 3, 3))
    matrices[..., upper[0], upper[1]] = ways.covariances
    matrices[..., upper[1], upper[0]] = ways.covariances
    assert (np.linalg.eigvalsh(matrices) > 0).all()


def test_a_flight_that_is_wholly_known_has_one_way(shots: BallFrontEnd) -> None:
    """It touches the rim, so it is followed there: all flights are one, and the ways lie on it."""
    filters = known(shots, [AT_RIM], 1e-7, 1e-6)
    ways = shots.branches(filters, OFFSETS[None], 3)
    path = shots.base(filters, OFFSETS[None]).path
    assert ways.is_parted.all()
    np.testing.assert_allclose(ways.means[0], np.broadcast_to(path[0], (3, *path[0].shape)), atol=2e-3)


def test_the_border_of_a_table_parts_the_ways(strokes: BallFrontEnd) -> None:
    """A ball that comes down on the far border (y = 1.37 m) bounces or does not; one well inside of it bounces."""
    border, middle = [0.0, 0.67, 0.24, 0.0, 6.0, -1.3], [0.0, 0.1, 0.24, 0.0, 6.0, -1.3]
    filters = known(strokes, [border, middle], 0.005, 0.3)
    offsets = np.tile(np.arange(1, 26) / 100, (2, 1))
    partings = strokes.base(filters, offsets).partings
    ways = strokes.branches(filters, offsets, 3)
    assert partings is not None
    assert partings[0] > NEAR > partings[1] and ways.is_parted.tolist() == [True, False]
    heights = ways.means[0, :, -1, 2]
    assert heights.max() - heights.min() > 0.1


def test_what_the_network_says_stays_as_one_mode_with_its_mean_and_covariance() -> None:
    random = np.random.default_rng(1)
    means = random.normal(size=(2, 3, 4, 3)).astype(np.float32)
    covariances = np.tile(np.array([0.3, 0, 0, 0.2, 0, 0.1], np.float32), (2, 3, 4, 1))
    shares = np.array([[0.5, 0.3, 0.2]] * 2, np.float32)
    made = Forecast(np.tile(np.arange(1.0, 5), (2, 1)), shares.copy(), means.copy(), covariances.copy())
    ways = Branches(
        np.array([True]),
        np.array([[0.2, 0.8]]),
        random.normal(size=(1, 2, 4, 3)),
        np.ones((1, 2, 4, 6)) * [1, 0, 0, 1, 0, 1],
    )
    found = follow_branches(made, ways, np.array([1]), 0.75)
    np.testing.assert_array_equal(found.means[0], means[0])
    np.testing.assert_allclose(found.probabilities[1], [0.6, 0.25, 0.15])
    np.testing.assert_allclose(found.means[1, 0], ways.means[0, 1], atol=1e-6)
    mean = np.einsum("k,kta->ta", shares[1], means[1])
    np.testing.assert_allclose(found.means[1, 1], mean, atol=1e-6)
    off = means[1] - mean
    spread = np.einsum("k,kta,ktb->tab", shares[1], off, off) + np.diag([0.3, 0.2, 0.1])
    upper = np.triu_indices(3)
    np.testing.assert_allclose(found.covariances[1, 1], spread[:, upper[0], upper[1]], atol=1e-5)


def test_one_mode_leaves_no_room_for_ways() -> None:
    with pytest.raises(ValueError, match=r"branch_share: expected 0, or world = .ball. and at least two modes"):
        TrainingSettings(world="ball", throws={"free-throw": 1.0}, num_modes=1, branch_share=0.5)


def both(folder: Path) -> tuple[BundleEngine, BundleEngine]:
    """A shipped bundle's engine as it is, and the same where nothing is sampled."""
    engine, alone = load_bundle(folder), load_bundle(folder)
    alone._config = alone._config.model_copy(update={"branch_share": 0.0})
    return engine, alone


SHIPPED = [folder for folder in shipped_bundles() if read_config(folder).branch_share and read_config(folder).venue]


@pytest.mark.parametrize("folder", SHIPPED, ids=[folder.parent.name for folder in SHIPPED])
def test_ways_are_worth_their_while_on_fresh_throws(folder: Path) -> None:
    """Where they part, their energy score is lower and the best of the modes nearer; elsewhere nothing changes."""
    config = read_config(folder)
    kind = next(name for name in config.training["throws"] if not name.endswith("anywhere"))
    settings = TrainingSettings.model_validate(config.training | {"throws": {kind: 1.0}, "seed": 9_000_078})
    front_end = config.front_end.build()
    assert isinstance(front_end, BallFrontEnd)
    observed = BallSource(settings, front_end).observed("test", 0, 600, 1)
    offsets = np.asarray(config.offsets_s)
    found = [forecast_observed(engine, observed, offsets) for engine in both(folder)]
    (ours, truth), (alone, _) = found
    truth = truth[:, : len(offsets)].astype(np.float64)
    is_other = (ours.means != alone.means).any(axis=(1, 2, 3))
    assert 20 < is_other.sum() < len(truth)
    rows = np.flatnonzero(is_other)
    scores = [energy_score(each.take(rows), truth[rows], np.random.default_rng(1)) for each in (ours, alone)]
    assert scores[0].mean() < scores[1].mean()
    nearest = [
        np.linalg.norm(each.means[rows] - truth[rows, None], axis=3).mean(axis=2).min(axis=1) for each in (ours, alone)
    ]
    assert nearest[0].mean() < nearest[1].mean()
    np.testing.assert_allclose(ours.probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert (np.diff(ours.probabilities, axis=1) <= 0).all()
