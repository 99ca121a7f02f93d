"""Does the oracle know how likely a shot is to go in, long before it does?

Three-pointers from one place, drawn from a known prior and flown through hoop, board and net; each is seen for a share
of its way to the hoop, with noise, and the oracle's draws are flown on through the same venue. The probabilities that
come out are compared with what happened: expected calibration error over ten bins of equal numbers of shots, beside
what chance alone makes of it, Brier score, and the area under the ROC curve, which rises the more was seen.

    python benchmarks/oracle_outcomes.py [--json [FILE]] [--throws N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from oracle import machine
from oracle_throws import aim_surface, ball_row

from pathcast.model.evaluation.probability_scores import area_under_curve, calibration_error, error_by_chance
from pathcast.simulator.ball.following import MISSED, UNDECIDED, follow
from pathcast.simulator.ball.parameters import DRAG, LIFT
from pathcast.simulator.draws import normals
from pathcast.simulator.oracle.drawn import in_venue, made_probability, outcome_probabilities
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape, Spin
from pathcast.simulator.oracle.sampler import Chains, sample
from pathcast.venue import BASKETBALL_NBA

BLOCK = 50
RATE_HZ, NOISE_M = 25.0, 0.03
SHARES = (0.3, 0.5, 0.7)
DISTANCE_M = 7.24
CHAINS = Chains(num=4, warmup=800, draws=100, thinning=16)


def shooters() -> Prior:
    """Three-pointers of players whose every third goes in: spreads of the basketball prior."""
    row = ball_row(0.62, 0.12)
    degree = math.pi / 180
    middle = (DISTANCE_M, 2.3, 50.5 * degree)
    marginals = {
        "x": Marginal(Shape.NORMAL, DISTANCE_M, 0.05),
        "y": Marginal(Shape.NORMAL, 0.0, 0.05),
        "z": Marginal(Shape.NORMAL, 2.3, 0.15),
        "heading": Marginal(Shape.NORMAL, math.pi, 0.8 * degree),
        "elevation": Marginal(Shape.NORMAL, 50.5 * degree, math.hypot(3.0, 1.2) * degree),
        "speed": Marginal(Shape.NORMAL, 0.0, 0.09),
        "spin_1": Marginal(Shape.NORMAL, 4 * math.pi, 1.2 * math.pi),
        "spin_2": Marginal(Shape.NORMAL, 0.0, 10 * degree),
        "drag": Marginal(Shape.NORMAL, 0.50 * row[DRAG], 0.04 * row[DRAG]),
        "lift": Marginal(Shape.LOGNORMAL, row[LIFT], 0.15),
        "restitution": Marginal(Shape.UNIFORM, 0.74, 0.80),
        "friction": Marginal(Shape.UNIFORM, 0.4, 0.7),
        "rim": Marginal(Shape.UNIFORM, -0.1, 0.1),
        "board": Marginal(Shape.UNIFORM, -0.05, 0.05),
        "distance": Marginal(Shape.FIXED, DISTANCE_M),
    }
    return Prior(row=row, marginals=marginals, spin=Spin.BACKSPIN, aim=(*middle, *aim_surface(row, middle)))


def measure(num: int, seed: int) -> dict[str, Any]:
    """All shares of one set of shots."""
    prior = shooters()
    states, rows = prior.throws(normals(seed, "outcome.throws", 0, num, prior.num_latents))
    clock = np.arange(1, 51) / RATE_HZ
    clock = np.concatenate([[0.0], clock, [4.0]])
    courses = follow(states, rows, clock, BASKETBALL_NBA, positions_only=True)
    came = (courses.outcome > UNDECIDED) & (courses.outcome < MISSED)
    until = courses.event_times[:, 0]
    noise = NOISE_M * normals(seed, "outcome.noise", 0, num, 3 * len(clock)).reshape(num, len(clock), 3)
    seen = courses.states + noise
    found: dict[str, Any] = {"throws": num, "seed": seed, "made_share": float(came.mean())}
    for share in SHARES:
        shown = np.where((clock[None] <= share * until[:, None])[..., None], seen, np.nan)
        length = int(np.isfinite(shown[:, :, 0]).sum(axis=1).max())
        told, rhat = np.empty(num), np.empty(num)
        started = perf_counter()
        for first in range(0, num, BLOCK):
            prefixes = observe(clock[:length], shown[first : first + BLOCK, :length], NOISE_M)
            drawn = sample(prior, prefixes, find_modes(prior, prefixes), seed, chains=CHAINS, first=first)
            drawn = in_venue(drawn, prefixes, BASKETBALL_NBA, seed, first=first)
            told[first : first + BLOCK] = made_probability(outcome_probabilities(drawn, BASKETBALL_NBA))
            rhat[first : first + BLOCK] = drawn.rhat
        found[f"{share:g}"] = {
            "expected_calibration_error": calibration_error(told, came),
            "calibration_error_by_chance": error_by_chance(told, seed),
            "auc": area_under_curve(told, came),
            "brier": float(((told - came) ** 2).mean()),
            "mean_probability": float(told.mean()),
            "rhat_max": float(rhat.max()),
            "seconds": perf_counter() - started,
        }
        print(share, json.dumps(found[f"{share:g}"]), file=sys.stderr, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"), help="a file that the figures also go to")
    parser.add_argument("--throws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    text = json.dumps({"machine": machine()} | measure(given.throws, given.seed), indent=1)
    print(text)
    if given.json and given.json != Path("-"):
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
