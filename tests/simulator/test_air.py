import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.ball.air import (
    air_density,
    dynamic_viscosity,
    kinematic_viscosity,
    pressure,
    saturation_pressure,
)
from pathcast.simulator.ball.sports import INDOOR_AIR, INDOOR_VISCOSITY

TEMPERATURES = st.floats(-30, 45)
HUMIDITIES = st.floats(0, 1)
ALTITUDES = st.floats(-400, 5000)


@pytest.mark.parametrize(
    ("altitude", "temperature", "humidity", "expected"),
    [
        (0, 15.0, 0.0, 1.22498),
        (0, 20.0, 0.5, 1.19883),
        (0, (70 - 32) / 1.8, 0.5, 1.19394),
        (0, 0.0, 0.5, 1.29077),
        (0, 35.0, 0.8, 1.12624),
        (1609, 15 - 0.0065 * 1609, 0.0, 1.04664),
        (1609, (70 - 32) / 1.8, 0.5, 0.98210),
        (2240, 20.0, 0.5, 0.91161),
    ],
)
def test_density_is_that_of_the_exact_gas_law(altitude, temperature, humidity, expected):
    assert air_density(altitude, temperature, humidity) == pytest.approx(expected, abs=3e-5)


def test_density_agrees_with_the_form_of_nathan_to_a_thousandth():
    # rho = 1.2929 (273.15 / T) (p exp(-1.217e-4 h) - .3783 RH SVP) / 760, in mmHg: the baseball trajectory calculator.
    celsius = (70 - 32) / 1.8
    saturated = 4.5841 * np.exp((18.687 - celsius / 234.5) * celsius / (257.14 + celsius))
    theirs = 1.2929 * 273.15 / (celsius + 273.15) * (760 * np.exp(-1.217e-4 * 4.57) - 0.3783 * 0.5 * saturated) / 760
    assert air_density(4.57, celsius, 0.5) == pytest.approx(theirs, rel=1e-3)


@settings(deadline=None, max_examples=50)
@given(altitude=ALTITUDES, temperature=TEMPERATURES, humidity=HUMIDITIES)
def test_air_is_thinner_higher_up_when_hotter_and_when_damper(altitude, temperature, humidity):
    here = air_density(altitude, temperature, humidity)
    assert air_density(altitude + 10, temperature, humidity) < here
    assert air_density(altitude, temperature + 1, humidity) < here
    assert air_density(altitude, temperature, 1.0) <= here


def test_pressure_and_saturation_have_their_textbook_values():
    assert pressure(0.0) == 101_325
    assert pressure(5000.0) == pytest.approx(54_020, rel=1e-4)
    assert saturation_pressure(20.0) == pytest.approx(2339, rel=1e-3)
    assert saturation_pressure(35.0) == pytest.approx(5628, rel=1e-3)


def test_viscosity_is_that_of_the_standard_atmosphere():
    assert dynamic_viscosity(15.0) == pytest.approx(1.7894e-5, rel=1e-4)
    assert kinematic_viscosity(0.0, 15.0, 0.0) == pytest.approx(1.4607e-5, rel=1e-4)


def test_indoor_air_is_at_twenty_degrees_and_half_saturated():
    assert air_density(0.0, 20.0, 0.5) == pytest.approx(INDOOR_AIR, rel=2e-4)
    assert kinematic_viscosity(0.0, 20.0, 0.5) == pytest.approx(INDOOR_VISCOSITY, rel=1e-3)


def test_arrays_of_places_give_arrays():
    assert air_density(np.array([0.0, 1000.0]), 20.0, np.array([0.0, 0.5])).shape == (2,)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((12_000.0, 20.0, 0.5), "altitude_m: expected -500 to 11000 m"),
        ((0.0, float("nan"), 0.5), "temperature_c: expected -60 to 60 degrees"),
        ((0.0, 20.0, 50.0), "humidity: expected 0 to 1"),
    ],
)
def test_air_that_is_nowhere_is_refused_by_name(arguments, field):
    with pytest.raises(InputError, match=field):
        air_density(*arguments)
