"""The whole list of checks, and the run of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pathcast.simulator.pedestrian.validation.bottleneck import bottlenecks, rooms_in_a_row
from pathcast.simulator.pedestrian.validation.checks import Check
from pathcast.simulator.pedestrian.validation.counterflow import counterflow, never_frozen
from pathcast.simulator.pedestrian.validation.fundamental_diagram import fundamental_diagram, open_corridor_states
from pathcast.simulator.pedestrian.validation.groups import groups
from pathcast.simulator.pedestrian.validation.invariance import finer_step, same_bits, turned_place
from pathcast.simulator.pedestrian.validation.rimea import (
    around_a_corner,
    corner_and_corridors,
    drawn_speeds,
    kinds_of_people,
    one_walker,
    public_rooms,
    told_exits,
)
from pathcast.simulator.pedestrian.validation.trial import Trial


@dataclass(frozen=True)
class Case:
    """Checks that come from the same walks."""

    title: str
    judge: Callable[[Trial], list[Check]]
    is_slow: bool = False
    """Takes seconds rather than a fraction of one."""


CASES: Final = (
    Case("one walker", one_walker),
    Case("desired speeds", drawn_speeds),
    Case("kinds of people", kinds_of_people),
    Case("corner", around_a_corner),
    Case("corner and corridors", corner_and_corridors, True),
    Case("public room", public_rooms, True),
    Case("cabins", told_exits),
    Case("fundamental diagram", fundamental_diagram, True),
    Case("open corridor", open_corridor_states, True),
    Case("two-way flow", counterflow),
    Case("bottlenecks", bottlenecks, True),
    Case("rooms in a row", rooms_in_a_row, True),
    Case("groups", groups, True),
    Case("turned place", turned_place),
    Case("same bits", same_bits),
    Case("finer step", finer_step),
    Case("nobody frozen", never_frozen, True),
)


def cases(quick: bool = False) -> tuple[Case, ...]:
    """All cases, or those that take a moment only."""
    return tuple(case for case in CASES if not (quick and case.is_slow))


def validate(trial: Trial, quick: bool = False) -> Iterator[list[Check]]:
    """Runs the cases one after the other.

    Args:
        trial: The model and its half of the seeds.
        quick: Leaves the slow ones out.
    """
    for case in cases(quick):
        yield case.judge(trial)
