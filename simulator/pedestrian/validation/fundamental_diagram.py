"""The fundamental diagram: how speed falls with density, in a ring-like corridor and in the open one of HERMES."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.people import SPEED_DEVIATION, SPEED_MEAN
from pathcast.simulator.pedestrian.validation.checks import Check, at_most
from pathcast.simulator.pedestrian.validation.crossings import crossing_times
from pathcast.simulator.pedestrian.validation.overlap import share_of_overlaps
from pathcast.simulator.pedestrian.validation.places import (
    CORRIDOR_LENGTH,
    CORRIDOR_WIDTH,
    RING_M,
    WAITING_WIDTH,
    open_corridor,
    ring,
)
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import crowd, walk_from

FREE_SPEED: Final = 1.34
"""Mean desired speed, m/s (Weidmann 1993)."""
DENSITIES: Final = (0.5, 1.0, 2.0, 3.0)
RING_WIDTH: Final = 4.0
RING_S: Final = 25.0
RING_SEEDS: Final = 4
HERMES: Final = ((0.60, 1.32), (1.17, 1.13), (1.65, 0.95), (2.15, 0.59), (2.57, 0.41), (2.96, 0.30))
"""Density (1/m²) and speed (m/s) in the one-way open corridor 1.8 m wide."""
OPENINGS: Final = ((0.6, 1.8), (1.2, 1.8), (1.8, 1.8), (1.8, 1.2), (1.8, 1.05), (1.8, 0.95))
"""Widths of entrance and way out that give about those densities, m."""
HERMES_PEOPLE: Final = 180
HERMES_SEEDS: Final = 3
HERMES_SPEED, HERMES_DEVIATION = 1.55, 0.18
"""Of the participants' free speeds, m/s (Zhang et al. 2011, J. Stat. Mech. P06004)."""
HERMES_RECORD_S: Final = 0.25


def weidmann(density: float) -> float:
    """Walking speed at a density (1/m²), m/s: 1.34 (1 - exp(-1.913 (1/density - 1/5.4))) (Weidmann 1993)."""
    return FREE_SPEED * (1.0 - float(np.exp(-1.913 * (1.0 / density - 1.0 / 5.4))))


def hermes(density: float) -> float:
    """Speed of HERMES at a density, m/s: straight lines through neighbouring points, the outer ones prolonged."""
    densities, speeds = np.array(HERMES).T
    left = int(np.clip(np.searchsorted(densities, density) - 1, 0, len(densities) - 2))
    share = (density - densities[left]) / (densities[left + 1] - densities[left])
    return float(speeds[left] + share * (speeds[left + 1] - speeds[left]))


