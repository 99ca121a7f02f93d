"""Gradients of slices of a batch, added up: those of the whole batch at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pathcast.model.frontends import FrontEnd
from pathcast.model.training.batches import Batch
from pathcast.model.training.build import build_network
from pathcast.model.training.forward import Forward
from pathcast.model.training.gradients import Gradients
from pathcast.model.training.loss import LossWeights
from pathcast.model.training.observed import Source, examples_of
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world

SMALL = {
    "num_train": 256,
    "num_ends": 2,
    "prefix": 8,
    "num_units": 8,
    "num_context": 8,
    "num_decoder_units": 8,
    "num_modes": 3,
    "likelihood": 1.0,
    "energy": 1.0,
}
WALKERS = TrainingSettings(
    **SMALL, world="crowd", num_scenes=40, num_neighbours=4, keeps_clear=True, has_point=True, collision=1.0
)
BALLS = TrainingSettings(
    **SMALL, world="ball", throws={"table-tennis": 1.0}, rates_hz=[120.0], noise_m=0.003, knot_s=0.05, num_knots=5,
    num_offsets=4, coast_s=0.0,
)  # fmt: skip
WEIGHTS = LossWeights(mean_ade=0.3, collision=1.0, energy=1.0, likelihood=1.0)


def gradients(
    settings: TrainingSettings, source: Source, front_end: FrontEnd, micro_batch: int
) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    knots = np.asarray(settings.knots_s)
    examples = examples_of(source.observed("train", 0, 101, 2), front_end, knots, settings.num_neighbours)
    network = build_network(settings, front_end)
    chosen = settings.model_copy(update={"micro_batch": micro_batch})
    made = Gradients(Forward(network, "float32", front_end, knots), WEIGHTS, Ranks(), chosen)
    parts = made.add(Batch(examples, examples.num_tracks))
    slopes = {name: each.grad for name, each in network.named_parameters() if each.grad is not None}
    return parts, slopes


@pytest.mark.parametrize("settings", [WALKERS, BALLS], ids=["walkers", "balls"])
def test_slices_of_a_batch_have_the_gradients_of_the_whole(settings: TrainingSettings) -> None:
    """Also where a mean is over all known positions of a batch, so that it is no sum of its slices' losses."""
    source, config = build_world(settings)
    front_end = config.build()
    whole_parts, whole = gradients(settings, source, front_end, 0)
    largest = max(float(slope.abs().max()) for slope in whole.values())
    assert largest > 1e-3
    for micro_batch in (50, 7):
        parts, added = gradients(settings, source, front_end, micro_batch)
        assert parts == pytest.approx(whole_parts, rel=1e-5)
        assert added.keys() == whole.keys()
        for name, slope in whole.items():
            torch.testing.assert_close(added[name], slope, rtol=1e-3, atol=1e-5 * largest, msg=name)
