"""Given: what a caller knows of its sensor and of what moves, told when tracks begin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Given:
    """What is known beforehand; None is left to the engine, which estimates it or takes its own."""

    noise_m: tuple[float, ...] | None = None
    """Standard deviation of observed positions, metres: one for all axes, or one for each."""
    clock_s: float | None = None
    """Standard deviation of capture times, seconds."""
    radius_m: float | None = None
    mass_kg: float | None = None
    level_m: float | None = None
    """Height of an endless level floor that stands for everything solid, in place of the venue; minus infinity: nothing
    is solid."""

    def __post_init__(self) -> None:
        """Raises:
        InputError: A number that is not finite or outside its range, which is named.
        """
        if self.noise_m is not None:
            if len(self.noise_m) not in (1, 2, 3):
                raise InputError("noise_m", "one number, or one for each axis", f"{len(self.noise_m)}")
            for value in self.noise_m:
                _check("noise_m", value, 0.0, is_open=True)
        for name, is_open in (("clock_s", False), ("radius_m", True), ("mass_kg", True)):
            value = getattr(self, name)
            if value is not None:
                _check(name, value, 0.0, is_open)
        if self.level_m is not None and (math.isnan(self.level_m) or self.level_m == math.inf):
            raise InputError("level_m", "metres, or minus infinity", f"{self.level_m:g}")

    @property
    def has_sensor(self) -> bool:
        """Whether anything is said of the sensor."""
        return self.noise_m is not None or self.clock_s is not None

    @property
    def has_object(self) -> bool:
        """Whether anything is said of what moves."""
        return self.radius_m is not None or self.mass_kg is not None

    @property
    def has_place(self) -> bool:
        """Whether a level floor is put in the venue's place."""
        return self.level_m is not None

    def seen_from(self, origin: Sequence[float] | Float[np.ndarray, " axis"]) -> Given:
        """The same, with heights counted from an origin, metres."""
        if self.level_m is None or len(origin) < 3:
            return self
        return replace(self, level_m=self.level_m - float(origin[2]))

    def deviations(self, num_axes: int) -> Float[np.ndarray, " axis"] | None:
        """The noise along each axis, metres; None where it is not given.

        Raises:
            InputError: It is given for another number of axes.
        """
        if self.noise_m is None:
            return None
        if len(self.noise_m) not in (1, num_axes):
            raise InputError("noise_m", f"one number, or {num_axes}", f"{len(self.noise_m)}")
        return np.array(np.broadcast_to(np.asarray(self.noise_m, np.float64), (num_axes,)))


NOTHING_GIVEN = Given()


def _check(name: str, value: float, least: float, is_open: bool) -> None:
    if not math.isfinite(value) or value < least or (is_open and value == least):
        raise InputError(name, f"a finite number {'over' if is_open else 'from'} {least:g}", f"{value:g}")
