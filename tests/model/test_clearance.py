"""Paths that keep clear: nobody there, nothing changed; somebody ahead, room is made, alike on both sides."""

import numpy as np
import onnxruntime
import pytest
import torch

from pathcast.model.frontends.courses import NUM_COURSE_INPUTS, NUM_VELOCITIES
from pathcast.model.frontends.heading import HeadingFrontEnd
from pathcast.model.frontends.neighbours import NUM_NEIGHBOUR_INPUTS
from pathcast.model.network.clearance import SHARES, Clearance
from pathcast.model.network.network import ForecastNetwork, NetworkSizes
from pathcast.model.network.write import write_forecast
from pathcast.model.others import Others

OFFSETS = 0.4 * torch.arange(1, 16)
SPEED = 1.3


def clearance(seed: int | None = None) -> Clearance:
    """As it begins, or with weights drawn."""
    block = Clearance(len(OFFSETS))
    block.set_offsets(OFFSETS)
    if seed is not None:
        torch.manual_seed(seed)
        with torch.no_grad():
            for values in block.parameters():
                values.normal_(0, 0.1)
    return block


def straight(aside: float) -> torch.Tensor:
    """One path straight ahead, so many metres to the left, in units. Shape: [1, 1, knot, 2]."""
    return torch.stack([torch.ones(15), aside / (SPEED * OFFSETS)], 1)[None, None]


def person(x: float, y: float, vx: float, vy: float) -> torch.Tensor:
    """A course, steady at all paces. Shape: [1, 1, course]."""
    return torch.tensor([x, y, *[vx, vy] * NUM_VELOCITIES])[None, None]


def least_distance(paths: torch.Tensor, course: torch.Tensor) -> float:
    """Metres between a path and a course, at the knots and half-way between them."""
    path = paths[0, 0] * (SPEED * OFFSETS)[:, None]
    apart = path - course[0, 0, :2] - OFFSETS[:, None] * course[0, 0, 2:4]
    return float(torch.cat([apart, (apart[1:] + apart[:-1]) / 2]).norm(dim=1).min())


def keep_clear(
    block: Clearance, paths: torch.Tensor, course: torch.Tensor, is_there: bool = True
) -> tuple[torch.Tensor, float]:
    with torch.no_grad():
        kept, loss = block(paths, course, torch.full((1, 1), float(is_there)), torch.tensor([SPEED]))
    return kept, float(loss)


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_nobody_there_changes_nothing(seed: int | None) -> None:
    path = straight(0.2)
    kept, loss = keep_clear(clearance(seed), path, person(2.0, 0.0, 0.0, 0.0), is_there=False)
    assert torch.equal(kept, path) and loss == 0


@pytest.mark.parametrize(
    "course",
    [person(3.0, 0.0, 0.0, 0.0), person(8.0, 0.1, -1.2, 0.0), person(3.0, 3.0, 0.0, -1.3), person(3.2, -4.0, 0.0, 1.7)],
    ids=["standing", "head-on", "from the left", "from the right"],
)
def test_whoever_comes_near_is_given_room_and_the_path_becomes_less_probable(course: torch.Tensor) -> None:
    path = straight(-0.12)
    assert least_distance(path, course) < 0.25
    kept, loss = keep_clear(clearance(), path, course)
    assert least_distance(kept, course) > max(0.4, least_distance(path, course) + 0.15)
    assert loss > 0.5


def test_whoever_stays_far_away_hardly_counts() -> None:
    path = straight(0.0)
    for course in (person(2.0, 3.0, SPEED, 0.0), person(-3.0, 0.0, 0.0, 0.0), person(3.0, 30.0, 0.0, -1.3)):
        kept, loss = keep_clear(clearance(), path, course)
        torch.testing.assert_close(kept, path, atol=2e-3, rtol=0)
        assert loss < 2e-3


