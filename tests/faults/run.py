"""Injects faults and prints a table: fault, times injected, survived, lost; `make test-faults` runs it.

Every count comes from the log of the client that the fault was done to: what it sent and what it got. An injection has
survived if every frame was answered once, by a forecast that lies within 1e-5 of that of a stream to which nothing
happens, or refused where it must be, if the statuses are right, and if a witness on the same server noticed nothing.
Ends with 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from time import monotonic

from bundles import bundle_deleted, bundle_half_copied, bundle_replaced
from connections import client_gone, connection_cut, proxy_restarted, server_killed
from inputs import clock_jump, slow_reader, ten_thousand_tracks
from log import Log
from openings import thousand_streams
from rig import Rig

FAULTS: tuple[Callable[[Rig, int], Iterator[Log]], ...] = (
    server_killed,
    connection_cut,
    proxy_restarted,
    slow_reader,
    client_gone,
    clock_jump,
    bundle_half_copied,
    bundle_replaced,
    bundle_deleted,
    ten_thousand_tracks,
    thousand_streams,
)
COLUMNS = ("injected", "survived", "lost", "frames", "answered", "conflated", "refused", "observations", "witnessed")


def summarise(name: str, logs: list[Log], seconds: float) -> dict[str, object]:
    """A row of the table."""
    survived = sum(log.has_survived for log in logs)
    return {
        "fault": name,
        "injected": len(logs),
        "survived": survived,
        "lost": len(logs) - survived,
        "frames": sum(len(log.sent) for log in logs),
        "answered": sum(len(log.answered) for log in logs),
        "conflated": sum(log.conflated for log in logs),
        "refused": sum(len(log.refused) for log in logs),
        "observations": sum(sum(log.sent.values()) for log in logs),
        "witnessed": sum(log.witnessed for log in logs),
        "largest_difference": max((each for log in logs for each in log.differences), default=None),
        "longest_wait_of_witness_s": round(max((log.longest_wait_s for log in logs), default=0.0), 3),
        "seconds": round(seconds, 1),
        "complaints": [f"{index}: {each}" for index, log in enumerate(logs) for each in log.complaints[:3]],
    }


def line(row: dict[str, object]) -> str:
    """A row as text."""
    return (
        f"{row['fault']:<20}" + "".join(f"{row[name]:>13}" for name in COLUMNS) + f"{row['largest_difference']:>10.1g}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20, help="how often each fault is injected; %(default)s")
    parser.add_argument("--only", action="append", choices=[each.__name__ for each in FAULTS], help="again for more")
    parser.add_argument("--json", action="store_true", help="rows as JSON, one a line")
    options = parser.parse_args()
    if not options.json:
        print(f"{'fault':<20}" + "".join(f"{name:>13}" for name in COLUMNS) + f"{'differ':>10}", flush=True)
    has_lost = False
    with Rig() as rig:
        for fault in FAULTS:
            if options.only and fault.__name__ not in options.only:
                continue
            started = monotonic()
            logs = list(fault(rig, options.times))
            row = summarise(fault.__name__, logs, monotonic() - started)
            print(json.dumps(row) if options.json else line(row), flush=True)
            has_lost |= bool(row["lost"]) or len(logs) < options.times
            for complaint in row["complaints"]:
                print(f"{fault.__name__} {complaint}", file=sys.stderr, flush=True)
    return int(has_lost)


if __name__ == "__main__":
    sys.exit(main())
