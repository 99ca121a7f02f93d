"""Full parameter rows: wind as a profile over height, gusts, and the constant coefficients nearest to full ones."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.compiled import njit
from pathcast.errors import InputError
from pathcast.simulator.ball.aerodynamics import drag_rate, gust, lift_shape, wind_share
from pathcast.simulator.ball.parameters import (
    DRAG,
    GUSTS,
    LIFT,
    NUM_GUSTS,
    NUM_PARAMETERS,
    RADIUS,
    RESTITUTION,
    RESTITUTION_FALL,
    WIND_GROUND,
    WIND_ROUGHNESS,
    WIND_SHEAR,
    WIND_X,
    WIND_Y,
)
from pathcast.simulator.ball.sports.rows import full_parameters

__all__ = ["constant_parameters", "full_parameters", "set_gusts", "set_wind_profile"]


def set_wind_profile(
    rows: Float[np.ndarray, "ball full"], roughness_m: float, height_m: float = 10.0, ground: float = 0.0
) -> None:
    """Makes the rows' wind logarithmic over height, in place: W(z) = W log(1 + z / z0) / log(1 + h / z0).

    The log law of the neutral surface layer (Stull 1988, "An Introduction to Boundary Layer Meteorology", chapter 9),
    moved by z0 so that it starts smoothly from the ground.

    Args:
        rows: Full rows.
        roughness_m: z0: .01 for cut grass, .03 for open land, .5 to 2 in towns.
        height_m: h, where the wind is the rows' `WIND_X`, `WIND_Y`; 10 m of weather reports.
        ground: z of the ground.

    Raises:
        InputError: A length that is not positive.
    """
    for name, value in (("roughness_m", roughness_m), ("height_m", height_m)):
        if not 0.0 < value < math.inf:
            raise InputError(name, "finite metres over 0", f"{value}")
    rows[:, WIND_ROUGHNESS] = roughness_m
    rows[:, WIND_SHEAR] = 1.0 / math.log1p(height_m / roughness_m)
    rows[:, WIND_GROUND] = ground


def set_gusts(
    rows: Float[np.ndarray, "ball full"],
    normals: Float[np.ndarray, "ball gust four"],
    spread: ArrayLike,
    memory_s: float = 2.0,
) -> None:
    """Gives the rows' wind gusts, in place: harmonics with random amplitudes, which make smooth Gaussian noise.

    Four rates w_i = tan(pi (i + 1/2) / 8) / T part the spectrum of noise that forgets exponentially within T, that is
    AR(1), 1 / (1 + (w T)^2), into equal shares; a sum of cosines and sines with normal amplitudes is that noise at
    these rates (Rice 1944, "Mathematical analysis of random noise"). Known at any time, so that steps may be of any
    length.

    Args:
        rows: Full rows.
        normals: Standard normal draws.
        spread: Standard deviation along x and along y, m/s; one or one for each ball. .2 to .5 of the mean wind.
        memory_s: T.

    Raises:
        InputError: Draws of another shape, or a negative spread or time.
    """
    shape = (len(rows), NUM_GUSTS, 4)
    if np.shape(normals) != shape:
        raise InputError("normals", f"shape {list(shape)}", f"{np.shape(normals)}")
    size: NDArray[np.float64] = np.asarray(spread, np.float64)
    if not ((size >= 0).all() and np.isfinite(size).all() and 0.0 < memory_s < math.inf):
        raise InputError("spread, memory_s", "m/s from 0 and seconds over 0", f"{size.min():g}, {memory_s}")
    columns = rows[:, GUSTS:].reshape(len(rows), NUM_GUSTS, 5)
    columns[:, :, 0] = np.tan(math.pi * (np.arange(NUM_GUSTS) + 0.5) / (2 * NUM_GUSTS)) / memory_s
    columns[:, :, 1:] = np.asarray(normals) * np.reshape(size, (-1, 1, 1)) / math.sqrt(NUM_GUSTS)
    rows[:, GUSTS:] = columns.reshape(len(rows), 5 * NUM_GUSTS)


def constant_parameters(
    rows: Float[np.ndarray, "ball full"], states: Float[np.ndarray, "ball 9"], impact_mps: float = 0.0
) -> Float[np.ndarray, "ball parameter"]:
    """Rows of twelve entries: the coefficients and the wind that full rows have at the states, from then on constant.

    Args:
        rows: Full rows.
        states: At time 0.
        impact_mps: Normal speed at which the restitution is taken.
    """
    constant = np.array(rows[:, :NUM_PARAMETERS], np.float64)
    _freeze(np.ascontiguousarray(rows, np.float64), np.ascontiguousarray(states, np.float64), constant)
    constant[:, RESTITUTION] = np.maximum(constant[:, RESTITUTION] - impact_mps * rows[:, RESTITUTION_FALL], 0.0)
    return constant


@njit
def _freeze(rows: NDArray[np.float64], states: NDArray[np.float64], constant: NDArray[np.float64]) -> None:
    """Writes wind, drag and lift of full rows at states, ball by ball."""
    for ball in range(len(rows)):
        p, state = rows[ball], states[ball]
        share = wind_share(state[2], p)
        gust_x, gust_y = gust(0.0, p)
        constant[ball, WIND_X] = share * p[WIND_X] + gust_x
        constant[ball, WIND_Y] = share * p[WIND_Y] + gust_y
        ux, uy, uz = state[3] - constant[ball, WIND_X], state[4] - constant[ball, WIND_Y], state[5]
        wx, wy, wz = state[6], state[7], state[8]
        speed = max(math.sqrt(ux * ux + uy * uy + uz * uz), 1e-6)
        turn = math.sqrt(wx * wx + wy * wy + wz * wz)
        across = math.sqrt((wy * uz - wz * uy) ** 2 + (wz * ux - wx * uz) ** 2 + (wx * uy - wy * ux) ** 2)
        constant[ball, DRAG] = drag_rate(speed, turn, p) / speed
        constant[ball, LIFT] = p[LIFT] * lift_shape(max(p[RADIUS] * across / (speed * speed), 1e-9), p)
