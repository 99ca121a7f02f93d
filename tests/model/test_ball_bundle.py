"""Bundles of balls: their graphs equal torch, streams equal whole prefixes, and what is wrong in one is named."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from pathcast.errors import BundleError, InputError
from pathcast.model.bundle.config import BallConfig, BundleConfig, HeadingConfig, read_config
from pathcast.model.bundle.engine import BundleEngine, load_bundle
from pathcast.model.frontends.ball.shots import NUM_SHOT_INPUTS
from pathcast.model.given import Given
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.network.outcome_head import OutcomeHead, write_outcomes
from pathcast.model.network.write import write_encode, write_estimate, write_forecast
from pathcast.model.training.ball_filter import ball_config
from pathcast.model.training.build import build_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle

SETTINGS = TrainingSettings(
    name="shots",
    summary="Untrained",
    world="ball",
    throws={"free-throw": 1.0},
    venue="basketball-nba",
    noise_m=0.02,
    clock_jitter_s=0.0005,
    knot_s=0.1,
    num_knots=15,
    num_offsets=10,
    coast_s=0.5,
    num_units=16,
    num_context=16,
    num_decoder_units=16,
    num_modes=3,
)


@pytest.fixture(scope="module")
def network() -> ForecastNetwork:
    """Untrained, but with an estimate, modes and an outcome head that do something."""
    made = build_network(SETTINGS, ball_config(SETTINGS).build())
    torch.manual_seed(3)
    with torch.no_grad():
        made.anchors.normal_(0, 0.3)
        assert made.estimate2 is not None
        made.estimate2.weight *= 5
        made.outcome_head = OutcomeHead(NUM_SHOT_INPUTS, 4, 16)
        made.outcome_head.layer3.weight *= 5
    return made.eval()


@pytest.fixture(scope="module")
def folder(network: ForecastNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shots")
    write_bundle(path, network, ball_config(SETTINGS), SETTINGS, outcome_temperature=1.3)
    return path


@pytest.fixture(scope="module")
def engine(folder: Path) -> BundleEngine:
    return load_bundle(folder)


@pytest.mark.parametrize(("tracks", "steps"), [(1, 1), (7, 5), (33, 20)])
def test_graphs_equal_torch(network: ForecastNetwork, tracks: int, steps: int) -> None:
    """To 2e-6 of the largest number, at batch sizes and lengths that no graph was traced with."""
    sizes, random = network.sizes, torch.Generator().manual_seed(steps)
    inputs = torch.randn(tracks, steps, sizes.num_inputs, generator=random)
    head = torch.randn(tracks, sizes.num_head_inputs, generator=random)
    knots = torch.randn(tracks, sizes.num_knots, sizes.num_knot_inputs, generator=random)
    lengths = torch.randint(1, steps + 1, (tracks,), generator=random)
    shots = torch.randn(tracks, NUM_SHOT_INPUTS, generator=random)
    assert network.outcome_head is not None

    def run(model: object, names: list[str], **feed: np.ndarray) -> list[np.ndarray]:
        return onnxruntime.InferenceSession(model.SerializeToString()).run(names, feed)

    memory = np.zeros((tracks, network.memory.state_size), np.float32)
    lengths_fed = lengths.int().numpy()
    (memory,) = run(
        write_encode(network), None, steps=inputs.transpose(0, 1).numpy(), lengths=lengths_fed, memory=memory
    )
    (shifts,) = run(write_estimate(network), None, memory=memory, head=head.numpy())
    found = run(
        write_forecast(network),
        ["logits", "paths", "spreads"],
        memory=memory,
        head=head.numpy(),
        knots=knots.transpose(0, 1).numpy(),
        shifts=shifts,
    )
    (logits,) = run(write_outcomes(network.outcome_head), None, shots=shots.numpy())
    with torch.no_grad():
        hidden = network.encode(inputs)[torch.arange(tracks), lengths - 1]
        moved = network.estimate(hidden, head)
        expected = [moved, *network.decode(hidden, head, knots, shifts=moved)[:3], network.outcome_head(shots)]
    for ours, torchs in zip([shifts, *found, logits], expected, strict=True):
        np.testing.assert_allclose(ours, torchs.numpy(), atol=2e-6 * max(1.0, float(torchs.abs().max())))


def said(engine: BundleEngine, states: object) -> list[np.ndarray]:
    forecast = engine.forecast(states, np.tile(engine.card.offsets_s, (states.num_tracks, 1)))
    foretold = [forecast.probabilities, forecast.means, forecast.covariances]
    return [*foretold, engine.outcomes(states), engine.surprise(states), engine.is_suspect(states)]


def test_one_observation_at_a_time_equals_whole_prefixes(engine: BundleEngine, watch_throws: Callable) -> None:
    seen = watch_throws(engine._front_end, "free-throw", 6, 60.0, 24, 0.02)
    lengths = np.array([2, 5, 9, 14, 20, 24])
    given = Given(noise_m=(0.02,), clock_s=0.0)
    whole = engine.encode(engine.start(6, given), seen.times, seen.positions, lengths)
    states = engine.start(6, given)
    for index in range(24):
        rows = np.flatnonzero(lengths > index)
        states.put(rows, engine.observe(states.take(rows), seen.times[rows, index], seen.positions[rows, index]))
    assert states.filter.shape == whole.filter.shape == engine.start(6).filter.shape
    for ours, theirs in zip(said(engine, states), said(engine, whole), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_later_observations_change_nothing_earlier(engine: BundleEngine, watch_throws: Callable) -> None:
    """Bit by bit: what stands beyond a prefix is not read."""
    seen = watch_throws(engine._front_end, "free-throw", 5, 60.0, 24, 0.02)
    lengths = np.array([3, 6, 9, 12, 20])
    other = seen.positions.copy()
    other[np.arange(24)[None] >= lengths[:, None]] = np.nan
    ours, theirs = (
        said(engine, engine.encode(engine.start(5), seen.times, positions, lengths))
        for positions in (seen.positions, other)
    )
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, two)


def test_outcomes_are_named_and_made_is_the_sum_of_its_ways(engine: BundleEngine, watch_throws: Callable) -> None:
    seen = watch_throws(engine._front_end, "free-throw", 20, 60.0, 24, 0.02)
    found = engine.outcomes(engine.encode(engine.start(20), seen.times, seen.positions, np.full(20, 24)))
    assert engine.card.outcome_names == ("made", "swish", "rim", "board")
    np.testing.assert_allclose(found[:, 0], found[:, 1:].sum(axis=1), atol=1e-6)
    assert (found >= 0).all() and (found <= 1).all()


@pytest.mark.parametrize(
    "given",
    [
        {"noise_m": (0.0,)},
        {"noise_m": (np.nan,)},
        {"noise_m": (0.1, 0.1, 0.1, 0.1)},
        {"clock_s": -1e-3},
        {"radius_m": 0.0},
        {"mass_kg": np.inf},
        {"level_m": np.nan},
        {"level_m": np.inf},
    ],
)
def test_what_is_told_out_of_range_is_refused_by_name(given: dict[str, object]) -> None:
    (name,) = given
    with pytest.raises(InputError, match=name):
        Given(**given)


def test_noise_along_two_axes_is_refused_for_balls(engine: BundleEngine) -> None:
    with pytest.raises(InputError, match="noise_m: expected one number, or 3, found 2"):
        engine.start(1, Given(noise_m=(0.1, 0.1)))


def broken(folder: Path, to: Path, **changes: object) -> Path:
    """The bundle's config alone, its front end changed."""
    content = json.loads((folder / "config.json").read_text())
    content["front_end"] |= changes
    (to / "config.json").write_text(json.dumps(content))
    return to


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": [9.81] * 12}, r"config.json: front_end.*parameters: expected \d+ numbers, found 12"),
        ({"noise_m": float("nan")}, r"config.json: front_end.ball.noise_m"),
        ({"lift_walk": float("inf")}, r"lift_walk: expected finite numbers, found inf"),
        ({"spin_mean": [0.0, float("nan"), 0.0]}, r"spin_mean: expected finite numbers, found nan"),
        ({"spin_mean": [0.0, 1.0]}, r"config.json: front_end.ball.spin_mean"),
        ({"mass_kg": 0.0}, r"config.json: front_end.ball.mass_kg"),
        ({"venue": "moon"}, r"front_end.venue: expected one of .*, found 'moon'"),
        ({"kind": "kalman"}, r"config.json: expected the front end ball, found kalman .*: train it again"),
    ],
)
def test_a_wrong_front_end_is_named(folder: Path, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        load_bundle(broken(folder, tmp_path, **changes))


def test_a_front_end_without_a_floor_is_written_and_read(tmp_path: Path) -> None:
    free = ball_config(SETTINGS.model_copy(update={"base": "none"}))
    assert -np.inf in free.parameters
    network = build_network(SETTINGS.model_copy(update={"base": "none"}), free.build()).eval()
    write_bundle(tmp_path / "free", network, free, SETTINGS)
    assert read_config(tmp_path / "free").front_end == free


@pytest.mark.parametrize("base", ["parabola", "none"])
def test_a_base_of_less_physics_follows_one_way_past_the_rim(base: str, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"base": base, "venue": "basketball-nba", "branch_share": 0.5})
    front_end = ball_config(settings)
    network = build_network(settings, front_end.build()).eval()
    write_bundle(tmp_path / "bundle", network, front_end, settings, branch_share=0.5)
    engine = load_bundle(tmp_path / "bundle")
    times = np.arange(6) / 30
    falling = np.stack([0.2 - times, 0 * times, 3.9 - 2 * times], axis=1)[None].astype(np.float32)
    states = engine.encode(engine.start(1), times[None], falling, np.array([6]))
    assert np.isfinite(engine.forecast(states, np.array([[0.1, 0.3]])).means).all()


def test_a_bundle_of_people_of_format_1_is_read(tmp_path: Path) -> None:
    chosen = TrainingSettings(num_modes=2, num_units=8, num_context=8, num_decoder_units=8)
    write_bundle(tmp_path / "old", build_network(chosen, HeadingConfig().build()).eval(), HeadingConfig(), chosen)
    content = json.loads((tmp_path / "old" / "config.json").read_text())
    for name in ("outcome_temperature",):
        del content[name]
    for name in ("num_outcome_inputs", "num_outcome_classes", "num_outcome_units", "num_estimated", "spread_inputs"):
        del content["network"][name]
    (tmp_path / "old" / "config.json").write_text(json.dumps(content | {"format": 1}))
    engine = load_bundle(tmp_path / "old")
    assert engine.card.num_axes == 2 and not engine.card.has_contacts
    with pytest.raises(InputError):
        engine.start(1, Given(noise_m=(0.1,)))


def test_settings_of_a_filter_are_read_as_they_were_written(folder: Path) -> None:
    config = read_config(folder)
    assert isinstance(config, BundleConfig) and config.front_end == ball_config(SETTINGS)
    assert BallConfig.model_validate_json(config.front_end.model_dump_json()) == config.front_end
