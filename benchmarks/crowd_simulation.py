"""How fast are simulated crowds beside JuPedSim and PySocialForce, and how fast are futures forked?

Same people at the same places, with the same desired speeds, in the same two-way corridors, one thread each, nobody
leaves within the time walked. Many scenes of 20 people, and one of 500. Time is the processor's, of stepping alone: no
scene is built and no position read within it. Time steps differ and are stated: JuPedSim's is its usual 0.01 s (its
own benchmark takes 0.001 s for this model), ours 0.05 s, whose error beside a step of 0.0125 s is measured here, too.
Forks: 64 scenes of 20 people, 64 futures of 4.8 s of each, drawing of intents and noise and labels included.

    make bench-tools
    python benchmarks/crowd_simulation.py [--json [FILE]] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from pathcast.simulator.draws import generator
from pathcast.simulator.pedestrian.forks import fork_crowd
from pathcast.simulator.pedestrian.parameters import CALIBRATED, STEP_S
from pathcast.simulator.pedestrian.people import desired_speeds, no_events
from pathcast.simulator.pedestrian.placement import place_people
from pathcast.simulator.pedestrian.walk import walk
from pathcast.venue import corridor

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".venv-bench-crowd" / "bin" / "python"
SECONDS = 8.0
SIZES = {"small": (256, 20, 64.0, 4.0, 24.0), "large": (1, 500, 150.0, 10.0, 110.0)}
"""Scenes, people in each, length and width of the corridor, and of the stretch in which people start (m)."""
PEER_SCENES = {"jupedsim": 32, "pysocialforce": 1}
"""Of the small case, so many are walked by a peer in a round."""
PEER_SECONDS = {"jupedsim": 8.0, "pysocialforce": 2.0}
TARGETS = {
    "ratio_jupedsim_step": "at least 10",
    "ratio_jupedsim_time": "at least 45",
    "ratio_pysocialforce": "at least 600",
    "ratio_jupedsim_crowd": "at least 3",
    "forks_seconds": "about 1",
}


def scenes_of(case: str, seed: int) -> list[dict[str, Any]]:
    """Two-way corridors; people start on a jittered grid, so that nobody overlaps. JSON for the peers."""
    num, people, length, width, stretch = SIZES[case]
    found = []
    for index in range(num):
        source = generator(seed, f"benchmark.crowd.{case}", index)
        rows = int(width / 1.0) - 1
        columns = -(-people // rows)
        cells = source.permutation(rows * columns)[:people]
        pitch_x, pitch_y = stretch / columns, (width - 1.0) / rows
        x = (cells // rows + 0.5) * pitch_x - stretch / 2 + 0.15 * source.uniform(-1, 1, people)
        y = (cells % rows + 0.5) * pitch_y - (width - 1.0) / 2 + 0.15 * source.uniform(-1, 1, people)
        goal = source.integers(0, 2, people)
        speed = desired_speeds(source.random(people))
        found.append(
            {
                "length_m": length,
                "width_m": width,
                "radius_m": CALIBRATED.radius,
                "people": np.stack([x, y, goal, speed], axis=1).tolist(),
            }
        )
    return found


def walk_ours(
    scenes: list[dict[str, Any]], step_s: float = STEP_S, seconds: float = SECONDS
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """Our kernel on the same scenes: the time that stepping took, and where everybody ended up."""
    venues = [corridor(scene["length_m"], scene["width_m"]) for scene in scenes]
    rows = np.concatenate([scene["people"] for scene in scenes])
    counts = [len(scene["people"]) for scene in scenes]
    people = place_people(venues, counts, rows[:, :2], rows[:, 2].astype(np.int64), rows[:, 3])
    events = no_events(len(rows))
    # The first step goes with the building of the scenes, which is not counted for the peers either.
    cpu = process_time()
    walk(venues, people, events, step_s, step_s, step_s=step_s)
    built = process_time() - cpu
    cpu = process_time()
    record = walk(venues, people, events, seconds, seconds, step_s=step_s)
    whole = process_time() - cpu
    steps = len(rows) * (round(seconds / step_s) - 1)
    stay = int(np.isfinite(record.position[:, -1, 0]).sum())
    found = {"cpu_s": whole - built, "built_s": built, "agent_steps": steps, "step_s": step_s}
    return found | {"stay": stay, "of": len(rows)}, record.position[:, -1]


def convergence() -> dict[str, float]:
    """Mean displacement (m) after 5 s at 0.3 people per m2 between our step and a quarter of it."""
    found = {}
    for name in ("one way", "two ways"):
        scenes = scenes_of("small", 7)[:32]
        for scene in scenes:
            # 20 people on 24 m by 3 m are .28 per m2.
            for person in scene["people"]:
                person[2] = 1 if name == "one way" else person[2]
        _, coarse = walk_ours(scenes, STEP_S, 5.0)
        _, fine = walk_ours(scenes, STEP_S / 4, 5.0)
        off = np.linalg.norm(coarse - fine, axis=1)
        found[f"step_error_{name.replace(' ', '_')}_m"] = float(np.nanmean(off))
    return found


def fork_seconds() -> dict[str, float]:
    """64 futures of 64 scenes of 20 people, 4.8 s each."""
    wall, cpu = perf_counter(), process_time()
    fork_crowd("plaza", 64, 1, 6.0, 64, horizon_s=4.8, record_s=0.4, num_people=(20, 20))
    return {"wall_s": perf_counter() - wall, "cpu_s": process_time() - cpu}


@contextmanager
def peers(cases: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[dict[str, str], Any]]:
    """The peers' process, and a function that asks it for a round."""
    if not PEER.exists():
        sys.exit(f"{PEER} is not there: make bench-tools installs the peers")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenes.json"
        path.write_text(json.dumps(cases))
        command = [str(PEER), str(ROOT / "benchmarks/peers/crowd_walks.py"), str(path)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
        ) as process:
            assert process.stdin is not None and process.stdout is not None

            def ask(**asked: Any) -> dict[str, Any]:
                process.stdin.write(json.dumps(asked) + "\n")
                process.stdin.flush()
                answer: dict[str, Any] = json.loads(process.stdout.readline())
                return answer

            yield json.loads(process.stdout.readline()), ask
            process.stdin.close()


