"""Chains: the observations of a person that the streaming front end makes steps of, from any of them on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.training.crowd_sensor import SPAN_S, Seen

NEW_SHARE, CLOSE_SHARE = 0.5, 0.05
"""Of the chains: those that begin where the person is first seen, and those of two observations too close together to
be two steps otherwise, where the clock has such."""
LEAST_WEIGHT_S = 0.4


@dataclass(frozen=True, eq=False)
class Chains:
    """One for each drawn track.

    Steps are as far apart as the front end waits, but for the newest observation, which takes the place of the one
    that it would wait with: what the network sees after the last end of a chain is what it sees in a stream.
    """

    rows: Int[np.ndarray, "track step"]
    """Rows of what was seen; beyond a chain's last end the row repeats."""
    ends: Int[np.ndarray, "track end"]
    """Steps after which a forecast is made, from 1, rising along each track."""


def draw_chains(
    seen: Seen,
    last_s: Float[np.ndarray, " person"],
    num: int,
    num_ends: int,
    num_steps: int,
    random: np.random.Generator,
    short_share: float = 0.0,
) -> Chains:
    """Chains of people drawn by how long they are seen.

    Args:
        seen: What the sensor saw.
        last_s: Of each person: when a forecast can last be judged.
        num: Chains.
        num_ends: Forecasts of each.
        num_steps: Steps at most.
        random: All the randomness.
        short_share: Of the ends that are drawn evenly by the logarithm of their number, not by the number.
    """
    after = seen.next_step()
    people = np.arange(len(seen.which))
    last_row = np.searchsorted(seen.rising, last_s + SPAN_S * people + 1e-9, side="right") - 1
    is_first = after <= last_row[seen.person]  # a step that another one follows; so are all before it
    num_first = np.bincount(seen.person[is_first], minlength=len(people))
    latest = np.where(num_first > 0, seen.starts[:-1] + num_first - 1, 0)
    begin = np.where(num_first > 0, seen.starts[:-1], 0)
    weight = np.where(num_first > 0, seen.time[latest] - seen.time[begin] + LEAST_WEIGHT_S, 0.0)
    person = random.choice(len(people), num, p=weight / weight.sum())
    first_s, span = seen.time[begin[person]], seen.time[latest[person]] - seen.time[begin[person]]
    sought = np.where(random.random(num) < NEW_SHARE, 0.0, random.random(num)) * span + first_s
    row = np.searchsorted(seen.rising, sought + SPAN_S * person - 1e-9).clip(begin[person], latest[person])
    rows, length = np.repeat(row[:, None], num_steps, axis=1), np.ones(num, np.int64)
    for step in range(1, num_steps):
        follows = after[rows[:, step - 1]]
        goes_on = (length == step) & (follows <= last_row[person])
        rows[:, step] = np.where(goes_on, follows, rows[:, step - 1])
        length += goes_on
    ends = 1 + (random.random((num, num_ends)) * (length[:, None] - 1)).astype(np.int64)
    if short_share:
        short = length[:, None] ** random.random((num, num_ends))
        ends = np.where(random.random((num, num_ends)) < short_share, short.astype(np.int64), ends)
    ends = np.sort(ends, axis=1).clip(max=length[:, None] - 1)
    between = after[row] - row - 1
    is_close = (random.random(num) < CLOSE_SHARE) & (between > 0)
    ends[is_close] = 1
    track, last = np.arange(num), ends[:, -1]
    waiting = np.where(is_close, row + 1, rows[track, last])
    room = np.where(is_close, between, np.minimum(after[waiting], last_row[person] + 1) - waiting)
    newest = waiting + (random.random(num) * room).astype(np.int64)
    return Chains(np.where(np.arange(num_steps) < last[:, None], rows, newest[:, None]), ends)
