"""Judgement: tables of scores by horizon and by how much was seen, calibration, and alarms, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from pathcast.live.judging.reference import Reference
from pathcast.live.judging.rivals import Rival
from pathcast.live.judging.scored import Scored
from pathcast.model.evaluation.comparison import Interval, compare, mean_interval
from pathcast.model.evaluation.probability_scores import (
    area_under_curve,
    brier_score,
    calibration_error,
    error_by_chance,
)
from pathcast.model.evaluation.regret import Regret
from pathcast.model.metrics.displacement import mean_over_steps
from pathcast.service.client import Status
from pathcast.simulator.ball.following import BOARD, MISSED, OUTCOMES, RIM, SWISH

HOLDS: Final = (0.87, 0.93)
"""Coverage of regions that should hold 90 %: outside, with its whole interval, it is an alarm."""
SEEN: Final = (2, 3, 4, 6, 9, 13, 20, 30, 60)
"""Least observations of each bin of prefixes."""
LEVELS: Final = tuple(level / 20 for level in range(1, 20))
BINS: Final = 10
LEAST_IN_BIN: Final = 10
LEAST_PROBABILITY: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Judged:
    """One model, scored."""

    name: str
    scored: Scored
    rivals: Sequence[Rival]
    reference: Reference | None = None
    regrets: dict[str, Regret] = field(default_factory=dict)
    outcome_names: tuple[str, ...] = ()
    num_forecasts: int = 0
    """Made, of which the cases were picked."""

    @property
    def coverage(self) -> Interval:
        """Of the regions that should hold 90 %, where enough was seen for the model's accuracy."""
        warm = self.scored.take(self.scored.status != int(Status.WARMING_UP))
        return mean_interval(mean_over_steps(warm.is_inside90), warm.cluster)

    def alarms(self) -> list[str]:
        """What cannot be right, in words."""
        found = [
            f"{self.name}: regret of {name} {regret.value:.2f} ({regret.low:.2f} to {regret.high:.2f}), under 0.97: "
            "it has seen what it should not, or the reference is wrong"
            for name, regret in self.regrets.items()
            if regret.is_alarming
        ]
        held = self.coverage
        if held.is_known and (held.high < HOLDS[0] or held.low > HOLDS[1]):
            how = "over-confident" if held.high < HOLDS[0] else "under-confident"
            found.append(
                f"{self.name}: regions of 90 % hold {held.value:.1%} ({held.low:.1%} to {held.high:.1%}), outside "
                f"{HOLDS[0]:.0%} to {HOLDS[1]:.0%}: {how}"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """All tables."""
        scored = self.scored
        return {
            "model": self.name,
            "forecasts": self.num_forecasts,
            "cases": scored.num_cases,
            "clusters": len(np.unique(scored.cluster)),
            "summary": self.summary(),
            "ade_m": mean_interval(scored.ade, scored.cluster).to_json(),
            "coverage90": self.coverage.to_json(),
            "by_horizon": self.by_horizon(),
            "by_observations": self.by_observations(),
            "reliability": self.reliability(),
            "outcomes": self.outcomes(),
            "goals": self.goals(),
            "baselines": {rival.name: rival.note for rival in self.rivals},
            "alarms": self.alarms(),
        }

    def summary(self) -> list[dict[str, Any]]:
        """The model and the baselines, a row each; what one does not tell is left out."""
        scored = self.scored
        rows = [
            _row(self.name, scored.error, scored.nll, scored.energy, scored.mass_above)
            | {"nearest_m": _mean(scored.nearest), "region90": _mean(mean_over_steps(scored.size))}
        ]
        return rows + [_row(each.name, each.error, each.nll, each.energy, each.mass_above) for each in self.rivals]

    def by_horizon(self) -> dict[str, Any]:
        """Mean scores at each offset."""
        scored = self.scored
        known = np.isfinite(scored.error).sum(axis=0)
        return {
            "offsets_s": scored.offsets_s.tolist(),
            "cases": known.tolist(),
            "error_m": {name: _columns(error) for name, error in self._errors()},
            "nll": _columns(scored.nll),
            "energy_m": _columns(scored.energy),
            "coverage90": _columns(scored.is_inside90),
        }

    def by_observations(self) -> list[dict[str, Any]]:
        """Mean scores by how many observations of the track there had been."""
        scored, bins = self.scored, np.searchsorted(SEEN, self.scored.num_seen, side="right") - 1
        seen_s = scored.time_s - scored.times[:, 0]
        rows = []
        for index in np.unique(bins).tolist():
            chosen = bins == index
            label = _label(index)
            rows.append(
                {
                    "observations": label,
                    "mean_observations": float(scored.num_seen[chosen].mean()),
                    "mean_seen_s": float(seen_s[chosen].mean()),
                    "cases": int(chosen.sum()),
                    "error_m": {name: _mean(mean_over_steps(error[chosen])) for name, error in self._errors()},
                    "nll": _mean(mean_over_steps(scored.nll[chosen])),
                    "energy_m": _mean(mean_over_steps(scored.energy[chosen])),
                    "coverage90": _mean(mean_over_steps(scored.is_inside90[chosen])),
                }
            )
        return rows

    def reliability(self) -> dict[str, Any]:
        """Share of the truth inside the regions of each level."""
        masses = [(self.name, self.scored.mass_above)]
        masses += [(each.name, each.mass_above) for each in self.rivals if each.mass_above is not None]
        inside = {name: [_inside(mass, level) for level in LEVELS] for name, mass in masses}
        return {"levels": list(LEVELS), "inside": inside}

    def outcomes(self) -> dict[str, Any]:
        """Of each outcome that a model tells: whether its probability ranks, and means what it says."""
        told, came_to = self.scored.outcomes, self.scored.true_outcome
        is_known = (came_to > 0) & np.isfinite(told).all(axis=1)
        if not self.outcome_names or not is_known.any():
            return {}
        found = {}
        for column, name in enumerate(self.outcome_names):
            came = _came(name, came_to[is_known])
            if came is not None:
                found[name] = told_and_came(told[is_known, column], came)
        return found

    def goals(self) -> dict[str, Any]:
        """How often the likeliest goal is the one headed for, and whether the probabilities mean what they say."""
        told, answer = self.scored.goals, self.scored.true_goal
        is_known = np.isfinite(told[:, 0]) & (answer >= 0)
        if not is_known.any():
            return {}
        told, answer = told[is_known], answer[is_known]
        num_named = np.isfinite(told).sum(axis=1)
        of_true = told[np.arange(len(told)), answer]
        named = np.isfinite(told)
        is_true = np.arange(told.shape[1]) == answer[:, None]
        found = told_and_came(told[named], is_true[named])
        return found | {
            "questions": len(told),
            "likeliest_is_true": float((np.nanargmax(told, axis=1) == answer).mean()),
            "log_loss": float(-np.log(np.maximum(of_true, LEAST_PROBABILITY)).mean()),
            "log_loss_of_equal_shares": float(np.log(num_named).mean()),
            "likeliest_is_true_by_chance": float((1 / num_named).mean()),
        }

    def _errors(self) -> list[tuple[str, NDArray[np.float64]]]:
        return [(self.name, self.scored.error), *((rival.name, rival.error) for rival in self.rivals)]


def told_and_came(told: Float[np.ndarray, " case"], came: Bool[np.ndarray, " case"]) -> dict[str, Any]:
    """Scores of probabilities, and what came about of those told alike, in tenths of probability."""
    share = float(came.mean())
    bins = np.minimum((told * BINS).astype(np.int64), BINS - 1)
    parts = [part for part in (np.flatnonzero(bins == each) for each in range(BINS)) if len(part) >= LEAST_IN_BIN]
    return {
        "cases": len(told),
        "came": share,
        "auc": area_under_curve(told, came) if 0 < share < 1 else None,
        "brier": brier_score(told, came),
        "brier_of_the_share": share * (1 - share),
        "calibration_error": calibration_error(told, came),
        "calibration_error_by_chance": error_by_chance(told, 1, 50),
        "told": [float(told[part].mean()) for part in parts],
        "came_of_told": [float(came[part].mean()) for part in parts],
        "cases_of_told": [len(part) for part in parts],
    }


def comparisons(judged: Sequence[Judged], seed: int) -> list[dict[str, Any]]:
    """Every two models on their common cases, score by score, with a verdict each."""
    pairs = [(one, other) for index, one in enumerate(judged) for other in judged[index + 1 :]]
    scores = ("ade_m", "final_m", "nearest_m", "energy_m", "nll")
    found = []
    for one, other in pairs:
        first, second = common(one.scored, other.scored)
        for score in scores:
            values = _per_case(first, score), _per_case(second, score)
            names = one.name, other.name
            difference = compare(names, *values, first.cluster, seed, len(pairs) * len(scores))
            found.append({"models": list(names), "score": score, "cases": first.num_cases} | difference.to_json())
    return found


def common(one: Scored, other: Scored) -> tuple[Scored, Scored]:
    """The cases that both have, row for row."""
    keys = [np.rec.fromarrays([each.stream, each.frame, each.true]) for each in (one, other)]
    _, first, second = np.intersect1d(keys[0], keys[1], return_indices=True)
    return one.take(first), other.take(second)


def _per_case(scored: Scored, score: str) -> NDArray[np.float64]:
    by_step = {"ade_m": scored.error, "energy_m": scored.energy, "nll": scored.nll, "final_m": scored.error[:, -1:]}
    return scored.nearest if score == "nearest_m" else mean_over_steps(by_step[score])


def _row(
    name: str,
    error: NDArray[np.float64],
    nll: NDArray[np.float64] | None,
    energy: NDArray[np.float64] | None,
    mass_above: NDArray[np.float64] | None,
) -> dict[str, Any]:
    row = {"forecaster": name, "ade_m": _mean(mean_over_steps(error)), "final_m": _mean(error[:, -1])}
    # Of a path alone the energy score is its error.
    row["energy_m"] = _mean(mean_over_steps(error if energy is None else energy))
    if nll is not None:
        row["nll"] = _mean(mean_over_steps(nll))
    if mass_above is not None:
        row["coverage50"], row["coverage90"] = _inside(mass_above, 0.5), _inside(mass_above, 0.9)
    return row


def _label(index: int) -> str:
    """A bin of observations in words."""
    if index + 1 == len(SEEN):
        return f"{SEEN[index]} on"
    last = SEEN[index + 1] - 1
    return f"{SEEN[index]}" if last == SEEN[index] else f"{SEEN[index]} to {last}"


def _inside(mass_above: NDArray[np.float64], level: float) -> float | None:
    inside = np.where(np.isnan(mass_above), np.nan, (mass_above < level - 1e-12).astype(np.float64))
    return _mean(mean_over_steps(inside))


def _came(name: str, outcome: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    """Whether an outcome came about, by its name; None where the simulator does not tell."""
    if name == "made":
        return np.isin(outcome, (SWISH, RIM, BOARD))
    if name == "missed":
        return np.asarray(outcome == MISSED)
    return np.asarray(outcome == OUTCOMES.index(name)) if name in OUTCOMES else None


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _columns(values: NDArray[np.float64]) -> list[float | None]:
    return [_mean(values[:, column]) for column in range(values.shape[1])]
