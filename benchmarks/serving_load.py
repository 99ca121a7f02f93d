"""Load on servers: the compiled gRPC client of benchmarks/load, and h2load for HTTP; one round of one case each."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
STREAM_LOAD = ROOT / "build" / "load" / "stream_load"
PEER_PYTHON = ROOT / ".venv-bench-serving" / "bin" / "python"
WARM_S = 0.5


@dataclass(frozen=True)
class Case:
    """How a server is loaded."""

    streams: int
    tracks: int = 1
    """In each frame."""
    every: int = 1
    """Frames from one forecast to the next."""


def check_tools() -> None:
    """Ends the run where a tool is missing."""
    missing = [str(path.relative_to(ROOT)) for path in (STREAM_LOAD, PEER_PYTHON) if not path.exists()]
    missing += [] if shutil.which("h2load") else ["h2load"]
    if missing:
        raise SystemExit(f"expected {', '.join(missing)}, found none: make bench-tools")


def load_streams(address: str, model: str, case: Case, seconds: float, pid: int) -> dict[str, Any]:
    """One round of a gRPC server, whose process is `pid`."""
    options = {"streams": case.streams, "tracks": case.tracks, "every": case.every, "warm": WARM_S, "seconds": seconds}
    before = processor_s(pid)
    said = _stream_load(address, model, options)
    return said | {
        "frames_per_s": said["frames"] / said["seconds"],
        "processor_us_per_frame": 1e6 * (processor_s(pid) - before) / said["frames_in_all"],
    }


def load_flat(address: str, model: str, pairs: int) -> dict[str, Any]:
    """Waits of old streams beside those of fresh ones."""
    return _stream_load(address, model, {"flat": pairs})


def _stream_load(address: str, model: str, options: dict[str, float]) -> dict[str, Any]:
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    done = subprocess.run([STREAM_LOAD, address, model, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"stream_load {' '.join(words)}: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def load_http(address: str, case: Case, seconds: float) -> dict[str, Any]:
    """One round of mosec: as many connections as streams, each waiting for its answer."""
    with TemporaryDirectory() as folder:
        body, log = Path(folder, "body"), Path(folder, "log")
        body.write_bytes(struct.pack("<Qfff", 7, 1.0, 2.0, 3.0))
        url = f"http://{address}/inference"
        words = [
            "-D",
            f"{round(1e3 * (WARM_S + seconds))}ms",
            "-c",
            str(case.streams),
            "-d",
            str(body),
            f"--log-file={log}",
            url,
        ]
        said = subprocess.run(["h2load", "--h1", *words], capture_output=True, text=True, check=True).stdout
        rows = np.loadtxt(log, dtype=np.int64, ndmin=2)
    if not (rows[:, 1] == 200).all():
        raise SystemExit(f"h2load: expected answers with status 200 alone: {said}")
    start_us, wait_us = rows[:, 0], rows[:, 2]
    begin_us = start_us.min() + 1e6 * WARM_S
    waits = wait_us[start_us >= begin_us]
    span_s = ((start_us + wait_us).max() - begin_us) / 1e6
    p50, p99 = np.percentile(waits, [50, 99])
    return {
        "seconds": float(span_s),
        "frames": len(waits),
        "frames_per_s": len(waits) / float(span_s),
        "p50_us": float(p50),
        "p99_us": float(p99),
    }


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has had, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tool_versions() -> dict[str, str]:
    """What loads, by name."""
    h2load = subprocess.run(["h2load", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    mosec = "import importlib.metadata as m; print(m.version('mosec'), m.version('onnxruntime'))"
    peer = subprocess.run([PEER_PYTHON, "-c", mosec], capture_output=True, text=True, check=True).stdout.split()
    return {"grpc_load": "benchmarks/load (C++)", "http_load": h2load, "mosec": peer[0], "mosec_onnxruntime": peer[1]}
