"""The table of faults says what its clients saw; `make test-faults` injects every fault many times."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pathcast.service.client import Forecasts, Refused

HERE = Path(__file__).parent
CHEAP = ("connection_cut", "ten_thousand_tracks")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"faults_{name}", HERE / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


log = load("log")


def forecasts(frame_number: int, x: float = 1.0) -> Forecasts:
    return Forecasts(
        frame_number=frame_number,
        capture_time_s=0.0,
        track_ids=np.array([7], np.uint64),
        statuses=np.array([2]),
        probabilities=np.ones((1, 1)),
        means=np.full((1, 1, 1, 2), x),
    )


@pytest.fixture
def injection():
    """Three frames sent, two of them answered as they should be."""
    injection = log.Log()
    for number in range(3):
        injection.send(number, [7])
    for number in range(2):
        injection.got(forecasts(number), forecasts(number))
    return injection


def test_an_unanswered_frame_is_lost(injection):
    assert injection.num_lost == 1 and not injection.has_survived


def test_what_is_answered_is_not_lost(injection):
    injection.got(forecasts(2), forecasts(2))
    assert injection.has_survived


def test_what_is_refused_as_it_must_be_is_not_lost(injection):
    injection.got_refused(Refused(8, "frame.track_ids", "fewer", "more", 2), 2, 8)
    assert injection.has_survived


def test_what_gave_way_is_not_lost():
    injection = log.Log()
    for number in range(3):
        injection.send(number, [7])
    injection.got(replace(forecasts(2), frames_conflated=2), forecasts(2))
    assert injection.has_survived


@pytest.mark.parametrize("x", [1.0 + 2e-5, np.nan])
def test_an_answer_that_differs_is_lost(injection, x):
    injection.got(forecasts(2, x), forecasts(2))
    assert not injection.num_lost and not injection.has_survived


def test_a_second_answer_is_a_complaint(injection):
    injection.got(forecasts(1), forecasts(1))
    assert injection.complaints == ["an answer to frame 1 that was not asked for"]


def test_a_wrong_refusal_is_lost(injection):
    injection.got_refused(Refused(3, "frame.track_ids", "fewer", "more", 2), 2, 8)
    assert not injection.has_survived


def test_faults_are_injected_and_survived():
    command = [sys.executable, str(HERE / "run.py"), "--times", "1", "--json"]
    for name in CHEAP:
        command += ["--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["fault"] for row in rows] == list(CHEAP)
    for row in rows:
        assert (row["injected"], row["survived"], row["lost"]) == (1, 1, 0)
        assert row["frames"] == row["answered"] + row["refused"] and row["witnessed"] >= 2
        assert row["largest_difference"] <= 1e-5
    assert rows[1]["refused"] == 1
