"""Replicas behind a proxy that are restarted one after the other under load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "rolling_restart.py"


@pytest.mark.slow
@pytest.mark.parametrize("proxy", ["nginx", "envoy"])
def test_a_rolling_restart_loses_nothing(program, proxy):
    program(proxy)
    command = [
        sys.executable,
        str(SCRIPT),
        "--json",
        "--proxy",
        proxy,
        "--replicas",
        "2",
        "--streams",
        "4",
        "--grace",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["sent"] == told["answered"] > 100 and told["lost"] == 0
    assert told["streams_survived"] == 4 <= told["resumptions"]
    assert told["largest_difference"] <= 1e-5
