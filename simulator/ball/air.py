"""Air: density and viscosity from altitude, temperature and humidity.

Dry air and water vapour as two ideal gases, pressure by the International Standard Atmosphere, saturation by Buck,
viscosity by Sutherland. Temperature is the place's own, not the standard atmosphere's: a stadium may be hot or cold.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError

GAS_CONSTANT_OF_DRY_AIR: Final = 287.058
"""J/(kg K)."""
GAS_CONSTANT_OF_VAPOUR: Final = 461.495
"""J/(kg K)."""
FREEZING_POINT: Final = 273.15
"""0 degrees Celsius, K."""

Values = Float[np.ndarray, "*shape"]


def _within(where: str, given: ArrayLike, low: float, high: float, unit: str) -> NDArray[np.float64]:
    """The numbers, in their range."""
    values = np.asarray(given, np.float64)
    if not ((values >= low) & (values <= high)).all():
        raise InputError(where, f"{low:g} to {high:g}{unit}", f"{values.min():g} to {values.max():g}")
    return values


def pressure(altitude_m: ArrayLike) -> Values:
    """Air pressure in Pa at an altitude: p = 101325 (1 - 0.0065 h / 288.15)^5.25588.

    International Standard Atmosphere (ISO 2533), troposphere.

    Raises:
        InputError: An altitude outside -500 to 11000 m.
    """
    altitude = _within("altitude_m", altitude_m, -500.0, 11_000.0, " m")
    return np.asarray(101_325.0 * (1.0 - 0.0065 * altitude / 288.15) ** 5.25588)


def saturation_pressure(temperature_c: ArrayLike) -> Values:
    """Pressure of saturated water vapour over water in Pa.

    p = 611.21 exp((18.678 - T / 234.5) T / (257.14 + T)), T in degrees Celsius: Buck 1981, "New equations for computing
    vapor pressure and enhancement factor", J. Appl. Meteorol. 20:1527, with his coefficients of 1996.

    Raises:
        InputError: A temperature outside -60 to 60 degrees Celsius.
    """
    t = _within("temperature_c", temperature_c, -60.0, 60.0, " degrees Celsius")
    return np.asarray(611.21 * np.exp((18.678 - t / 234.5) * t / (257.14 + t)))


def air_density(altitude_m: ArrayLike = 0.0, temperature_c: ArrayLike = 20.0, humidity: ArrayLike = 0.5) -> Values:
    """Density of moist air in kg/m3: rho = (p - p_v) / (R_d T) + p_v / (R_v T), with p_v = humidity p_sat.

    Vapour is lighter than air: damp air carries less.

    Args:
        altitude_m: -500 to 11000 m.
        temperature_c: -60 to 60 degrees Celsius.
        humidity: Relative, 0 to 1.

    Raises:
        InputError: A number outside its range.
    """
    vapour = _within("humidity", humidity, 0.0, 1.0, "") * saturation_pressure(temperature_c)
    kelvin = np.asarray(temperature_c, np.float64) + FREEZING_POINT
    dry = (pressure(altitude_m) - vapour) / (GAS_CONSTANT_OF_DRY_AIR * kelvin)
    return np.asarray(dry + vapour / (GAS_CONSTANT_OF_VAPOUR * kelvin))


def dynamic_viscosity(temperature_c: ArrayLike = 20.0) -> Values:
    """Viscosity of air in Pa s: mu = 1.458e-6 T^1.5 / (T + 110.4), T in K.

    Sutherland's law with the constants of the U.S. Standard Atmosphere 1976, equation 51. Humidity changes it by less
    than 1 % and is left out.

    Raises:
        InputError: A temperature outside -60 to 60 degrees Celsius.
    """
    kelvin = _within("temperature_c", temperature_c, -60.0, 60.0, " degrees Celsius") + FREEZING_POINT
    return np.asarray(1.458e-6 * kelvin**1.5 / (kelvin + 110.4))


def kinematic_viscosity(
    altitude_m: ArrayLike = 0.0, temperature_c: ArrayLike = 20.0, humidity: ArrayLike = 0.5
) -> Values:
    """nu = mu / rho in m2/s, which Reynolds' number 2 R |u| / nu is made with; arguments as of `air_density`.

    Raises:
        InputError: A number outside its range.
    """
    return np.asarray(dynamic_viscosity(temperature_c) / air_density(altitude_m, temperature_c, humidity))
