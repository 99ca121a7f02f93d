"""Scenarios: kinds of throws by name, drawn by seed and global index, and their true tracks.

The same seed and index give the same throw for any batch, process or machine. Balls fly by the full physics: drag by
Reynolds number, lift by spin parameter, spin that decays, wind with profile and gusts outdoors. What stands in the
scenario's venue is solid: floor, table, net, hoop and board.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast import venue as venues
from pathcast.errors import InputError
from pathcast.simulator.ball.coefficient_draws import CoefficientDraws, drawn_parameters
from pathcast.simulator.ball.following import Courses, follow
from pathcast.simulator.ball.launches import NUM_NORMALS, NUM_UNIFORMS
from pathcast.simulator.ball.sports import (
    BASEBALL,
    BASKETBALL,
    GENERIC,
    GOLF,
    SOCCER,
    TABLE_TENNIS,
    TENNIS,
    VOLLEYBALL,
    Ball,
    Prior,
    baseball,
    basketball,
    check_states,
    generic,
    golf,
    soccer,
    table_tennis,
    tennis,
    volleyball,
)
from pathcast.simulator.draws import normals, uniforms
from pathcast.tracks import Tracks
from pathcast.venue import Venue


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A kind of throw: how balls are launched, and how they differ from each other."""

    name: str
    summary: str
    ball: Ball
    venue: Venue
    """Its origin is the throws'."""
    duration_s: float
    """How long a throw is watched unless said otherwise."""
    launch: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
    """States from normal and uniform draws (`pathcast.simulator.ball.launches`)."""
    prior: Prior
    """Of the coefficients, the air and the wind."""


