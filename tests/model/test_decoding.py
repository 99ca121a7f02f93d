"""Compiled loops decode as the runtime's graph does."""

import numpy as np
import pytest
import torch
from safetensors.torch import save

from pathcast.model.bundle.decoding_kernel import Decoder, is_plain
from pathcast.model.bundle.engine import _session
from pathcast.model.bundle.weights import read_weights
from pathcast.model.memory.choice import build_memory
from pathcast.model.network.network import ForecastNetwork, NetworkSizes
from pathcast.model.network.write import write_forecast

TRACED = ("input", "state", "output")
OUTPUTS = ["logits", "paths", "spreads"]


def _sizes(**others: object) -> NetworkSizes:
    given = {"num_units": 16, "num_context": 12, "num_decoder_units": 20, "num_modes": 4, "num_knots": 7}
    return NetworkSizes(num_inputs=5, num_head_inputs=6, num_knot_inputs=2, num_axes=3, **(given | others))


def _network(sizes: NetworkSizes) -> ForecastNetwork:
    torch.manual_seed(3)
    network = ForecastNetwork(sizes).eval()
    with torch.no_grad():
        network.anchors.normal_()
        network.emit.weight *= 20.0
        network.decoder.weight_hh_l0 *= 4.0
    return network


def _inputs(sizes: NetworkSizes, num_tracks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(num_tracks)
    size = build_memory(sizes.memory, 1, sizes.num_units, trace_of=sizes.trace_of).state_size
    shapes = (size,), (sizes.num_head_inputs,), (sizes.num_knots, sizes.num_knot_inputs)
    memory, head, knots = (random.normal(0, 2, (num_tracks, *shape)).astype(np.float32) for shape in shapes)
    return memory, head, knots


def _decoder(network: ForecastNetwork) -> Decoder:
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    return Decoder(vars(network.sizes), read_weights(save(weights)))


@pytest.mark.parametrize("num_tracks", [1, 2, 33])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"moving_input": 2},
        {"memory": "gru"},
        {"memory": "rnn"},
        *({"memory": "trace", "trace_of": what} for what in TRACED),
    ],
)
def test_it_says_what_the_graph_says(num_tracks: int, more: dict[str, object]) -> None:
    network = _network(_sizes(**more))
    memory, head, knots = _inputs(network.sizes, num_tracks)
    feed = {"memory": memory, "head": head, "knots": np.ascontiguousarray(knots.transpose(1, 0, 2))}
    expected = dict(zip(OUTPUTS, _session(write_forecast(network).SerializeToString()).run(OUTPUTS, feed), strict=True))
    found = _decoder(network).run(memory, head, knots)
    for name in OUTPUTS:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-5)


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    network = _network(_sizes())
    memory, head, knots = _inputs(network.sizes, 33)
    decoder = _decoder(network)
    together = decoder.run(memory, head, knots)
    for row in (0, 17, 32):
        alone = decoder.run(memory[row : row + 1], head[row : row + 1], knots[row : row + 1])
        for name in OUTPUTS:
            np.testing.assert_allclose(alone[name][0], together[name][row], rtol=1e-5, atol=1e-6)


def test_what_is_not_a_number_stays_so_in_its_row() -> None:
    network = _network(_sizes())
    memory, head, knots = _inputs(network.sizes, 3)
    memory[1, 0] = np.nan
    found = _decoder(network).run(memory, head, knots)
    for name in OUTPUTS:
        assert np.isnan(found[name][1]).all()
        assert np.isfinite(found[name][[0, 2]]).all()


def test_only_networks_with_nothing_beside_are_plain() -> None:
    assert is_plain(vars(_sizes()))
    more = {"num_layers": 2, "has_point": True, "num_neighbour_inputs": 9, "num_estimated": 3, "is_bidirectional": True}
    for name, value in more.items():
        assert not is_plain(vars(_sizes(**{name: value})))
