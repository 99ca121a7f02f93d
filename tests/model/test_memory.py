"""Memories against torch's own networks, and carried state against whole sequences."""

import numpy as np
import onnxruntime
import pytest
import torch

from pathcast.errors import InputError
from pathcast.model.memory.choice import build_memory
from pathcast.model.memory.memory import Memory
from pathcast.model.network.graph import Graph

TORCHS = ("lstm", "gru", "rnn")
KINDS = (*TORCHS, "trace")


def _memory(kind: str, layers: int) -> Memory:
    torch.manual_seed(3)
    return build_memory(kind, 5, 7, layers)


@pytest.mark.parametrize("kind", TORCHS)
@pytest.mark.parametrize("layers", [1, 2])
def test_outputs_equal_torch(kind: str, layers: int) -> None:
    memory = _memory(kind, layers)
    reference = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind](5, 7, layers, batch_first=True)
    reference.load_state_dict(memory.cells.state_dict())
    inputs = torch.randn(4, 9, 5)
    torch.testing.assert_close(memory(inputs)[0], reference(inputs)[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
def test_state_carried_step_by_step_equals_the_whole_sequence(kind: str, layers: int) -> None:
    memory = _memory(kind, layers)
    inputs = torch.randn(3, 11, 5)
    outputs, whole = memory(inputs)
    state = None
    for index in range(inputs.shape[1]):
        _, state = memory(inputs[:, index : index + 1], state)
    assert state is not None
    assert state.shape == (3, memory.state_size)
    torch.testing.assert_close(state, whole, atol=1e-6, rtol=0)
    torch.testing.assert_close(memory.output(state), outputs[:, -1], atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("tracks", "steps"), [(1, 1), (3, 8), (17, 40)])
def test_graph_equals_torch_at_any_size_and_length(kind: str, layers: int, tracks: int, steps: int) -> None:
    memory = _memory(kind, layers)
    graph = Graph()
    names = graph.input("x", ["t", "b", 5]), graph.input("n", ["b"], np.int32), graph.input("s", ["b", "size"])
    graph.output(memory.write(graph, *names), "after", ["b", "size"])
    session = onnxruntime.InferenceSession(graph.model("memory").SerializeToString())
    random = torch.Generator().manual_seed(tracks)
    inputs = torch.randn(tracks, steps, 5, generator=random)
    lengths = torch.randint(1, steps + 1, (tracks,), generator=random)
    before = torch.randn(tracks, memory.state_size, generator=random) * 0.3
    feed = {"x": inputs.transpose(0, 1).numpy(), "n": lengths.int().numpy(), "s": before.numpy()}
    after = session.run(None, feed)[0]
    for track in range(tracks):
        with torch.no_grad():
            _, expected = memory(inputs[track : track + 1, : lengths[track]], before[track : track + 1])
        np.testing.assert_allclose(after[track], expected[0].numpy(), atol=1e-5)


def test_an_unknown_memory_is_named() -> None:
    with pytest.raises(InputError, match=r"one of lstm, gru, rnn, trace, found 'elephant'"):
        build_memory("elephant", 1, 1)


def test_a_trace_is_the_weighted_mean_of_all_that_was_seen() -> None:
    """a_t = (1 - g) sum_k g^k x_{t-k}, and what stood there before fades as g^t."""
    memory = build_memory("trace", 5, 7)
    inputs, before = torch.randn(4, 9, 5), torch.randn(4, 7)
    with torch.no_grad():
        outputs, _ = memory(inputs, before)
        keep, mapped = torch.sigmoid(memory.decays[0]), memory.maps[0](inputs)
        for time in range(9):
            weights = (1 - keep) * keep ** torch.arange(time, -1, -1)[:, None]
            expected = (weights * mapped[:, : time + 1]).sum(1) + keep ** (time + 1) * before
            torch.testing.assert_close(outputs[:, time], expected, atol=1e-5, rtol=0)


def test_traces_start_with_time_constants_of_1_to_30_steps() -> None:
    keep = torch.sigmoid(build_memory("trace", 3, 16).decays[0].detach())
    constants = -1 / torch.log(keep)
    assert constants[0].item() == pytest.approx(1.0, rel=1e-4) and constants[-1].item() == pytest.approx(30.0, rel=1e-4)
    assert (torch.diff(constants) > 0).all()
