"""Memories against torch's own networks, and carried state against whole sequences."""

import numpy as np
import onnxruntime
import pytest
import torch

from pathcast.errors import InputError
from pathcast.model.memory.choice import build_memory
from pathcast.model.memory.memory import Memory
from pathcast.model.network.graph import Graph

KINDS = ("lstm", "gru", "rnn")


def _memory(kind: str, layers: int) -> Memory:
    torch.manual_seed(3)
    return build_memory(kind, 5, 7, layers)


@pytest.mark.parametrize("kind", KINDS)
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
    with pytest.raises(InputError, match=r"one of lstm, gru, rnn, found 'elephant'"):
        build_memory("elephant", 1, 1)
