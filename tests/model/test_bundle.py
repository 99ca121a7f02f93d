"""Bundles: three functions that give the same numbers whichever way tracks are shown to them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import BundleError
from pathcast.model.bundle.config import BallConfig, HeadingConfig
from pathcast.model.bundle.engine import BundleEngine, load_bundle
from pathcast.model.forecast import Forecast, unpack_covariances
from pathcast.model.training.build import build_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle
from pathcast.simulator.ball.parameters import NUM_FULL_PARAMETERS

SETTINGS = TrainingSettings(
    name="tried", summary="Untrained", num_modes=5, num_units=16, num_context=16, num_knots=10, num_offsets=7
)
FLIGHT = BallConfig(
    parameters=(9.66, 0.02, 0.01, 0.0, 0.0, 0.0, 0.12, 0.667, 0.0, 0.76, 0.1, 0.5)
    + (0.0,) * (NUM_FULL_PARAMETERS - 12),
    radius_m=0.12,
    mass_kg=0.62,
    noise_m=0.03,
    clock_s=0.0005,
    max_speed_mps=9.0,
    acceleration_density=5e-4,
    lift_walk=0.01,
    hit_speed_share=0.01,
    hit_spin_share=0.05,
    spin_mean=(0.0, -9.0, 0.0),
    spin_deviation=(3.0, 6.0, 3.0),
    coefficient_mean=(0.0, 0.0, 0.76, 0.1, 0.5),
    coefficient_deviation=(0.1, 0.2, 0.03, 0.1, 0.1),
)
KINDS: dict[str, tuple[HeadingConfig | BallConfig, TrainingSettings]] = {
    "heading": (HeadingConfig(), SETTINGS),
    "ball": (FLIGHT, SETTINGS.model_copy(update={"knot_s": 0.1, "num_offsets": 6, "coast_s": 0.3})),
}


def _write(kind: str, folder: Path, memory: str = "lstm") -> Path:
    front_end, chosen = KINDS[kind]
    chosen = chosen.model_copy(update={"memory": memory})
    network = build_network(chosen, front_end.build())
    with torch.no_grad():
        network.anchors.normal_()
        network.emit.weight *= 10
    write_bundle(folder, network.eval(), front_end, chosen)
    return folder


@pytest.fixture(scope="module", params=["heading-lstm", "ball-lstm", "heading-gru", "ball-rnn", "heading-trace"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BundleEngine:
    kind, memory = request.param.split("-")
    return load_bundle(_write(kind, tmp_path_factory.mktemp(kind), memory))


def _tracks(engine: BundleEngine, seed: int, tracks: int = 7, length: int = 14) -> tuple[np.ndarray, ...]:
    """Times, positions and lengths of walks, or of balls thrown up over the floor."""
    random = np.random.default_rng(seed)
    axes = engine.card.num_axes
    step = 0.4 if axes == 2 else 1 / 30
    times = np.cumsum(random.uniform(0.6, 1.6, (tracks, length)) * step, axis=1)
    velocity = random.normal(0, 1.5, (tracks, 1, axes))
    positions = velocity * times[:, :, None] + random.normal(0, 0.02, (tracks, length, axes))
    if axes == 3:
        positions[..., 2] += 2.0 + 4.0 * times - 4.9 * times**2
    return times, positions.astype(np.float32), random.integers(2, length + 1, tracks)


def _whole(engine: BundleEngine, times: np.ndarray, positions: np.ndarray, lengths: np.ndarray) -> Forecast:
    states = engine.encode(engine.start(len(times)), times, positions, lengths)
    return engine.forecast(states, np.tile(engine.card.offsets_s, (len(times), 1)))


def _assert_same(ours: Forecast, theirs: Forecast, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=tolerance)
    np.testing.assert_allclose(ours.means, theirs.means, atol=tolerance)
    np.testing.assert_allclose(ours.covariances, theirs.covariances, atol=tolerance, rtol=1e-4)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**16))
def test_one_observation_at_a_time_equals_whole_prefixes(engine: BundleEngine, seed: int) -> None:
    times, positions, lengths = _tracks(engine, seed)
    states = engine.start(len(times))
    for index in range(times.shape[1]):
        rows = np.flatnonzero(lengths > index)
        after = engine.observe(states.take(rows), times[rows, index], positions[rows, index])
        states.put(rows, after)
    offsets = np.tile(engine.card.offsets_s, (len(times), 1))
    _assert_same(engine.forecast(states, offsets), _whole(engine, times, positions, lengths))
    np.testing.assert_array_equal(states.count, lengths)
    np.testing.assert_array_equal(states.time, times[np.arange(len(times)), lengths - 1])


@settings(max_examples=8)
@given(seed=st.integers(0, 2**16))
def test_a_track_does_not_depend_on_those_beside_it(engine: BundleEngine, seed: int) -> None:
    times, positions, lengths = _tracks(engine, seed)
    together = _whole(engine, times, positions, lengths)
    order = np.random.default_rng(seed).permutation(len(times))
    _assert_same(_whole(engine, times[order], positions[order], lengths[order]), together.take(order))
    alone = _whole(engine, times[:1], positions[:1], lengths[:1])
    _assert_same(alone, together.take(slice(0, 1)))


@settings(max_examples=8)
@given(seed=st.integers(0, 2**16))
def test_the_future_changes_no_forecast(engine: BundleEngine, seed: int) -> None:
    times, positions, lengths = _tracks(engine, seed)
    lengths = np.minimum(lengths, 9)
    changed = positions.copy()
    later = np.arange(times.shape[1])[None] >= lengths[:, None]
    changed[later] = np.nan
    ours, theirs = (_whole(engine, times, array, lengths) for array in (positions, changed))
    np.testing.assert_array_equal(ours.means, theirs.means)
    np.testing.assert_array_equal(ours.covariances, theirs.covariances)


@settings(max_examples=8)
@given(seed=st.integers(0, 2**16), angle=st.floats(-3.1, 3.1), shift=st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_forecasts_move_and_turn_with_the_world(
    engine: BundleEngine, seed: int, angle: float, shift: tuple[float, float]
) -> None:
    times, positions, lengths = _tracks(engine, seed)
    axes = engine.card.num_axes
    turn = np.eye(axes)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    away = np.array([*shift, 0.0])[:axes]
    moved = (positions @ turn.T + away).astype(np.float32)
    here, there = _whole(engine, times, positions, lengths), _whole(engine, times, moved, lengths)
    np.testing.assert_allclose(there.probabilities, here.probabilities, atol=2e-3)
    scale = np.abs(here.means - positions[:, None, None, -1]).max() + 1
    np.testing.assert_allclose(there.means, here.means @ turn.T + away, atol=3e-3 * scale)
    turned = turn @ unpack_covariances(here.covariances.astype(np.float64)) @ turn.T
    there_full = unpack_covariances(there.covariances.astype(np.float64))
    np.testing.assert_allclose(there_full, turned, atol=3e-3 * np.abs(turned).max())


def test_forecasts_are_proper_mixtures(engine: BundleEngine) -> None:
    forecast = _whole(engine, *_tracks(engine, 3))
    np.testing.assert_allclose(forecast.probabilities.sum(1), 1, atol=1e-6)
    assert (np.diff(forecast.probabilities, axis=1) <= 0).all()
    assert forecast.is_finite().all()
    assert (np.linalg.eigvalsh(unpack_covariances(forecast.covariances.astype(np.float64))) > 0).all()


def test_forecasts_at_other_offsets_agree_where_they_meet(engine: BundleEngine) -> None:
    times, positions, lengths = _tracks(engine, 4)
    states = engine.encode(engine.start(len(times)), times, positions, lengths)
    knots = np.asarray(engine.card.offsets_s)
    fine = np.sort(np.concatenate([knots, (knots[1:] + knots[:-1]) / 2, knots[:1] / 2]))
    coarse = engine.forecast(states, np.tile(knots, (len(times), 1)))
    dense = engine.forecast(states, np.tile(fine, (len(times), 1)))
    at = np.searchsorted(fine, knots)
    np.testing.assert_allclose(dense.means[:, :, at], coarse.means, atol=1e-4)
    assert dense.is_finite().all()


def test_many_tracks_equal_few(engine: BundleEngine) -> None:
    times, positions, lengths = _tracks(engine, 5, tracks=600)
    many = _whole(engine, times, positions, lengths)
    few = _whole(engine, times[-5:], positions[-5:], lengths[-5:])
    _assert_same(few, many.take(slice(595, 600)))


def test_spread_scale_widens_spreads_and_nothing_else(tmp_path: Path) -> None:
    folder = _write("heading", tmp_path)
    narrow = load_bundle(folder)
    content = json.loads((folder / "config.json").read_text())
    content["spread_scale"] = [2.0] * len(content["spread_scale"])
    (folder / "config.json").write_text(json.dumps(content))
    tracks = _tracks(narrow, 1)
    before, after = _whole(narrow, *tracks), _whole(load_bundle(folder), *tracks)
    np.testing.assert_array_equal(before.means, after.means)
    np.testing.assert_allclose(4 * before.covariances, after.covariances, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "found no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "expected JSON"),
        (lambda folder: (folder / "config.json").write_text('{"format": 99}'), "expected format 1 to 2, found 99"),
        (lambda folder: (folder / "encode.onnx").write_bytes(b"x"), "expected SHA-256"),
        (lambda folder: (folder / "forecast.onnx").unlink(), "expected a graph"),
        (lambda folder: (folder / "metrics.json").write_text("{"), "metrics.json: expected JSON"),
        (
            lambda folder: (folder / "metrics.json").write_text("[1]"),
            r"expected a JSON object of scores, found '\[1\]'",
        ),
        (lambda folder: (folder / "README.md").write_bytes(b"\xff"), "README.md: expected text in UTF-8"),
    ],
)
def test_a_broken_bundle_is_refused_with_the_reason(tmp_path: Path, change: object, message: str) -> None:
    folder = _write("heading", tmp_path)
    change(folder)  # type: ignore[operator]
    with pytest.raises(BundleError, match=message):
        load_bundle(folder)


@pytest.mark.parametrize(("key", "value"), [("colour", "red"), ("venue", "moon")])
def test_an_unknown_key_or_venue_is_named(tmp_path: Path, key: str, value: str) -> None:
    folder = _write("heading", tmp_path)
    content = json.loads((folder / "config.json").read_text()) | {key: value}
    (folder / "config.json").write_text(json.dumps(content))
    with pytest.raises(BundleError, match=key):
        load_bundle(folder)


def test_a_file_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "walk.csv").write_text("time,track,x,y\n")
    with pytest.raises(BundleError, match=r"walk.csv: expected a bundle, found no config.json"):
        load_bundle(tmp_path / "walk.csv")


def test_a_ball_whose_base_no_network_moves_foretells_nothing_of_contacts(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"base": "none", "knot_s": 0.1, "num_offsets": 6, "coast_s": 0.3})
    write_bundle(tmp_path, build_network(settings, FLIGHT.build()).eval(), FLIGHT, settings)
    engine = load_bundle(tmp_path)
    assert not engine.card.has_contacts and not engine.card.has_surprise and engine.card.takes_noise
    assert _whole(engine, *_tracks(engine, 1)).is_finite().all()


def test_sums_that_are_finite_tell_of_finite_forecasts(engine: BundleEngine) -> None:
    forecast = _whole(engine, *_tracks(engine, 3))
    assert forecast.is_all_finite()
    for value in (np.nan, np.inf, -np.inf):
        broken = forecast.take(np.arange(forecast.num_tracks))
        broken.means[0, 0, 0, 0] = value
        assert not broken.is_all_finite()
    huge = np.full_like(forecast.means, 3e38)  # what cannot be summed is looked at number by number
    assert not Forecast(forecast.offsets, forecast.probabilities, huge, forecast.covariances).is_all_finite()