def ring_speeds(
    trial: Trial, num_seeds: int = RING_SEEDS
) -> tuple[Float[np.ndarray, " density"], Float[np.ndarray, " density"]]:
    """Mean speed along a ring-like corridor in its second half (m/s), and the share of overlaps, at each density."""
    seeds = trial.seeds(num_seeds)
    speeds, overlaps = [], []
    scene = ring(RING_WIDTH)
    box = (-RING_M / 2, -RING_WIDTH / 2 + 0.25, RING_M / 2, RING_WIDTH / 2 - 0.25)
    for density in DENSITIES:
        num = round(density * RING_M * RING_WIDTH)
        starts = [crowd(num, box, [1], generator(seed, f"pedestrian.validation.ring.{density}", 0)) for seed in seeds]
        record = walk_from([scene] * len(seeds), starts, RING_S, 0.5, trial, f"ring.{density}", seeds)
        x = record.position[:, record.position.shape[1] // 2 :, 0]
        speeds.append(float((x[:, -1] - x[:, 0]).mean()) / (0.5 * (x.shape[1] - 1)))
        overlaps.append(share_of_overlaps(record.position, num, trial.parameters.radius, RING_M))
    return np.array(speeds), np.array(overlaps)


def hermes_states(
    trial: Trial, num_seeds: int = HERMES_SEEDS, openings: tuple[tuple[float, float], ...] = OPENINGS
) -> Float[np.ndarray, "opening 2"]:
    """Density (1/m²) and speed (m/s) in the middle of the open corridor while it flows steadily, for each opening."""
    seeds = trial.seeds(num_seeds)
    room = HERMES_PEOPLE / 2.2 / WAITING_WIDTH
    box = (-room, -WAITING_WIDTH / 2 + 0.25, -0.25, WAITING_WIDTH / 2 - 0.25)
    states = []
    for entrance, way_out in openings:
        name = f"hermes.{entrance}.{way_out}"
        venue = open_corridor(entrance, way_out, room + 0.3)
        starts = [crowd(HERMES_PEOPLE, box, [0], generator(seed, f"pedestrian.validation.{name}", 0)) for seed in seeds]
        for start in starts:
            start.speed[:] = HERMES_SPEED + HERMES_DEVIATION * (start.speed - SPEED_MEAN) / SPEED_DEVIATION
        record = walk_from([venue] * len(seeds), starts, 150.0, HERMES_RECORD_S, trial, name, seeds)
        states.append(_steady_state(record.position.reshape(len(seeds), HERMES_PEOPLE, -1, 2)))
    return np.array(states)


def _steady_state(position: Float[np.ndarray, "scene person frame 2"]) -> tuple[float, float]:
    """Density and speed in the middle 4 m between the passages of the 60th and of the 120th person."""
    people, distance, frames = 0, 0.0, 0
    for each in position:
        times = crossing_times(each, CORRIDOR_LENGTH, HERMES_RECORD_S)
        if len(times) < 120:
            return float("nan"), float("nan")
        x = each[:, int(times[59] / HERMES_RECORD_S) : int(times[119] / HERMES_RECORD_S), 0]
        with np.errstate(invalid="ignore"):
            is_inside = (x[:, :-1] > 2.0) & (x[:, :-1] <= 6.0)
        people += int(is_inside.sum())
        distance += float(np.diff(x, axis=1)[is_inside].sum())
        frames += x.shape[1] - 1
    return people / frames / (4.0 * CORRIDOR_WIDTH), distance / people / HERMES_RECORD_S


def fundamental_diagram(trial: Trial) -> list[Check]:
    """RiMEA 4 in a ring: speed against Weidmann's, falling throughout; overlaps up to one person per m²."""
    speeds, overlaps = ring_speeds(trial)
    seeds = trial.seeds(RING_SEEDS)
    targets = np.array([weidmann(density) for density in DENSITIES])
    rmse = float(np.sqrt(np.mean((speeds - targets) ** 2))) / FREE_SPEED
    found = ", ".join(f"{speed:.2f}" for speed in speeds)
    where = "one-way ring at 0.5, 1, 2, 3 /m²"
    return [
        Check(
            name=f"fundamental diagram (RiMEA 4), {where}",
            expected=", ".join(f"{target:.2f}" for target in targets) + " m/s, each within 0.16",
            found=f"{found} m/s",
            passed=bool(np.abs(speeds - targets).max() <= 0.16),
            source="Weidmann 1993",
            seeds=seeds,
            values=tuple(speeds.tolist()),
        ),
        at_most("its root mean square error over the free speed", rmse, 0.10, "", "Weidmann 1993", seeds),
        Check(
            name="it falls with every density",
            expected="falling",
            found=found,
            passed=bool((np.diff(speeds) < 0).all()),
            source="RiMEA 4",
            seeds=seeds,
            values=tuple(speeds.tolist()),
        ),
        at_most(
            "overlap: people nearer than 1.5 radii, one way at 0.5 and 1 /m²",
            float(overlaps[:2].max()),
            0.001,
            "of the time",
            "bodies are solid",
            seeds,
            4,
        ),
    ]


def open_corridor_states(trial: Trial) -> list[Check]:
    """Speed in the open corridor at the density that its openings bring about."""
    states = hermes_states(trial)
    targets = np.array([hermes(density) for density in states[:, 0]])
    errors = states[:, 1] / targets - 1.0
    return [
        Check(
            name="open one-way corridor 1.8 m wide (HERMES), speed at the densities that form",
            expected=", ".join(f"{target:.2f}" for target in targets) + " m/s, each within 20 %",
            found=", ".join(f"{speed:.2f} at {density:.2f}/m²" for density, speed in states),
            passed=bool((np.abs(errors) <= 0.20).all()),
            source="HERMES uo",
            seeds=trial.seeds(HERMES_SEEDS),
            values=tuple(states.ravel().tolist()),
        ),
        Check(
            name="its densities span those measured",
            expected="from at most 0.8 to at least 2.4, all within 0.4 to 3.3 /m²",
            found=f"{states[:, 0].min():.2f} to {states[:, 0].max():.2f} /m²",
            passed=bool(0.4 <= states[:, 0].min() <= 0.8 and 2.4 <= states[:, 0].max() <= 3.3),
            source="HERMES uo",
            seeds=trial.seeds(HERMES_SEEDS),
            values=(float(states[:, 0].min()), float(states[:, 0].max())),
        ),
    ]
