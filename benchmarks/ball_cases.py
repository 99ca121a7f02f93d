"""The throws that forecasters of balls are measured on: the oracle's own cases, watched in other ways.

Every case keeps the prior of `oracle_throws.py`, so that the oracle's prior is right; what changes is the camera's rate
and noise, how long a throw was seen, and which frames are missing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float
from oracle_throws import Case, aim_surface, ball_row, basketball, table_tennis, watch

from pathcast.simulator.ball.parameters import DRAG, LIFT
from pathcast.simulator.draws import uniforms
from pathcast.simulator.oracle.prior import Prior

SEED = 20_261
"""Of the throws; no training knows it, and its streams are the oracle's own, which no training draws from."""
HORIZON_S = 0.5
MASSES = {"basketball": 0.62, "table tennis": 0.0027}
"""kg, of the balls in `oracle_throws.py`."""
OTHER_BALLS = {"handball": (0.45, 0.094), "softball": (0.19, 0.0485), "floorball": (0.023, 0.036)}
"""kg and m of balls of no sport of the simulator, thrown as basketballs are."""
APART = {"basketball": (6.0, 0.0, 0.0), "table tennis": (0.0, 0.0, 0.0)}
"""Metres by which a model sees throws moved, and its answers moved back. The oracle's throws know no hoop; from there
on, heading about +x, they fly away from the one that the basketball venue has at its origin."""


@dataclass(frozen=True, eq=False)
class Watching:
    """A case and how it is watched.

    Args:
        case: Its prior, clock and noise.
        missing: Share of the frames between the first and the newest that are not seen.
        ball: Of `OTHER_BALLS`; empty: the sport's own.
        believed: What the oracle holds of the throws; None: what they are drawn from.
    """

    case: Case
    missing: float = 0.0
    ball: str = ""
    believed: Prior | None = None

    @property
    def prior(self) -> Prior:
        """The oracle's."""
        return self.case.prior if self.believed is None else self.believed

    @property
    def sport(self) -> str:
        """Whose throws they are."""
        return "basketball" if self.ball else self.case.name

    @property
    def mass_kg(self) -> float:
        return OTHER_BALLS[self.ball][0] if self.ball else MASSES[self.sport]

    @property
    def label(self) -> str:
        """For people and folders: what sets it apart."""
        case = self.case
        parts = [case.name.replace(" ", "-"), f"{case.rate_hz:g}hz", f"{1e3 * case.noise_m:g}mm"]
        parts.append(f"{case.past[-1]:.3g}s")
        return "-".join([*parts, f"missing{self.missing:g}"] if self.missing else parts)


@dataclass(frozen=True, eq=False)
class Watched:
    """Throws as they were seen, and where they went."""

    past: Float[np.ndarray, " past"]
    """Seconds from release."""
    future: Float[np.ndarray, " future"]
    seen: Float[np.ndarray, "throw past 3"]
    """Metres; NaN where a frame is missing."""
    truth: Float[np.ndarray, "throw future 3"]


@cache
def watching(
    sport: str,
    prefix_s: float | None = None,
    rate_hz: float | None = None,
    noise_factor: float = 1.0,
    missing: float = 0.0,
) -> Watching:
    """A sport's case, seen for another time, at another rate, with more or less noise; the same one for the same."""
    case = _sport(sport)
    rate = case.rate_hz if rate_hz is None else rate_hz
    prefix = float(case.past[-1]) if prefix_s is None else prefix_s
    # A frame that falls short of the horizon by rounding still counts.
    future = int(HORIZON_S * rate + 1e-9)
    past = round(prefix * rate) + 1
    changed = replace(case, rate_hz=rate, noise_m=case.noise_m * noise_factor, num_past=past, num_future=future)
    return Watching(changed, missing)


@cache
def with_ball(name: str) -> Watching:
    """Basketball's case with another ball, aimed at the hoop as basketballs are."""
    case = _sport("basketball")
    row, own = ball_row(*OTHER_BALLS[name]), case.prior.row
    marginals = dict(case.prior.marginals)
    for quantity, entry in (("drag", DRAG), ("lift", LIFT)):
        before, share = marginals[quantity], row[entry] / own[entry]
        # The spread of a lognormal is of its logarithm, which a factor leaves alone.
        spread = before.b * share if quantity == "drag" else before.b
        marginals[quantity] = replace(before, a=before.a * share, b=spread)
    middle = (case.prior.aim[0], case.prior.aim[1], case.prior.aim[2])
    prior = replace(case.prior, row=row, marginals=marginals, aim=(*middle, *aim_surface(row, middle)))
    return Watching(replace(case, name=name, prior=prior), ball=name)


@cache
def _sport(name: str) -> Case:
    return {"basketball": basketball, "table tennis": table_tennis}[name]()


def watch_throws(how: Watching, num: int, seed: int = SEED) -> Watched:
    """The first so many throws; fewer are the first of more."""
    seen, truth = watch(how.case, num, seed)
    if how.missing:
        lost = uniforms(seed, "benchmark.missing", 0, num, how.case.num_past) < how.missing
        lost[:, [0, -1]] = False
        seen = np.where(lost[:, :, None], np.nan, seen)
    return Watched(how.case.past, how.case.future, seen, truth)