def rate(taken: dict[str, Any]) -> float:
    """People's steps in a second of the processor."""
    return float(taken["agent_steps"] / taken["cpu_s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--json", type=Path, nargs="?", const=Path("-"), help="print JSON only; also to a file if named"
    )
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    numba.set_num_threads(1)
    cases = {case: scenes_of(case, 1) for case in SIZES}
    walk_ours(cases["small"][:2])
    walk_ours(cases["large"], seconds=0.4)
    fork_crowd("plaza", 1, 1, 6.0, 2, horizon_s=0.4, record_s=0.4, num_people=(20, 20))
    rounds = []
    with peers(cases) as (versions, ask):
        for peer in PEER_SECONDS:
            ask(peer=peer, case="small", scenes=1, seconds=0.5)
        for _ in range(given.rounds):
            found: dict[str, Any] = {"ours_small": walk_ours(cases["small"])[0]}
            for peer, num in PEER_SCENES.items():
                found[f"{peer}_small"] = ask(peer=peer, case="small", scenes=num, seconds=PEER_SECONDS[peer])
            found["ours_large"] = walk_ours(cases["large"])[0]
            found["jupedsim_large"] = ask(peer="jupedsim", case="large", scenes=1, seconds=SECONDS)
            found["forks"] = fork_seconds()
            rounds.append(found)
            print(json.dumps(found), file=sys.stderr, flush=True)
    steps = [rate(found["ours_small"]) / rate(found["jupedsim_small"]) for found in rounds]
    finer = STEP_S / rounds[0]["jupedsim_small"]["step_s"]
    result: dict[str, Any] = {
        "ratio_jupedsim_step": statistics.median(steps),
        "ratio_jupedsim_time": statistics.median(steps) * finer,
        "ratio_pysocialforce": statistics.median(
            rate(found["ours_small"]) / rate(found["pysocialforce_small"]) for found in rounds
        ),
        "ratio_jupedsim_crowd": statistics.median(
            rate(found["ours_large"]) / rate(found["jupedsim_large"]) for found in rounds
        ),
        "forks_seconds": statistics.median(found["forks"]["cpu_s"] for found in rounds),
        "agent_steps_per_s": {
            name: statistics.median(rate(found[name]) for found in rounds) for name in rounds[0] if name != "forks"
        },
        "steps_s": {name: rounds[0][name]["step_s"] for name in rounds[0] if name != "forks"},
        **convergence(),
        "machine": {
            "platform": platform.platform(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "versions": {name: version(name) for name in ("pathcast", "numpy", "numba")} | versions,
        },
        "rounds": rounds,
    }
    for name, target in TARGETS.items():
        print(f"{name:22} {result[name]:9.3g}   target {target}", file=sys.stderr)
    if given.json is not None:
        text = json.dumps(result, indent=1)
        print(text)
        if str(given.json) != "-":
            given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
