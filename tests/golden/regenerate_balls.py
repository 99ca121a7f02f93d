"""Rewrites `ball_throws.json`: throws, their true paths and bounces, and what a sensor sees of them.

python tests/golden/regenerate_balls.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pathcast.simulator.ball.scenarios import SCENARIOS, throw
from pathcast.simulator.sensor import Sensor, watch

TARGET = Path(__file__).with_name("ball_throws.json")
SENSOR = Sensor(rate_hz=4.0, noise_m=0.02, clock_jitter_s=0.01, dropout=0.2, burst_s=0.5, outliers=0.2)


def listed(values: np.ndarray) -> Any:
    """Nested lists; what is not finite as null."""
    if values.ndim:
        return [listed(value) for value in values]
    return float(values) if np.isfinite(values) else None


def golden() -> dict[str, Any]:
    """The numbers of today's code, for three throws of each scenario that lie in two blocks of draws."""
    found = {}
    for name in sorted(SCENARIOS):
        throws = throw(name, 3, seed=2024, first=4095)
        clock = SENSOR.instants(3, 2.0, seed=2024, first=4095)
        course = throws.follow(clock.sampled, max_events=3)
        positions = course.states[:, :, :3]
        found[name] = {
            "states": listed(throws.states),
            "parameters": listed(throws.parameters),
            "sampled": listed(clock.sampled),
            "positions": listed(positions),
            "event_times": listed(course.event_times),
            "event_kinds": listed(course.event_kinds),
            "before": listed(course.before),
            "after": listed(course.after),
            "outcome": listed(course.outcome),
            "observed": listed(watch(SENSOR, positions, seed=2024, first=4095).positions),
        }
    return found


if __name__ == "__main__":
    TARGET.write_text(json.dumps(golden(), indent=1) + "\n")
