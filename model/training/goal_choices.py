"""Choices between goals that training asks about: exits of a venue under a few disguises, and places that are no goal.

In a third of the cases on average the true goal is not among the candidates, and the answer is none of them. The truth
is the goal that the simulated person has in mind at that instant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

NONE_SHARE = 0.35
"""Of the cases in which the true goal is left out."""
MOST_DECOYS = 3
POINT_SHARE, BEYOND_SHARE = 0.2, 0.2
"""Of candidates named by their middle alone, and named up to `BEYOND_M` beyond the door."""
BEYOND_M = 6.0
CLEAR_M = 2.5
"""A decoy is no nearer than this to the true goal."""
MARGIN_M = 3.0
"""Decoys lie up to this far outside the venue."""


@dataclass(frozen=True, eq=False)
class GoalChoices:
    """Candidates and the true choice, one row for each forecast (tracks first, then their ends)."""

    places: Float[np.ndarray, "row goal 4"]
    """Ends x0 y0 x1 y1, metres; 0 where there is none. float64."""
    present: Bool[np.ndarray, "row goal"]
    """Whether there is a candidate."""
    answer: Int[np.ndarray, " row"]
    """Index of the true one, or the number of columns for none of them."""


def draw_choices(
    exits: Float[np.ndarray, "row exit 4"],
    is_exit: Bool[np.ndarray, "row exit"],
    goal: Int[np.ndarray, " row"],
    most: int,
    random: np.random.Generator,
) -> GoalChoices:
    """Candidates for each row: some of its exits and some decoys, in any order.

    Args:
        exits: Of each row's venue.
        is_exit: Whether there is one.
        goal: The true exit of each row.
        most: Candidates at most.
        random: All the randomness.
    """
    num, num_exits, _ = exits.shape
    rows = np.arange(num)
    decoys, is_clear = _decoys(exits, is_exit, exits[rows, goal], random)
    places = np.concatenate([_disguise(exits, is_exit, random), decoys], axis=1)
    wish = random.random((num, places.shape[1]))
    is_named = wish < random.uniform(0.3, 1.2, (num, 1))
    is_named[:, :num_exits] &= is_exit
    has_decoys = random.random((num, 1)) < 0.5
    is_named[:, num_exits:] = is_clear & has_decoys & (random.random(is_clear.shape) < 0.5)
    is_named[rows, goal] = random.random(num) >= NONE_SHARE
    # Something is asked about always: a decoy, or the true goal where the decoy would be mistaken for it.
    is_empty = ~is_named.any(axis=1)
    is_named[is_empty & is_clear[:, 0], num_exits] = True
    is_named[rows, goal] |= is_empty & ~is_clear[:, 0]
    # The true goal stays where there is not room for all; the order is any.
    rank = np.where(is_named, random.random(is_named.shape), 2.0)
    rank[rows, goal] = np.where(is_named[rows, goal], -1.0, 2.0)
    kept = np.argsort(rank, axis=1, kind="stable")[:, :most]
    shuffled = np.where(np.take_along_axis(is_named, kept, 1), random.random(kept.shape), 2.0)
    kept = np.take_along_axis(kept, np.argsort(shuffled, axis=1, kind="stable"), 1)
    present = np.take_along_axis(is_named, kept, 1)
    is_true = (kept == goal[:, None]) & present
    answer = np.where(is_true.any(axis=1), is_true.argmax(axis=1), most)
    named = np.where(present[:, :, None], places[rows[:, None], kept], 0.0)
    short = most - kept.shape[1]
    if short > 0:
        named = np.pad(named, ((0, 0), (0, short), (0, 0)))
        present = np.pad(present, ((0, 0), (0, short)))
    return GoalChoices(named, present, answer.astype(np.int64))


def _disguise(
    exits: Float[np.ndarray, "row exit 4"], is_exit: Bool[np.ndarray, "row exit"], random: np.random.Generator
) -> Float[np.ndarray, "row exit 4"]:
    """Exits as a caller might name them: as they are, by a point, or by a place beyond them."""
    middle = 0.5 * (exits[..., :2] + exits[..., 2:])
    centre = _centre(exits, is_exit)
    outward = middle - centre[:, None]
    outward /= np.maximum(np.linalg.norm(outward, axis=2, keepdims=True), 1e-6)
    shape = (*is_exit.shape, 1)
    beyond = outward * np.where(random.random(shape) < BEYOND_SHARE, random.uniform(0, BEYOND_M, shape), 0.0)
    half = np.where(random.random(shape) < POINT_SHARE, 0.0, 0.5) * (exits[..., 2:] - exits[..., :2])
    return np.concatenate([middle - half + beyond, middle + half + beyond], axis=2)


def _centre(
    exits: Float[np.ndarray, "row exit 4"], is_exit: Bool[np.ndarray, "row exit"]
) -> Float[np.ndarray, "row 2"]:
    """Middle of each row's exits."""
    middle = np.where(is_exit[..., None], 0.5 * (exits[..., :2] + exits[..., 2:]), 0.0)
    return np.asarray(middle.sum(axis=1) / np.maximum(is_exit.sum(axis=1), 1)[:, None])


def _decoys(
    exits: Float[np.ndarray, "row exit 4"],
    is_exit: Bool[np.ndarray, "row exit"],
    true: Float[np.ndarray, "row 4"],
    random: np.random.Generator,
) -> tuple[Float[np.ndarray, "row decoy 4"], Bool[np.ndarray, "row decoy"]]:
    """Points and segments anywhere in and around the venue, and whether they are clear of the true goal."""
    num = len(exits)
    ends = exits.reshape(num, -1, 2)
    there = np.repeat(is_exit, 2, axis=1)[..., None]
    low = np.where(there, ends, np.inf).min(axis=1) - MARGIN_M
    high = np.where(there, ends, -np.inf).max(axis=1) + MARGIN_M
    middle = low[:, None] + random.random((num, MOST_DECOYS, 2)) * (high - low)[:, None]
    half = 0.5 * np.where(random.random((num, MOST_DECOYS)) < 0.4, 0.0, random.uniform(0.5, 5.0, (num, MOST_DECOYS)))
    angle = random.uniform(0, np.pi, (num, MOST_DECOYS))
    side = half[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=2)
    along = true[:, 2:] - true[:, :2]
    away = middle - true[:, None, :2]
    share = (away * along[:, None]).sum(axis=2) / np.maximum((along**2).sum(axis=1), 1e-9)[:, None]
    near = true[:, None, :2] + np.clip(share, 0, 1)[..., None] * along[:, None]
    is_clear = np.linalg.norm(middle - near, axis=2) - half >= CLEAR_M
    return np.concatenate([middle - side, middle + side], axis=2), is_clear
