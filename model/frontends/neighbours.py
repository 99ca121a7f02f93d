"""Neighbours: the people nearest to each walker, seen from where the walker is and which way they head.

Only what is known at the walker's own newest observation is looked at: where the others were last seen, carried on
with their own velocity if that was a moment ago, and how they moved. Directions and velocities are rotated into the
walker's heading, so inputs depend neither on the origin nor on the axes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit

NUM_NEIGHBOUR_INPUTS = 14
LOOK_S = 1.2
"""People who were not seen for longer than this are not there any more, seconds."""
AHEAD_S = 4.8
"""How far ahead a closest approach is looked for, seconds."""
OWN_TIME, OWN_X, OWN_Y, OWN_COSINE, OWN_SINE, OWN_SCALE, OWN_VX, OWN_VY = range(8)
TIME, X, Y, VX, VY, KNOWN = range(6)


@njit
def find_nearest(
    own: Float[np.ndarray, "track 8"],
    index: Int[np.ndarray, " track"],
    people: Float[np.ndarray, "person 6"],
    scene: Int[np.ndarray, " person"],
    stretch: Float[np.ndarray, "track 2"],
    most: int,
) -> Int[np.ndarray, "track neighbour"]:
    """The people nearest to each track, nearest first; -1 where there are fewer.

    Args:
        own: Time (s), place (m), cosine and sine of the heading, scale (m/s), velocity (m/s) of each track.
        index: The track's own row among the people.
        people: Time, place, velocity, and 1 where the velocity is known.
        scene: Of each person, ascending.
        stretch: What x and y of people are multiplied by for each track.
        most: Most neighbours of a track.
    """
    found = np.full((len(own), most), -1)
    distances = np.empty(most)
    for track in range(len(own)):
        wide, high = stretch[track, 0], stretch[track, 1]
        me = index[track]
        count = 0
        first = np.searchsorted(scene, scene[me])
        end = np.searchsorted(scene, scene[me], side="right")
        for other in range(first, end):
            since = own[track, OWN_TIME] - people[other, TIME]
            if other == me or abs(since) > LOOK_S:
                continue
            x = wide * (people[other, X] + people[other, VX] * since) - own[track, OWN_X]
            y = high * (people[other, Y] + people[other, VY] * since) - own[track, OWN_Y]
            distance = np.sqrt(x * x + y * y)
            if count == most and distance >= distances[count - 1]:
                continue
            place = count if count < most else most - 1
            while place > 0 and distances[place - 1] > distance:
                distances[place] = distances[place - 1]
                found[track, place] = found[track, place - 1]
                place -= 1
            distances[place] = distance
            found[track, place] = other
            count = min(count + 1, most)
    return found


@njit
def look_at(
    own: Float[np.ndarray, "track 8"],
    people: Float[np.ndarray, "person 6"],
    found: Int[np.ndarray, "track neighbour"],
    stretch: Float[np.ndarray, "track 2"],
) -> tuple[Float[np.ndarray, "track neighbour 14"], Float[np.ndarray, "track neighbour"]]:
    """Inputs of the people that were found, 0 where there is none; and 1 where there is one. float32."""
    inputs = np.zeros((*found.shape, NUM_NEIGHBOUR_INPUTS), np.float32)
    present = np.zeros(found.shape, np.float32)
    person = np.empty(6)
    for track in range(len(own)):
        wide, high = stretch[track, 0], stretch[track, 1]
        for slot in range(found.shape[1]):
            if found[track, slot] < 0:
                break
            person[:] = people[found[track, slot]]
            person[X] *= wide
            person[VX] *= wide
            person[Y] *= high
            person[VY] *= high
            _describe(own[track], person, inputs[track, slot])
            present[track, slot] = 1.0
    return inputs, present


@njit
def _describe(own: np.ndarray, person: np.ndarray, inputs: np.ndarray) -> None:
    """One neighbour in the walker's own frame: metres and m/s, brought to about unit size."""
    since = own[OWN_TIME] - person[TIME]
    x = person[X] + person[VX] * since - own[OWN_X]
    y = person[Y] + person[VY] * since - own[OWN_Y]
    cosine, sine, scale = own[OWN_COSINE], own[OWN_SINE], own[OWN_SCALE]
    distance = np.sqrt(x * x + y * y)
    least = max(distance, 1e-6)
    relative_x, relative_y = person[VX] - own[OWN_VX], person[VY] - own[OWN_VY]
    if person[KNOWN] == 0.0:
        relative_x, relative_y = 0.0, 0.0
    speed2 = relative_x * relative_x + relative_y * relative_y
    approach = 0.0
    if speed2 > 1e-12:
        approach = min(max(-(x * relative_x + y * relative_y) / speed2, 0.0), AHEAD_S)
    closest = np.sqrt((x + approach * relative_x) ** 2 + (y + approach * relative_y) ** 2)
    inputs[0] = (cosine * x + sine * y) / least
    inputs[1] = (cosine * y - sine * x) / least
    inputs[2] = distance / 3.0
    inputs[3] = np.exp(-distance / 2.0)
    inputs[4] = cosine * relative_x + sine * relative_y
    inputs[5] = cosine * relative_y - sine * relative_x
    inputs[6] = cosine * person[VX] + sine * person[VY]
    inputs[7] = cosine * person[VY] - sine * person[VX]
    inputs[8] = inputs[4] / scale
    inputs[9] = inputs[5] / scale
    inputs[10] = approach / AHEAD_S
    inputs[11] = np.exp(-closest)
    inputs[12] = person[KNOWN]
    inputs[13] = np.log(1.0 + distance)
