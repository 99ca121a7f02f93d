"""How much faster are balls simulated than by scipy and by MuJoCo, at an error of a micrometre?

The same throws for everybody, with drag, Magnus lift and bounces, at 240 instants of 2 s. The truth is scipy's DOP853
at a relative tolerance of 1e-12; ours takes the longest step whose error stays under the one asked for. The peers are
DOP853 at 1e-6 with events, its right-hand side in plain Python, and MuJoCo's rollout at 960 Hz in a venv of its own
(`make bench-tools`); both are timed on evenly spread throws of the same set, and their rates compared. With the full
physics the same throws and other sports' are flown by ours and by DOP853. One thread each, in turn, several rounds;
rates are throws per second of processor time, wall times stand beside them. `--json` prints all figures and rounds as
JSON, and nothing else, on standard output; with a file's name it writes them there too.

    python benchmarks/ball_simulation.py [--json [FILE]] [--throws N] [--rounds N] [--scenario NAME]
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
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from peers import full_flight
from peers.dop853 import by_scipy

from pathcast.simulator.ball.flight import bounces, fly_many
from pathcast.simulator.ball.parameters import (
    DRAG,
    FLOOR,
    FRICTION,
    GRAVITY,
    INERTIA,
    LIFT,
    NUM_PARAMETERS,
    RADIUS,
    SPIN_DECAY,
)
from pathcast.simulator.ball.scenarios import throw
from pathcast.simulator.ball.sports import INDOOR_AIR

ROOT = Path(__file__).parents[1]
PEER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
DURATION_S, SAMPLES, MUJOCO_HZ = 2.0, 240, 960.0
STEPS = tuple(1 / per_second for per_second in (60, 40, 30, 24, 20, 18, 16, 15, 14, 13, 12, 11, 10, 8))
"""s, tried for the longest that keeps the error."""
ERRORS_ASKED = tuple(10.0 ** (power / 12) for power in range(-84, -59))
"""m, tried with the full physics: what is asked for is a bound, often far from reached."""
GRAZING_M = 1e-3
REPEATS = 12
"""Calls of ours in a round: one is over in a few milliseconds."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Round:
    """One measurement of one implementation."""

    who: str
    number: int
    throws: int
    cpu_s: float
    wall_s: float

    @property
    def per_s(self) -> float:
        return self.throws / self.cpu_s


def nearly_grazing(states: Array, rows: Array, truth: Array) -> NDArray[np.bool_]:
    """Whether a path would be another if the floor were 1 mm off: a bounce, or a miss, by less than that.

    A bounce at v_z would have gone v_z^2 / (2 g) deeper; a ball that turns upward by itself stays that far above.
    """
    _, before, _ = bounces(states, rows, DURATION_S, 64)
    with np.errstate(invalid="ignore"):
        depth = before[:, :, 5] ** 2 / (2 * rows[:, None, GRAVITY])
        shallow = (depth < GRAZING_M).any(axis=1)
    above = truth[:, :, 2] - (rows[:, FLOOR] + rows[:, RADIUS])[:, None]
    lowest = (above[:, 1:-1] < above[:, :-2]) & (above[:, 1:-1] < above[:, 2:]) & (above[:, 1:-1] < GRAZING_M)
    ends = np.isfinite(before[:, :, 5]).any(axis=1)
    return np.asarray(shallow | (lowest.any(axis=1) & ~ends))


@dataclass(frozen=True, eq=False)
class Case:
    """The throws, and where they are."""

    states: Array
    rows: Array
    times: Array
    truth: Array
    clear: NDArray[np.bool_]
    """Of throws that do not nearly graze."""
    mass: float

    def error(self, step: float) -> float:
        """Greatest error of ours over the clear throws, m."""
        return worst(fly_many(self.states, self.rows, self.times, step)[self.clear], self.truth[self.clear])

    def first_bounce(self) -> Array:
        """s; infinite where there is none. Shape [throw]."""
        return np.asarray(np.nan_to_num(bounces(self.states, self.rows, DURATION_S, 1)[0][:, 0], nan=np.inf))


