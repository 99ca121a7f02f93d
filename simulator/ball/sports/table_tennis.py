"""Table tennis: the ball, how balls differ, and how they are struck and served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pathcast.simulator.ball.launches import Normals, States, Uniforms
from pathcast.simulator.ball.sports.ball import Ball, Prior
from pathcast.simulator.ball.table_tennis_launches import RALLIES, SERVES, Part

TABLE_TENNIS: Final = Ball(
    name="table-tennis",
    # ITTF: 40 mm, 2.7 g. A thin shell.
    mass_kg=0.0027,
    radius_m=0.020,
    # Literature .40 to .50; flights of recorded rallies fit about .54 at this air density.
    drag_coefficient=0.50,
    # Cl near 0.6 S for S under 0.3 (Miyazaki et al. 2017, Eur. J. Phys.), less in recorded rallies.
    lift_per_spin=0.5,
    spin_decay_per_s=1 / 30,
    # ITTF: about 23 cm from 30 cm on the table is e = .876 without air; steel .887 to .923.
    restitution=0.885,
    restitution_speed_mps=2.4,
    # The shell buckles in harder bounces; how fast restitution falls is a choice.
    restitution_fall=0.01,
    tangential=0.1,
    friction=0.25,
)
PRIOR: Final = Prior(
    # The literature has .40 to .50; flights of recorded rallies fit about .54.
    drag_coefficient=(0.51, 0.055),
    lift_spread=0.3,
    restitution=(0.86, 0.91),
    tangential=(-0.1, 0.3),
    friction=(0.15, 0.35),
)
RALLY_SHARE: Final = 13088 / 15792
"""Of table-tennis launches, as in the recorded ones; the others are serves."""


def launches(normals: Normals, uniforms: Uniforms) -> States:
    """Strokes of rallies and serves from either end, by the mixtures fitted to recorded ones."""
    parts = [(RALLY_SHARE * part.weight, part) for part in RALLIES]
    return _mixed(parts + [((1 - RALLY_SHARE) * part.weight, part) for part in SERVES], normals, uniforms)


def rallies(normals: Normals, uniforms: Uniforms) -> States:
    """Strokes of rallies alone."""
    return _mixed([(part.weight, part) for part in RALLIES], normals, uniforms)


def serves(normals: Normals, uniforms: Uniforms) -> States:
    """Serves alone."""
    return _mixed([(part.weight, part) for part in SERVES], normals, uniforms)


def _mixed(parts: Sequence[tuple[float, Part]], normals: Normals, uniforms: Uniforms) -> States:
    """States of a mixture of Gaussians given by weights and parts, half of them turned to the other end."""
    weights = np.array([weight for weight, _ in parts])
    edges = np.cumsum(weights / weights.sum())[:-1]
    chosen = np.searchsorted(edges, uniforms[:, 0], side="right")
    means = np.array([part.mean for _, part in parts])
    factors = np.zeros((len(parts), 9, 9))
    rows, columns = np.tril_indices(9)
    for index, (_, part) in enumerate(parts):
        factors[index, rows, columns] = part.factor
    states = means[chosen]
    for column in range(9):
        states += factors[chosen, :, column] * normals[:, column : column + 1]
    states[:, 2] = np.maximum(states[:, 2], 0.05)
    half_turn = np.array([-1.0, -1, 1, -1, -1, 1, -1, -1, 1])
    return np.where(uniforms[:, 1:2] < 0.5, states, states * half_turn)
