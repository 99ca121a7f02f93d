"""How well could anyone forecast simulated balls, and does the oracle reach it and know how sure it is?

Throws are drawn from known priors and watched with noise; the oracle is given the prefixes, the priors and the
condition they were chosen by. Its forecasts are compared with where the balls went, and its nominal 90 % regions with
how often they held them: the ellipsoids of its covariance that hold 90 % of its draws, and beside them the ones that
would if the posterior were Gaussian. Constant velocity and the parabola on the same throws check that the throws are
those of the published figures. Several seeds are as many rounds.

The sampler has two point forecasts: the mean of its draws, with the least expected squared error, and their geometric
median, with the least expected distance. `*_ade_m` is the median's, since an average displacement is a distance. What
the draws themselves expect it to be stands beside it (`sampler_expected_ade_m`): an oracle of its own prior errs as
much as it expects to.

    python benchmarks/oracle.py [--json [FILE]] [--rounds N] [--throws N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from oracle_throws import Case, basketball, table_tennis, watch
from scipy.stats import chi2

from pathcast.simulator.ball.parameters import GRAVITY
from pathcast.simulator.oracle.drawn import draw_paths
from pathcast.simulator.oracle.forecast import Forecast, depth_within, forecast_by_draws, forecast_by_mode
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.sampler import Chains, Posterior, sample

BLOCK = 250
"""Throws sampled at a time: their draws fit into memory."""
NEWEST = 6
"""Observations that constant velocity is fitted to."""
GAUSSIAN_DEPTH = float(chi2.ppf(0.9, 3))
"""Squared distance, in standard deviations, that holds 90 % of a Gaussian in space."""
TARGETS = {
    "basketball": {
        "constant_velocity_ade_m": "0.690 to 0.710",
        "parabola_ade_m": "0.120 to 0.126",
        "sampler_median_ade_m": "0.051",
        "mode_ade_m": "0.051",
        "sampler_coverage90": "0.88 to 0.92",
        "rhat_max": "under 1.05",
    },
    "table tennis": {
        "constant_velocity_ade_m": "0.500",
        "parabola_ade_m": "0.907",
        "sampler_median_ade_m": "0.086",
        "mode_ade_m": "0.103",
        "sampler_coverage90": "0.88 to 0.92",
        "rhat_max": "under 1.05",
    },
}


def fit_line(
    times: NDArray[np.float64], seen: NDArray[np.float64], future: NDArray[np.float64], newest: int, gravity: float
) -> NDArray[np.float64]:
    """Least squares of the newest positions, with a known pull downward. Shape [throw, future, 3]."""
    clock, points = times[-newest:], seen[:, -newest:].copy()
    points[:, :, 2] += 0.5 * gravity * clock**2
    mean = clock.mean()
    slope = np.einsum("t,nta->na", clock - mean, points) / ((clock - mean) ** 2).sum()
    path = points.mean(axis=1)[:, None] + slope[:, None] * (future - mean)[None, :, None]
    path[:, :, 2] -= 0.5 * gravity * future**2
    return np.asarray(path)


def errors(name: str, path: NDArray[np.float64], truth: NDArray[np.float64]) -> dict[str, float]:
    """Average and final displacement error, m."""
    off = np.linalg.norm(path - truth, axis=2)
    return {f"{name}_ade_m": float(off.mean()), f"{name}_fde_m": float(off[:, -1].mean())}


def scores(
    name: str, forecast: Forecast, truth: NDArray[np.float64], within: NDArray[np.float64] | float = GAUSSIAN_DEPTH
) -> dict[str, float]:
    """Errors, and the share of positions inside the nominal 90 % region of the forecast's own covariance."""
    depth = forecast.depth(truth)
    is_inside = depth < within
    spread = np.sqrt(np.trace(forecast.covariance, axis1=2, axis2=3))
    found = errors(name, forecast.mean, truth)
    found[f"{name}_coverage90"] = float(is_inside.mean())
    found[f"{name}_coverage90_last"] = float(is_inside[:, -1].mean())
    found[f"{name}_gaussian_coverage90"] = float((depth < GAUSSIAN_DEPTH).mean())
    found[f"{name}_root_mean_variance_m"] = float(np.sqrt((spread**2).mean()))
    found[f"{name}_root_mean_square_error_m"] = float(np.sqrt(((forecast.mean - truth) ** 2).sum(axis=2).mean()))
    return found


def expected_errors(drawn: Posterior, forecast: Forecast, case: Case) -> NDArray[np.float64]:
    """The average displacement of the geometric median that each throw's draws expect, m. Shape [throw]."""
    found = np.empty(len(forecast.median))
    for index in range(len(found)):
        off = draw_paths(drawn.only([index]), case.future)[0] - forecast.median[index]
        found[index] = np.linalg.norm(off, axis=2).mean()
    return found


