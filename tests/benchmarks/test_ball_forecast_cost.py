"""The cost of a forecast is measured of what it says it is, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pathcast.model.constant_velocity import ConstantVelocityEngine


def test_every_case_is_timed_in_every_round():
    from ball_forecast_cost import CALLS, measure

    found = measure(ConstantVelocityEngine(3), 2)
    for name in CALLS:
        assert len(found["rounds_us"][name]) == 2
        low, high = found[f"{name}_us_range"]
        assert 0.0 < low <= found[f"{name}_us"] <= high
    assert found["late_over_early"] > 0.0


def test_states_are_those_before_the_observation_that_is_timed():
    from ball_forecast_cost import EARLY, LATE, RATE_HZ, seen

    engine = ConstantVelocityEngine(3)
    for number in (EARLY, LATE):
        states = seen(engine, 1, number - 1)
        assert states.count.tolist() == [number - 1]
        assert states.time[0] < (number - 1) / RATE_HZ


def test_the_benchmark_never_imports_torch():
    folder = Path(__file__).parents[2] / "benchmarks"
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import ball_forecast_cost; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
