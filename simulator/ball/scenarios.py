"""Scenarios: kinds of throws by name, drawn by seed and global index, and their true tracks.

The same seed and index give the same throw for any batch, process or machine. Fixtures are not solid yet: a shot
flies through hoop and board, and the table's top is an endless floor without a net.
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
from pathcast.simulator.ball import launches
from pathcast.simulator.ball.flight import fly_many
from pathcast.simulator.ball.sports import BASKETBALL, TABLE_TENNIS, Ball, check_states, random_parameters
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
    drag_coefficient: tuple[float, float]
    """Mean and standard deviation."""
    lift_spread: float
    """Standard deviation of the logarithm of the lift's scale."""
    restitution: tuple[float, float]
    """Least and most; uniform between, as the next two."""
    tangential: tuple[float, float]
    friction: tuple[float, float]


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


def _of_basketball(name: str, summary: str, duration_s: float, launch: Callable[..., NDArray[np.float64]]) -> Scenario:
    return Scenario(
        name=name,
        summary=summary,
        ball=BASKETBALL,
        venue=venues.BASKETBALL_NBA,
        duration_s=duration_s,
        launch=launch,
        drag_coefficient=(0.50, 0.04),
        lift_spread=0.15,
        restitution=(0.76, 0.82),
        tangential=(-0.1, 0.3),
        friction=(0.4, 0.7),
    )


SCENARIOS: Final = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            _of_basketball("three-pointer", "shots from behind the three-point line", 2.0, launches.three_pointers),
            _of_basketball("free-throw", "shots from the free-throw line", 1.6, launches.free_throws),
            _of_basketball("basketball", "shots from 3 to 9 m, passes and bounce passes", 2.0, launches.basketballs),
            Scenario(
                name="table-tennis",
                summary="strokes of rallies and serves",
                ball=TABLE_TENNIS,
                venue=venues.TABLE_TENNIS,
                duration_s=1.0,
                launch=launches.table_tennis,
                # The literature has .40 to .50; flights of recorded rallies fit about .54.
                drag_coefficient=(0.51, 0.055),
                lift_spread=0.3,
                restitution=(0.86, 0.91),
                tangential=(-0.1, 0.3),
                friction=(0.15, 0.35),
            ),
        )
    }
)
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
        normals(seed, f"{kind.name}/launch/normal", first, num, launches.NUM_NORMALS),
        uniforms(seed, f"{kind.name}/launch/uniform", first, num, launches.NUM_UNIFORMS),
    )
    mean_drag, drag_spread = kind.drag_coefficient
    # More draws than are used, so that a further coefficient shifts nothing.
    share = uniforms(seed, f"{kind.name}/coefficient/uniform", first, num, 8)
    spread = normals(seed, f"{kind.name}/coefficient/normal", first, num, 4)

    def between(bounds: tuple[float, float], column: int) -> NDArray[np.float64]:
        """Uniform between the bounds."""
        return np.asarray(bounds[0] + (bounds[1] - bounds[0]) * share[:, column])

    parameters = random_parameters(
        kind.ball,
        num,
        drag_coefficient=np.maximum(mean_drag + drag_spread * spread[:, 0], 0.1),
        lift_per_spin=kind.ball.lift_per_spin * np.exp(kind.lift_spread * spread[:, 1]),
        restitution=between(kind.restitution, 0),
        tangential=between(kind.tangential, 1),
        friction=between(kind.friction, 2),
    )
    return Throws(states, parameters, np.full(num, kind.duration_s), kind.ball)


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
