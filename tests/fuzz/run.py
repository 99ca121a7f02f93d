"""Fuzzes the targets, guided by coverage, and says how many inputs were tried; `make fuzz` runs it.

Usage: run.py [--seconds 900] [--keep]; with --keep, inputs that reached new lines go into the corpus, minimised.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

HERE = Path(__file__).parent
OURS = tuple(str(HERE.parents[1] / name) for name in ("service", "model", "pathcast"))
COMMAND = (sys.executable, __file__)
MEMORY_MB = 1500
LONGEST_BYTES = 512
HANGS_S = 30
TURN_S = 150
"""Of one process."""
REPLAY_S = 10.0
MOST_GROWTH_MB = 5.0


def fuzz(target: str, arguments: list[str]) -> None:
    """One target in this process; libFuzzer ends it."""
    import atheris
    import structlog

    with atheris.instrument_imports(include=["pathcast.service", "pathcast.model", "targets"]):
        sys.path.insert(0, str(HERE))
        import targets

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    atheris.Setup([sys.argv[0], *arguments], targets.TARGETS[target])
    atheris.Fuzz()


def minimise(target: str, kept: Path, found: Path) -> None:
    """Keeps the shortest inputs that together reach all lines which any of them reaches."""
    sys.path.insert(0, str(HERE))
    import targets

    reached: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    paths = [path for folder in (kept, found) for path in folder.iterdir()]
    inputs = sorted({path.read_bytes() for path in paths}, key=lambda data: (len(data), data))
    for path in kept.iterdir():
        path.unlink()
    for data in inputs:
        before = len(reached)
        sys.settrace(trace)
        targets.TARGETS[target](data)
        sys.settrace(None)
        if len(reached) > before:
            (kept / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def run(target: str, arguments: list[str]) -> tuple[int, str]:
    """The same in a process of its own: its exit code and what libFuzzer said."""
    command = [*COMMAND, "--target", target, *([] if "--replay" in arguments else ["--"]), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=900, help="altogether")
    parser.add_argument("--keep", action="store_true", help="add what reached new lines to the corpus")
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("--minimise", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--replay", nargs=2, type=Path, help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.minimise:
        minimise(options.target, *options.minimise)
        return 0
    if options.replay:
        print(replay(options.target, options.replay))
        return 0
    if options.target:
        fuzz(options.target, [each for each in rest if each != "--"])
        return 0
    names = sorted(path.name for path in (HERE / "corpus").iterdir())
    results = [fuzz_in_turns(name, options.seconds // len(names), options.keep) for name in names]
    return 0 if all(results) else 1


def fuzz_in_turns(name: str, seconds: int, keeps: bool) -> bool:
    """One target for so long, in processes one after the other that go on from what was found; whether all was well.

    libFuzzer itself keeps some 130 bytes of every input it tried, so a process that lasts ends at its own limit.
    """
    kept = HERE / "corpus" / name
    result: dict[str, Any] = {"target": name, "executions": 0, "coverage": 0, "peak_memory_mb": 0, "is_well": True}
    with tempfile.TemporaryDirectory() as found:
        limits = [f"-max_len={LONGEST_BYTES}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={HANGS_S}"]
        limits += ["-print_final_stats=1", f"-artifact_prefix={found}/"]
        for begun in range(0, max(1, seconds), TURN_S):
            share = f"-max_total_time={max(1, min(TURN_S, seconds - begun))}"
            code, said = run(name, [found, str(kept), *limits, share])
            result["executions"] += _last(r"number_of_executed_units:\s*(\d+)", said)
            result["coverage"] = max(result["coverage"], _last(r"cov: (\d+)", said))
            result["peak_memory_mb"] = max(result["peak_memory_mb"], _last(r"peak_rss_mb:\s*(\d+)", said))
            if code:
                result["is_well"] = False
                print(said[-6000:], file=sys.stderr)
                for artifact in sorted(Path(found).glob("*-*")):
                    print(artifact.name, artifact.read_bytes().hex(), file=sys.stderr)
                break
        if result["is_well"]:
            code, said = run(name, ["--replay", str(kept), found])
            result["replay_growth_mb"] = round(float(said.split()[-1]), 1) if not code else None
            result["is_well"] = not code and result["replay_growth_mb"] <= MOST_GROWTH_MB
        print(json.dumps(result), flush=True)
        if result["is_well"] and keeps:
            subprocess.run([*COMMAND, "--target", name, "--minimise", str(kept), found], check=True)
    return bool(result["is_well"])


def replay(target: str, folders: list[Path]) -> float:
    """Megabytes by which this process grew while it took every input again and again, with no fuzzer in it."""
    sys.path.insert(0, str(HERE))
    import structlog
    import targets

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    inputs = [path.read_bytes() for folder in folders for path in sorted(folder.iterdir())]
    sizes = []
    for seconds in (REPLAY_S / 3, REPLAY_S):  # what is made once is made in the first
        end = monotonic() + seconds
        while monotonic() < end:
            for data in inputs:
                targets.TARGETS[target](data)
        sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6)
    return sizes[1] - sizes[0]


def _last(pattern: str, said: str) -> int:
    found = re.findall(pattern, said)
    return int(found[-1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
