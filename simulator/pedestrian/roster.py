"""Roster: who is in the scene, in an order that a walk which goes on from a state finds again."""

from __future__ import annotations

import math

import numpy as np

from pathcast.compiled import njit
from pathcast.simulator.pedestrian.state import WALKING, Walkers


@njit
def gather(walkers: Walkers, look_s: float, active: np.ndarray) -> int:
    """Lists those who are there: first, in rising order, who came up to an instant, then the others as they came."""
    num_there, num_later = 0, 0
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] == WALKING and walkers.entered_s[i] <= look_s:
            active[num_there] = i
            num_there += 1
        elif walkers.phase[i] == WALKING:
            num_later += 1
    since_s = look_s
    while num_later > 0:
        next_s = math.inf
        for i in range(walkers.phase.shape[0]):
            if walkers.phase[i] == WALKING and walkers.entered_s[i] > since_s:
                next_s = min(next_s, walkers.entered_s[i])
        for i in range(walkers.phase.shape[0]):
            if walkers.phase[i] == WALKING and walkers.entered_s[i] == next_s:
                active[num_there] = i
                num_there, num_later = num_there + 1, num_later - 1
        since_s = next_s
    return num_there


@njit
def without_gone(walkers: Walkers, num_there: int, active: np.ndarray) -> int:
    """Strikes those who have left off the list."""
    num_left = 0
    for number in range(num_there):
        if walkers.phase[active[number]] == WALKING:
            active[num_left] = active[number]
            num_left += 1
    return num_left


@njit
def append(walkers: Walkers, now_s: float, num_there: int, active: np.ndarray) -> int:
    """Lists those who have just come in, too."""
    num = without_gone(walkers, num_there, active)
    for i in range(walkers.phase.shape[0]):
        if walkers.phase[i] == WALKING and walkers.entered_s[i] == now_s and walkers.entered[i] >= 0:
            active[num] = i
            num += 1
    return num
