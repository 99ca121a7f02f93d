"""Rewrites `watched_scenes.json`: what sensors report of tracks that are given by formula.

python tests/golden/regenerate_sensor.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pathcast.simulator.sensor import Sensor, observe_tracks, watch
from pathcast.tracks import Tracks

TARGET = Path(__file__).with_name("watched_scenes.json")
FAULTS = {"rate_hz": 4.0, "noise_m": 0.05, "clock_jitter_s": 0.02, "dropout": 0.2, "burst_s": 0.6, "outliers": 0.1}
SENSORS = {
    "no fault": {"rate_hz": 3.0},
    "faults": FAULTS | {"latency_s": 0.1},
    "every fault": FAULTS
    | {"latency_s": 0.1, "time_step_s": 0.05, "noise_correlation": 0.5, "birth_s": 0.3, "camera": (0.0, -5.0, 3.0)}
    | {"depth_ratio": 3.0, "noise_distance_m": 5.0, "object_radius_m": 0.25, "swap_m": 0.8, "swap_chance": 0.7}
    | {"false_per_s": 0.5, "false_s": 1.0},
}


def tracks() -> Tracks:
    """Two scenes of three walkers who pass close to each other."""
    time = np.arange(0, 3, 0.2)
    pieces = [
        Tracks.from_rows(
            scene, track, 10.0 + time + 0.3 * track, np.stack([time - track, np.cos(time + scene + track)], axis=1)
        )
        for scene in range(2)
        for track in range(3)
    ]
    return Tracks.concatenate(pieces)


def listed(values: np.ndarray) -> Any:
    """Nested lists; what is not finite as null."""
    if values.ndim:
        return [listed(value) for value in values]
    return float(values) if np.isfinite(values) else None


def golden() -> dict[str, Any]:
    """The numbers of today's code."""
    found = {}
    flights = np.cumsum(np.full((3, 12, 3), 0.1), axis=1)
    for name, settings in SENSORS.items():
        sensor = Sensor(**settings)
        observed = observe_tracks(sensor, tracks(), seed=11)
        seen, table = observed.tracks, observed.identities
        clock = sensor.instants(3, 2.0, seed=11, first=4095)
        found[name] = {
            "track": listed(seen.track),
            "time": listed(seen.time),
            "position": listed(seen.position),
            "identities": listed(np.stack([table.observed, table.true, table.is_false], axis=1)),
            "sampled": listed(clock.sampled),
            "reported": listed(clock.reported),
            "flights": listed(watch(sensor, flights, seed=11, first=4095).positions),
        }
    return found


if __name__ == "__main__":
    TARGET.write_text(json.dumps(golden(), indent=1) + "\n")
