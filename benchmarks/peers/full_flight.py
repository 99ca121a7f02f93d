"""Throws under the full physics, by ours and by scipy on the same right-hand side; read by `ball_simulation.py`.

A drag crisis at a Reynolds number of each ball's own where its sport has one, lift that saturates, wind that grows with
height, spin that decays, bounces. A basketball is thrown below its crisis; here it gets a volleyball's curves, so that
no term is idle. scipy calls the very kernel that ours integrates, so only the integrators differ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from peers.dop853 import Array, Rate, restarted

from pathcast.simulator.ball.aerodynamics import motion_in_air
from pathcast.simulator.ball.coefficients import full_parameters, set_wind_profile
from pathcast.simulator.ball.following import follow
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.ball.sports import VOLLEYBALL
from pathcast.simulator.draws import normals, uniforms

ROWS: Final = {"": "basketball", "_volleyball": "volleyball-serve", "_tennis": "tennis-serve"}
"""Scenarios, by the end of their ratio's key. The first has the throws of the constant coefficients.

Kicks along the ground are not among them: an integrator restarted at bounces does not get past a ball coming to rest.
"""
WIND_M_S: Final = 2.0
ROUGHNESS_M: Final = 0.03
CRITICAL_REYNOLDS: Final = 1.4e5, 2.5e5


def throws_of(scenario: str, num: int, seed: int) -> tuple[Array, Array]:
    """States and full rows."""
    thrown = throw(scenario, num, seed)
    ball = thrown.ball
    if ball.drag is None:
        ball = replace(ball, drag=VOLLEYBALL.drag, lift=VOLLEYBALL.lift)
    share = uniforms(seed, "benchmark/full/uniform", 0, num, 4)
    spread = normals(seed, "benchmark/full/normal", 0, num, 4)
    low, high = CRITICAL_REYNOLDS
    rows = full_parameters(
        ball,
        num,
        drag_scale=np.exp(0.08 * spread[:, 0]),
        lift_scale=np.exp(0.2 * spread[:, 1]),
        critical_reynolds=low + (high - low) * share[:, 0],
        wind=(WIND_M_S * spread[:, 2], WIND_M_S * spread[:, 3]),
        restitution=0.70 + 0.10 * share[:, 1],
        tangential=-0.1 + 0.4 * share[:, 2],
        friction=0.4 + 0.3 * share[:, 3],
    )
    set_wind_profile(rows, ROUGHNESS_M)
    return thrown.states, rows


def by_ours(states: Array, rows: Array, times: Array, error: float) -> Array:
    """Positions of all throws, the steps chosen for the error (m). Shape [throw, time, 3]."""
    return follow(states, rows, times, error_m=error, positions_only=True).states


def by_scipy(state: Array, row: Array, times: Array, tolerance: float) -> Array:
    """Positions of one throw by DOP853, restarted at each bounce. Shape [time, 3]."""

    def rate_of(wx: float, wy: float, wz: float) -> Rate:
        def rate(_: float, y: Array) -> tuple[float, ...]:
            _, _, z, vx, vy, vz, left = y.tolist()
            ax, ay, az, loss = motion_in_air(z, vx, vy, vz, left * wx, left * wy, left * wz, 0.0, 0.0, row)
            return vx, vy, vz, ax, ay, az, loss * left

        return rate

    return restarted(np.append(state[:6], 1.0), state[6:], row, times, tolerance, rate_of)
