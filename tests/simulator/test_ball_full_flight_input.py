"""Full flight: what is refused, by name."""

import math

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.ball.coefficients import full_parameters, set_gusts, set_wind_profile
from pathcast.simulator.ball.following import follow
from pathcast.simulator.ball.parameters import NUM_FULL_PARAMETERS, NUM_PARAMETERS
from pathcast.simulator.ball.sports import ball_named


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"states": np.zeros((2, 8))}, "states"),
        ({"parameters": np.zeros((2, NUM_PARAMETERS + 1))}, "parameters"),
        ({"parameters": np.zeros((3, NUM_PARAMETERS))}, "parameters"),
        ({"times": np.array([0.0, 0.0])}, "times"),
        ({"times": np.zeros((3, 1))}, "times"),
        ({"error_m": 0.0}, "error_m"),
        ({"max_step": math.inf}, "max_step"),
        ({"max_events": -1}, "max_events"),
    ],
)
def test_what_does_not_fit_is_named(change, where):
    arguments = {"states": np.zeros((2, 9)), "parameters": np.zeros(12), "times": np.array([0.0, 1.0])} | change
    with pytest.raises(InputError) as raised:
        follow(**arguments)
    assert raised.value.where == where


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda rows: full_parameters(ball_named("golf"), viscosity=0.0), "viscosity"),
        (lambda rows: full_parameters(ball_named("golf"), critical_reynolds=-1.0), "critical_reynolds"),
        (lambda rows: set_wind_profile(rows, 0.0), "roughness_m"),
        (lambda rows: set_gusts(rows, np.zeros((1, 4, 3)), 1.0), "normals"),
        (lambda rows: set_gusts(rows, np.zeros((1, 4, 4)), -1.0), "spread, memory_s"),
    ],
)
def test_impossible_coefficients_are_refused_by_name(call, where):
    with pytest.raises(InputError) as raised:
        call(np.zeros((1, NUM_FULL_PARAMETERS)))
    assert raised.value.where == where
