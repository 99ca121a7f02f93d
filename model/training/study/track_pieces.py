"""The study of tracks, in pieces: each world with each memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import torch

from pathcast.model.training.study.keeping import Keeping, compute_pieces, describe
from pathcast.model.training.study.several import Fitting, Several, fit, try_networks
from pathcast.model.training.study.tracks import NUM_AFTER, WORLDS, TrackProblem, units_for

SEED: Final = 1


@dataclass(frozen=True, kw_only=True)
class TrackScale:
    """Sizes of the study."""

    memories: tuple[str, ...] = ("rnn", "trace", "trace-state", "trace-output", "gru", "lstm", "lstm-chrono")
    num_seeds: int
    num_parameters: int
    """Of each network, its answer included, as nearly as whole units allow."""
    steps: int
    batch: int = 32


SCALES: Final = {
    "quick": TrackScale(num_seeds=2, num_parameters=1500, steps=300),
    "full": TrackScale(num_seeds=5, num_parameters=5000, steps=3000),
}


def run_track_study(name: str, keeping: Keeping) -> dict[str, Any]:
    """Computes the study of tracks of a scale, one of `SCALES`.

    Raises:
        InputError: The folder cannot be made, or holds pieces that may be neither taken nor replaced.
    """
    sizes = asdict(SCALES[name])
    pieces = {_name(world, memory): (world, memory) for world in WORLDS for memory in SCALES[name].memories}
    worlds = {"worlds": {world: asdict(each) for world, each in WORLDS.items()}}
    found = compute_pieces(list(pieces), partial(_compute, name), sizes | worlds, keeping)
    results = [{"world": world, "memory": memory, **found[key]} for key, (world, memory) in pieces.items()]
    return {**describe(name, sizes, SEED, found), "pieces": results}


def hindrances(world: str) -> dict[str, dict[str, int]]:
    """What is tried: "last N", prefixes of some lengths, and "gap of N" before the last observations of a whole one."""
    prefix = WORLDS[world].prefix
    lengths = sorted({4, prefix // 4, prefix // 2, prefix})
    gaps = sorted({prefix // 4, prefix // 2, prefix - NUM_AFTER - 2})
    shown = {f"last {length}": {"shown": length} for length in lengths if length >= 4}
    return shown | {f"gap of {gap}": {"gap": gap} for gap in gaps}


def _name(world: str, memory: str) -> str:
    return f"tracks-{world.replace(', ', '-').replace(' ', '-')}-{memory}"


def _compute(scale_name: str, piece: str) -> dict[str, Any]:
    scale = SCALES[scale_name]
    world, memory = next((w, m) for w in WORLDS for m in scale.memories if _name(w, m) == piece)
    problem = TrackProblem(world)
    units = units_for(memory, scale.num_parameters, problem.num_inputs)
    networks = Several.build(memory, problem, units, range(SEED, SEED + scale.num_seeds))
    how = Fitting(
        steps=scale.steps, batch=scale.batch, learning_rate=5e-3, is_cooled=True, check_every=500, stop_at=float("inf")
    )
    fit(networks, problem, how, SEED)
    errors, beside = {}, {}
    for name, change in hindrances(world).items():
        hindered = problem.hindered(**change)
        errors[name] = try_networks(networks, hindered, "test", SEED, 0, 512)
        batch = hindered.batch("test", SEED, 0, scale.num_seeds, 512)
        beside[name] = float(hindered.right(torch.zeros_like(batch.answers), batch).mean())
    parameters = sum(value[0].numel() for value in networks.weights.values())
    return {"units": units, "parameters": parameters, "errors_m": errors, "last_step_error_m": beside}
