"""How much more do more replicas answer, behind nginx?

One to N replicas of one process each behind nginx, configured as in `deploy/`, loaded by benchmarks/load as much as
they take: streams that each wait for their answer. With them one server without the proxy. Beside the rates stands
where the processor time went, replicas, nginx and load apart: on a machine with fewer cores than these want, what
limits is that, and what the replicas could do with cores of their own follows from their time for each frame.

    python benchmarks/replicas.py [--json] [--replicas N] [--streams N] [--tracks N] [--rounds N] [--seconds S]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from proxied import Nginx, find_program
from serving_bundle import NAME, write_serving_bundle
from serving_load import STREAM_LOAD, Case, load_streams, processor_s

from pathcast.service.client import LocalServer


@dataclass(frozen=True)
class Served:
    """Replicas that are loaded through one address."""

    address: str
    replicas: list[int]
    """Process numbers."""
    proxies: Callable[[], list[int]]


@contextmanager
def behind_nginx(bundle: Path, num: int, program: str) -> Iterator[Served]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        servers = [stack.enter_context(LocalServer([str(bundle)])) for _ in range(num)]
        nginx = stack.enter_context(Nginx(program, folder, [each.address for each in servers]))
        yield Served(nginx.address, [each.process.pid for each in servers], nginx.worker_ids)


@contextmanager
def alone(bundle: Path) -> Iterator[Served]:
    with LocalServer([str(bundle)]) as server:
        yield Served(server.address, [server.process.pid], list)


def load(served: Served, case: Case, seconds: float) -> dict[str, Any]:
    """One round, and the processor time of all that took part."""
    before = sum(map(processor_s, served.replicas))
    own = os.times().children_user + os.times().children_system
    idle, started = idle_s(), monotonic()
    said = load_streams(served.address, NAME, case, seconds, served.replicas[0])
    elapsed = monotonic() - started
    spent = {
        "replicas": sum(map(processor_s, served.replicas)) - before,
        "proxy": sum(map(processor_s, served.proxies())),  # which was started for this round
        "load": os.times().children_user + os.times().children_system - own,
    }
    frames = said["frames_in_all"]
    return {
        "frames_per_s": said["frames_per_s"],
        "tracks_per_s": said["frames_per_s"] * case.tracks,
        "p50_ms": said["p50_us"] / 1e3,
        "p99_ms": said["p99_us"] / 1e3,
        **{f"{name}_us_per_frame": 1e6 * value / frames for name, value in spent.items()},
        "cores_busy": sum(spent.values()) / elapsed,
        "cores_idle": (idle_s() - idle) / elapsed,
    }


def idle_s() -> float:
    """Seconds that all cores of the machine have been idle, each by itself."""
    return float(Path("/proc/stat").read_text().split()[4]) / os.sysconf("SC_CLK_TCK")


def summarise(rounds: list[dict[str, Any]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in rounds), 2) for name in rounds[0]}


def judge(rows: list[dict[str, Any]], cores: int) -> str:
    """What limits, in words."""
    one, most = rows[0], rows[-1]
    gain = most["frames_per_s"] / one["frames_per_s"]
    own = 1e6 / most["replicas_us_per_frame"]
    if most["cores_idle"] < 0.15 * cores:
        words = f"the {cores} cores: {most['cores_busy']:.1f} are busy with this, and {most['cores_idle']:.1f} idle"
    else:
        words = f"waiting: {most['cores_idle']:.1f} of {cores} cores are idle"
    return (
        f"{most['replicas']} replicas answer {gain:.2f} times what one does; what limits is {words}. "
        f"A replica with a core of its own would answer {own:.0f} frames/s by its processor time"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print all rounds and the machine as JSON")
    parser.add_argument("--replicas", type=int, default=3, help="most of them")
    parser.add_argument("--streams", type=int, default=48)
    parser.add_argument("--tracks", type=int, default=4, help="in each frame")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    options = parser.parse_args()
    program = find_program("nginx")
    if program is None or not STREAM_LOAD.exists():
        missing = [
            name for name, is_there in (("nginx", program), ("stream_load", STREAM_LOAD.exists())) if not is_there
        ]
        raise SystemExit(f"expected {' and '.join(missing)}, found none: make test-system bench-tools")
    cores = len(os.sched_getaffinity(0))
    case = Case(options.streams, options.tracks)
    raw: dict[str, list[dict[str, Any]]] = {}
    with TemporaryDirectory() as folder:
        bundle = Path(folder, "bundle")
        write_serving_bundle(bundle)
        for number in range(options.rounds):
            for num in range(options.replicas + 1):
                with alone(bundle) if num == 0 else behind_nginx(bundle, num, program) as served:
                    raw.setdefault("alone" if num == 0 else str(num), []).append(load(served, case, options.seconds))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    direct = summarise(raw.pop("alone"))
    rows = [{"replicas": int(num), **summarise(rounds)} for num, rounds in raw.items()]
    report = {
        "without_proxy": direct,
        "behind_nginx": rows,
        "limit": judge(rows, cores),
        "case": vars(case),
        "machine": {"cores": cores, "processor": platform.machine(), "load_average": os.getloadavg()},
        "python": platform.python_version(),
        "rounds": raw,
    }
    if options.json:
        print(json.dumps(report, indent=1))
        return
    print(
        "replicas    frames/s   tracks/s    p50 ms    p99 ms   us a frame: replicas    nginx     load   cores busy idle"
    )
    for name, row in (("no nginx", direct), *((str(each["replicas"]), each) for each in rows)):
        print(
            f"{name:>8s} {row['frames_per_s']:11.0f} {row['tracks_per_s']:10.0f} {row['p50_ms']:9.1f}"
            f" {row['p99_ms']:9.1f} {row['replicas_us_per_frame']:22.0f} {row['proxy_us_per_frame']:8.0f}"
            f" {row['load_us_per_frame']:8.0f} {row['cores_busy']:12.2f} {row['cores_idle']:5.2f}"
        )
    print(report["limit"])


if __name__ == "__main__":
    main()
