"""Bundles of every memory: each is forecast from by ONNX Runtime as by torch, and streamed where it can be."""

import numpy as np
import pytest
import torch

from pathcast.errors import InputError
from pathcast.model.bundle.config import HeadingConfig
from pathcast.model.bundle.engine import BundleEngine, load_bundle
from pathcast.model.training.build import build_network
from pathcast.model.training.read_network import read_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle
from pathcast.settings import load_settings

MEMORIES: dict[str, dict[str, object]] = {
    "lstm with chrono gates": {"chrono_steps": 20},
    "gru of two layers": {"memory": "gru", "num_layers": 2},
    "rnn of two layers": {"memory": "rnn", "num_layers": 2},
    "decayed input, fixed": {"memory": "trace", "is_decay_fixed": True},
    "decayed state": {"memory": "trace", "trace_of": "state", "num_layers": 2},
    "decayed output": {"memory": "trace", "trace_of": "output", "num_layers": 2},
    "lstm from both ends": {"is_bidirectional": True, "num_layers": 2},
    "decayed output from both ends": {"memory": "trace", "trace_of": "output", "is_bidirectional": True},
}


@pytest.fixture(scope="module", params=MEMORIES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> BundleEngine:
    settings = TrainingSettings(
        summary="Untrained", num_modes=3, num_units=16, num_context=16, **MEMORIES[request.param]
    )
    network = build_network(settings, HeadingConfig().build())
    with torch.no_grad():
        network.emit.weight *= 10
    folder = tmp_path_factory.mktemp("bundle")
    write_bundle(folder, network.eval(), HeadingConfig(), settings)
    assert read_network(folder).memory.state_size == network.memory.state_size
    return load_bundle(folder)


def walks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.3, 0.5, (5, 9)), axis=1)
    velocity = random.normal(0, 1.2, (5, 1, 2))
    return times, (velocity * times[:, :, None] + random.normal(0, 0.03, (5, 9, 2))).astype(np.float32)


def test_tracks_of_any_length_are_forecast_as_each_alone(engine: BundleEngine) -> None:
    times, positions = walks(1)
    lengths = np.array([2, 9, 5, 3, 7])
    offsets = np.tile(engine.card.offsets_s, (5, 1))
    together = engine.forecast(engine.encode(engine.start(5), times, positions, lengths), offsets)
    assert np.isfinite(together.means).all()
    for row, length in enumerate(lengths.tolist()):
        alone = engine.encode(engine.start(1), times[[row], :length], positions[[row], :length], np.array([length]))
        np.testing.assert_allclose(engine.forecast(alone, offsets[:1]).means[0], together.means[row], atol=1e-5)


def test_streaming_equals_the_whole_or_is_refused(engine: BundleEngine) -> None:
    times, positions = walks(2)
    whole = engine.encode(engine.start(5), times, positions, np.full(5, 9))
    if engine.card.is_whole_only:
        with pytest.raises(InputError, match="reads from both ends"):
            engine.observe(whole, times[:, -1] + 0.4, positions[:, -1])
        return
    states = engine.start(5)
    for index in range(9):
        states = engine.observe(states, times[:, index], positions[:, index])
    offsets = np.tile(engine.card.offsets_s, (5, 1))
    streamed, at_once = engine.forecast(states, offsets), engine.forecast(whole, offsets)
    np.testing.assert_allclose(streamed.means, at_once.means, atol=1e-5)


def test_what_is_later_changes_a_forecast_from_both_ends_as_any_other(engine: BundleEngine) -> None:
    """All of a prefix counts: another first observation gives another forecast."""
    times, positions = walks(3)
    others = positions.copy()
    others[:, 0] += 0.3
    offsets = np.tile(engine.card.offsets_s, (5, 1))
    one, other = (
        engine.forecast(engine.encode(engine.start(5), times, each, np.full(5, 9)), offsets)
        for each in (positions, others)
    )
    assert np.abs(one.means - other.means).max() > 1e-4


def test_chrono_gates_are_refused_to_memories_without_gates() -> None:
    with pytest.raises(InputError, match="a memory with gates"):
        load_settings(TrainingSettings, flags={"memory": "rnn", "chrono_steps": 20}, environment={})
    with pytest.raises(InputError, match="half for each direction"):
        load_settings(TrainingSettings, flags={"is_bidirectional": True, "num_units": 15}, environment={})
