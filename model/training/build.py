"""The untrained network of a run's settings."""

from __future__ import annotations

import torch

from pathcast.model.frontends import FrontEnd
from pathcast.model.network.network import ForecastNetwork, NetworkSizes
from pathcast.model.training.settings import TrainingSettings

MOVING_INPUT = {"heading": 13, "kalman": None}
"""The head input that chooses between the anchors of moving and of standing tracks."""


def build_network(settings: TrainingSettings, front_end: FrontEnd) -> ForecastNetwork:
    """The untrained network, its weights drawn from the settings' seed."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(settings.seed)
        return ForecastNetwork(
            NetworkSizes(
                num_inputs=front_end.num_inputs,
                num_head_inputs=front_end.num_head_inputs,
                num_knot_inputs=front_end.num_knot_inputs,
                num_axes=front_end.num_axes,
                num_modes=settings.num_modes,
                num_knots=settings.num_knots,
                memory=settings.memory,
                num_units=settings.num_units,
                num_layers=settings.num_layers,
                num_context=settings.num_context,
                num_decoder_units=settings.num_decoder_units,
                moving_input=MOVING_INPUT[front_end.name],
                has_point=settings.has_point,
                num_neighbour_inputs=front_end.num_neighbour_inputs if settings.num_neighbours else 0,
                num_neighbours=settings.num_neighbours,
                num_neighbour_units=settings.num_neighbour_units,
            )
        )
