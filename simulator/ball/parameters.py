"""The parameter row of a throw: what its entries are.

The first twelve are all that flight with constant coefficients takes (`flight.advance` reads no further). A full row
goes on with what makes coefficients depend on speed, spin, height and time; zero is neutral everywhere, so twelve
entries and zeros mean the same as the twelve alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError

GRAVITY: Final = 0
"""m/s2 downward, less buoyancy."""
DRAG: Final = 1
"""k = rho Cd A / (2 m), 1/m: the deceleration is k |u| u."""
LIFT: Final = 2
"""c = rho A R (Cl / S) / (2 m), dimensionless: the lift is c w x u, in m/s2 per rad/s and m/s."""
WIND_X: Final = 3
"""m/s."""
WIND_Y: Final = 4
"""m/s."""
SPIN_DECAY: Final = 5
"""1/s."""
RADIUS: Final = 6
"""m, over 0."""
INERTIA: Final = 7
"""I / (m R^2), over 0: 2/3 of a thin shell, 2/5 of a solid ball."""
FLOOR: Final = 8
"""z of the floor's surface, m; minus infinity for none."""
RESTITUTION: Final = 9
"""Normal, 0 to 1."""
TANGENTIAL: Final = 10
"""Tangential restitution, -1 to 1."""
FRICTION: Final = 11
"""Coulomb's coefficient, from 0."""
NUM_PARAMETERS: Final = 12
"""Of a row with constant coefficients."""

SPIN_DECAY_BY_WAY: Final = 12
"""1/m: the spin falls at `SPIN_DECAY` plus this times the speed through the air."""
CRISIS_DRAG: Final = 13
"""1/m: how much more k is below the drag crisis than beyond it; `DRAG` is k beyond."""
CRISIS_SPEED: Final = 14
"""m/s: the middle of the crisis, Re_c nu / (2 R)."""
CRISIS_WIDTH: Final = 15
"""m/s: of the logistic, its width in Reynolds numbers times nu / (2 R)."""
SPIN_DRAG: Final = 16
"""1/m: growth of k per spin parameter S = R |w| / |u|."""
SPIN_RATE_DRAG: Final = 17
"""s/m: growth of k per rad/s."""
LIFT_SATURATION: Final = 18
"""q of Cl = C S / (1 + q S), with S of the spin across the flow; `LIFT` goes with C."""
LIFT_POWER: Final = 19
"""p of Cl = C S^(1 + p), over -1; multiplies the other forms."""
LIFT_DIP: Final = 20
"""Depth of a valley of Cl: a factor 1 - depth exp(-((S - at) / width)^2)."""
LIFT_DIP_AT: Final = 21
"""Its spin parameter."""
LIFT_DIP_WIDTH: Final = 22
"""In spin parameters."""
WIND_ROUGHNESS: Final = 23
"""z0 in m, of the wind's profile; 0 for a wind that is the same at all heights."""
WIND_SHEAR: Final = 24
"""1 / log(1 + h / z0), where h is the height above ground at which the wind is `WIND_X`, `WIND_Y`."""
WIND_GROUND: Final = 25
"""z of the ground under the wind, m."""
RESTITUTION_FALL: Final = 26
"""s/m: restitution falls by so much per m/s of normal speed, down to 0 (a shell buckles)."""
TORSION_LOSS: Final = 27
"""Share of the spin about the normal that a contact takes, 0 to 1."""
RIM_CHANGE: Final = 28
"""What the rim's and bridge's restitution is more for this throw than the venue's."""
BOARD_CHANGE: Final = 29
"""The same of the backboard."""
GUSTS: Final = 30
"""Where the gusts start: `NUM_GUSTS` times rate in rad/s, and m/s of cosine x, sine x, cosine y, sine y."""
NUM_GUSTS: Final = 4
NUM_FULL_PARAMETERS: Final = GUSTS + 5 * NUM_GUSTS
"""Of a full row."""


def full_rows(rows: Float[np.ndarray, "*ball parameter"]) -> Float[np.ndarray, "*ball full"]:
    """Full rows: those given, with neutral entries for what they lack.

    Raises:
        InputError: Neither twelve entries nor those of a full row.
    """
    rows = np.asarray(rows, np.float64)
    if rows.ndim == 0 or rows.shape[-1] not in (NUM_PARAMETERS, NUM_FULL_PARAMETERS):
        raise InputError("parameters", f"rows of {NUM_PARAMETERS} or {NUM_FULL_PARAMETERS}", f"shape {rows.shape}")
    full = np.zeros((*rows.shape[:-1], NUM_FULL_PARAMETERS))
    full[..., : rows.shape[-1]] = rows
    return full
