"""What the outcome head reads of a shot: what became of sample flights, and where the ball is seen from the hoop."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from pathcast.compiled import njit
from pathcast.model.frontends.ball.columns import (
    COUNT,
    COVARIANCE,
    FIRST_PLACE,
    FIRST_TIME,
    MEAN,
    SUSPICION,
    TIME,
    TOUCHED,
)
from pathcast.model.frontends.ball.samples import OPEN

NUM_CLASSES: Final = 4
"""Swish, off the rim, off the board, missed."""
OUTCOME_NAMES: Final = ("made", "swish", "rim", "board")
NUM_SHOT_INPUTS: Final = 32
SHOT_HORIZON_S: Final = 2.2
"""A shot is decided within it of any observation."""


@njit
def write_shots(rows: Any, landmark: Any, outcomes: Any, crossings: Any, inputs: Any) -> None:
    """Writes the outcome head's inputs; the first four are logarithms of shares of the sample flights.

    Args:
        rows: Filters, their means as estimated. Shape [track, column].
        landmark: Of the hoop, as of `inputs.write_head`. Shape [6].
        outcomes, crossings: Of `samples.fly_samples`.
        inputs: Written. Shape [track, NUM_SHOT_INPUTS].
    """
    for track in range(len(rows)):
        row, to = rows[track], inputs[track]
        to[:] = 0.0
        num = outcomes.shape[1]
        counts = np.zeros(5)
        crossed, miss, mean, square, when = 0.0, np.zeros(2), np.zeros(5), np.zeros(2), 0.0
        dx, dy = landmark[1] - row[MEAN], landmark[2] - row[MEAN + 1]
        away = math.hypot(dx, dy)
        cosine, sine = (dx / away, dy / away) if away > 1e-6 else (1.0, 0.0)
        inside = 0.0
        for sample in range(num):
            counts[outcomes[track, sample]] += 1.0
            crossing = crossings[track, sample]
            if crossing[0] > 0.0:
                crossed += 1.0
                inside += crossing[7]
                mx, my = crossing[2] - landmark[1], crossing[3] - landmark[2]
                miss[0], miss[1] = cosine * mx + sine * my, cosine * my - sine * mx
                for axis in range(2):
                    mean[axis] += miss[axis]
                    square[axis] += miss[axis] * miss[axis]
                for axis in range(3):
                    mean[2 + axis] += crossing[4 + axis]
                when += crossing[1]
        counts[3] += counts[OPEN]
        for kind in range(NUM_CLASSES):
            to[kind] = math.log((counts[kind] + 0.25) / (num + 1.0))
        to[4] = counts[OPEN] / num
        to[5] = crossed / num
        to[6] = inside / num
        if crossed > 0.0:
            for axis in range(2):
                middle = mean[axis] / crossed
                to[7 + axis] = min(max(middle, -1.0), 1.0) / 0.2
                to[9 + axis] = math.log(math.sqrt(max(square[axis] / crossed - middle * middle, 0.0)) + 1e-3)
            vx, vy = mean[2] / crossed, mean[3] / crossed
            to[11] = (cosine * vx + sine * vy) / 5.0
            to[12] = (cosine * vy - sine * vx) / 5.0
            to[13] = mean[4] / crossed / 5.0
            to[14] = when / crossed
        to[15] = math.log(away + 0.05)
        to[16] = (row[MEAN + 2] - landmark[3]) / 2.0
        to[17] = (cosine * row[MEAN + 3] + sine * row[MEAN + 4]) / 5.0
        to[18] = (cosine * row[MEAN + 4] - sine * row[MEAN + 3]) / 5.0
        to[19] = row[MEAN + 5] / 5.0
        for index in range(3):
            to[20 + index] = row[TOUCHED + index]
        to[23] = cosine * landmark[4] + sine * landmark[5]
        to[24] = cosine * landmark[5] - sine * landmark[4]
        to[25] = math.log(row[TIME] - row[FIRST_TIME] + 0.02)
        to[26] = min(row[COUNT], 40.0) / 40.0
        to[27] = 1.0 if row[SUSPICION] > 0.0 else 0.0
        to[28] = 0.5 * math.log(row[COVARIANCE + 3 * 6 // 2] + 1e-9)
        # Free throws are thrown otherwise than three-pointers, from a line that none of those start within.
        first_x, first_y = row[FIRST_PLACE] - landmark[1], row[FIRST_PLACE + 1] - landmark[2]
        first_away = math.hypot(first_x, first_y)
        to[29] = (first_away - 5.5) / 1.5
        to[30] = math.tanh((first_away - 5.5) / 0.3)
        to[31] = (row[FIRST_PLACE + 2] - landmark[3]) / 2.0


def probabilities_of(
    classes: Float[np.ndarray, "track class"],
) -> Float[np.ndarray, "track outcome"]:
    """Probabilities of `OUTCOME_NAMES` from those of the classes. float32."""
    made = classes[:, :3].sum(axis=1, keepdims=True)
    return np.concatenate([made, classes[:, :3]], axis=1).astype(np.float32)