def case_of(scenario: str, num: int, seed: int) -> Case:
    """The throws with constant coefficients and no decay of spin: MuJoCo knows no others, so nobody has them."""
    throws = throw(scenario, num, seed)
    rows = throws.parameters[:, :NUM_PARAMETERS].copy()
    rows[:, SPIN_DECAY] = 0.0
    times: Array = np.arange(1, SAMPLES + 1, dtype=np.float64) * np.float64(DURATION_S / SAMPLES)
    truth = np.array([by_scipy(state, row, times, 1e-12) for state, row in zip(throws.states, rows, strict=True)])
    clear = ~nearly_grazing(throws.states, rows, truth)
    return Case(throws.states, rows, times, truth, clear, throws.ball.mass_kg)


def longest_step(case: Case, error: float) -> tuple[float, dict[str, float]]:
    """The longest step whose greatest error is within the one asked for, and the errors (m) of those tried."""
    errors = {f"1/{round(1 / step)}": case.error(step) for step in STEPS}
    good = [step for step, found in zip(STEPS, errors.values(), strict=True) if found <= error]
    if not good:
        sys.exit(f"no step of {', '.join(errors)} s keeps the error under {error} m: {errors}")
    return max(good), errors


def worst(positions: Array, truth: Array) -> float:
    """The greatest distance, m."""
    return float(np.linalg.norm(positions - truth, axis=2).max())


def timed(who: str, number: int, throws: int, work: Callable[[], Any]) -> Round:
    wall, cpu = perf_counter(), process_time()
    work()
    return Round(who, number, throws, process_time() - cpu, perf_counter() - wall)


