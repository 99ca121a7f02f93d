"""Goals: candidate destinations as each walker sees them, in the walker's own heading and scale.

A goal is a segment, such as a door, or a point, whose ends are equal. Directions are turned into the walker's heading
and times count in the walker's own speed, so inputs depend neither on the origin, nor on the axes, nor on which end of
a segment is named first. Nothing is looked at but the walker's own filter.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pathcast.compiled import njit

NUM_GOAL_INPUTS = 29
OWN_X, OWN_Y, OWN_COSINE, OWN_SINE, OWN_SCALE, OWN_VX, OWN_VY, OWN_TRACES = range(8)
NUM_TRACES = 3
NUM_OWN = OWN_TRACES + 2 * NUM_TRACES
"""Columns of a walker: place (m), cosine and sine of the heading, scale (m/s), velocity and its traces (m/s)."""
LEAST_M = 1e-3
"""Below this a distance has no direction."""
LONGEST_S = 60.0
"""Times to reach a goal are cut there."""


@njit
def look_at_goals(
    own: Float[np.ndarray, "track column"], goals: Float[np.ndarray, "track goal 4"]
) -> Float[np.ndarray, "track goal 29"]:
    """Inputs of each goal of each track. float32.

    Args:
        own: Rows as `NUM_OWN` says.
        goals: Ends x0 y0 x1 y1 of each track's own goals, metres.
    """
    inputs = np.zeros((goals.shape[0], goals.shape[1], NUM_GOAL_INPUTS), np.float32)
    for track in range(goals.shape[0]):
        for goal in range(goals.shape[1]):
            _describe(own[track], goals[track, goal], inputs[track, goal])
    return inputs


@njit
def _describe(own: np.ndarray, goal: np.ndarray, inputs: np.ndarray) -> None:
    """One goal in the walker's own frame, x ahead and y to the left."""
    cosine, sine, scale = own[OWN_COSINE], own[OWN_SINE], own[OWN_SCALE]
    x, y = goal[0] - own[OWN_X], goal[1] - own[OWN_Y]
    ax, ay = cosine * x + sine * y, cosine * y - sine * x
    x, y = goal[2] - own[OWN_X], goal[3] - own[OWN_Y]
    bx, by = cosine * x + sine * y, cosine * y - sine * x
    if ax * by - ay * bx > 0.0 or (ax * by == ay * bx and ay < by):  # keep a the right end, as seen from here
        ax, ay, bx, by = bx, by, ax, ay
    length = np.hypot(bx - ax, by - ay)
    share = 0.0
    if length > 0.0:
        share = min(max(-(ax * (bx - ax) + ay * (by - ay)) / (length * length), 0.0), 1.0)
    near_x, near_y = ax + share * (bx - ax), ay + share * (by - ay)
    distance = np.hypot(near_x, near_y)
    _direct(near_x, near_y, inputs, 0)
    _direct(0.5 * (ax + bx), 0.5 * (ay + by), inputs, 2)
    _direct(ax, ay, inputs, 4)
    _direct(bx, by, inputs, 6)
    inputs[8] = np.log(distance + 0.1)
    inputs[9] = np.log(min(distance / scale, LONGEST_S) + 0.1)
    inputs[10] = np.exp(-distance / 2.0)
    inputs[11] = np.log(1.0 + length)
    inputs[12] = 1.0 if length == 0.0 else 0.0
    inputs[13] = length / (length + distance + LEAST_M)
    reach = _meet(ax, ay, bx, by, 1.0, 0.0)
    inputs[14] = 1.0 if reach >= 0.0 else 0.0
    inputs[15] = np.log(min(reach / scale, LONGEST_S) + 0.1) if reach >= 0.0 else np.log(LONGEST_S)
    inputs[16] = _miss(ax, ay, bx, by, 1.0, 0.0)
    x, y = own[OWN_VX], own[OWN_VY]
    vx, vy = cosine * x + sine * y, cosine * y - sine * x
    inputs[17] = _approach(near_x, near_y, vx, vy, scale)
    inputs[27] = _miss(ax, ay, bx, by, vx, vy)
    inputs[28] = 1.0 if _meet(ax, ay, bx, by, vx, vy) >= 0.0 else 0.0
    for trace in range(NUM_TRACES):
        x, y = own[OWN_TRACES + 2 * trace], own[OWN_TRACES + 2 * trace + 1]
        vx, vy = cosine * x + sine * y, cosine * y - sine * x
        inputs[18 + trace] = _approach(near_x, near_y, vx, vy, scale)
        inputs[21 + trace] = _miss(ax, ay, bx, by, vx, vy)
        inputs[24 + trace] = 1.0 if _meet(ax, ay, bx, by, vx, vy) >= 0.0 else 0.0


@njit
def _direct(x: float, y: float, inputs: np.ndarray, first: int) -> None:
    """Cosine and sine of a direction; zero where there is none."""
    distance = np.hypot(x, y)
    if distance > LEAST_M:
        inputs[first] = x / distance
        inputs[first + 1] = y / distance


@njit
def _approach(x: float, y: float, vx: float, vy: float, scale: float) -> float:
    """Part of a velocity that leads to a place, in units of the scale."""
    distance = np.hypot(x, y)
    return (x * vx + y * vy) / (distance * scale) if distance > LEAST_M else 0.0


@njit
def _meet(ax: float, ay: float, bx: float, by: float, vx: float, vy: float) -> float:
    """Metres along the ray of a velocity to the segment from the right end a to the left end b; -1 where it misses."""
    speed = np.hypot(vx, vy)
    across = vx * (by - ay) - vy * (bx - ax)
    if speed <= LEAST_M or across == 0.0:
        return -1.0
    share = (vy * ax - vx * ay) / across
    along = (ax * (by - ay) - ay * (bx - ax)) / across * speed
    return along if 0.0 <= share <= 1.0 and along >= 0.0 else -1.0


@njit
def _miss(ax: float, ay: float, bx: float, by: float, vx: float, vy: float) -> float:
    """Least angle between a velocity and the segment, radians; 0 where its ray meets it."""
    speed = np.hypot(vx, vy)
    if speed <= LEAST_M:
        return 0.5 * np.pi
    if _meet(ax, ay, bx, by, vx, vy) >= 0.0:
        return 0.0
    best = -1.0
    for end in range(2):
        x, y = (ax, ay) if end == 0 else (bx, by)
        distance = np.hypot(x, y)
        if distance <= LEAST_M:
            return 0.0
        best = max(best, (x * vx + y * vy) / (distance * speed))
    return float(np.arccos(min(best, 1.0)))
