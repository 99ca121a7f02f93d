"""Balls of no sport tossed as the simulator tosses balls of no sport, which is what forecasters of any ball learn from.

Aimed at a hoop, as in `ball_cases.with_ball`, such balls are thrown by people who know them; an oracle that knows the
aim knows what no forecaster of any ball can. Here throws, oracle and forecaster have one distribution: the tosses of
`simulator/ball/sports/generic.py`. Who is not told the ball is compared with an oracle that was not told either.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from ball_cases import OTHER_BALLS, Watching
from oracle_throws import FREE, LIFT_MEDIAN, ROUND, Case, ball_row

from pathcast.model.training.ball_throws import DENSITIES, RADII_M
from pathcast.simulator.ball.parameters import DRAG, LIFT
from pathcast.simulator.ball.sports.generic import GENERIC, PRIOR
from pathcast.simulator.oracle.prefixes import Condition
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape


@cache
def tossed(name: str, is_known: bool) -> Watching:
    """Tosses of one of `OTHER_BALLS` at 30 Hz with 30 mm, seen for .4 s, forecast for .5 s, bounces included.

    Args:
        name: Of the ball.
        is_known: Whether the oracle knows its size and mass. Otherwise it knows how those of any ball are spread; drag
            and lift apart, though both go with mass: it is a little worse than it could be.
    """
    row = ball_row(*OTHER_BALLS[name])
    row[LIFT] /= LIFT_MEDIAN
    degree, drag = math.pi / 180, GENERIC.drag_coefficient * row[DRAG]
    turn = Marginal(Shape.NORMAL, 0.0, 20.0)
    marginals = {
        "x": FREE,
        "y": FREE,
        "z": Marginal(Shape.UNIFORM, 1.0, 2.0),
        "heading": ROUND,
        "elevation": Marginal(Shape.NORMAL, 25.0 * degree, 20.0 * degree),
        "speed": Marginal(Shape.UNIFORM, 3.0, 15.0),
        "spin_1": turn,
        "spin_2": turn,
        "spin_3": turn,
        "drag": Marginal(Shape.NORMAL, drag, PRIOR.drag_spread * drag),
        "lift": Marginal(Shape.LOGNORMAL, row[LIFT], PRIOR.lift_spread),
        "restitution": Marginal(Shape.UNIFORM, *PRIOR.restitution),
        "tangential": Marginal(Shape.UNIFORM, *PRIOR.tangential),
        "friction": Marginal(Shape.UNIFORM, *PRIOR.friction),
    }
    prior = Prior(row=row, marginals=marginals)
    case = Case(f"tossed {name}", prior, 30.0, 0.03, 13, 15, Condition())
    return Watching(
        case, ball=name, believed=None if is_known else replace(prior, marginals=marginals | _of_any_ball())
    )


def _of_any_ball() -> dict[str, Marginal]:
    """Drag and lift of balls whose radius and density are uniform in their logarithms."""
    radius, density = (math.sqrt(low * high) for low, high in (RADII_M, DENSITIES))
    spreads = [math.log(high / low) / math.sqrt(12) for low, high in (RADII_M, DENSITIES)]
    row = ball_row(density * 4 / 3 * math.pi * radius**3, radius)
    drag = Marginal(Shape.LOGNORMAL, GENERIC.drag_coefficient * row[DRAG], math.hypot(*spreads, PRIOR.drag_spread))
    lift = Marginal(Shape.LOGNORMAL, row[LIFT] / LIFT_MEDIAN, math.hypot(spreads[1], PRIOR.lift_spread))
    return {"drag": drag, "lift": lift}