@dataclass(frozen=True, eq=False)
class Throws:
    """Throws: where each starts, what it obeys, and where it flies."""

    states: Float[np.ndarray, "throw 9"]
    """At release: m, m/s, rad/s."""
    parameters: Float[np.ndarray, "throw 50"]
    """Full rows as of `pathcast.simulator.ball.parameters`; their floor is the table's top where there is a table."""
    duration: Float[np.ndarray, " throw"]
    """How long each is watched, s."""
    ball: Ball
    venue: Venue

    def __post_init__(self) -> None:
        check_states(self.states, "throws")

    def follow(
        self, times: Float[np.ndarray, "*clocks time"], *, max_events: int = 16, positions_only: bool = False
    ) -> Courses:
        """Follows them through their venue: states or positions at any times, events, and what became of shots.

        Args:
            times: Seconds from release, increasing, from 0; a row for each throw, or one for all.
            max_events: So many of each are kept.
            positions_only: Three columns instead of nine.

        Raises:
            InputError: Times that are negative, not finite or do not increase.
        """
        return follow(
            self.states, self.parameters, times, self.venue, max_events=max_events, positions_only=positions_only
        )

    def only(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Throws:
        """Those of an index or a mask."""
        return Throws(self.states[chosen], self.parameters[chosen], self.duration[chosen], self.ball, self.venue)


def _scenarios() -> tuple[Scenario, ...]:
    """Every kind of throw: name, summary, seconds, launch; by ball, venue and prior."""
    sports = (
        (
            BASKETBALL,
            venues.BASKETBALL_NBA,
            basketball.PRIOR,
            (
                ("three-pointer", "shots from behind the three-point line", 2.0, basketball.three_pointers),
                ("free-throw", "shots from the free-throw line", 1.6, basketball.free_throws),
                ("basketball", "shots from 3 to 9 m, passes and bounce passes", 2.0, basketball.basketballs),
            ),
        ),
        (
            TABLE_TENNIS,
            venues.TABLE_TENNIS,
            table_tennis.PRIOR,
            (
                ("table-tennis", "strokes of rallies and serves", 1.0, table_tennis.launches),
                ("table-tennis-rally", "strokes of rallies", 1.0, table_tennis.rallies),
                ("table-tennis-serve", "serves", 1.0, table_tennis.serves),
            ),
        ),
        (
            TENNIS,
            tennis.COURT,
            tennis.PRIOR,
            (
                ("tennis-rally", "groundstrokes from behind the baseline", 2.0, tennis.rallies),
                ("tennis-serve", "first and second serves", 1.5, tennis.serves),
            ),
        ),
        (
            VOLLEYBALL,
            volleyball.COURT,
            volleyball.PRIOR,
            (
                ("volleyball-rally", "attacks, passes and sets over the net", 2.0, volleyball.rallies),
                ("volleyball-serve", "float serves and jump serves", 2.0, volleyball.serves),
            ),
        ),
        (
            BASEBALL,
            baseball.DIAMOND,
            baseball.PRIOR,
            (
                ("baseball-pitch", "pitches of five kinds", 0.6, baseball.pitches),
                ("baseball-hit", "batted balls", 6.0, baseball.hits),
            ),
        ),
        (SOCCER, soccer.GOAL, soccer.PRIOR, (("soccer-kick", "shots at the goal", 2.0, soccer.kicks),)),
        (GOLF, golf.FAIRWAY, golf.PRIOR, (("golf-drive", "drives", 9.0, golf.drives),)),
        (GENERIC, generic.FLOOR, generic.PRIOR, (("generic", "throws of a smooth ball by hand", 3.0, generic.tosses),)),
    )
    return tuple(
        Scenario(name=name, summary=summary, ball=ball, venue=venue, duration_s=duration, launch=launch, prior=prior)
        for ball, venue, prior, kinds in sports
        for name, summary, duration, launch in kinds
    )


SCENARIOS: Final = MappingProxyType({scenario.name: scenario for scenario in _scenarios()})
"""The scenarios by name."""


def scenario_named(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        InputError: There is none.
    """
    if name not in SCENARIOS:
        raise InputError("scenario", f"one of {', '.join(SCENARIOS)}", repr(name))
    return SCENARIOS[name]


def throw(scenario: str | Scenario, num: int, seed: int, first: int = 0) -> Throws:
    """Throws `first` to `first + num - 1` of a scenario.

    Args:
        scenario: Its name, or one of your own.
        num: How many.
        seed: From 0 to 2**64 - 1.
        first: Global index of the first.

    Raises:
        InputError: An unknown scenario, or a number outside its range.
    """
    kind = scenario_named(scenario) if isinstance(scenario, str) else scenario
    states = kind.launch(
        normals(seed, f"{kind.name}/launch/normal", first, num, NUM_NORMALS),
        uniforms(seed, f"{kind.name}/launch/uniform", first, num, NUM_UNIFORMS),
    )
    floor = kind.venue.floor
    ground = 0.0 if floor is None else floor.point[2]
    rows = drawn_parameters(kind.ball, kind.prior, CoefficientDraws.of(kind.name, num, seed, first), ground)
    return Throws(states, rows, np.full(num, kind.duration_s), kind.ball, kind.venue)


def simulate_balls(
    scenario: str | Scenario,
    num: int,
    seed: int,
    first: int = 0,
    rate_hz: float = 120.0,
    duration_s: float | None = None,
) -> Tracks:
    """True tracks of throws on a regular clock from release on: positions of the balls' centres.

    Each throw is a scene of its own, numbered by its global index, with the one track 0.

    Args:
        scenario: Its name, or one of your own.
        num: How many.
        seed: From 0 to 2**64 - 1.
        first: Global index of the first.
        rate_hz: Instants in a second.
        duration_s: By default the scenario's.

    Raises:
        InputError: An unknown scenario, or a number outside its range.
    """
    kind = scenario_named(scenario) if isinstance(scenario, str) else scenario
    times = ticks(kind.duration_s if duration_s is None else duration_s, rate_hz)
    course = throw(kind, num, seed, first).follow(times, max_events=0, positions_only=True)
    return tracks_of(course.states, times, first)


def ticks(duration_s: float, rate_hz: float) -> Float[np.ndarray, " time"]:
    """The instants of a regular clock from 0 to a duration, s.

    Raises:
        InputError: A number outside its range.
    """
    if not 0 < rate_hz <= 1e6:
        raise InputError("rate_hz", "over 0 to 1e6 Hz", f"{rate_hz}")
    if not 0 <= duration_s <= 1e4:
        raise InputError("duration_s", "0 to 1e4 s", f"{duration_s}")
    return np.arange(int(duration_s * rate_hz + 1e-9) + 1) / rate_hz


def tracks_of(
    positions: Float[np.ndarray, "throw time 3"], times: Float[np.ndarray, " time"], first: int = 0
) -> Tracks:
    """Tracks of throws at one clock's instants: scenes of their own from `first` on, each with the one track 0."""
    num, length, _ = positions.shape
    flat = positions.reshape(-1, 3)
    return Tracks(
        scene=np.repeat(np.arange(first, first + num, dtype=np.int64), length),
        track=np.zeros(num * length, np.uint64),
        time=np.tile(times, num),
        position=flat,
        valid=np.isfinite(flat).all(axis=1),
    )
