"""Leaving: through the exit that is the goal, one by one where it is a turnstile, and by no other."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.ground import Ground
from pathcast.simulator.pedestrian.state import GONE, WALKING, Walkers


@njit
def pass_exits(
    there: Int[np.ndarray, " body"],
    then_s: float,
    ground: Ground,
    is_at_exit: Int[np.ndarray, " body"],
    walkers: Walkers,
) -> bool:
    """Lets people out by the exit that is their goal, if it is open, and by no other.

    Returns:
        Whether a member of a group has left.
    """
    position, velocity, phase, open_s = walkers.position, walkers.velocity, walkers.phase, walkers.open_s
    exits, has_left = ground.exits, False
    for number in range(there.shape[0]):
        i = there[number]
        if not is_at_exit[number] or phase[i] != WALKING:
            continue
        for way_out in range(exits.shape[0]):
            beyond = _beyond(position[i, 0], position[i, 1], exits, way_out)
            if beyond <= 0.0:
                continue
            if way_out == walkers.goal[i] and then_s >= open_s[0, way_out]:
                phase[i] = GONE
                open_s[0, way_out] = then_s + ground.gate_s[way_out]
                has_left = has_left or walkers.group[i] >= 0
                break
            out_x, out_y = exits[way_out, 4], exits[way_out, 5]
            out = max(velocity[i, 0] * out_x + velocity[i, 1] * out_y, 0.0)
            position[i, 0] -= beyond * out_x
            position[i, 1] -= beyond * out_y
            velocity[i, 0] -= out * out_x
            velocity[i, 1] -= out * out_y
    return has_left


@njit
def _beyond(x: float, y: float, exits: Float[np.ndarray, "exit 6"], number: int) -> float:
    """How far a point is outside an exit, m; 0 where it is inside or beside it."""
    off_x, off_y = x - exits[number, 0], y - exits[number, 1]
    beyond = off_x * exits[number, 4] + off_y * exits[number, 5]
    if beyond <= 0.0:
        return 0.0
    along_x, along_y = exits[number, 2] - exits[number, 0], exits[number, 3] - exits[number, 1]
    share = (off_x * along_x + off_y * along_y) / (along_x * along_x + along_y * along_y)
    return beyond if 0.0 <= share <= 1.0 else 0.0
