"""The prior of any recorded track of a sport: broad about where it was first seen.

| quantity | distribution |
|---|---|
| place | normal about the first observation, 2 m an axis or three times its noise |
| velocity | normal, each axis with the root mean square speed of the sport's launches |
| spin | normal, each axis with the root mean square spin of the sport's launches |
| drag, lift | the sport's prior (`simulator.ball.sports`); outdoors with 4 % more for the air's density |
| drag crisis, contacts, rim, board | the sport's prior: uniform |
| wind | outdoors the sport's: normal along x and y, logarithmic over height |

No direction is preferred, because a track may start behind a bounce, a rim or a racket as well as at a launch.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.simulator.ball import sports
from pathcast.simulator.ball.coefficients import full_parameters, set_wind_profile
from pathcast.simulator.ball.parameters import CRISIS_DRAG, DRAG, FLOOR, LIFT
from pathcast.simulator.ball.sports.ball import Ball
from pathcast.simulator.ball.sports.ball import Prior as SportPrior
from pathcast.simulator.ball.sports.rows import INDOOR_VISCOSITY
from pathcast.simulator.oracle.prior import Marginal, Prior, Shape

PRIORS: Final = MappingProxyType(
    {
        "basketball": sports.basketball.PRIOR,
        "table-tennis": sports.table_tennis.PRIOR,
        "soccer": sports.soccer.PRIOR,
        "tennis": sports.tennis.PRIOR,
        "baseball": sports.baseball.PRIOR,
        "volleyball": sports.volleyball.PRIOR,
        "golf": sports.golf.PRIOR,
        "generic": sports.generic.PRIOR,
    }
)
"""How the balls of each sport differ; a ball of another name differs as generic ones do."""
LAUNCHES: Final = MappingProxyType(
    {
        "basketball": (8.5, 13.0),
        "table-tennis": (5.7, 60.0),
        "soccer": (26.0, 29.0),
        "tennis": (38.0, 225.0),
        "baseball": (39.0, 290.0),
        "volleyball": (18.0, 32.0),
        "golf": (75.0, 285.0),
        "generic": (9.6, 35.0),
    }
)
"""Root mean square speed (m/s) and spin (rad/s) of the launches of each sport's scenarios, which weigh alike."""
PLACE_SPREAD: Final = 2.0
"""m."""
AIR_SPREAD: Final = 0.04
"""Of the logarithm of the air's density outdoors: 8 to 35 degrees Celsius, up to 600 m."""


def track_prior(
    ball: Ball, start: Float[np.ndarray, " 3"], noise_m: float, level: float = -math.inf, ground: float = 0.0
) -> Prior:
    """The prior of a track, as the table above has it.

    Args:
        ball: Which.
        start: Where it was first seen, m.
        noise_m: Standard deviation of that.
        level: z of the level floor it may bounce on; minus infinity for none.
        ground: z of the ground under the wind, m.
    """
    prior = PRIORS.get(ball.name, PRIORS["generic"])
    speed, spin = LAUNCHES.get(ball.name, LAUNCHES["generic"])
    row = full_parameters(ball)[0]
    row[FLOOR] = level
    place = max(PLACE_SPREAD, 3.0 * noise_m)
    marginals = {name: Marginal(Shape.NORMAL, float(start[axis]), place) for axis, name in enumerate("xyz")}
    marginals |= dict.fromkeys(("heading", "elevation", "speed"), Marginal(Shape.NORMAL, 0.0, speed))
    marginals |= dict.fromkeys(("spin_1", "spin_2", "spin_3"), Marginal(Shape.NORMAL, 0.0, spin))
    air = 0.0 if prior.temperature_c is None else AIR_SPREAD
    marginals["drag"] = _drag(ball, prior, float(row[DRAG]), float(row[CRISIS_DRAG]), air)
    marginals["lift"] = Marginal(Shape.LOGNORMAL, float(row[LIFT]), math.hypot(prior.lift_spread, air))
    fall = ball.restitution_fall * ball.restitution_speed_mps
    bounds = {
        "restitution": (prior.restitution[0] + fall, prior.restitution[1] + fall),
        "tangential": prior.tangential,
        "friction": prior.friction,
        "rim": prior.rim_change,
        "board": prior.board_change,
    }
    if prior.critical_reynolds is not None:
        per_reynolds = INDOOR_VISCOSITY / (2.0 * ball.radius_m)
        bounds["crisis"] = (prior.critical_reynolds[0] * per_reynolds, prior.critical_reynolds[1] * per_reynolds)
    marginals |= {name: Marginal(Shape.UNIFORM, *ends) for name, ends in bounds.items() if ends[0] < ends[1]}
    if prior.wind_spread > 0.0:
        set_wind_profile(row[None], prior.roughness_m, ground=ground)
        marginals |= dict.fromkeys(("wind_x", "wind_y"), Marginal(Shape.NORMAL, 0.0, prior.wind_spread))
    return Prior(row=row, marginals=marginals, is_polar=False)


def _drag(ball: Ball, prior: SportPrior, nominal: float, crisis: float, air: float) -> Marginal:
    """Of k in 1/m: the sport's Cd, or its curve's scale, which is that of the greater side of a crisis."""
    if prior.drag_coefficient is not None:
        mean, deviation = prior.drag_coefficient
        per_coefficient = nominal / ball.drag_curve.high
        return Marginal(Shape.NORMAL, mean * per_coefficient, math.hypot(deviation, air * mean) * per_coefficient)
    spread = math.hypot(prior.drag_spread, air)
    return Marginal(Shape.NORMAL, nominal, max(spread, 0.01) * (nominal + max(crisis, 0.0)))
