"""Scenarios: kinds of throws by name, drawn by seed and global index, and their true tracks.

The same seed and index give the same throw for any batch, process or machine. Fixtures are not solid yet: a shot
flies through hoop and board, a table's top is an endless floor, and nets let balls through. Coefficients do not change
in flight: where the sport's curves say that they depend on speed and spin, each throw keeps those of its launch.
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
from pathcast.simulator.ball.air import air_density, kinematic_viscosity
from pathcast.simulator.ball.flight import fly_many
from pathcast.simulator.ball.launches import NUM_NORMALS, NUM_UNIFORMS
from pathcast.simulator.ball.sports import (
    BASEBALL,
    BASKETBALL,
    GENERIC,
    GOLF,
    INDOOR_AIR,
    INDOOR_VISCOSITY,
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
    random_parameters,
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
    """Throws: where each starts and what it obeys."""

    states: Float[np.ndarray, "throw 9"]
    """At release: m, m/s, rad/s."""
    parameters: Float[np.ndarray, "throw 12"]
    """Rows as of `pathcast.simulator.ball.parameters`."""
    duration: Float[np.ndarray, " throw"]
    """How long each is watched, s."""
    ball: Ball

    def __post_init__(self) -> None:
        check_states(self.states, "throws")


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
    # More draws than are used, so that a further coefficient shifts nothing.
    share = uniforms(seed, f"{kind.name}/coefficient/uniform", first, num, 8)
    spread = normals(seed, f"{kind.name}/coefficient/normal", first, num, 4)
    return Throws(states, _parameters(kind, states, share, spread), np.full(num, kind.duration_s), kind.ball)


def _parameters(
    kind: Scenario, states: NDArray[np.float64], share: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rows of parameters from uniform and normal draws; drag and lift as at launch."""
    ball, prior = kind.ball, kind.prior

    def between(bounds: tuple[float, float], column: int) -> NDArray[np.float64]:
        """Uniform between the bounds."""
        return np.asarray(bounds[0] + (bounds[1] - bounds[0]) * share[:, column])

    density, viscosity = np.asarray(INDOOR_AIR), np.asarray(INDOOR_VISCOSITY)
    if prior.temperature_c is not None:
        place = between(prior.altitude_m, 3), between(prior.temperature_c, 4), between(prior.humidity, 5)
        density, viscosity = air_density(*place), kinematic_viscosity(*place)
    wind = prior.wind_spread * spread[:, 2], prior.wind_spread * spread[:, 3]
    speed = np.maximum(np.linalg.norm(states[:, 3:6] - np.stack([*wind, np.zeros(len(states))], axis=1), axis=1), 0.1)
    spin = ball.radius_m * np.linalg.norm(states[:, 6:9], axis=1) / speed
    if prior.drag_coefficient is None:
        critical = None if prior.critical_reynolds is None else between(prior.critical_reynolds, 6)
        curve = ball.drag_curve(2 * ball.radius_m * speed / viscosity, spin, critical)
        drag = curve * np.exp(prior.drag_spread * spread[:, 0])
    else:
        mean, deviation = prior.drag_coefficient
        drag = np.maximum(mean + deviation * spread[:, 0], 0.1)
    lift = ball.lift_per_spin if ball.lift is None else ball.lift.per_spin(spin)
    return random_parameters(
        ball,
        len(states),
        air_density=density,
        wind=wind,
        drag_coefficient=drag,
        lift_per_spin=lift * np.exp(prior.lift_spread * spread[:, 1]),
        restitution=between(prior.restitution, 0),
        tangential=between(prior.tangential, 1),
        friction=between(prior.friction, 2),
    )


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
    length = kind.duration_s if duration_s is None else duration_s
    if not 0 < rate_hz <= 1e6:
        raise InputError("rate_hz", "over 0 to 1e6 Hz", f"{rate_hz}")
    if not 0 <= length <= 1e4:
        raise InputError("duration_s", "0 to 1e4 s", f"{length}")
    throws = throw(kind, num, seed, first)
    times = np.arange(int(length * rate_hz + 1e-9) + 1) / rate_hz
    positions = fly_many(throws.states, throws.parameters, times).reshape(-1, 3)
    return Tracks(
        scene=np.repeat(np.arange(first, first + num, dtype=np.int64), len(times)),
        track=np.zeros(num * len(times), np.uint64),
        time=np.tile(times, num),
        position=positions,
        valid=np.isfinite(positions).all(axis=1),
    )
