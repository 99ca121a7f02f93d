"""Coefficient draws: the full parameter rows of throws, from a sport's ball and prior and random numbers."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.simulator.ball.air import air_density, kinematic_viscosity
from pathcast.simulator.ball.coefficients import full_parameters, set_gusts, set_wind_profile
from pathcast.simulator.ball.parameters import BOARD_CHANGE, NUM_GUSTS, RIM_CHANGE, TORSION_LOSS
from pathcast.simulator.ball.sports import INDOOR_AIR, INDOOR_VISCOSITY, Ball, Prior
from pathcast.simulator.draws import normals, uniforms

NUM_SHARES: Final = 8
NUM_SPREADS: Final = 4
NUM_CONTACTS: Final = 8
"""Draws of each throw, some for coefficients to come: a further one shifts nothing."""


class CoefficientDraws(NamedTuple):
    """The random numbers of throws' coefficients, a row for each."""

    shares: Float[np.ndarray, "throw 8"]
    """Uniform: restitution, tangential, friction, altitude, temperature, humidity, crisis."""
    spreads: Float[np.ndarray, "throw 4"]
    """Normal: drag, lift, wind along x and y."""
    contacts: Float[np.ndarray, "throw 8"]
    """Uniform: rim, board, torsion, gusts' share of the wind."""
    gusts: Float[np.ndarray, "throw gust four"]
    """Normal."""

    @classmethod
    def of(cls, name: str, num: int, seed: int, first: int) -> CoefficientDraws:
        """Those of the throws `first` to `first + num - 1` of a scenario."""
        return cls(
            uniforms(seed, f"{name}/coefficient/uniform", first, num, NUM_SHARES),
            normals(seed, f"{name}/coefficient/normal", first, num, NUM_SPREADS),
            uniforms(seed, f"{name}/contact/uniform", first, num, NUM_CONTACTS),
            normals(seed, f"{name}/gust/normal", first, num, 4 * NUM_GUSTS).reshape(num, NUM_GUSTS, 4),
        )


def drawn_parameters(
    ball: Ball, prior: Prior, draws: CoefficientDraws, ground: float = 0.0
) -> Float[np.ndarray, "throw full"]:
    """Full rows of throws whose coefficients, air and wind are drawn from a sport's prior.

    Indoors (no temperature in the prior) the air is `INDOOR_AIR` and still; outdoors a steady wind is logarithmic over
    height and has gusts, which forget within 2 s.

    Args:
        ball: Which.
        prior: How balls and places differ.
        draws: Of each throw.
        ground: z of the ground under the wind, m.
    """
    share, spread = draws.shares, draws.spreads
    density, viscosity = np.asarray(INDOOR_AIR), np.asarray(INDOOR_VISCOSITY)
    if prior.temperature_c is not None:
        place = (
            _between(prior.altitude_m, share[:, 3]),
            _between(prior.temperature_c, share[:, 4]),
            _between(prior.humidity, share[:, 5]),
        )
        density, viscosity = air_density(*place), kinematic_viscosity(*place)
    if prior.drag_coefficient is None:
        drag_scale = np.exp(prior.drag_spread * spread[:, 0])
    else:
        mean, deviation = prior.drag_coefficient
        drag_scale = np.maximum(mean + deviation * spread[:, 0], 0.1) / ball.drag_curve.high
    wind = prior.wind_spread * spread[:, 2:4]
    rows = full_parameters(
        ball,
        len(share),
        air_density=density,
        viscosity=viscosity,
        drag_scale=drag_scale,
        lift_scale=np.exp(prior.lift_spread * spread[:, 1]),
        critical_reynolds=None if prior.critical_reynolds is None else _between(prior.critical_reynolds, share[:, 6]),
        wind=(wind[:, 0], wind[:, 1]),
        restitution=_between(prior.restitution, share[:, 0]),
        tangential=_between(prior.tangential, share[:, 1]),
        friction=_between(prior.friction, share[:, 2]),
    )
    rows[:, RIM_CHANGE] = _between(prior.rim_change, draws.contacts[:, 0])
    rows[:, BOARD_CHANGE] = _between(prior.board_change, draws.contacts[:, 1])
    rows[:, TORSION_LOSS] = _between(prior.torsion_loss, draws.contacts[:, 2])
    if prior.wind_spread > 0:
        gusts = _between(prior.gust_share, draws.contacts[:, 3]) * np.hypot(wind[:, 0], wind[:, 1])
        set_wind_profile(rows, prior.roughness_m, ground=ground)
        set_gusts(rows, draws.gusts, gusts)
    return rows


def _between(bounds: tuple[float, float], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers between the bounds, by shares from 0 to 1."""
    return np.asarray(bounds[0] + (bounds[1] - bounds[0]) * share)
