"""The network that a run begins with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from pathcast.errors import InputError
from pathcast.model.frontends import FrontEnd
from pathcast.model.frontends.neighbours import NUM_NEIGHBOUR_INPUTS
from pathcast.model.network.network import ForecastNetwork, NetworkSizes
from pathcast.model.training.read_network import read_network
from pathcast.model.training.settings import TrainingSettings

MOVING_INPUT = {"heading": 13, "ball": None}
"""The head input that chooses between the anchors of moving and of standing tracks."""
SCALE_INPUT = 12
"""The heading front end's head input that is the logarithm of the walker's scale."""


def build_network(settings: TrainingSettings, front_end: FrontEnd) -> ForecastNetwork:
    """The untrained network, its weights drawn from the settings' seed."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(settings.seed)
        network = ForecastNetwork(
            NetworkSizes(
                num_inputs=front_end.num_inputs,
                num_head_inputs=front_end.num_head_inputs,
                num_knot_inputs=front_end.num_knot_inputs,
                num_axes=front_end.num_axes,
                num_modes=settings.num_modes,
                num_knots=settings.num_knots,
                memory=settings.memory,
                trace_of=settings.trace_of,
                is_decay_fixed=settings.is_decay_fixed,
                is_bidirectional=settings.is_bidirectional,
                num_units=settings.num_units,
                num_layers=settings.num_layers,
                num_context=settings.num_context,
                num_decoder_units=settings.num_decoder_units,
                moving_input=MOVING_INPUT[front_end.name],
                has_point=settings.has_point,
                is_point_steady=settings.is_point_steady,
                num_neighbour_inputs=front_end.num_neighbour_inputs if settings.num_neighbours else 0,
                num_neighbours=settings.num_neighbours,
                num_neighbour_units=settings.num_neighbour_units,
                num_estimated=front_end.num_estimated if settings.base == "physics" else 0,
                spread_inputs=front_end.spread_inputs,
                course_input=NUM_NEIGHBOUR_INPUTS if settings.keeps_clear else None,
                scale_input=SCALE_INPUT if settings.keeps_clear else None,
            )
        )
        if settings.chrono_steps:
            network.memory.set_chrono(settings.chrono_steps)
    if network.clearance is not None:
        network.clearance.set_offsets(torch.tensor(settings.knots_s))
    return network


def load_start(network: ForecastNetwork, folder: Path) -> None:
    """Gives a network the weights and anchors of a bundle's.

    Raises:
        BundleError: The bundle is incomplete or altered.
        InputError: Its network has other sizes, which are named.
    """
    start = read_network(folder)
    start.goal_head = None  # it is fitted anew, to the encoder that comes of training on
    here = asdict(network.sizes)
    there = asdict(start.sizes) | {name: here[name] for name in ("num_goal_inputs", "num_goal_units")}
    others = [name for name in here if there[name] != here[name]]
    if others:
        expected = "a bundle with " + ", ".join(f"{name} = {here[name]!r}" for name in others)
        raise InputError(f"start_from: {folder}", expected, ", ".join(f"{name} = {there[name]!r}" for name in others))
    network.load_state_dict(start.state_dict())
