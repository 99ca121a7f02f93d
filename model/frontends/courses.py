"""Courses: where the people around are expected to go on, seen from where each walker is and which way they head.

A course is a place and several velocities: that of the person's last step, and the same smoothed over longer pasts,
since most of a single step's is noise where a sensor is fast or coarse. Which of them to trust, and for how long, is
left to the network. Only what is known at the walker's own newest observation is looked at.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit
from pathcast.model.frontends.neighbours import OWN_COSINE, OWN_SINE, OWN_TIME, OWN_X, OWN_Y, TIME, VX, VY, X, Y

NUM_VELOCITIES = 4
NUM_COURSE_INPUTS = 2 + 2 * NUM_VELOCITIES


@njit
def look_ahead(
    own: Float[np.ndarray, "track 8"],
    people: Float[np.ndarray, "person 6"],
    smoothed: Float[np.ndarray, "person 6"],
    found: Int[np.ndarray, "track neighbour"],
    stretch: Float[np.ndarray, "track 2"],
) -> Float[np.ndarray, "track neighbour 10"]:
    """Place (m) and velocities (m/s) of the people that were found, x ahead and y to the left; 0 where there is none.

    Args:
        own: As `neighbours.find_nearest` has it.
        people: As there.
        smoothed: Their velocities over longer pasts, 0 where unknown, m/s.
        found: Places among the people, -1 after the last of each track.
        stretch: What x and y of people are multiplied by for each track.
    """
    courses = np.zeros((*found.shape, NUM_COURSE_INPUTS), np.float32)
    for track in range(len(own)):
        cosine, sine = own[track, OWN_COSINE], own[track, OWN_SINE]
        wide, high = stretch[track, 0], stretch[track, 1]
        for slot in range(found.shape[1]):
            person = found[track, slot]
            if person < 0:
                break
            since = own[track, OWN_TIME] - people[person, TIME]
            x = wide * (people[person, X] + people[person, VX] * since) - own[track, OWN_X]
            y = high * (people[person, Y] + people[person, VY] * since) - own[track, OWN_Y]
            for column in range(0, NUM_COURSE_INPUTS, 2):
                if column == 2:
                    x, y = wide * people[person, VX], high * people[person, VY]
                elif column > 2:
                    x, y = wide * smoothed[person, column - 4], high * smoothed[person, column - 3]
                courses[track, slot, column] = cosine * x + sine * y
                courses[track, slot, column + 1] = cosine * y - sine * x
    return courses
