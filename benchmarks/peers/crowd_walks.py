"""JuPedSim and PySocialForce on the scenes of `crowd_simulation.py`, in their venv; not run by hand.

Reads a JSON of scenes, then a line on standard input for each round, which names the case; answers each with a line of
JSON. People start where ours do, with the same desired speeds, in the same corridors, and walk to its ends. What is
timed is stepping alone: scenes are built beforehand, positions are read once at the end.
"""

from __future__ import annotations

import json
import logging
import sys
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import jupedsim
import numpy as np
import pysocialforce

JUPEDSIM_STEP_S = 0.01
"""JuPedSim's usual one; its own benchmark walks this model at 0.001 s."""
PYSOCIALFORCE_STEP_S = 0.05
DOOR_M = 0.5


def build_jupedsim(scene: dict[str, Any]) -> Any:
    """A corridor along x with an exit at either end."""
    length, width = scene["length_m"] / 2, scene["width_m"] / 2
    simulation = jupedsim.Simulation(
        model=jupedsim.SocialForceModel(),
        geometry=[(-length, -width), (length, -width), (length, width), (-length, width)],
        dt=JUPEDSIM_STEP_S,
    )
    ways = []
    for end in (-1.0, 1.0):
        inner, outer = sorted((end * length, end * (length - DOOR_M)))
        way_out = simulation.add_exit_stage([(inner, -width), (outer, -width), (outer, width), (inner, width)])
        ways.append((simulation.add_journey(jupedsim.JourneyDescription([way_out])), way_out))
    for x, y, goal, speed in scene["people"]:
        journey, way_out = ways[int(goal)]
        simulation.add_agent(
            jupedsim.SocialForceModelAgentParameters(
                position=(x, y), journey_id=journey, stage_id=way_out, desired_speed=speed, radius=scene["radius_m"]
            )
        )
    return simulation


def build_pysocialforce(scene: dict[str, Any]) -> Any:
    """The same; walls are sampled points in its model."""
    length, width = scene["length_m"] / 2, scene["width_m"] / 2
    people = [(x, y, (2 * goal - 1) * speed, 0.0, (2 * goal - 1) * length, y) for x, y, goal, speed in scene["people"]]
    walls = [[-length, length, -width, -width], [-length, length, width, width]]
    simulation = pysocialforce.Simulator(np.array(people), groups=None, obstacles=walls)
    simulation.peds.step_width = PYSOCIALFORCE_STEP_S
    return simulation


def main() -> None:
    # PySocialForce turns on debugging of all that logs.
    logging.disable(logging.CRITICAL)
    cases = json.loads(Path(sys.argv[1]).read_text())
    names = ("jupedsim", "pysocialforce", "numpy")
    print(json.dumps({name: version(name) for name in names}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        scenes = cases[asked["case"]][: asked["scenes"]]
        num = sum(len(scene["people"]) for scene in scenes)
        if asked["peer"] == "jupedsim":
            built = [build_jupedsim(scene) for scene in scenes]
            step_s = JUPEDSIM_STEP_S
        else:
            built = [build_pysocialforce(scene) for scene in scenes]
            step_s = PYSOCIALFORCE_STEP_S
        num_steps = round(asked["seconds"] / step_s)
        wall, cpu = perf_counter(), process_time()
        for simulation in built:
            if asked["peer"] == "jupedsim":
                simulation.iterate(num_steps)
            else:
                simulation.step(num_steps)
        taken = {"wall_s": perf_counter() - wall, "cpu_s": process_time() - cpu}
        stay = num if asked["peer"] != "jupedsim" else sum(simulation.agent_count() for simulation in built)
        print(
            json.dumps(taken | {"agent_steps": num * num_steps, "step_s": step_s, "stay": stay, "of": num}), flush=True
        )


if __name__ == "__main__":
    main()