def measure(case: Case, num: int, seed: int) -> dict[str, Any]:
    """One round of one case."""
    seen, truth = watch(case, num, seed)
    found: dict[str, Any] = {"case": case.name, "seed": seed, "throws": num}
    for name, newest, gravity in (
        ("constant_velocity", NEWEST, 0.0),
        ("parabola", case.num_past, float(case.prior.row[GRAVITY])),
    ):
        found |= errors(name, fit_line(case.past, seen, case.future, newest, gravity), truth)
    prefixes = observe(case.past, seen, case.noise_m)
    find_modes(case.prior, observe(case.past, seen[:1], case.noise_m))
    started = perf_counter()
    modes = find_modes(case.prior, prefixes)
    found["mode_ms_per_throw"] = 1e3 * (perf_counter() - started) / num
    found |= scores("mode", forecast_by_mode(modes, case.future), truth)
    forecasts, depths, checks, expected = [], [], [], []
    started = perf_counter()
    for first in range(0, num, BLOCK):
        some = observe(case.past, seen[first : first + BLOCK], case.noise_m)
        drawn = sample(
            case.prior,
            some,
            find_modes(case.prior, some),
            seed,
            condition=case.condition,
            chains=Chains(),
            first=first,
        )
        forecast = forecast_by_draws(drawn, case.future)
        forecasts.append(forecast)
        expected.append(expected_errors(drawn, forecast, case))
        depths.append(depth_within(drawn, forecast, case.future, 0.9))
        checks.append(np.stack([drawn.rhat, drawn.effective, drawn.acceptance, drawn.holds], axis=1))
    found["sampler_ms_per_throw"] = 1e3 * (perf_counter() - started) / num
    whole = Forecast(
        *(np.concatenate([getattr(some, name) for some in forecasts]) for name in ("mean", "covariance", "median"))
    )
    found |= scores("sampler", whole, truth, np.concatenate(depths))
    found |= errors("sampler_median", whole.median, truth)
    found["sampler_expected_ade_m"] = float(np.concatenate(expected).mean())
    rhat, effective, acceptance, holds = np.concatenate(checks).T
    found["rhat_max"], found["rhat_median"] = float(rhat.max()), float(np.median(rhat))
    found["rhat_over_1.05"] = float((rhat > 1.05).mean())
    found["effective_size_min"], found["effective_size_median"] = float(effective.min()), float(np.median(effective))
    found["acceptance"], found["condition_met"] = float(acceptance.mean()), float(holds.mean())
    return found


def machine() -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("pathcast", "numpy", "numba", "scipy")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=Path("-"),
        help="a file that the figures also go to; they are always printed",
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--throws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", choices=["basketball", "table tennis", "both"], default="both")
    given = parser.parse_args()
    cases = [case for case in (basketball(), table_tennis()) if given.case in ("both", case.name)]
    rounds = []
    for seed in range(given.seed, given.seed + given.rounds):
        for case in cases:
            rounds.append(measure(case, given.throws, seed))
            print(json.dumps(rounds[-1]), file=sys.stderr, flush=True)
    result: dict[str, Any] = {"machine": machine(), "seeds": sorted({found["seed"] for found in rounds})}
    coverages = []
    for case in cases:
        own = [found for found in rounds if found["case"] == case.name]
        key = case.name.replace(" ", "_")
        means = {name: statistics.fmean(found[name] for found in own) for name in TARGETS[case.name]}
        result[f"{key}_ade_m"] = means["sampler_median_ade_m"]
        result[f"{key}_mean_ade_m"] = statistics.fmean(found["sampler_ade_m"] for found in own)
        result[f"{key}_expected_ade_m"] = statistics.fmean(found["sampler_expected_ade_m"] for found in own)
        result[f"{key}_mode_ade_m"] = means["mode_ade_m"]
        result[f"{key}_coverage90"] = means["sampler_coverage90"]
        result[f"{key}_rhat_max"] = max(found["rhat_max"] for found in own)
        coverages.append(means["sampler_coverage90"])
        for name, target in TARGETS[case.name].items():
            print(f"{case.name:13} {name:24} {means[name]:8.4f}   target {target}", file=sys.stderr)
    result["point_forecast"] = "geometric median of the sampler's draws"
    result["coverage90"] = max(coverages, key=lambda share: abs(share - 0.9))
    result["rounds"] = rounds
    text = json.dumps(result, indent=1)
    print(text)
    if given.json and given.json != Path("-"):
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
