"""scipy's DOP853 flying one throw, restarted at each bounce; read by `ball_simulation.py`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from pathcast.simulator.ball.contact import bounce
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_FULL_PARAMETERS,
    RADIUS,
    RESTITUTION,
    RESTITUTION_FALL,
    TANGENTIAL,
    TORSION_LOSS,
)

Array = NDArray[np.float64]
Rate = Callable[[float, Array], tuple[float, ...]]


def restarted(
    moving: Array,
    spin: Array,
    row: Array,
    times: Array,
    tolerance: float,
    rate_of: Callable[[float, float, float], Rate],
) -> Array:
    """Positions at the times. Shape [time, 3].

    Args:
        moving: What is integrated: place, velocity and, where spin decays, the share of it that is left.
        spin: rad/s.
        row: Of parameters.
        times: s.
        tolerance: Relative, and absolute in SI units.
        rate_of: The rate of change for a spin, which a bounce changes.
    """
    contact = float(row[FLOOR] + row[RADIUS])
    wx, wy, wz = spin.tolist()
    now, written = 0.0, 0
    positions = np.full((len(times), 3), np.nan)

    def height(_: float, y: Array) -> float:
        return float(y[2]) - contact

    height.terminal, height.direction = True, -1.0  # type: ignore[attr-defined]
    while written < len(times):
        found = solve_ivp(
            rate_of(wx, wy, wz),
            (now, times[-1]),
            moving,
            "DOP853",
            times[written:],
            events=height,
            rtol=tolerance,
            atol=tolerance,
        )
        if len(found.t):
            positions[written : written + len(found.t)] = found.y[:3].T
            written += len(found.t)
        if found.status != 1:
            break
        assert found.t_events is not None and found.y_events is not None
        now = float(found.t_events[0][0])
        x, y, _, vx, vy, vz, *left = found.y_events[0][0].tolist()
        if left:
            wx, wy, wz = left[0] * wx, left[0] * wy, left[0] * wz
        is_full = len(row) == NUM_FULL_PARAMETERS
        restitution = min(max(row[RESTITUTION] + (row[RESTITUTION_FALL] * vz if is_full else 0.0), 0.0), 1.0)
        vx, vy, vz, wx, wy, wz = bounce(
            vx, vy, vz, wx, wy, wz, row[RADIUS], row[INERTIA], restitution, row[TANGENTIAL], row[FRICTION]
        )
        wz *= 1.0 - (row[TORSION_LOSS] if is_full else 0.0)
        moving = np.array([x, y, contact + 1e-15, vx, vy, vz, *(1.0 for _ in left)])
    return positions


def by_scipy(state: Array, row: Array, times: Array, tolerance: float) -> Array:
    """Positions of one throw with constant coefficients, the right-hand side in plain Python. Shape [time, 3]."""
    gravity, drag, lift = float(row[GRAVITY]), float(row[DRAG]), float(row[LIFT])
    sqrt = math.sqrt

    def rate_of(wx: float, wy: float, wz: float) -> Rate:
        def rate(_: float, y: Array) -> tuple[float, ...]:
            _, _, _, vx, vy, vz = y.tolist()
            k = drag * sqrt(vx * vx + vy * vy + vz * vz)
            ax, ay, az = lift * (wy * vz - wz * vy), lift * (wz * vx - wx * vz), lift * (wx * vy - wy * vx)
            return vx, vy, vz, ax - k * vx, ay - k * vy, az - k * vz - gravity

        return rate

    return restarted(state[:6], state[6:], row, times, tolerance, rate_of)
