"""Population: draws the people of a scene, in groups that come and start together."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import brentq

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.entering import ELBOW_ROOM
from pathcast.simulator.pedestrian.parameters import CALIBRATED
from pathcast.simulator.pedestrian.people import People, desired_speeds
from pathcast.simulator.pedestrian.places import exit_rows, wall_rows
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes.kind import Kind, draw, ways
from pathcast.simulator.pedestrian.settling import settle

PLACES_TRIED: Final = 12
"""Random places at which a group that starts inside looks for room; one that finds none comes in by an exit."""
ABREAST_M: Final = 0.75
"""Between two who start side by side, m (Moussaid et al. 2010 observed 0.6 to 1.0 m)."""
LARGEST_GROUP: Final = 4


@lru_cache(maxsize=4096)
def group_rate(in_groups: float) -> float:
    """Rate of the Poisson distribution, cut off at 0 and above 4, at which that share of people are not alone.

    Of people, 1 / (1 + r + r²/2 + r³/6) are then alone (Moussaid et al. 2010: sizes are zero-truncated Poisson).
    """
    if in_groups <= 0.0:
        return 0.0
    return float(brentq(lambda r: 1.0 / (1.0 + r + r**2 / 2 + r**3 / 6) - (1.0 - in_groups), 0.0, 20.0))


def group_sizes(in_groups: float, uniform: Float[np.ndarray, " group"]) -> Int[np.ndarray, " group"]:
    """Sizes of groups, from 1 to 4, of which that share of people walk with others.

    Args:
        in_groups: The share, from 0 to 0.95.
        uniform: Shares of the distribution of groups, in [0, 1).
    """
    rate = group_rate(in_groups)
    weights = np.array([1.0, rate / 2, rate**2 / 6, rate**3 / 24])
    return 1 + np.searchsorted(np.cumsum(weights)[:-1] / weights.sum(), uniform, side="right")


class Manner(NamedTuple):
    """What the people of one scene have in common; shares as in their `Kind`."""

    in_groups: float
    starts_inside: float
    arrivals: float
    chooses: float
    flows: Float[np.ndarray, " flow"]
    """Weight of each flow."""


def draw_manner(kind: Kind, seed: int, index: int) -> Manner:
    """The manner of the scene with that global index."""
    u = generator(seed, f"pedestrian.{kind.name}.manner", index).random(4 + len(kind.flows))
    return Manner(
        draw(kind.in_groups, u[0]),
        draw(kind.starts_inside, u[1]),
        draw(kind.arrivals, u[2]),
        draw(kind.chooses, u[3]),
        np.array([draw(flow.share, share) for flow, share in zip(kind.flows, u[4:], strict=True)]),
    )


def choose_in_zones(chooses: float, u: Float[np.ndarray, "*shape 2"]) -> Float[np.ndarray, "*shape"]:
    """Uniform numbers by which ways are chosen in zones, NaN for who keeps the goal there.

    Args:
        chooses: Share of the people who choose.
        u: Two uniform numbers for each person and zone.
    """
    return np.where(u[..., 0] < chooses, u[..., 1], np.nan)


def draw_people(
    kind: Kind, place: Scene, seed: int, index: int, duration_s: float, num_people: tuple[int, int]
) -> People:
    """The people of the scene with that global index.

    A group shares entry, goal, time and choices, and starts abreast; each member has a desired speed of their own.

    Args:
        kind: Of the scene.
        place: The scene's.
        seed: Of the whole crowd.
        index: Of the scene.
        duration_s: Of the simulation, s.
        num_people: Least and most in the scene.

    Raises:
        InputError: Flows that do not fit the exits.
    """
    source = generator(seed, f"pedestrian.{kind.name}.people", index)
    num = int(source.integers(num_people[0], num_people[1] + 1))
    manner = draw_manner(kind, seed, index)
    personal = source.random((num, 2))
    u = source.random((num, 6 + 2 * PLACES_TRIED))
    zone_u = source.random((num, len(place.zones), 2))

    first, party = _parties(group_sizes(manner.in_groups, personal[:, 0]), num)
    size = np.bincount(party)
    member = np.arange(num) - first[party]
    exits = place.venue.exits
    pairs, spread = ways(kind, [way_out.name for way_out in exits], manner.flows)
    u, zone_u = u[first], zone_u[first]
    entry, goal = pairs[np.minimum(np.searchsorted(spread, u[:, 0], side="right"), len(pairs) - 1)].T
    rows = exit_rows(place.venue)
    width = np.hypot(rows[:, 2] - rows[:, 0], rows[:, 3] - rows[:, 1])
    exit_u = np.clip(u[:, 4] + 0.5 * (u[:, 5] - 0.5), 0.0, 1.0) if kind.keeps_lane else u[:, 5]
    inside = _places_inside(place, rows, u[:, 6:], u[:, 1] < manner.starts_inside, goal, size)
    is_inside = ~np.isnan(inside[:, 0])
    choice = choose_in_zones(manner.chooses, zone_u)
    return People(
        np.array([0, num]),
        np.where(is_inside, 0.0, (u[:, 2] * manner.arrivals * duration_s)[party]),
        entry[party],
        goal[party],
        desired_speeds(personal[:, 1]),
        _abreast(u[:, 4], width[entry], size)[party] + member * ABREAST_M / width[entry[party]],
        _abreast(exit_u, width[goal], size)[party] + member * ABREAST_M / width[goal[party]],
        inside[:, None, :],
        np.where(size[party] > 1, (np.cumsum(size > 1) - 1)[party], -1),
        choice[party],
    )


def _parties(sizes: Int[np.ndarray, " group"], num: int) -> tuple[np.ndarray, np.ndarray]:
    """The first person of each group and each person's group; the last group is cut where people run out."""
    first = np.concatenate([[0], np.cumsum(sizes)])
    first = first[first < num]
    return first, np.repeat(np.arange(len(first)), np.diff(np.append(first, num)))


def _abreast(share: np.ndarray, width: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Where the first of each group crosses an exit, as a share of its width, so that all find room if they can."""
    rest = (size - 1) * ABREAST_M / width
    margin = np.minimum((CALIBRATED.radius + 0.15) / width, 0.5)
    middle = np.clip(share, np.minimum(margin + rest / 2, 0.5), np.maximum(1 - margin - rest / 2, 0.5))
    return np.asarray(np.where(size > 1, middle, share) - rest / 2)


def _places_inside(
    place: Scene, exits: np.ndarray, u: np.ndarray, is_inside: np.ndarray, goal: np.ndarray, size: np.ndarray
) -> Float[np.ndarray, "person 2"]:
    """Where everybody starts, NaN for who comes in by an exit."""
    (x_least, x_most), (y_least, y_most) = place.venue.extent()
    tried = u.reshape(len(u), PLACES_TRIED, 2) * (x_most - x_least, y_most - y_least) + (x_least, y_least)
    towards = (exits[goal, :2] + exits[goal, 2:4]) / 2
    room = max(ABREAST_M, 2 * CALIBRATED.radius + ELBOW_ROOM)
    return settle(
        wall_rows(place.venue), exits, size, np.ascontiguousarray(tried), is_inside, towards, room, CALIBRATED.radius
    )
