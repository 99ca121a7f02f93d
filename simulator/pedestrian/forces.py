"""The forces between people and from walls, as accelerations (docs/theory_pedestrian.md has the equations)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from pathcast.compiled import inlined_njit, njit
from pathcast.simulator.pedestrian.contact import is_hidden
from pathcast.simulator.pedestrian.parameters import WalkingParameters

FAINT = 7.0
"""Reaches B beyond contact from which a push, less than exp(-7) of its strength, is left out."""
LATE = 2.0
"""Horizons t0 from which a collision to come, less than exp(-2) / t³ of a near one, is left out."""
DIM = 2.0
"""Way over which somebody who comes into sight gains full weight, m."""
X, Y, V_X, V_Y, HEADING_X, HEADING_Y, A_X, A_Y = range(8)
"""Columns of a body: place (m), velocity (m/s), unit heading and acceleration (m/s²)."""
DESIRED, LEFT = range(2)
"""Columns of a pace: the speed desired now, and the speed that those ahead leave, m/s."""


@njit
def time_to_collision(x: float, y: float, v_x: float, v_y: float, contact: float) -> float:
    """Seconds until two discs touch, or infinity if they never do or already overlap.

    Args:
        x: First coordinate of the position of one relative to the other, m.
        y: The second.
        v_x: Relative velocity, m/s.
        v_y: The second.
        contact: Sum of the radii, m.
    """
    a = v_x * v_x + v_y * v_y
    b = -(x * v_x + y * v_y)
    c = x * x + y * y - contact * contact
    discriminant = b * b - a * c
    if c <= 0.0 or b <= 0.0 or discriminant <= 0.0:
        return math.inf
    return float(c / (b + math.sqrt(discriminant)))


@inlined_njit
def collision_force(
    x: float, y: float, v_x: float, v_y: float, opposed: float, parameters: WalkingParameters
) -> tuple[float, float]:
    """Acceleration that turns one walker away from a collision to come, m/s².

    Minus the gradient, with respect to the own position, of E(t) = k / t² exp(-t / t0), where t is the time to
    collision at constant velocities (Karamouzas, Skinner and Guy 2014, Phys. Rev. Lett. 113, 238701), its length
    bounded, from `collision_most` for who walk the same way to `meeting_most` for who meet head-on, and made
    continuous by `graze` where discs would only just touch.

    Args:
        x: First coordinate of the position relative to the other walker, m.
        y: The second.
        v_x: Relative velocity, m/s.
        v_y: The second.
        opposed: How much the two walk against each other, from 0 (the same way) to 1.
        parameters: Of the model.
    """
    contact = 2.0 * parameters.radius
    a = v_x * v_x + v_y * v_y
    b = -(x * v_x + y * v_y)
    c = x * x + y * y - contact * contact
    square = b * b - a * c
    if c <= 0.0 or b <= 0.0 or square <= 0.0:
        return 0.0, 0.0
    t = c / (b + math.sqrt(square))
    if t >= LATE * parameters.collision_horizon:
        return 0.0, 0.0
    rate = 1.0 / max(t, 1e-3)
    fading = 1.0 / parameters.collision_horizon
    slope = parameters.collision_energy * math.exp(-t * fading) * rate * rate * (2.0 * rate + fading)
    width = parameters.graze * contact
    smooth = square + width * width * a
    slope *= square / smooth
    aside, along = 1.0 / math.sqrt(smooth), 1.0 / a
    miss = (x * v_y - y * v_x) * along + parameters.side * opposed * contact * math.sqrt(along)
    f_x = slope * (miss * v_y * aside - v_x * along)
    f_y = slope * (-miss * v_x * aside - v_y * along)
    size_squared = f_x * f_x + f_y * f_y
    most = parameters.collision_most + opposed * (parameters.meeting_most - parameters.collision_most)
    if size_squared > most * most:
        less = most / math.sqrt(size_squared)
        f_x, f_y = f_x * less, f_y * less
    return f_x, f_y


@inlined_njit
def _follow(
    bodies: Float[np.ndarray, "person 8"],
    paces: Float[np.ndarray, "person 2"],
    one: int,
    other: int,
    x: float,
    y: float,
    cos: float,
    parameters: WalkingParameters,
) -> None:
    """Lowers the speed left to somebody whose way another, at the relative place (x, y), is on.

    (g - l) / T for a gap g and a headway T (Tordeux, Chraibi and Seyfried 2016, arXiv 1512.05597), where
    g² = ahead² + kappa² aside² takes who is aside for farther away. It counts by how much the two go the same way
    (cos of the angle between their headings); who stands on purpose is passed, not followed.
    """
    ahead = x * bodies[one, HEADING_X] + y * bodies[one, HEADING_Y]
    if ahead > 0.0 and paces[one, DESIRED] > 0.0 and paces[other, DESIRED] > 0.0:
        aside_squared = max(x * x + y * y - ahead * ahead, 0.0)
        gap = math.sqrt(ahead * ahead + parameters.narrow * parameters.narrow * aside_squared)
        speed = max(gap - parameters.least_gap, 0.0) / parameters.headway
        less = cos * min(speed - paces[one, DESIRED], 0.0)
        paces[one, LEFT] = min(paces[one, LEFT], paces[one, DESIRED] + less)


@njit
def add_people_forces(
    bodies: Float[np.ndarray, "person 8"],
    paces: Float[np.ndarray, "person 2"],
    group: np.ndarray,
    pair_starts: np.ndarray,
    partner: np.ndarray,
    screens: Float[np.ndarray, "wall 4"],
    period: float,
    near: float,
    parameters: WalkingParameters,
    close: np.ndarray,
) -> int:
    """Adds to the accelerations (m/s²) what people do to each other.

    Both parts act along one vector f for a pair and are weighted by where the other is seen: w f on one, -w f on the
    other, w = lambda + (1 - lambda) (1 + cos phi) / 2 with phi the angle between the own heading and the other.
    People with a wall between them anticipate no collision; members of a group do neither. Last, everybody slows to
    the speed that those ahead who go the same way leave.

    Args:
        bodies: Of those who are there.
        paces: Of each of them; `LEFT` is filled in place.
        group: Of each of them, -1 alone.
        pair_starts: Where each one's partners stand in `partner`.
        partner: Everybody of higher number who may be within sight, in rising order.
        screens: Walls that can stand between two people.
        period: Length after which the place repeats along x, m; infinite where it does not.
        near: Distance under which a pair is listed as close, m.
        parameters: Of the model.
        close: Receives the pairs that are close.

    Returns:
        How many pairs are close.
    """
    contact = 2.0 * parameters.radius
    faint = contact + FAINT * parameters.reach
    faint_squared, near_squared = faint * faint, near * near
    sight_squared, half = parameters.sight * parameters.sight, 0.5 * period
    late = LATE * parameters.collision_horizon
    front = 0.5 * (1.0 - parameters.aside)
    tail = parameters.least_gap + parameters.headway * paces[:, DESIRED].max() if paces.shape[0] > 0 else 0.0
    tail_squared = tail * tail
    paces[:, LEFT] = paces[:, DESIRED]
    num_close = 0
    for i in range(bodies.shape[0]):
        x_i, y_i, v_x_i, v_y_i = bodies[i, X], bodies[i, Y], bodies[i, V_X], bodies[i, V_Y]
        sum_x, sum_y = 0.0, 0.0
        for number in range(pair_starts[i], pair_starts[i + 1]):
            j = partner[number]
            x, y = x_i - bodies[j, X], y_i - bodies[j, Y]
            if x > half:
                x -= period
            elif x < -half:
                x += period
            distance_squared = x * x + y * y
            v_x, v_y = v_x_i - bodies[j, V_X], v_y_i - bodies[j, V_Y]
            a, b = v_x * v_x + v_y * v_y, -(x * v_x + y * v_y)
            square = b * b - a * (distance_squared - contact * contact)
            soon = b - late * a
            is_coming = (b > 0.0) & (square > 0.0) & ((soon < 0.0) | (soon * soon < square))
            is_pushed = distance_squared < faint_squared
            is_behind = distance_squared < tail_squared
            if not ((is_coming | is_pushed | is_behind) & (distance_squared < sight_squared)):
                continue
            if distance_squared < near_squared and num_close < close.shape[0]:
                close[num_close, 0], close[num_close, 1] = i, j
                num_close += 1
            if group[i] >= 0 and group[i] == group[j]:
                continue
            f_x, f_y = 0.0, 0.0
            distance = max(math.sqrt(distance_squared), 1e-9)
            cos = bodies[i, HEADING_X] * bodies[j, HEADING_X] + bodies[i, HEADING_Y] * bodies[j, HEADING_Y]
            if is_behind and cos > 0.0:
                _follow(bodies, paces, i, j, -x, -y, cos, parameters)
                _follow(bodies, paces, j, i, x, y, cos, parameters)
            if not (is_pushed or is_coming):
                continue
            if is_coming and not is_hidden(x_i, y_i, x_i - x, y_i - y, screens):
                f_x, f_y = collision_force(x, y, v_x, v_y, 0.5 - 0.5 * cos, parameters)
                seen = min((parameters.sight - distance) / DIM, 1.0)
                f_x, f_y = seen * f_x, seen * f_y
            away_x, away_y = x / distance, y / distance
            if is_pushed:
                push = parameters.strength * math.exp((contact - distance) / parameters.reach)
                f_x, f_y = f_x + push * away_x, f_y + push * away_y
            seen_i = -(away_x * bodies[i, HEADING_X] + away_y * bodies[i, HEADING_Y])
            seen_j = away_x * bodies[j, HEADING_X] + away_y * bodies[j, HEADING_Y]
            weight_i = parameters.aside + front * (1.0 + seen_i)
            weight_j = parameters.aside + front * (1.0 + seen_j)
            sum_x += weight_i * f_x
            sum_y += weight_i * f_y
            bodies[j, A_X] -= weight_j * f_x
            bodies[j, A_Y] -= weight_j * f_y
        brake = (paces[i, LEFT] - paces[i, DESIRED]) / parameters.relaxation
        bodies[i, A_X] += sum_x + brake * bodies[i, HEADING_X]
        bodies[i, A_Y] += sum_y + brake * bodies[i, HEADING_Y]
    return num_close


@inlined_njit
def wall_force(
    x: float,
    y: float,
    near_walls: Float[np.ndarray, "body near 5"],
    body: int,
    num_near: int,
    parameters: WalkingParameters,
) -> tuple[float, float, float]:
    """Acceleration away from the nearest walls, A exp((R - d) / B) from the nearest point of each, m/s².

    Args:
        x: Own position, m.
        y: The second coordinate.
        near_walls: For each body the walls near it: start, vector to the end (m), one over the length squared.
        body: Whose walls.
        num_near: How many they are.
        parameters: Of the model.

    Returns:
        The acceleration, and the square of the distance of the nearest wall, m² (infinite where none is listed).
    """
    f_x, f_y, least = 0.0, 0.0, math.inf
    faint = parameters.radius + FAINT * parameters.reach
    for number in range(num_near):
        off_x, off_y = x - near_walls[body, number, 0], y - near_walls[body, number, 1]
        along_x, along_y = near_walls[body, number, 2], near_walls[body, number, 3]
        share = (off_x * along_x + off_y * along_y) * near_walls[body, number, 4]
        share = min(max(share, 0.0), 1.0)
        out_x, out_y = off_x - share * along_x, off_y - share * along_y
        distance_squared = out_x * out_x + out_y * out_y
        least = min(least, distance_squared)
        if 0.0 < distance_squared < faint * faint:
            distance = math.sqrt(distance_squared)
            push = parameters.strength * math.exp((parameters.radius - distance) / parameters.reach) / distance
            f_x, f_y = f_x + push * out_x, f_y + push * out_y
    return f_x, f_y, least
