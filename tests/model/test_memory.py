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
TRACES = ("trace", "trace of state", "trace of output")
KINDS = (*TORCHS, *TRACES)


def _memory(kind: str, layers: int, is_bidirectional: bool = False) -> Memory:
    torch.manual_seed(3)
    kind, _, trace_of = kind.partition(" of ")
    units = 8 if is_bidirectional else 7
    return build_memory(kind, 5, units, layers, trace_of=trace_of or "input", is_bidirectional=is_bidirectional)


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
def test_the_equations_of_a_cell_equal_what_is_fused(kind: str, layers: int) -> None:
    memory = _memory(kind, layers)
    inputs, before = torch.randn(4, 9, 5), 0.3 * torch.randn(4, memory.state_size)
    with torch.no_grad():
        outputs, state = memory(inputs, before)
        ours, after = memory.unroll(inputs.transpose(0, 1), before)
        torch.testing.assert_close(ours.transpose(0, 1), outputs, atol=1e-6, rtol=0)
        torch.testing.assert_close(after, state, atol=1e-6, rtol=0)
        for step in inputs.unbind(1):
            before = memory.advance(step, before)
    torch.testing.assert_close(before, state, atol=1e-6, rtol=0)


class Unrolled(torch.nn.Module):
    """A memory that is called step by step."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.memory.unroll(inputs)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_several_networks_at_once_equal_each_by_itself(kind: str) -> None:
    several = [Unrolled(_memory(kind, 2)) for _ in range(3)]
    with torch.no_grad():
        for number, each in enumerate(several):
            for value in each.parameters():
                value.mul_(1 + 0.2 * number)
    weights = {
        name: torch.stack([dict(each.named_parameters())[name] for each in several])
        for name, _ in several[0].named_parameters()
    }
    inputs = torch.randn(6, 3, 4, 5)
    with torch.no_grad():
        together = torch.func.functional_call(several[0], weights, (inputs,))
        for index, each in enumerate(several):
            torch.testing.assert_close(together[:, index], each(inputs[:, index]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
def test_gradients_equal_differences_in_double_precision(kind: str, layers: int) -> None:
    memory = _memory(kind, layers).double()
    inputs = torch.randn(2, 4, 5, dtype=torch.float64, requires_grad=True)
    state = (0.3 * torch.randn(2, memory.state_size, dtype=torch.float64)).requires_grad_()
    names, weights = zip(*memory.named_parameters(), strict=True)

    def run(inputs: torch.Tensor, state: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        given = (dict(zip(names, weights, strict=True)), (inputs, state))
        unrolled = torch.func.functional_call(memory, *given)
        return torch.cat([each.flatten() for each in unrolled])

    assert torch.autograd.gradcheck(run, (inputs, state, *weights), fast_mode=True)


@pytest.mark.parametrize("kind", TORCHS)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_bidirectional_memory_equals_torchs(kind: str, layers: int) -> None:
    memory = _memory(kind, layers, is_bidirectional=True)
    network = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[kind]
    reference = network(5, 4, layers, batch_first=True, bidirectional=True)
    for layer, pair in enumerate(memory.pairs):
        for side, suffix in zip(pair, ("", "_reverse"), strict=True):
            for name, value in side.cells.named_parameters():
                getattr(reference, name.replace("l0", f"l{layer}{suffix}")).data.copy_(value)
    inputs = torch.randn(4, 9, 5)
    torch.testing.assert_close(memory(inputs)[0], reference(inputs)[0], atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_read_from_both_ends_knows_nothing_of_what_comes_later(kind: str) -> None:
    memory = _memory(kind, 2, is_bidirectional=True)
    inputs, ends = torch.randn(3, 8, 5), torch.tensor([[2, 5], [1, 8], [4, 4]])
    with torch.no_grad():
        found = memory.read(inputs, ends)
        for track in range(3):
            for index, end in enumerate(ends[track].tolist()):
                _, state = memory(inputs[track : track + 1, :end])
                torch.testing.assert_close(found[track, index], memory.output(state)[0], atol=1e-6, rtol=0)


def test_a_bidirectional_state_is_not_carried_on() -> None:
    memory = _memory("lstm", 1, is_bidirectional=True)
    _, state = memory(torch.randn(2, 4, 5))
    with pytest.raises(InputError, match="whole sequences from both ends"):
        memory(torch.randn(2, 1, 5), state)
    with pytest.raises(InputError, match="an even number"):
        build_memory("lstm", 2, 7, is_bidirectional=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize(("tracks", "steps"), [(1, 1), (3, 8), (17, 40)])
@pytest.mark.parametrize("is_bidirectional", [False, True])
def test_graph_equals_torch_at_any_size_and_length(
    kind: str, layers: int, tracks: int, steps: int, is_bidirectional: bool
) -> None:
    memory = _memory(kind, layers, is_bidirectional)
    graph = Graph()
    names = graph.input("x", ["t", "b", 5]), graph.input("n", ["b"], np.int32), graph.input("s", ["b", "size"])
    state = memory.write(graph, *names)
    graph.output(state, "after", ["b", "size"])
    graph.output(memory.write_output(graph, state), "output", ["b", "unit"])
    session = onnxruntime.InferenceSession(graph.model("memory").SerializeToString())
    random = torch.Generator().manual_seed(tracks)
    inputs = torch.randn(tracks, steps, 5, generator=random)
    lengths = torch.randint(1, steps + 1, (tracks,), generator=random)
    before = torch.randn(tracks, memory.state_size, generator=random) * (0.0 if is_bidirectional else 0.3)
    feed = {"x": inputs.transpose(0, 1).numpy(), "n": lengths.int().numpy(), "s": before.numpy()}
    after, output = session.run(None, feed)
    for track in range(tracks):
        carried = () if is_bidirectional else (before[track : track + 1],)
        with torch.no_grad():
            _, expected = memory(inputs[track : track + 1, : lengths[track]], *carried)
        np.testing.assert_allclose(after[track], expected[0].numpy(), atol=1e-5)
        np.testing.assert_allclose(output[track], memory.output(expected)[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_chrono_gates_begin_by_keeping_for_1_to_the_longest_steps(kind: str) -> None:
    memory = build_memory(kind, 3, 4000)
    memory.set_chrono(100)
    bias = (memory.cells.bias_ih_l0 + memory.cells.bias_hh_l0).detach()[4000:8000]
    constants = 1 + torch.exp(bias)  # of a gate sigmoid(bias): 1 / (1 - gate)
    assert 2 <= constants.min() < 3 and 99 < constants.max() <= 100
    assert constants.mean().item() == pytest.approx(51, abs=2)


def test_chrono_is_refused_where_there_are_no_gates() -> None:
    with pytest.raises(InputError, match="a memory with gates"):
        build_memory("rnn", 3, 4).set_chrono(100)


def test_fixed_decays_are_not_trained() -> None:
    memory = build_memory("trace", 3, 4, is_decay_fixed=True)
    memory(torch.randn(2, 5, 3))[0].sum().backward()
    assert memory.decays[0].grad is None and memory.maps[0].weight.grad is not None


def test_an_output_trace_is_the_mean_of_what_was_put_out() -> None:
    """Jordan's context: c_t = (1 - g) sum_k g^k y_{t-k}."""
    memory = build_memory("trace", 5, 7, trace_of="output")
    with torch.no_grad():
        outputs, state = memory(torch.randn(4, 9, 5))
        keep = torch.sigmoid(memory.decays[0])
        weights = (1 - keep) * keep ** torch.arange(8, -1, -1)[:, None]
        torch.testing.assert_close(state[:, 7:], (weights * outputs).sum(1), atol=1e-5, rtol=0)


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
