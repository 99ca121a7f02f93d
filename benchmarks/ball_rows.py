"""One row of a benchmark of balls: throws watched in one way, forecast by a model, the oracle and baselines."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ball_cases import APART, Watched, Watching
from jaxtyping import Float
from oracle_cache import Told

from pathcast.model.baselines import ballistic, ballistic_drag
from pathcast.model.baselines.ballistic import Floor
from pathcast.model.baselines.parabola import fit_parabola
from pathcast.model.engine import Engine
from pathcast.model.evaluation.ball_scores import (
    BallScores,
    forecast_balls,
    only_seen,
    path_errors,
    score_balls,
    single_mode,
)
from pathcast.model.evaluation.regret import paired_regret
from pathcast.model.forecast import unpack_covariances
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.metrics import negative_log_likelihood
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    LIFT,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
)
from pathcast.simulator.oracle.forecast import forecast_by_mode
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.prior import Marginal, Shape

NEWEST = 6
"""Observations that constant velocity is fitted to."""


@dataclass(frozen=True, eq=False)
class Best:
    """The best achievable: point errors by throw, and what else is told of it."""

    ade: Float[np.ndarray, " throw"]
    scores: dict[str, float]
    reference: str


def ask_model(
    engine: Engine, how: Watching, watched: Watched, given: Given = NOTHING_GIVEN, seed: int = 1
) -> BallScores:
    """A model's scores on throws that it sees at a place of its own venue where nothing is in their way."""
    apart = np.asarray(APART[how.sport])
    offsets = np.asarray(how.case.future) - how.case.past[-1]
    found = forecast_balls(engine, how.case.past, watched.seen + apart, offsets, given)
    means = (found.means - apart).astype(np.float32)
    point = None if found.point is None else (found.point - apart).astype(np.float32)
    return score_balls(replace(found, means=means, point=point), watched.truth, seed)


def best_by_draws(told: Told, watched: Watched) -> Best:
    """The sampler: the geometric median of its draws is its point, and their own ellipsoids its regions."""
    ade, fde = path_errors(told.median, watched.truth)
    covariance = unpack_covariances(told.covariance)
    off = watched.truth - told.mean
    depth = (off * np.linalg.solve(covariance, off[..., None])[..., 0]).sum(axis=2)
    offsets = np.broadcast_to(watched.future, watched.truth.shape[:2])
    mode_ade, mode_fde = path_errors(told.mode, watched.truth)
    mean_ade, _ = path_errors(told.mean, watched.truth)
    scores = {
        "ade": ade.mean(),
        "fde": fde.mean(),
        "expected_ade": told.expected.mean(),
        "ade_of_mean": mean_ade.mean(),
        "energy": told.energy.mean(),
        "nll_gaussian": negative_log_likelihood(single_mode(told.mean, covariance, offsets), watched.truth).mean(),
        "nll_kernel": told.kernel_nll.mean(),
        "coverage50": (depth < told.within50).mean(),
        "coverage90": (depth < told.within90).mean(),
        "coverage90_last": (depth < told.within90)[:, -1].mean(),
        "rhat_max": told.rhat.max(),
        "mode_ade": mode_ade.mean(),
        "mode_fde": mode_fde.mean(),
    }
    return Best(ade, {name: float(value) for name, value in scores.items()}, "sampler")


def best_by_mode(how: Watching, watched: Watched) -> Best:
    """The posterior's mode, which is as good as the sampler without a bounce ahead, and costs a two-hundredth."""
    modes = find_modes(how.prior, observe(how.case.past, watched.seen, how.case.noise_m))
    told = forecast_by_mode(modes, how.case.future)
    ade, fde = path_errors(told.mean, watched.truth)
    return Best(ade, {"ade": float(ade.mean()), "fde": float(fde.mean())}, "mode")


def baselines(how: Watching, watched: Watched) -> dict[str, dict[str, float]]:
    """Errors of forecasters that know the mean of every coefficient, and nothing else."""
    times, positions, lengths = only_seen(how.case.past, watched.seen)
    newest = times[np.arange(len(times)), lengths - 1]
    offsets = np.broadcast_to(how.case.future - how.case.past[-1], watched.truth.shape[:2])
    column = np.arange(times.shape[1])
    is_used = (column < lengths[:, None]) & (column >= lengths[:, None] - NEWEST)
    place, velocity = fit_parabola(times, positions, is_used, newest, 0.0)
    row = nominal_row(how)
    floor = Floor(height=0.0, radius=float(row[RADIUS]), restitution=float(row[RESTITUTION]))
    paths = {
        "constant velocity": place[:, None] + velocity[:, None] * offsets[:, :, None],
        "parabola": ballistic(times, positions, lengths, offsets, float(row[GRAVITY])),
        "parabola with bounces": ballistic(times, positions, lengths, offsets, float(row[GRAVITY]), floor),
        "ballistic with drag": ballistic_drag(times, positions, lengths, offsets, row),
    }
    found = {}
    for name, path in paths.items():
        ade, fde = path_errors(path, watched.truth)
        found[name] = {"ade": float(ade.mean()), "fde": float(fde.mean())}
    return found


def nominal_row(how: Watching) -> Float[np.ndarray, " parameter"]:
    """A parameter row with the mean of every coefficient, and no lift."""
    prior = how.case.prior
    row = prior.row[:NUM_PARAMETERS].copy()
    for name, entry in (("drag", DRAG), ("restitution", RESTITUTION), ("friction", FRICTION)):
        row[entry] = _middle(prior.marginals[name])
    row[LIFT] = 0.0
    return row


def _middle(marginal: Marginal) -> float:
    return 0.5 * (marginal.a + marginal.b) if marginal.shape == Shape.UNIFORM else marginal.a


def told_of(engine: Engine, how: Watching, tells: Container[str] = ("noise", "ball")) -> Given:
    """What the oracle knows of sensor and ball, as far as it is to be told and the engine takes it."""
    is_noise, is_ball = "noise" in tells and engine.card.takes_noise, "ball" in tells and engine.card.takes_object
    return Given(
        noise_m=(how.case.noise_m,) if is_noise else None,
        clock_s=0.0 if is_noise else None,
        radius_m=float(how.case.prior.row[RADIUS]) if is_ball else None,
        mass_kg=how.mass_kg if is_ball else None,
        # The oracle's throws are over an endless floor, and it knows so.
        level_m=float(how.case.prior.row[FLOOR]) if engine.card.takes_object else None,
    )


def compare(scores: BallScores, best: Best | None) -> dict[str, Any]:
    """A row's figures: the model's, and its regret with an interval where there is an oracle."""
    found: dict[str, Any] = {"model": scores.means()}
    if best is not None:
        found |= {"oracle": best.scores, "reference": best.reference}
        found["regret"] = paired_regret(scores.ade, best.ade).to_json()
    return found
