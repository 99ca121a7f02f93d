"""Social force: the simulator's own pedestrian forces, carried forward from the people of an observed frame.

Everybody wants to go on straight ahead at the velocity between their last two observations, to a goal so far away that
nobody reaches it, and gives way to the others as simulated walkers do; there are no walls, groups or sway. So it is
constant velocity for who walks alone, and shows what the forces add (docs/theory_pedestrian.md has the equations).
"""

from __future__ import annotations

import math

import numpy as np

from pathcast.compiled import njit
from pathcast.model.evaluation.windows import Windows
from pathcast.simulator.pedestrian.attention import SLACK
from pathcast.simulator.pedestrian.cells import find_pairs
from pathcast.simulator.pedestrian.contact import separate
from pathcast.simulator.pedestrian.desk import Desk, set_up_desk
from pathcast.simulator.pedestrian.forces import add_people_forces
from pathcast.simulator.pedestrian.motion import move, sense
from pathcast.simulator.pedestrian.parameters import CALIBRATED, STEP_S, WalkingParameters
from pathcast.simulator.pedestrian.state import WALKING
from pathcast.tracks import Tracks

GOAL_M = 1e4
"""How far ahead the goal is, metres."""


def social_force(windows: Windows, tracks: Tracks, parameters: WalkingParameters = CALIBRATED) -> np.ndarray:
    """Where everybody goes, metres. Shape: [window, time, axis].

    Args:
        windows: Who is forecast, with two observations at least, 2 axes.
        tracks: All who are seen in those scenes; of them, who is seen at a window's newest observation and one step
            before it takes part, windows of their own or not. What comes later is not looked at.
        parameters: Of the forces.
    """
    starts, position, velocity, row = _who_is_there(windows, tracks)
    num_steps = math.ceil(windows.step / STEP_S - 1e-9)
    paths = np.empty((len(position), windows.future.shape[1], 2))
    _walk_on(starts, position, velocity, windows.step / num_steps, num_steps, parameters, paths)
    return np.asarray(paths[row])


def _who_is_there(windows: Windows, tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The people of each group one after the other: where each group starts, places, velocities, rows of windows."""
    seen = tracks.select(tracks.valid)
    elapsed = np.diff(seen.time)
    follows = (np.diff(seen.scene) == 0) & (np.diff(seen.track) == 0) & (np.abs(elapsed / windows.step - 1) < 0.01)
    now = np.flatnonzero(follows) + 1
    now = now[np.lexsort((seen.track[now], seen.time[now], seen.scene[now]))]
    body_at: dict[tuple[int, float], list[int]] = {}
    for body in now.tolist():
        body_at.setdefault((int(seen.scene[body]), float(seen.time[body])), []).append(body)
    instants, group = np.unique(np.column_stack([windows.scene, windows.time]), axis=0, return_inverse=True)
    bodies = [body_at[int(scene), float(time)] for scene, time in instants]
    starts = np.cumsum([0, *(len(each) for each in bodies)])
    chosen = np.array([body for each in bodies for body in each], np.int64)
    number = {
        (int(at), int(track)): index
        for index, (at, track) in enumerate(
            zip(np.repeat(np.arange(len(bodies)), np.diff(starts)), seen.track[chosen], strict=True)
        )
    }
    row = [number[int(at), int(track)] for at, track in zip(group.reshape(-1), windows.track, strict=True)]
    velocity = (seen.position[chosen] - seen.position[chosen - 1]) / elapsed[chosen - 1, None]
    return starts, seen.position[chosen], velocity, np.array(row, np.int64)


@njit
def _walk_on(
    starts: np.ndarray,
    positions: np.ndarray,
    velocities: np.ndarray,
    step_s: float,
    num_steps: int,
    parameters: WalkingParameters,
    paths: np.ndarray,
) -> None:
    """Walks each group on by itself and writes down where everybody is after every `num_steps` steps."""
    for number in range(starts.shape[0] - 1):
        first, end = starts[number], starts[number + 1]
        _walk_group(positions[first:end], velocities[first:end], step_s, num_steps, parameters, paths[first:end])


@njit
def _walk_group(
    start: np.ndarray,
    first_velocity: np.ndarray,
    step_s: float,
    num_steps: int,
    parameters: WalkingParameters,
    paths: np.ndarray,
) -> None:
    num = start.shape[0]
    desk = set_up_desk(num, 0)
    position, velocity = start.copy(), first_velocity.copy()
    acceleration, heading = np.zeros((num, 2)), np.zeros((num, 2))
    phase, never = np.full(num, WALKING), np.zeros(num)
    _aim_ahead(position, velocity, desk)
    no_walls, partner = np.empty((0, 4)), np.empty(0, np.int32)
    core = 2.0 * parameters.radius * parameters.core
    for step in range(paths.shape[1] * num_steps):
        sense(
            desk.active,
            phase,
            position,
            velocity,
            acceleration,
            heading,
            never,
            desk.pace,
            desk.aim,
            desk.near_walls,
            desk.num_walls,
            step * step_s,
            step_s,
            0.0,
            math.inf,
            parameters,
            desk.is_at_wall,
            desk.body,
            desk.paces,
        )
        desk.reach[:] = 0.5 * parameters.sight
        partner = find_pairs(desk.body, desk.reach, math.inf, desk.pair_starts, partner)
        num_close = add_people_forces(
            desk.body,
            desk.paces,
            desk.group,
            desk.pair_starts,
            partner,
            no_walls,
            math.inf,
            core + SLACK,
            parameters,
            desk.close,
        )
        most = parameters.speed_most
        move(desk.active, desk.body, phase, desk.pace, step_s, most, position, velocity, acceleration, desk.old)
        if num_close > 0:
            separate(desk.close, num_close, desk.active, math.inf, core, position, velocity)
        if (step + 1) % num_steps == 0:
            paths[:, step // num_steps] = position


@njit
def _aim_ahead(position: np.ndarray, velocity: np.ndarray, desk: Desk) -> None:
    """Everybody's goal is straight ahead, and the speed desired the present one; nobody is of a group."""
    for i in range(position.shape[0]):
        speed = math.hypot(velocity[i, 0], velocity[i, 1])
        desk.active[i], desk.group[i], desk.pace[i] = i, -1, speed
        share = GOAL_M / speed if speed > 0.0 else 0.0
        desk.aim[i, 0] = position[i, 0] + share * velocity[i, 0]
        desk.aim[i, 1] = position[i, 1] + share * velocity[i, 1]
