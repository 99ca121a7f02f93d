"""The study of symbols, in pieces: accuracy by lag, gradients, clipping, truncation, cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from pathcast.model.training.study.clipping import WAYS, try_clipping
from pathcast.model.training.study.cost import measure_cost
from pathcast.model.training.study.gradients import gradient_norms
from pathcast.model.training.study.keeping import Keeping, compute_pieces, describe
from pathcast.model.training.study.problems import problem_named
from pathcast.model.training.study.scale import SCALES, Scale
from pathcast.model.training.study.several import Fitting, Several, fit

Study = dict[str, Any]
"""Plain values: the sizes, and of each piece what it is and what came of it."""
SEED = 1


@dataclass(frozen=True)
class Piece:
    """One thing to compute."""

    what: str
    """"accuracy", "gradients", "clipping", "truncation" or "cost"."""
    memory: str = ""
    problem: str = ""
    lag: int = 0
    """Of the problem, or through how many steps the gradient goes back (truncation)."""

    @property
    def name(self) -> str:
        """Name of its file."""
        return "-".join(str(each) for each in (self.what, self.memory, self.problem, self.lag) if each != "")


def pieces_of(scale: Scale) -> list[Piece]:
    """All pieces; the long ones first, so that two processes end at about the same time."""
    accuracy = [
        Piece("accuracy", memory, problem, lag)
        for problem, lags in scale.lags.items()
        for lag in lags
        for memory in scale.memories
    ]
    accuracy.sort(key=lambda piece: -piece.lag)
    gradients = [Piece("gradients", memory) for memory in scale.memories]
    reber = [Piece("accuracy", memory, "reber") for memory in scale.memories]
    truncation = [
        Piece("truncation", memory, "recall", truncated)
        for memory in ("lstm-chrono", "gru")
        for truncated in scale.truncations
    ]
    return [*gradients, *accuracy, *reber, *truncation, *(Piece("clipping", way) for way in WAYS), Piece("cost")]


def compute(piece: Piece, scale: Scale) -> dict[str, Any]:
    """What a piece gives, as plain values."""
    if piece.what == "cost":
        return {"cost": measure_cost(list(scale.memories), scale.cost_rounds)}
    if piece.what == "clipping":
        return try_clipping(piece.memory, scale.clipping_seeds, scale.clipping_steps, SEED)
    lags = {"gradients": scale.gradient_lag, "truncation": scale.truncation_lag, "accuracy": piece.lag}
    problem = problem_named(piece.problem or "recall", lags[piece.what])
    networks = Several.build(piece.memory, problem, scale.num_units, range(SEED, SEED + scale.num_seeds))
    steps = scale.reber_steps if piece.problem == "reber" else scale.steps
    truncated = piece.lag if piece.what == "truncation" else 0
    how = Fitting(steps=steps, learning_rate=scale.learning_rate, truncated=truncated)
    before = gradient_norms(networks, problem, SEED).tolist() if piece.what == "gradients" else None
    trained = fit(networks, problem, how, SEED)
    result: dict[str, Any] = {"test": trained.test, "steps": trained.num_steps, "checks": trained.checks}
    if before is not None:
        result |= {"untrained": before, "trained": gradient_norms(networks, problem, SEED).tolist()}
    return result


def run_study(name: str, keeping: Keeping) -> Study:
    """Computes the study of a scale, one of `SCALES`.

    Raises:
        InputError: The folder cannot be made, or holds pieces that may be neither taken nor replaced.
    """
    pieces, sizes = {piece.name: piece for piece in pieces_of(SCALES[name])}, asdict(SCALES[name])
    found = compute_pieces(list(pieces), partial(_compute_named, name), sizes, keeping)
    results = [asdict(piece) | {"result": found[key]} for key, piece in pieces.items()]
    return {**describe(name, sizes, SEED, found), "pieces": results}


def _compute_named(scale: str, piece: str) -> dict[str, Any]:
    return compute(next(each for each in pieces_of(SCALES[scale]) if each.name == piece), SCALES[scale])
