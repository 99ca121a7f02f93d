"""The network, its graphs and its Gaussians."""

import numpy as np
import onnxruntime
import pytest
import torch

from pathcast.model.bundle.placing import Said, place
from pathcast.model.forecast import unpack_covariances
from pathcast.model.frontends import Base
from pathcast.model.network.network import ForecastNetwork, NetworkSizes
from pathcast.model.network.spread import log_density
from pathcast.model.network.write import write_encode, write_forecast


def _network(
    memory: str, num_axes: int, layers: int, moving_input: int | None, looks_around: bool = False
) -> ForecastNetwork:
    torch.manual_seed(5)
    sizes = NetworkSizes(
        has_point=looks_around,
        is_point_steady=looks_around and num_axes == 3,
        num_neighbour_inputs=5 * looks_around,
        num_neighbours=3 * looks_around,
        num_inputs=6,
        num_head_inputs=4,
        num_knot_inputs=2,
        num_axes=num_axes,
        num_modes=5,
        num_knots=8,
        memory=memory,
        num_layers=layers,
        moving_input=moving_input,
    )
    network = ForecastNetwork(sizes)
    network.anchors.normal_()
    if network.steady is not None:
        torch.nn.init.normal_(network.steady.weight)
    return network.eval()


@pytest.mark.parametrize(
    ("memory", "num_axes", "layers", "moving_input", "looks_around"),
    [
        ("lstm", 2, 1, 3, True),
        ("lstm", 3, 2, None, False),
        ("gru", 3, 1, None, True),
        ("rnn", 2, 2, 0, False),
        ("trace", 2, 1, None, True),
        ("trace", 3, 3, 0, False),
    ],
)
@pytest.mark.parametrize(("tracks", "steps"), [(1, 1), (9, 5), (40, 33)])
def test_graphs_equal_torch(
    memory: str,
    num_axes: int,
    layers: int,
    moving_input: int | None,
    looks_around: bool,
    tracks: int,
    steps: int,
) -> None:
    network = _network(memory, num_axes, layers, moving_input, looks_around)
    encode = onnxruntime.InferenceSession(write_encode(network).SerializeToString())
    forecast = onnxruntime.InferenceSession(write_forecast(network).SerializeToString())
    random = torch.Generator().manual_seed(steps)
    inputs = torch.randn(tracks, steps, 6, generator=random)
    lengths = torch.randint(1, steps + 1, (tracks,), generator=random)
    head = torch.rand(tracks, 4, generator=random)
    knots = torch.randn(tracks, 8, 2, generator=random)
    state = np.zeros((tracks, network.memory.state_size), np.float32)
    feed = {"steps": inputs.transpose(0, 1).numpy(), "lengths": lengths.int().numpy(), "memory": state}
    given = {"head": head.numpy(), "knots": knots.transpose(0, 1).numpy(), "memory": encode.run(None, feed)[0]}
    names = ["logits", "paths", "spreads"]
    around = None
    if looks_around:
        around = torch.randn(tracks, 3, 5, generator=random), (torch.rand(tracks, 3, generator=random) > 0.5).float()
        given["neighbours"], given["present"] = (each.numpy() for each in around)
        names.append("point")
    with torch.no_grad():
        expected = network(inputs, lengths, head, knots, around)
    for ours, torchs in zip(forecast.run(names, given), expected, strict=False):
        np.testing.assert_allclose(ours, torchs.numpy(), atol=1e-5)


def test_who_is_not_there_counts_for_nothing() -> None:
    network = _network("lstm", 2, 1, None, looks_around=True)
    head, knots, hidden = torch.randn(4, 4), torch.randn(4, 8, 2), torch.randn(4, 64)
    present = torch.tensor([[1.0, 0.0, 0.0]] * 3 + [[0.0, 0.0, 0.0]])
    around = torch.randn(4, 3, 5)
    changed = around + 10 * torch.randn(4, 3, 5) * (1 - present)[..., None]
    with torch.no_grad():
        for ours, other in zip(
            network.decode(hidden, head, knots, (around, present)),
            network.decode(hidden, head, knots, (changed, present)),
            strict=True,
        ):
            torch.testing.assert_close(ours, other, atol=0, rtol=0)


@pytest.mark.parametrize("memory", ["lstm", "gru", "rnn", "trace"])
def test_later_observations_change_no_earlier_output(memory: str) -> None:
    network = _network(memory, 2, 2, None)
    inputs = torch.randn(3, 10, 6)
    changed = inputs.clone()
    changed[:, 6:] += 100.0
    with torch.no_grad():
        torch.testing.assert_close(network.encode(inputs)[:, :6], network.encode(changed)[:, :6], atol=0, rtol=0)


@pytest.mark.parametrize("num_axes", [2, 3])
def test_log_density_equals_torchs_gaussian_with_the_served_covariance(num_axes: int) -> None:
    random = np.random.default_rng(1)
    spreads = random.normal(size=(6, 4, 7, num_axes * (num_axes + 1) // 2)).astype(np.float32)
    residuals = torch.from_numpy(random.normal(size=(6, 4, 7, num_axes)))
    knots, order = np.arange(1.0, 8.0), np.tile(np.arange(4), (6, 1))
    base = Base(np.zeros((6, 7, num_axes)), np.ones((6, 7)), np.zeros((6, 7, 0), np.float32))
    paths = np.zeros((6, 4, 7, num_axes), np.float32)
    heading = np.tile([1.0, 0.0], (6, 1))
    _, packed = place(order, Said(paths, spreads, knots, np.ones(7)), np.tile(knots, (6, 1)), base, heading)
    covariances = torch.from_numpy(unpack_covariances(packed.astype(np.float64)))
    expected = torch.distributions.MultivariateNormal(torch.zeros_like(residuals), covariances).log_prob(residuals)
    found = log_density(residuals, torch.from_numpy(spreads.astype(np.float64)))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