@contextmanager
def mujoco(case: Case, chosen: NDArray[np.int64], folder: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """A process that rolls the chosen throws out each time it is asked; the first answer is of its versions."""
    rows, states = case.rows[chosen], case.states[chosen]
    names = ["gravity", "drag", "lift", "radius", "inertia", "floor", "friction", "mass", "density"]
    taken = rows[:, [GRAVITY, DRAG, LIFT, RADIUS, INERTIA, FLOOR, FRICTION]]
    constant = np.tile([case.mass, INDOOR_AIR], (len(rows), 1))
    np.savez(
        folder / "throws.npz",
        names=names,
        rows=np.concatenate([taken, constant], axis=1),
        states=states,
        rate_hz=MUJOCO_HZ,
        sample_hz=SAMPLES / DURATION_S,
        num_samples=SAMPLES,
        integrator="Euler",
    )
    command = [str(PEER_PYTHON), str(ROOT / "benchmarks" / "peers" / "mujoco_rollout.py"), str(folder / "throws.npz")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def ask(line: str) -> dict[str, Any]:
            if line != "versions":
                asked.write(f"{line}\n" if line else "\n")
                asked.flush()
            answer = answers.readline()
            if not answer:
                sys.exit("MuJoCo's process ended early; its message is above. `make bench-tools` rebuilds its venv.")
            return dict(json.loads(answer))

        yield ask
        asked.close()
        process.wait()


def spread_over(num: int, wanted: int) -> NDArray[np.int64]:
    """Indices of so many throws, evenly."""
    return np.linspace(0, num - 1, min(wanted, num)).round().astype(np.int64)


def ratio(rounds: list[Round], who: str, peer: str) -> list[float]:
    """How many times the peer's rate, round by round."""
    mine, theirs = ([each.per_s for each in rounds if each.who == name] for name in (who, peer))
    return [one / other for one, other in zip(mine, theirs, strict=True)]


def memory_per_throw(case: Case, step: float) -> float:
    """Bytes held at most at once, a throw, the result included."""
    tracemalloc.start()
    fly_many(case.states, case.rows, case.times, step)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / len(case.states)


def full_physics(scenario: str, given: argparse.Namespace) -> tuple[dict[str, Any], list[Round]]:
    """Figures and rounds of a scenario's throws under the full physics."""
    times: Array = np.arange(1, SAMPLES + 1, dtype=np.float64) * np.float64(DURATION_S / SAMPLES)
    states, rows = full_flight.throws_of(scenario, given.throws, given.seed)
    truth = np.array([full_flight.by_scipy(*one, times, 1e-12) for one in zip(states, rows, strict=True)])
    clear = ~nearly_grazing(states, rows, truth)
    errors = {
        asked: worst(full_flight.by_ours(states, rows, times, asked)[clear], truth[clear]) for asked in ERRORS_ASKED
    }
    good = [asked for asked, found in errors.items() if found <= given.error]
    if not good:
        sys.exit(f"{scenario}, full physics: no error asked for keeps the true one under {given.error} m: {errors}")
    asked, some = max(good), spread_over(given.throws, given.scipy_throws)

    def ours() -> None:
        for _ in range(REPEATS // 2):
            full_flight.by_ours(states, rows, times, asked)

    def scipys() -> None:
        for index in some:
            full_flight.by_scipy(states[index], rows[index], times, 1e-6)

    rounds: list[Round] = []
    mine, theirs = f"pathcast, full, {scenario}", f"scipy, full, {scenario}"
    for number in range(given.rounds):
        rounds.append(timed(mine, number, REPEATS // 2 * len(states), ours))
        rounds.append(timed(theirs, number, len(some), scipys))
    found = ratio(rounds, mine, theirs)
    return {
        "ratio_scipy": round(statistics.median(found), 1),
        "ratio_range": [round(min(found), 1), round(max(found), 1)],
        "max_error_m": errors[asked],
        "error_asked_m": asked,
        "errors_by_error_asked_m": {f"{asked:.2g}": error for asked, error in errors.items()},
        "left_out_share": float(1 - clear.mean()),
        "mean_bounces": float(np.isfinite(bounces(states, rows, DURATION_S, 64)[0]).sum(axis=1).mean()),
        "throws_per_s": round(statistics.median(each.per_s for each in rounds if each.who == mine), 1),
    }, rounds


def processor() -> str:
    """The processor's name, where the system tells it."""
    if (info := Path("/proc/cpuinfo")).exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def arguments_given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", nargs="?", const="-", help="print figures, all rounds, machine and versions as JSON")
    parser.add_argument("--throws", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scenario", default="basketball")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--error", type=float, default=1e-6, help="greatest error allowed, m")
    parser.add_argument("--scipy-throws", type=int, default=400, help="that scipy is timed on")
    parser.add_argument("--mujoco-throws", type=int, default=200, help="that MuJoCo is timed on")
    given = parser.parse_args()
    if not PEER_PYTHON.exists():
        sys.exit(f"{PEER_PYTHON.relative_to(ROOT)} is missing: MuJoCo, a peer here, is installed by `make bench-tools`")
    return given


def measured(case: Case, step: float, given: argparse.Namespace) -> tuple[list[Round], dict[str, float], str]:
    """All rounds, the peers' greatest errors in m, and MuJoCo's version."""
    num = len(case.states)
    some, few = spread_over(num, given.scipy_throws), spread_over(num, given.mujoco_throws)
    all_cores = int(numba.config.NUMBA_NUM_THREADS)
    rounds: list[Round] = []

    def ours() -> None:
        for _ in range(REPEATS):
            fly_many(case.states, case.rows, case.times, step)

    def scipys() -> Array:
        return np.array([by_scipy(case.states[index], case.rows[index], case.times, 1e-6) for index in some])

    with tempfile.TemporaryDirectory() as folder, mujoco(case, few, Path(folder)) as ask:
        peer_version = ask("versions")["mujoco"]
        ask(str(Path(folder) / "positions.npy"))
        rolled = np.load(Path(folder) / "positions.npy")
        for number in range(given.rounds):
            rounds.append(timed("pathcast", number, REPEATS * num, ours))
            rounds.append(timed("scipy", number, len(some), scipys))
            rounds.append(Round("mujoco", number, **ask("")))
            numba.set_num_threads(all_cores)
            rounds.append(timed("pathcast, all cores", number, REPEATS * num, ours))
            numba.set_num_threads(1)
    apart = np.linalg.norm(rolled - case.truth[few], axis=2)
    before = case.times < case.first_bounce()[few, None]
    errors = {
        "scipy": worst(scipys()[case.clear[some]], case.truth[some][case.clear[some]]),
        "mujoco before the first bounce": float(apart[before].max()),
        "mujoco after it, median (another law of contact)": float(np.median(apart[~before])),
    }
    return rounds, errors, str(peer_version)


def main() -> None:
    given = arguments_given()
    numba.set_num_threads(1)

    def tell(line: str) -> None:
        print(line, file=sys.stderr if given.json else sys.stdout)

    case = case_of(given.scenario, given.throws, given.seed)
    step, errors = longest_step(case, given.error)
    rebounds = np.isfinite(bounces(case.states, case.rows, DURATION_S, 64)[0]).sum(axis=1)
    tell(f"{given.throws} throws of {given.scenario}, {rebounds.mean():.2f} bounces each in {DURATION_S:g} s")
    tell(f"left out, as within {GRAZING_M:g} m of grazing: {1 - case.clear.mean():.2%}")
    tell(f"greatest error by step, m: {', '.join(f'{name} s {found:.1e}' for name, found in errors.items())}")
    rounds, peer_errors, mujoco_version = measured(case, step, given)
    ratios = {peer: ratio(rounds, "pathcast", peer) for peer in ("scipy", "mujoco")}
    for peer, found in ratios.items():
        tell(f"times {peer}: {statistics.median(found):.1f} [{min(found):.1f} to {max(found):.1f}]")
    full: dict[str, dict[str, Any]] = {}
    for scenario in dict.fromkeys([given.scenario, *full_flight.ROWS.values()]):
        full[scenario], its_rounds = full_physics(scenario, given)
        rounds += its_rounds
        low, high = full[scenario]["ratio_range"]
        tell(
            f"times scipy with full physics, {scenario}: {full[scenario]['ratio_scipy']} [{low} to {high}], "
            f"left out {full[scenario]['left_out_share']:.2%}, greatest error {full[scenario]['max_error_m']:.1e} m"
        )
    wall = [each.throws / each.wall_s for each in rounds if each.who == "pathcast, all cores"]
    scenarios = full_flight.ROWS | {"": given.scenario}
    figures = {
        **{f"ratio_{peer}": round(statistics.median(found), 1) for peer, found in ratios.items()},
        **{f"ratio_scipy_full{end}": full[scenario]["ratio_scipy"] for end, scenario in scenarios.items()},
        "max_error_m": max(case.error(step), *(each["max_error_m"] for each in full.values())),
        "left_out_share": max(float(1 - case.clear.mean()), *(each["left_out_share"] for each in full.values())),
        "step_s": step,
        "throws_per_s": {
            who: round(statistics.median(each.per_s for each in rounds if each.who == who), 1)
            for who in ("pathcast", "scipy", "mujoco")
        },
        "throws_per_s_all_cores": round(statistics.median(wall), 1),
        "bytes_per_throw": round(memory_per_throw(case, step), 1),
        "peers_error_m": peer_errors,
    }
    record = {
        "question": "throws per second against scipy and MuJoCo at a stated error, one thread each",
        **figures,
        "constant_coefficients": {
            "max_error_m": case.error(step),
            "left_out_share": float(1 - case.clear.mean()),
            "mean_bounces": float(rebounds.mean()),
            "errors_by_step_m": errors,
        },
        "full_physics": full,
        "scenario": given.scenario,
        "seed": given.seed,
        "throws": given.throws,
        "timed_on": {
            "scipy": f"{min(given.scipy_throws, given.throws)} of the throws, evenly; rate by their number",
            "mujoco": f"{min(given.mujoco_throws, given.throws)} of the throws, evenly; rate by their number",
        },
        "clock": "processor time; all cores by wall time",
        "machine": {"cpu": processor(), "cores": os.cpu_count(), "load": os.getloadavg()},
        "threads_all_cores": int(numba.config.NUMBA_NUM_THREADS),
        "versions": {name: version(name) for name in ("numpy", "numba", "scipy")} | {"mujoco": mujoco_version},
        "python": platform.python_version(),
        "rounds": [asdict(each) for each in rounds],
    }
    print(json.dumps(record if given.json else figures, indent=1))
    if given.json and given.json != "-":
        Path(given.json).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
