"""Fuzzes the targets, guided by coverage, and says how many inputs were tried; `make fuzz` runs it.

Usage: run.py [--seconds 900] [--keep]; with --keep, inputs that reached new lines go into the corpus, minimised.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).parent
OURS = tuple(str(HERE.parents[1] / name) for name in ("service", "model", "pathcast"))
COMMAND = (sys.executable, __file__)
MEMORY_MB = 1500
LONGEST_BYTES = 512
HANGS_S = 30


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
    command = [*COMMAND, "--target", target, "--", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=900, help="altogether")
    parser.add_argument("--keep", action="store_true", help="add what reached new lines to the corpus")
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("--minimise", nargs=2, type=Path, help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.minimise:
        minimise(options.target, *options.minimise)
        return 0
    if options.target:
        fuzz(options.target, [each for each in rest if each != "--"])
        return 0
    names = sorted(path.name for path in (HERE / "corpus").iterdir())
    worst = 0
    for name in names:
        kept = HERE / "corpus" / name
        with tempfile.TemporaryDirectory() as found:
            limits = [f"-max_len={LONGEST_BYTES}", f"-rss_limit_mb={MEMORY_MB}", f"-timeout={HANGS_S}"]
            share = f"-max_total_time={options.seconds // len(names)}"
            code, said = run(
                name, [found, str(kept), *limits, share, "-print_final_stats=1", f"-artifact_prefix={found}/"]
            )
            count = re.search(r"number_of_executed_units:\s*(\d+)", said)
            memory = re.search(r"peak_rss_mb:\s*(\d+)", said)
            coverage = re.findall(r"cov: (\d+)", said)
            result = {
                "target": name,
                "executions": int(count[1]) if count else None,
                "coverage": int(coverage[-1]) if coverage else None,
                "peak_memory_mb": int(memory[1]) if memory else None,
                "is_well": code == 0,
            }
            print(json.dumps(result), flush=True)
            if code:
                worst = 1
                print(said[-6000:], file=sys.stderr)
                for artifact in sorted(Path(found).glob("*-*")):
                    print(artifact.name, artifact.read_bytes().hex(), file=sys.stderr)
            elif options.keep:
                subprocess.run([*COMMAND, "--target", name, "--minimise", str(kept), found], check=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
