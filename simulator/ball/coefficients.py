"""Full parameter rows: coefficients as a ball's curves over speed and spin, wind as a profile over height, gusts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError
from pathcast.simulator.ball.parameters import (
    CRISIS_DRAG,
    CRISIS_SPEED,
    CRISIS_WIDTH,
    GUSTS,
    LIFT_SATURATION,
    NUM_GUSTS,
    SPIN_DRAG,
    WIND_GROUND,
    WIND_ROUGHNESS,
    WIND_SHEAR,
    full_rows,
)
from pathcast.simulator.ball.sports import INDOOR_AIR, INDOOR_VISCOSITY, Ball, random_parameters


def full_parameters(
    ball: Ball,
    num: int = 1,
    *,
    air_density: ArrayLike = INDOOR_AIR,
    viscosity: ArrayLike = INDOOR_VISCOSITY,
    drag_scale: ArrayLike = 1.0,
    lift_scale: ArrayLike = 1.0,
    critical_reynolds: ArrayLike | None = None,
    **others: Any,
) -> Float[np.ndarray, "ball full"]:
    """Full rows of balls whose drag follows Reynolds' number and whose lift follows the spin parameter.

    Cd(Re, S) and Cl(S) are the ball's `drag_curve` and `lift_curve`. A throw's air does not change on its way, so
    Reynolds numbers are held as speeds, U = Re nu / (2 R).

    Args:
        ball: Which.
        num: How many.
        air_density: kg/m3.
        viscosity: Kinematic, m2/s.
        drag_scale: Of the whole drag curve.
        lift_scale: Of the lift.
        critical_reynolds: Middle of the drag crisis, where it is a throw's own.
        others: As of `sports.random_parameters`.

    Raises:
        InputError: An argument outside its range.
    """
    drag, lift = ball.drag_curve, ball.lift_curve
    scale = np.asarray(drag_scale, np.float64)
    high = np.broadcast_to(drag.high * scale, num)
    first = np.broadcast_to(np.asarray(lift_scale, np.float64) / lift.start, num)
    rows = full_rows(
        random_parameters(ball, num, air_density=air_density, drag_coefficient=high, lift_per_spin=first, **others)
    )
    nu = np.asarray(viscosity, np.float64)
    if not (np.isfinite(nu).all() and (nu > 0).all()):
        raise InputError("viscosity", "finite m2/s over 0", f"{nu.min():g}")
    middle = np.asarray(drag.critical_reynolds if critical_reynolds is None else critical_reynolds, np.float64)
    if not (np.isfinite(middle).all() and (middle > 0).all()):
        raise InputError("critical_reynolds", "finite numbers over 0", f"{middle.min():g}")
    per_mass = 0.5 * np.asarray(air_density, np.float64) * math.pi * ball.radius_m**2 / ball.mass_kg
    per_reynolds = nu / (2 * ball.radius_m)
    rows[:, CRISIS_DRAG] = per_mass * (drag.low - drag.high) * scale
    rows[:, CRISIS_SPEED] = middle * per_reynolds
    rows[:, CRISIS_WIDTH] = drag.width_reynolds * per_reynolds
    rows[:, SPIN_DRAG] = per_mass * drag.per_spin * scale
    rows[:, LIFT_SATURATION] = lift.rest / lift.start
    return rows


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
    rows[:, GUSTS:] = columns.reshape(len(rows), -1)
