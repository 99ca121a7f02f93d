"""Compiles the kernels ahead, so that the first server, demo or test starts at once: `python -m pathcast.cli.compile`.

Numba keeps what it compiled in `NUMBA_CACHE_DIR`, or beside the sources where that is not set.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np


def compile_models() -> None:
    """Runs every shipped model once, as the server does before it takes calls."""
    from pathcast.model.library import load_library
    from pathcast.service.warming import warm

    library = load_library()
    for card in library.cards():
        warm(library.get(card.name, card.version))


def compile_flight() -> None:
    """Flies one ball, and enough of them for the kernel that uses all cores, with and without their bounces."""
    from pathcast.simulator.ball import parameters as at
    from pathcast.simulator.ball.flight import bounces, fly_many, fly_states

    row = np.zeros(at.NUM_PARAMETERS)
    row[[at.GRAVITY, at.RADIUS, at.INERTIA, at.RESTITUTION, at.FRICTION]] = 9.81, 0.12, 2 / 3, 0.8, 0.3
    times = np.array([0.0, 0.1])
    for num in (1, 1000):
        states = np.tile([0.0, 0.0, 2.0, 5.0, 0.0, 3.0, 0.0, -9.0, 0.0], (num, 1))
        fly_many(states, row, times)
    fly_states(states[:1], row, times)
    bounces(states[:1], row, 2.0, 1)


def compile_courses() -> None:
    """Follows a shot through hoop and board, and enough of them for the kernel that uses all cores."""
    from pathcast.simulator.ball.scenarios import throw

    for num in (1, 65):
        throw("three-pointer", num, seed=0).follow(np.array([0.0, 1.5]))


def compile_oracle() -> None:
    """Forecasts one track of a shot."""
    from pathcast.simulator.oracle.sampler import Chains
    from pathcast.simulator.oracle.track import forecast_track
    from pathcast.venue import BASKETBALL_NBA

    times = np.arange(6) / 25
    positions = np.stack([7.0 - 6.0 * times, 0.0 * times, 2.3 + 7.0 * times - 4.9 * times**2], axis=1)
    short = Chains(num=2, warmup=8, draws=40, thinning=1, rounds=1)
    forecast_track(times, positions, 0.03, "basketball", [0.5], venue=BASKETBALL_NBA, chains=short)
    forecast_track(times, positions, 0.03, "basketball", [0.5], chains=short)


def compile_crowd() -> None:
    """Walks one scene."""
    from pathcast.simulator.pedestrian.crowd import simulate_crowd

    simulate_crowd("plaza", 1, seed=0, duration_s=0.1)


STEPS: dict[str, Callable[[], None]] = {
    "models": compile_models,
    "flight": compile_flight,
    "courses": compile_courses,
    "oracle": compile_oracle,
    "crowd": compile_crowd,
}


def main() -> None:
    """Compiles all, saying on stderr how long each part took."""
    for name, step in STEPS.items():
        start = time.perf_counter()
        step()
        print(f"compiled {name} in {time.perf_counter() - start:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