@pytest.mark.parametrize("seed", [None, 3])
def test_left_and_right_are_alike(seed: int | None) -> None:
    block, mirror = clearance(seed), torch.tensor([1.0, -1.0])
    course = person(4.0, 2.0, -0.3, -0.9)
    mirrored = (course.reshape(1, 1, -1, 2) * mirror).reshape(course.shape)
    kept, loss = keep_clear(block, straight(0.3), course)
    other, other_loss = keep_clear(block, straight(-0.3), mirrored)
    torch.testing.assert_close(kept * mirror, other, atol=1e-6, rtol=0)
    assert loss == pytest.approx(other_loss, abs=1e-6)


@pytest.mark.parametrize("has_point", [False, True])
def test_the_graph_equals_torch(has_point: bool) -> None:
    torch.manual_seed(5)
    sizes = NetworkSizes(
        num_inputs=19,
        num_head_inputs=15,
        num_knot_inputs=2,
        num_axes=2,
        num_modes=20,
        num_knots=15,
        moving_input=13,
        has_point=has_point,
        num_neighbour_inputs=NUM_NEIGHBOUR_INPUTS + NUM_COURSE_INPUTS,
        num_neighbours=8,
        course_input=NUM_NEIGHBOUR_INPUTS,
        scale_input=12,
    )
    network = ForecastNetwork(sizes).eval()
    network.anchors.copy_(torch.randn(2, 20, 1, 2) + 0.1 * torch.randn(2, 20, 15, 2))
    network.clearance = clearance(6)
    graph = onnxruntime.InferenceSession(write_forecast(network).SerializeToString())
    memory, head, knots = torch.randn(64, 128) / 3, torch.rand(64, 15) / 2, torch.randn(64, 15, 2)
    around = torch.randn(64, 8, sizes.num_neighbour_inputs), (torch.rand(64, 8) > 0.4).float()
    with torch.no_grad():
        expected = network.decode(memory[:, :64], head, knots, around)
        alone = network.decode(memory[:, :64], head, knots, (around[0], torch.zeros(64, 8)))
    given = {"memory": memory, "head": head, "knots": knots.transpose(0, 1)}
    given |= {"neighbours": around[0], "present": around[1]}
    names = ["logits", "paths", "spreads", *(["point"] if has_point else [])]
    found = graph.run(names, {name: value.numpy() for name, value in given.items()})
    for ours, torchs in zip(found, expected, strict=False):
        np.testing.assert_allclose(ours, torchs.numpy(), atol=2e-6, rtol=2e-6)
    assert (expected[1] - alone[1]).abs().max() > 0.1


def test_courses_lead_to_where_steady_people_will_be() -> None:
    """Two walkers at even paces, seen at 2.5 Hz: by the courses of one as by constant velocity, the other's ahead."""
    front_end, times = HeadingFrontEnd(sees_courses=True), 0.4 * np.arange(6)
    start, velocity = np.array([[0.0, 0.0], [4.0, 1.0]]), np.array([[0.6, 0.8], [-0.5, 0.2]])
    positions = start[:, None] + velocity[:, None] * times[:, None]
    filters = np.zeros((2, front_end.filter_size))
    front_end.absorb(filters, np.tile(times, (2, 1)), positions.astype(np.float32), np.array([6, 6]))
    after = front_end.pending(filters)[0]
    others = Others(filters, np.zeros(2, np.int64), np.array([0, 1]))
    inputs, present = front_end.look_around(after, others, 3)
    plain = HeadingFrontEnd().look_around(after, others, 3)
    np.testing.assert_array_equal(inputs[:, :, :NUM_NEIGHBOUR_INPUTS], plain[0])
    np.testing.assert_array_equal(present, plain[1])
    assert (inputs[present == 0] == 0).all()
    own = np.array([[0.6, 0.8], [-0.8, 0.6]])  # the heading of the first, and to its left
    place, paces = inputs[0, 0, NUM_NEIGHBOUR_INPUTS:].reshape(-1, 2)[:1], inputs[0, 0, 16:].reshape(-1, 2)
    np.testing.assert_allclose(place[0], own @ (positions[1, -1] - positions[0, -1]), atol=1e-5)
    np.testing.assert_allclose(paces, np.tile(own @ velocity[1], (NUM_VELOCITIES, 1)), atol=1e-5)
    assert len(SHARES) == NUM_VELOCITIES and sum(SHARES) == pytest.approx(1)
