"""Bottlenecks: flow through a passage grows in proportion to its width, and rooms in a row do not hold it up."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.validation.checks import Check, at_least, between
from pathcast.simulator.pedestrian.validation.crossings import crossing_times, flow, leaving_times
from pathcast.simulator.pedestrian.validation.places import WAITING_WIDTH, bottleneck, two_rooms
from pathcast.simulator.pedestrian.validation.trial import Trial
from pathcast.simulator.pedestrian.validation.walks import crowd, walk_from

WIDTHS: Final = (0.8, 1.0, 1.2, 1.6, 2.0)
NUM_PEOPLE: Final = 180
DURATION_S: Final = 150.0
RECORD_S: Final = 0.1
BOTTLENECK_SEEDS: Final = 2


def bottleneck_flows(
    trial: Trial,
    num_seeds: int = BOTTLENECK_SEEDS,
    widths: tuple[float, ...] = WIDTHS,
    num_people: int = NUM_PEOPLE,
) -> Float[np.ndarray, " width"]:
    """People per second through passages from a waiting crowd, without its first 20 and last 20; mean over seeds."""
    seeds = trial.seeds(num_seeds)
    room = num_people / 2.2 / WAITING_WIDTH
    box = (-room, -WAITING_WIDTH / 2 + 0.25, -0.25, WAITING_WIDTH / 2 - 0.25)
    flows = []
    for width in widths:
        name = f"bottleneck.{width}"
        starts = [crowd(num_people, box, [0], generator(seed, f"pedestrian.validation.{name}", 0)) for seed in seeds]
        venue = bottleneck(width, room + 0.3)
        record = walk_from([venue] * len(seeds), starts, DURATION_S, RECORD_S, trial, name, seeds)
        scenes = record.position.reshape(len(seeds), num_people, -1, 2)
        times = [crossing_times(each, 0.5, RECORD_S) for each in scenes]
        flows.append(float(np.mean([flow(each, 20, num_people - 20, DURATION_S) for each in times])))
    return np.array(flows)


def line_through(flows: Float[np.ndarray, " width"]) -> tuple[float, float]:
    """Slope of the flow over the width (1/(m s)), and the share R² of its variance that a straight line explains."""
    slope, offset = np.polyfit(WIDTHS, flows, 1)
    rest = flows - slope * np.array(WIDTHS) - offset
    return float(slope), 1.0 - float((rest**2).sum() / ((flows - flows.mean()) ** 2).sum())


def bottlenecks(trial: Trial) -> list[Check]:
    """The flow through a bottleneck over its width."""
    flows = bottleneck_flows(trial)
    slope, share = line_through(flows)
    specific = flows / np.array(WIDTHS)
    seeds = trial.seeds(BOTTLENECK_SEEDS)
    source = "Seyfried et al. 2009, Kretz et al. 2006"
    return [
        Check(
            name="bottlenecks of 0.8, 1.0, 1.2, 1.6, 2.0 m, 180 people: flow per width",
            expected="each 1.6 to 2.6 /(m s)",
            found=", ".join(f"{each:.2f}" for each in specific) + " /(m s)",
            passed=bool((specific >= 1.6).all() and (specific <= 2.6).all()),
            source=source,
            seeds=seeds,
            values=tuple(specific.tolist()),
        ),
        between("their flow's slope over the width", slope, 1.5, 2.4, "/(m s)", source, seeds),
        at_least("their flow is linear: R²", share, 0.98, "", source, seeds, 3),
    ]


def rooms_in_a_row(trial: Trial) -> list[Check]:
    """RiMEA 12: behind a bottleneck an exit as wide holds nobody up."""
    seeds = trial.seeds(2)
    box = (-9.7, -4.7, -0.3, 4.7)
    starts = [crowd(150, box, [0], generator(seed, "pedestrian.validation.rooms", 0)) for seed in seeds]
    record = walk_from([two_rooms()] * len(seeds), starts, DURATION_S, RECORD_S, trial, "rooms", seeds)
    scenes = record.position.reshape(len(seeds), 150, -1, 2)
    inner = float(np.mean([flow(crossing_times(each, 5.0, RECORD_S), 10, 130, DURATION_S) for each in scenes]))
    outer = float(np.mean([flow(leaving_times(each, RECORD_S), 10, 130, DURATION_S) for each in scenes]))
    return [
        Check(
            name="two rooms (RiMEA 12), passage and exit of 1 m: flows",
            expected="that of the passage at least the exit's - 0.05 /s, both over 0",
            found=f"{inner:.2f} and {outer:.2f} /s",
            passed=bool(inner >= outer - 0.05 and outer > 0.0),
            source="RiMEA 12",
            seeds=seeds,
            values=(inner, outer),
        )
    ]
