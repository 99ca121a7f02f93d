"""Fits the spreads of shots, so that three-pointers and free throws go in as often as a league's.

python tools/calibrate_shots.py

Each scenario has one scale on the deviations of a player from shot to shot (speed, elevation and side angle alike). It
is found by bisection: with the same random numbers for every scale (common random numbers) the made share falls with
the scale without noise between trials. The share is then measured on throws of another seed. The numbers are written
into `simulator/ball/sports/basketball.py` by hand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pathcast.simulator.ball.following import OUTCOMES
from pathcast.simulator.ball.scenarios import SCENARIOS, throw
from pathcast.simulator.ball.sports import basketball

TARGETS: Final[dict[str, tuple[float, Callable[..., Any]]]] = {
    "three-pointer": (0.35, basketball.three_pointers),
    "free-throw": (0.78, basketball.free_throws),
}
"""Made shares and launches. Seasons of the NBA 2020-21 to 2023-24: threes .354 to .367, free throws .775 to .784."""
FITTED_ON: Final = 101
TESTED_ON: Final = 202
LONGEST_S: Final = 20.0


def outcomes(name: str, launch: Callable[..., Any], spread: float, num: int, seed: int) -> NDArray[np.int8]:
    """What becomes of shots with that spread, numbers of `OUTCOMES`."""
    kind = replace(SCENARIOS[name], launch=partial(launch, spread=spread))
    found = [
        throw(kind, min(4096, num - first), seed, first).follow(np.array([LONGEST_S]), max_events=0).outcome
        for first in range(0, num, 4096)
    ]
    return np.concatenate(found)


def made(outcome: NDArray[np.int8]) -> float:
    """The share that goes in."""
    return float(np.isin(outcome, [OUTCOMES.index(name) for name in ("swish", "rim", "board")]).mean())


def fitted(name: str, num: int) -> float:
    """The scale, by bisection, to a thousandth."""
    target, launch = TARGETS[name]
    low, high = 0.2, 3.0
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        too_good = made(outcomes(name, launch, middle, num, FITTED_ON)) > target
        low, high = (middle, high) if too_good else (low, middle)
    return round(0.5 * (low + high), 3)


def report(name: str, num: int) -> dict[str, Any]:
    """The scale, and what shots with it do on another seed."""
    target, launch = TARGETS[name]
    spread = fitted(name, num)
    fresh = outcomes(name, launch, spread, num, TESTED_ON)
    share = made(fresh)
    return {
        "spread": spread,
        "target": target,
        "made": round(share, 4),
        "standard_error": round(float(np.sqrt(share * (1 - share) / num)), 4),
        "outcomes": {kind: round(float((fresh == index).mean()), 4) for index, kind in enumerate(OUTCOMES)},
        "num": num,
        "seeds": [FITTED_ON, TESTED_ON],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=40_960, help="shots for each trial")
    count = parser.parse_args().num
    print(json.dumps({name: report(name, count) for name in TARGETS}, indent=2))
