"""The forces between people and from walls, as accelerations (docs/theory_pedestrian.md has the equations)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.contact import is_hidden, nearest_point
from pathcast.simulator.pedestrian.parameters import WalkingParameters

FAINT = 10.0
"""Reaches B beyond contact from which a push, less than exp(-10) of its strength, is left out."""
LATE = 3.0
"""Horizons t0 from which a collision to come, less than exp(-3) / t³ of a near one, is left out."""


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
    return float((b - math.sqrt(discriminant)) / a)


@njit
def collision_force(x: float, y: float, v_x: float, v_y: float, parameters: WalkingParameters) -> tuple[float, float]:
    """Acceleration that turns one walker away from a collision to come, m/s².

    Minus the gradient, with respect to the own position, of E(t) = k / t² exp(-t / t0), where t is the time to
    collision at constant velocities (Karamouzas, Skinner and Guy 2014, Phys. Rev. Lett. 113, 238701), its length
    bounded by `collision_most` and, for discs that would only graze each other, by `graze`.

    Args:
        x: First coordinate of the position relative to the other walker, m.
        y: The second.
        v_x: Relative velocity, m/s.
        v_y: The second.
        parameters: Of the model.
    """
    contact = 2.0 * parameters.radius
    t = time_to_collision(x, y, v_x, v_y, contact)
    if not t < LATE * parameters.collision_horizon:
        return 0.0, 0.0
    a = v_x * v_x + v_y * v_y
    b = -(x * v_x + y * v_y)
    root = math.sqrt(b * b - a * (x * x + y * y - contact * contact))
    t = max(t, 1e-3)
    slope = (
        parameters.collision_energy
        * math.exp(-t / parameters.collision_horizon)
        / (t * t)
        * (2.0 / t + 1.0 / parameters.collision_horizon)
    )
    root = max(root, parameters.graze * contact * math.sqrt(a))
    f_x = slope / a * ((a * x + b * v_x) / root - v_x)
    f_y = slope / a * ((a * y + b * v_y) / root - v_y)
    size = math.hypot(f_x, f_y)
    if size > parameters.collision_most:
        f_x, f_y = f_x * parameters.collision_most / size, f_y * parameters.collision_most / size
    return f_x, f_y


@njit
def add_people_forces(
    active: np.ndarray,
    position: Float[np.ndarray, "person 2"],
    velocity: Float[np.ndarray, "person 2"],
    heading: Float[np.ndarray, "person 2"],
    walls: Float[np.ndarray, "wall 4"],
    parameters: WalkingParameters,
    acceleration: Float[np.ndarray, "person 2"],
) -> None:
    """Adds to the accelerations (m/s²) what the people in `active` do to each other.

    Both parts act along one vector f for a pair and are weighted by where the other is seen: w f on one, -w f on the
    other, w = lambda + (1 - lambda) (1 + cos phi) / 2 with phi the angle between the own heading and the other.
    People with a wall between them anticipate no collision.
    """
    contact = 2.0 * parameters.radius
    faint = contact + FAINT * parameters.reach
    for one in range(active.shape[0]):
        i = active[one]
        for two in range(one + 1, active.shape[0]):
            j = active[two]
            x, y = position[i, 0] - position[j, 0], position[i, 1] - position[j, 1]
            distance_squared = x * x + y * y
            if distance_squared > parameters.sight * parameters.sight:
                continue
            distance = math.sqrt(distance_squared)
            away_x, away_y = (x / distance, y / distance) if distance > 1e-9 else (1.0, 0.0)
            f_x, f_y = collision_force(
                x, y, velocity[i, 0] - velocity[j, 0], velocity[i, 1] - velocity[j, 1], parameters
            )
            if (f_x != 0.0 or f_y != 0.0) and is_hidden(
                position[i, 0], position[i, 1], position[j, 0], position[j, 1], walls
            ):
                f_x, f_y = 0.0, 0.0
            if distance < faint:
                push = parameters.strength * math.exp((contact - distance) / parameters.reach)
                f_x, f_y = f_x + push * away_x, f_y + push * away_y
            if f_x == 0.0 and f_y == 0.0:
                continue
            seen_i = -(away_x * heading[i, 0] + away_y * heading[i, 1])
            seen_j = away_x * heading[j, 0] + away_y * heading[j, 1]
            weight_i = parameters.aside + (1.0 - parameters.aside) * 0.5 * (1.0 + seen_i)
            weight_j = parameters.aside + (1.0 - parameters.aside) * 0.5 * (1.0 + seen_j)
            acceleration[i, 0] += weight_i * f_x
            acceleration[i, 1] += weight_i * f_y
            acceleration[j, 0] -= weight_j * f_x
            acceleration[j, 1] -= weight_j * f_y


@njit
def wall_force(
    x: float, y: float, walls: Float[np.ndarray, "wall 4"], parameters: WalkingParameters
) -> tuple[float, float]:
    """Acceleration away from the walls, A exp((R - d) / B) from the nearest point of each, m/s²."""
    f_x, f_y = 0.0, 0.0
    faint = parameters.radius + FAINT * parameters.reach
    for number in range(walls.shape[0]):
        near_x, near_y = nearest_point(x, y, walls, number)
        out_x, out_y = x - near_x, y - near_y
        distance_squared = out_x * out_x + out_y * out_y
        if 0.0 < distance_squared < faint * faint:
            distance = math.sqrt(distance_squared)
            push = parameters.strength * math.exp((parameters.radius - distance) / parameters.reach) / distance
            f_x, f_y = f_x + push * out_x, f_y + push * out_y
    return f_x, f_y
