"""Prints the tables of docs/scale.md: what cameras and archives need, from what a frame and a track cost.

`python tools/scale.py [--price DOLLARS] [--egress DOLLARS]`: of a core for an hour, and of a gigabyte that leaves.
The measured costs are those of docs/scale.json (`benchmarks/scale.py`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

MEASURED: Final = Path(__file__).parents[1] / "docs" / "scale.json"
PRICE, EGRESS = 0.04, 0.05
"""Dollars for a core-hour and for a gigabyte out: assumptions, of the order of what clouds ask without a contract."""
BUSY: Final = 0.5
"""Share of a core that is planned for, so that a batch does not wait for long and a replica may be away."""
SNAPSHOT_BYTES, SNAPSHOT_S = 784, 2.0
TRACK_BYTES, STREAM_BYTES = 4096, 65536
"""Of memory, the most that `make test-soak` lets a live track and an idle stream have."""
CAMERAS: Final = (1, 100, 10_000)
ARCHIVE: Final = (1_000_000, 1_000_000_000)


@dataclass(frozen=True)
class Traffic:
    """What one camera asks for."""

    name: str
    people: int
    frames_per_s: float
    every: int


TRAFFICS: Final = (
    Traffic("every frame, 25 a second", 10, 25.0, 1),
    Traffic("25 frames a second, every 5th forecast", 10, 25.0, 5),
    Traffic("5 frames a second, each forecast", 10, 5.0, 1),
)


@dataclass(frozen=True)
class Costs:
    """What was measured."""

    measured: dict[str, Any]

    def frame_s(self, people: int, every: int) -> float:
        """Processor time of a frame: a straight line through the measured numbers of people."""
        rows = [row for row in self.measured["serving"] if row["every"] == every]
        slope, start = np.polyfit([row["people"] for row in rows], [row["us_per_frame"] for row in rows], 1)
        return 1e-6 * float(start + slope * people)

    def frame_bytes(self, people: int, every: int) -> tuple[float, float]:
        """In and out, snapshots aside."""
        sizes = [(int(name), row) for name, row in self.measured["wire"].items()]
        known = [people for people, _ in sizes]
        came, went = (float(np.interp(people, known, [row[way] for _, row in sizes])) for way in ("in", "out"))
        return came, went / every

    @property
    def process_bytes(self) -> float:
        """Memory of a server process with a few streams."""
        return float(max(row["resident_bytes"] for row in self.measured["serving"]))

    @property
    def forecast_s(self) -> float:
        """Processor time of a forecast in batch, the start left out."""
        few, many = self.measured["batch"]
        return float((many["processor_s"] - few["processor_s"]) / (many["tracks"] - few["tracks"]))

    @property
    def start_s(self) -> float:
        """Of a process of batch."""
        few = self.measured["batch"][0]
        return float(few["processor_s"] - few["tracks"] * self.forecast_s)

    def track_bytes(self, way: str) -> float:
        """Bytes of a track as Parquet: `bytes_in`, or its forecast: `bytes_out`."""
        many = self.measured["batch"][1]
        return float(many[way] / many["tracks"])


def cameras_table(costs: Costs, traffic: Traffic, price: float, egress: float) -> list[str]:
    """Rows of a table of cameras."""
    lines = [
        f"**{traffic.name}, {traffic.people} people in sight**",
        "",
        f"| cameras | cores busy | cores, {BUSY:.0%} busy | memory | in | out | $ a day: cores | and all that leaves |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for num in CAMERAS:
        busy = num * traffic.frames_per_s * costs.frame_s(traffic.people, traffic.every)
        cores = max(1, int(np.ceil(busy / BUSY)))
        came, went = (num * traffic.frames_per_s * each for each in costs.frame_bytes(traffic.people, traffic.every))
        went += num * traffic.people * SNAPSHOT_BYTES / SNAPSHOT_S
        memory = cores * costs.process_bytes + num * (STREAM_BYTES + traffic.people * TRACK_BYTES)
        day, leaving = 24 * cores * price, 86_400 * went / 1e9 * egress
        lines.append(
            f"| {num:,} | {busy:.2g} | {cores:,} | {size(memory)} | {size(came)}/s | {size(went)}/s "
            f"| {money(day)} | {money(day + leaving)} |"
        )
    return [*lines, ""]


def archive_table(costs: Costs, price: float) -> list[str]:
    """Rows of the table of archives."""
    lines = [
        "| tracks, one forecast of each | core-hours | hours on 2 cores | on 64 | tracks as Parquet | forecasts | $ |",
        "|---|---|---|---|---|---|---|",
    ]
    for num in ARCHIVE:
        hours = num * costs.forecast_s / 3600
        read, written = (num * costs.track_bytes(way) for way in ("bytes_in", "bytes_out"))
        cells = [
            f"{num:,}",
            *(f"{each:.2g}" if each < 100 else f"{each:,.0f}" for each in (hours, hours / 2, hours / 64)),
        ]
        lines.append("| " + " | ".join([*cells, size(read), size(written), money(hours * price)]) + " |")
    return [*lines, ""]


def check_table(costs: Costs) -> list[str]:
    """What the plan said of two runs beside what they took."""
    run = costs.measured["checked"]
    cores = run["cameras"] * run["rate_hz"] * costs.frame_s(run["people"], run["every"])
    seconds = costs.start_s + run["tracks"] * costs.forecast_s
    written = run["tracks"] * costs.track_bytes("bytes_out")
    rows = [
        (
            f"{run['cameras']} cameras, {run['people']} people, {run['rate_hz']:g} frames/s: cores busy",
            cores,
            run["steady"]["cores"],
        ),
        (f"{run['tracks']:,} tracks: processor seconds", seconds, run["batch"]["processor_s"]),
        (f"{run['tracks']:,} tracks: MB of forecasts", written / 1e6, run["batch"]["bytes_out"] / 1e6),
    ]
    lines = ["| run | planned | measured | measured / planned |", "|---|---|---|---|"]
    lines += [f"| {name} | {plan:.3g} | {found:.3g} | {found / plan:.2f} |" for name, plan, found in rows]
    return [*lines, ""]


def size(num_bytes: float) -> str:
    """Bytes in a unit of powers of a thousand, two digits."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if num_bytes < 1000 or unit == "TB":
            break
        num_bytes /= 1000
    return f"{num_bytes:.2g} {unit}" if num_bytes < 100 else f"{num_bytes:.0f} {unit}"


def money(dollars: float) -> str:
    """Dollars, two digits."""
    return f"{dollars:,.2f}" if dollars < 10 else f"{float(f'{dollars:.2g}'):,.0f}"


def tables(price: float = PRICE, egress: float = EGRESS) -> str:
    """All tables, as they stand in docs/scale.md."""
    costs = Costs(json.loads(MEASURED.read_text("utf-8")))
    parts: Sequence[list[str]] = (
        ["### Cameras", ""],
        *(cameras_table(costs, traffic, price, egress) for traffic in TRAFFICS),
        ["### Archives", ""],
        archive_table(costs, price),
        ["### Checked", ""],
        check_table(costs),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def main() -> None:
    """Prints them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--price", type=float, default=PRICE, help="dollars for a core-hour")
    parser.add_argument("--egress", type=float, default=EGRESS, help="dollars for a gigabyte that leaves")
    options = parser.parse_args()
    print(tables(options.price, options.egress), end="")


if __name__ == "__main__":
    main()
