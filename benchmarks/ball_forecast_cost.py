"""What does a forecast of a ball cost, and does an observation cost the same however long the track is?

In one thread: one observation of a 60 Hz track as its 5th and as its 500th, one forecast at 30 offsets alone, and in a
batch of 256, up to half a second and up to the engine's horizon. The cases take turns, round after round, so that a
busy moment of the machine falls on all of them; the medians of the rounds are told, and the rounds are in the JSON.
torch is never imported.

    python benchmarks/ball_forecast_cost.py [--json [FILE]] [--model NAME_OR_FOLDER]... [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

import numba
import numpy as np
from ball_models import load_models, sports_of, version_of
from oracle import machine

from pathcast.model.engine import Engine
from pathcast.model.given import Given
from pathcast.model.states import States
from pathcast.simulator.ball.sports import BASKETBALL, TABLE_TENNIS

RATE_HZ: Final = 60.0
EARLY, LATE = 5, 500
NUM_OFFSETS: Final = 30
BATCH: Final = 256
NEAR_S: Final = 0.5
"""The horizon of the benchmark of errors; forecasts are also timed up to the engine's own."""
CALLS: Final = {
    **{"observation_5": 200, "observation_500": 200, "observation_256": 5},
    **{"forecast": 100, "forecast_256": 3, "far_forecast": 100, "far_forecast_256": 3},
}
"""Of a round."""
MOST_MS: Final = 0.5
MOST_US: Final = {"basketball": 25.0, "table tennis": 60.0}


def flights(num: int, length: int, radius: float = 0.12) -> tuple[np.ndarray, np.ndarray]:
    """Times and positions of balls that hop over a floor for ever, the same pattern for each but for its start."""
    times = np.arange(length) / RATE_HZ
    hop = 0.6
    phase = times % hop
    height = radius + 9.81 * phase * (hop - phase) / 2
    start = np.linspace(-1.0, 1.0, num)
    positions = np.empty((num, length, 3), np.float32)
    positions[:, :, 0] = start[:, None] + 2.0 * times
    positions[:, :, 1] = -start[:, None]
    positions[:, :, 2] = height
    return np.broadcast_to(times, (num, length)), positions


def seen(engine: Engine, num: int, length: int) -> States:
    """States after so many observations, over a level floor where the engine takes it."""
    times, positions = flights(num, length, radius_of(engine))
    given = Given(level_m=0.0) if engine.card.takes_object else Given()
    return engine.encode(engine.start(num, given), times, positions, np.full(num, length))


def radius_of(engine: Engine) -> float:
    """Of the ball of the engine's one sport, or a basketball's; m."""
    sports = sports_of(engine)
    return (TABLE_TENNIS if sports == ("table tennis",) else BASKETBALL).radius_m


def cases(engine: Engine) -> dict[str, Callable[[], object]]:
    """What is timed."""
    times, positions = flights(BATCH, LATE, radius_of(engine))
    far = np.arange(1, NUM_OFFSETS + 1)[None] * (engine.card.horizon_s / NUM_OFFSETS)
    near = np.minimum(far, far * NEAR_S / engine.card.horizon_s)
    early, late = seen(engine, 1, EARLY - 1), seen(engine, 1, LATE - 1)
    one, many = seen(engine, 1, 20), seen(engine, BATCH, 20)
    far_256, near_256 = (np.broadcast_to(offsets, (BATCH, NUM_OFFSETS)) for offsets in (far, near))
    return {
        "observation_5": lambda: engine.observe(early, times[:1, EARLY - 1], positions[:1, EARLY - 1]),
        "observation_500": lambda: engine.observe(late, times[:1, LATE - 1], positions[:1, LATE - 1]),
        "observation_256": lambda: engine.observe(many, times[:, 20], positions[:, 20]),
        "forecast": lambda: engine.forecast(one, near),
        "forecast_256": lambda: engine.forecast(many, near_256),
        "far_forecast": lambda: engine.forecast(one, far),
        "far_forecast_256": lambda: engine.forecast(many, far_256),
    }


def measure(engine: Engine, rounds: int) -> dict[str, Any]:
    """Medians of alternating rounds, microseconds of wall and processor time for a track."""
    found: dict[str, list[list[float]]] = {}
    timed = cases(engine)
    for call in timed.values():
        call()
    for _ in range(rounds):
        for name, call in timed.items():
            tracks = BATCH if name.endswith("256") else 1
            wall, busy = perf_counter(), process_time()
            for _ in range(CALLS[name]):
                call()
            share = 1e6 / (CALLS[name] * tracks)
            found.setdefault(name, []).append([share * (perf_counter() - wall), share * (process_time() - busy)])
    result: dict[str, Any] = {"version": version_of(engine), "rounds_us": found}
    for name, each in found.items():
        walls = sorted(wall for wall, _ in each)
        result[f"{name}_us"] = statistics.median(walls)
        result[f"{name}_us_range"] = [walls[0], walls[-1]]
        result[f"{name}_processor_us"] = statistics.median(busy for _, busy in each)
    ratios = [late[0] / early[0] for early, late in zip(found["observation_5"], found["observation_500"], strict=True)]
    result["late_over_early"] = statistics.median(ratios)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, nargs="?", const=Path("-"), help="a file that the figures also go to")
    parser.add_argument("--model", action="append", help="name or folder; by default every ball's bundle that is here")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error("--rounds: 1 or more")
    numba.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    result: dict[str, Any] = {"machine": machine(), "threads": 1, "models": {}}
    for name, engine in load_models(given.model).items():
        result["models"][name] = found = measure(engine, given.rounds)
        sports = sports_of(engine)
        most = min(MOST_US[sport] for sport in sports) if len(sports) == 1 else max(MOST_US.values())
        early, late = found["observation_5_us"], found["observation_500_us"]
        print(
            f"{name}: observation {early:.0f} us as the {EARLY}th, {late:.0f} as the {LATE}th (ratio "
            f"{found['late_over_early']:.3f}, target 1); forecast of {NEAR_S:g} s alone "
            f"{found['forecast_us'] / 1e3:.3f} ms (processor {found['forecast_processor_us'] / 1e3:.3f}, target "
            f"{MOST_MS}); in a batch of {BATCH} {found['forecast_256_us']:.1f} us (processor "
            f"{found['forecast_256_processor_us']:.1f}, target {most:g}); up to {engine.card.horizon_s:g} s "
            f"{found['far_forecast_us'] / 1e3:.3f} ms and {found['far_forecast_256_us']:.1f} us",
            file=sys.stderr,
            flush=True,
        )
    result["torch_imported"] = "torch" in sys.modules
    text = json.dumps(result, indent=1)
    print(text)
    if given.json and given.json != Path("-"):
        given.json.write_text(text + "\n")
    if result["torch_imported"]:
        sys.exit("torch was imported")


if __name__ == "__main__":
    main()
