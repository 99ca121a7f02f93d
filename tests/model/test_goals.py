"""Goals: what is seen of them is the walker's own view, and the head weighs any number in any order."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import BundleError, InputError
from pathcast.model.bundle.config import GOALS, HeadingConfig
from pathcast.model.bundle.engine import BundleEngine, load_bundle
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.frontends.heading import HeadingFrontEnd
from pathcast.model.network.goal_head import GoalHead
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.network.write_goals import write_goals
from pathcast.model.states import States
from pathcast.model.training.build import build_network, load_start
from pathcast.model.training.crowd_source import CrowdSource
from pathcast.model.training.goal_fitting import (
    SHORT_SHARE,
    add_goal_head,
    fit_goal_head,
    fit_goal_temperature,
    log_loss,
)
from pathcast.model.training.observed import prefixes_of
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle

SETTINGS = TrainingSettings(
    name="tried",
    summary="Untrained",
    num_modes=3,
    num_units=16,
    num_context=16,
    num_knots=10,
    num_offsets=7,
    num_goals=8,
    num_goal_units=16,
)
NUM_TRACKS = 6


def _network(memory: str = "lstm", layers: int = 1) -> ForecastNetwork:
    chosen = SETTINGS.model_copy(update={"memory": memory, "num_layers": layers})
    network = build_network(chosen, HeadingFrontEnd())
    add_goal_head(network, HeadingFrontEnd(), chosen)
    return network.eval()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> BundleEngine:
    folder = tmp_path_factory.mktemp("goals")
    write_bundle(folder, _network(), HeadingConfig(), SETTINGS, goal_temperature=1.5)
    return load_bundle(folder)


def _walks(seed: int, length: int = 9) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.2, 0.6, (NUM_TRACKS, length)), axis=1)
    turns = np.cumsum(random.normal(0, 0.3, (NUM_TRACKS, length)), axis=1) + random.uniform(0, 6.28, (NUM_TRACKS, 1))
    steps = 0.5 * np.stack([np.cos(turns), np.sin(turns)], axis=2)
    return times, np.cumsum(steps, axis=1)


def _states(engine: BundleEngine, times: np.ndarray, positions: np.ndarray) -> States:
    lengths = np.full(len(times), times.shape[1])
    return engine.encode(engine.start(len(times)), times, positions.astype(np.float32), lengths)


def _goals(seed: int, num: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    goals = random.uniform(-8, 8, (num, 4))
    goals[::3, 2:] = goals[::3, :2]
    return goals


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    num=st.integers(0, 64),
    angle=st.floats(-3.1, 3.1),
    shift=st.tuples(st.floats(-100, 100), st.floats(-100, 100)),
)
def test_probabilities_do_not_depend_on_axes_origin_order_or_which_end_is_first(
    engine: BundleEngine, seed: int, num: int, angle: float, shift: tuple[float, float]
) -> None:
    times, positions = _walks(seed)
    goals = _goals(seed, num)
    shares = engine.goal_probabilities(_states(engine, times, positions), goals)
    assert shares.shape == (NUM_TRACKS, num + 1) and shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def moved(places: np.ndarray) -> np.ndarray:
        return places @ turn.T + np.array(shift)

    order = np.random.default_rng(seed).permutation(num)
    other = moved(goals.reshape(-1, 2)).reshape(-1, 2, 2)[order, ::-1].reshape(-1, 4)
    again = engine.goal_probabilities(_states(engine, times, moved(positions)), other)
    np.testing.assert_allclose(again, shares[:, [*order, num]], atol=2e-3)


def test_a_row_does_not_depend_on_the_rows_beside_it(engine: BundleEngine) -> None:
    states = _states(engine, *_walks(3))
    many = np.arange(700) % NUM_TRACKS
    goals = _goals(5, 7)
    whole = engine.goal_probabilities(states.take(many), goals)
    np.testing.assert_allclose(whole, engine.goal_probabilities(states, goals)[many], atol=1e-6)
    assert engine.goal_probabilities(states.take(many[:0]), goals).shape == (0, 8)


@pytest.mark.parametrize(("memory", "layers"), [("lstm", 1), ("gru", 2), ("rnn", 1), ("trace", 2)])
@pytest.mark.parametrize(("tracks", "goals"), [(1, 1), (9, 5), (4, 64)])
def test_the_graph_equals_torch(memory: str, layers: int, tracks: int, goals: int) -> None:
    network = _network(memory, layers)
    assert network.goal_head is not None
    graph = onnxruntime.InferenceSession(write_goals(network).SerializeToString())
    state = torch.randn(tracks, network.memory.state_size)
    head, seen = torch.randn(tracks, 15), torch.randn(tracks, goals, HeadingFrontEnd.num_goal_inputs)
    with torch.no_grad():
        expected = network.goal_head(network.memory.output(state), head, seen, torch.ones(tracks, goals))
    found = graph.run(None, {"memory": state.numpy(), "head": head.numpy(), "goals": seen.numpy()})[0]
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_candidates_that_are_not_there_count_for_nothing() -> None:
    torch.manual_seed(1)
    head = GoalHead(5, 4, 8)
    hidden, own, goals = torch.randn(7, 3), torch.randn(7, 2), torch.randn(7, 6, 4)
    present = torch.zeros(7, 6)
    present[:, :2] = 1
    with torch.no_grad():
        few = torch.softmax(head(hidden, own, goals[:, :2], present[:, :2]), 1)
        padded = torch.softmax(head(hidden, own, goals, present), 1)
    torch.testing.assert_close(padded[:, [0, 1, 6]], few)
    assert not padded[:, 2:6].any()


def _seen(goals: list[list[float]]) -> np.ndarray:
    """Inputs of goals for a walker at (4, 0) who walks along x at 1 m/s."""
    front_end = HeadingFrontEnd()
    filters = np.zeros((1, front_end.filter_size))
    times = 0.4 * np.arange(11)[None]
    positions = np.stack([times, np.zeros_like(times)], axis=2).astype(np.float32)
    front_end.absorb(filters, times, positions, np.array([11]))
    return front_end.look_at_goals(front_end.pending(filters)[0], np.array([goals], np.float64))[0].astype(np.float64)


def test_a_door_straight_ahead_is_met_and_one_behind_is_not() -> None:
    scale = np.sqrt(1.09)
    ahead, behind, beside, point = _seen([[9, -1, 9, 2], [-2, -1, -2, 1], [9, 1, 9, 4], [7, 4, 7, 4]])
    np.testing.assert_allclose(ahead[:2], [1, 0], atol=1e-6)
    np.testing.assert_allclose(ahead[8:10], [np.log(5.1), np.log(5 / scale + 0.1)], atol=1e-6)
    assert ahead[14] == 1 and behind[14] == 0 and beside[14] == 0
    for angle, meets in ((16, 14), (21, 24), (27, 28)):
        assert ahead[angle] == 0 and behind[angle] > 2.9
        assert ahead[meets] == 1 and behind[meets] == 0
        np.testing.assert_allclose(beside[angle], np.arctan(1 / 5), atol=1e-6)
    np.testing.assert_allclose([ahead[17], behind[17]], [1 / scale, -1 / scale], atol=1e-6)
    np.testing.assert_allclose(point[:8:2], np.full(4, 3 / 5), atol=1e-6)
    np.testing.assert_allclose(point[1:8:2], np.full(4, 4 / 5), atol=1e-6)
    assert [seen[12] for seen in (ahead, point)] == [0, 1]


def test_engines_without_the_head_refuse_goals_and_say_so(tmp_path: Path) -> None:
    write_bundle(tmp_path, build_network(SETTINGS, HeadingFrontEnd()).eval(), HeadingConfig(), SETTINGS)
    for engine in (load_bundle(tmp_path), ConstantVelocityEngine(2)):
        assert not engine.card.takes_goals
        with pytest.raises(InputError, match="goals: expected a model that takes goals"):
            engine.goal_probabilities(engine.start(1), np.zeros((1, 4)))


def test_a_bundle_with_an_altered_goal_head_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path, _network(), HeadingConfig(), SETTINGS)
    assert load_bundle(tmp_path).card.takes_goals
    (tmp_path / GOALS).write_bytes((tmp_path / GOALS).read_bytes()[:-1])
    with pytest.raises(BundleError, match=r"goals\.onnx: expected SHA-256"):
        load_bundle(tmp_path)


def test_the_head_learns_and_its_temperature_is_the_best_there_is(tmp_path: Path) -> None:
    chosen = SETTINGS.model_copy(
        update={
            "num_scenes": 20,
            "num_train": 600,
            "num_validation": 100,
            "num_ends": 2,
            "goal_epochs": 3,
            "learning_rate": 1e-2,
        }
    )
    source, front_end = CrowdSource(chosen), HeadingFrontEnd()
    network = build_network(chosen, front_end)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = fit_goal_head(network, source, front_end, chosen)
    assert found["goal_nll"] < 0.7 * np.log(3)
    assert found["goal_accuracy"] > 0.6
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    write_bundle(tmp_path, network.eval(), HeadingConfig(), chosen, goal_temperature=found["goal_temperature"])
    observed = source.alone(SHORT_SHARE).observed("validation", 0, 100, 2)
    assert observed.goals is not None
    engine = load_bundle(tmp_path)
    losses = []
    for end in range(2):
        times, positions, lengths, _ = prefixes_of(observed, end)
        states = engine.encode(engine.start(100), times, positions, lengths)
        for track in range(100):
            row = 2 * track + end
            places = observed.goals.places[row][observed.goals.present[row]]
            shares = engine.goal_probabilities(states.take(np.array([track])), places)[0]
            answer = observed.goals.answer[row]
            losses.append(-np.log(shares[answer if answer < 8 else -1]))
    assert np.mean(losses) == pytest.approx(found["goal_nll"], abs=2e-3)


def test_a_temperature_that_was_applied_is_found_again() -> None:
    random = np.random.default_rng(2)
    logits = random.normal(0, 2, (4000, 5))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answer = (random.random((4000, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    assert fit_goal_temperature(2.5 * logits, answer) == pytest.approx(2.5, rel=0.1)
    assert log_loss(logits, answer, 1.0) < log_loss(2.5 * logits, answer, 1.0)


def test_training_goes_on_from_a_bundle_with_a_goal_head(tmp_path: Path) -> None:
    written = _network()
    write_bundle(tmp_path, written, HeadingConfig(), SETTINGS)
    network = build_network(SETTINGS.model_copy(update={"seed": 5}), HeadingFrontEnd())
    load_start(network, tmp_path)
    assert all(torch.equal(value, written.state_dict()[name]) for name, value in network.state_dict().items())
