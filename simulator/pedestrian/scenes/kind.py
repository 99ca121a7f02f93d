"""Kind: the declarative description of a family of scenes, from which each scene is drawn at random."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import Intent
from pathcast.simulator.pedestrian.scene import Scene, as_scene
from pathcast.venue import Venue

Range = tuple[float, float]
"""Least and most of what is drawn uniformly for each scene; where both are ints, a whole number, both included."""

OPPOSITE: Final = "opposite"
"""Goal of a flow: the exit half-way round from the one come in by, in the order of the venue's exits."""

RATES: Final[Mapping[Intent, Range]] = MappingProxyType(
    {
        Intent.GOAL: (0.005, 0.02),
        Intent.DWELL: (0.005, 0.015),
        Intent.SPEED: (0.005, 0.015),
        Intent.TURN: (0.0, 0.005),
        Intent.JOIN: (0.0, 0.005),
        Intent.LEAVE: (0.0, 0.01),
    }
)
"""Usual changes of intent per person and second."""


@dataclass(frozen=True)
class Flow:
    """Some of the people: from which exits to which."""

    entry: str = "*"
    """Pattern of the names of exits that they come from: `west`, `gate*`, `*` for any."""
    goal: str = "*"
    """Pattern of the names of exits that they walk to, never the one that they come from; or `opposite`."""
    share: Range = (1.0, 1.0)
    """Weight among the kind's flows, drawn for each scene."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """Scenes of one kind: every range is drawn from anew for each scene.

    Your own kind of scenes is a `Kind` with a function that makes a place of the drawn measures, or one around a
    venue of yours: `fixed_kind`.
    """

    name: str
    """Also the name of its random numbers: kinds that share one share these."""
    place: Callable[[Mapping[str, float], np.random.Generator], Venue | Scene]
    """Makes the place from the drawn measures; the generator is for whatever else is random there."""
    summary: str = ""
    measures: Mapping[str, Range] = field(default_factory=dict)
    """What is drawn for each place, by name; lengths in metres, times in seconds."""
    people: tuple[int, int] = (6, 24)
    """Least and most in a scene, over its whole duration."""
    flows: tuple[Flow, ...] = (Flow(),)
    """Who goes where."""
    in_groups: Range = (0.0, 0.7)
    """Share of the people who walk in groups of 2 to 4; up to 0.7 in towns (Moussaid et al. 2010)."""
    starts_inside: Range = (0.3, 0.7)
    """Share of the people who are there from the beginning."""
    arrivals: Range = (0.8, 0.8)
    """Share of the duration over which the others come in."""
    rates: Mapping[Intent, Range] = field(default_factory=lambda: RATES)
    """Changes of intent per person and second, of all that are not left out."""
    chooses: Range = (0.0, 0.5)
    """Share of the people who choose their way anew in a zone."""
    keeps_lane: bool = False
    """Whether people leave at about the place of the exit's width at which they came in: for corridors."""

    def __post_init__(self) -> None:
        where = f"kind {self.name or '(unnamed)'}"
        if not self.name or self.name == ALL:
            raise InputError("kind: name", f"one, and not {ALL!r}", repr(self.name))
        for name, given in self.measures.items():
            _check_range(f"{where}: measures[{name!r}]", given, -math.inf, math.inf)
        for name in ("in_groups", "starts_inside", "arrivals", "chooses"):
            _check_range(f"{where}: {name}", getattr(self, name), 0.0, 0.95 if name == "in_groups" else 1.0)
        for intent, rate in self.rates.items():
            if intent not in RATES:
                raise InputError(f"{where}: rates", " or ".join(each.name for each in RATES), str(intent))
            _check_range(f"{where}: rates[{intent.name}]", rate, 0.0, 10.0)
        if not self.flows:
            raise InputError(f"{where}: flows", "one at least", "none")
        for flow in self.flows:
            _check_range(f"{where}: share of the flow from {flow.entry} to {flow.goal}", flow.share, 0.0, math.inf)

    def scene(self, seed: int, index: int) -> Scene:
        """The place of one scene, the same whenever it is asked for.

        Args:
            seed: Of the whole crowd.
            index: Global index of the scene.

        Raises:
            InputError: A seed or index out of range, or what `place` raises.
        """
        source = generator(seed, f"pedestrian.{self.name}.venue", index)
        shares = source.random(len(self.measures))
        drawn = {name: draw(given, share) for (name, given), share in zip(self.measures.items(), shares, strict=True)}
        return as_scene(self.place(drawn, source))


ALL: Final = "all"
"""Name of the mix of all kinds: scene by scene, one after the other."""


def draw(given: Range, share: float) -> float:
    """The number that stands at a share, in [0, 1), of a range; whole where both ends are ints."""
    least, most = given
    if isinstance(least, int) and isinstance(most, int):
        return least + int(share * (most - least + 1))
    return least + float(share) * (most - least)


def fixed_kind(place: Venue | Scene) -> Kind:
    """People of the usual manners in one place: any exit to any other."""
    return Kind(name=as_scene(place).venue.name, place=lambda _measures, _source: place)


def ways(
    kind: Kind, exits: Sequence[str], shares: Float[np.ndarray, " flow"]
) -> tuple[Int[np.ndarray, "way 2"], Float[np.ndarray, " way"]]:
    """All pairs of an entry and a goal that people of a kind take, and how they are spread over them.

    Args:
        kind: Of the scene.
        exits: Names, in the venue's order.
        shares: Weight of each flow.

    Raises:
        InputError: A flow without such an exit, or flows of no weight at all.
    """
    pairs: list[tuple[int, int]] = []
    weights: list[float] = []
    for flow, share in zip(kind.flows, shares, strict=True):
        found = _pairs(kind, flow, exits)
        pairs += found
        weights += [float(share) / len(found)] * len(found)
    total = sum(weights)
    if not total > 0:
        raise InputError(f"kind {kind.name}: shares of the flows", "over 0 together", f"{total}")
    return np.array(pairs, np.int64), np.cumsum(weights) / total


def _pairs(kind: Kind, flow: Flow, exits: Sequence[str]) -> list[tuple[int, int]]:
    entries = [number for number, name in enumerate(exits) if fnmatchcase(name, flow.entry)]
    if flow.goal == OPPOSITE:
        found = [(entry, (entry + len(exits) // 2) % len(exits)) for entry in entries]
    else:
        goals = [number for number, name in enumerate(exits) if fnmatchcase(name, flow.goal)]
        found = [(entry, goal) for entry in entries for goal in goals if entry != goal or len(exits) == 1]
    if not found:
        where = f"kind {kind.name}: flow from {flow.entry} to {flow.goal}"
        raise InputError(where, f"patterns of two of the exits {', '.join(exits)}", "no such way")
    return found


def _check_range(where: str, given: Range, least: float, most: float) -> None:
    if len(given) != 2 or not (least <= given[0] <= given[1] <= most and all(map(math.isfinite, given))):
        raise InputError(where, f"(least, most) between {least:g} and {most:g}", f"{given}")
