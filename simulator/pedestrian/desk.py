"""Desk: the working arrays of one scene, set up once, so that no step asks for memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from pathcast.compiled import njit


class Desk(NamedTuple):
    """Working arrays of one scene. Those there, in the order of `active`, are `bodies`; lists hold bodies."""

    active: Int[np.ndarray, " body"]
    """Number of the person, of each body."""
    body: Float[np.ndarray, "body 8"]
    """Half a step ahead."""
    group: Int[np.ndarray, " body"]
    pace: Float[np.ndarray, " body"]
    """Desired speed as one of a group, m/s."""
    head: Int[np.ndarray, " group"]
    following: Int[np.ndarray, " body"]
    reach: Float[np.ndarray, " body"]
    """Two who see each other before they look again are within the sum of theirs now, m."""
    pair_starts: Int[np.ndarray, " body_and_end"]
    aim: Float[np.ndarray, "body 6"]
    """What each one walks to, as `set_aim` writes it down."""
    near_walls: Float[np.ndarray, "body wall 5"]
    num_walls: Int[np.ndarray, " body"]
    is_at_exit: Int[np.ndarray, " body"]
    is_at_wall: Int[np.ndarray, " body"]
    old: Float[np.ndarray, "body 2"]
    """Place before the step, m."""
    close: Int[np.ndarray, "pair 2"]
    paces: Float[np.ndarray, "body 2"]
    """Speed desired now, nothing for who stands on purpose, and what of it those ahead leave, m/s."""


@njit
def set_up_desk(num: int, num_walls: int) -> Desk:
    """An empty desk for so many people and walls."""
    return Desk(
        np.empty(num, np.int64),
        np.zeros((num, 8)),
        np.empty(num, np.int64),
        np.empty(num),
        np.empty(num, np.int64),
        np.empty(num, np.int64),
        np.empty(num),
        np.zeros(num + 1, np.int64),
        np.zeros((num, 6)),
        np.empty((num, num_walls, 5)),
        np.zeros(num, np.int64),
        np.zeros(num, np.int64),
        np.zeros(num, np.int64),
        np.empty((num, 2)),
        np.empty((24 * num, 2), np.int64),
        np.zeros((num, 2)),
    )
