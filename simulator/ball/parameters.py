"""The parameter row of a throw: what its entries are."""

from __future__ import annotations

from typing import Final

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
