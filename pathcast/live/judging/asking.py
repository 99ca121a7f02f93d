"""Asking: what is asked of a model for each frame, the same of a server and of an engine in this process."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray

from pathcast.errors import InputError
from pathcast.live.playing.scenarios import Play
from pathcast.model.engine import Card
from pathcast.model.given import Given
from pathcast.service.client import Model
from pathcast.simulator.ball.scenarios import SCENARIOS as KINDS_OF_THROWS


@dataclass(frozen=True, kw_only=True)
class Able:
    """What a model can be asked for."""

    name: str
    version: str
    num_axes: int
    horizon_s: float
    offsets_s: tuple[float, ...]
    num_modes: int
    coast_s: float
    has_point: bool
    takes_goals: bool
    outcome_names: tuple[str, ...]
    takes_noise: bool
    takes_object: bool

    @classmethod
    def of(cls, model: Model | Card) -> Able:
        """What a server, or an engine's card, says of a model."""
        axes = model.axes if isinstance(model, Model) else model.num_axes
        names = [name for name in cls.__dataclass_fields__ if name != "num_axes"]
        return cls(num_axes=axes, **{name: getattr(model, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class Known:
    """What whoever asks knows of sensor and object; None: not told."""

    noise_m: float | Sequence[float] | None = None
    radius_m: float | None = None
    mass_kg: float | None = None


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The same for all frames of all streams."""

    model: str
    version: str
    num_axes: int
    offsets_s: tuple[float, ...]
    num_modes: int
    has_point: bool
    takes_goals: bool
    outcome_names: tuple[str, ...]
    coast_s: float
    known: Known
    forecast_every: int = 1

    def outputs(self, goals: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
        """Those that are scored, where a stream names these goals."""
        more = {"points": self.has_point, "goals": self.takes_goals and bool(goals), "outcomes": self.outcome_names}
        return ("means", "covariances", *(name for name, is_there in more.items() if is_there))

    def given(self) -> Given:
        """As engines take what is known."""
        noise = self.known.noise_m
        listed = None if noise is None else tuple(map(float, noise if isinstance(noise, Sequence) else [noise]))
        return Given(noise_m=listed, radius_m=self.known.radius_m, mass_kg=self.known.mass_kg)

    def options(self, goals: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        """Fields of `Options` for a stream that names these goals."""
        options: dict[str, Any] = {
            "axes": self.num_axes,
            "version": self.version,
            "offsets": list(self.offsets_s),
            "num_modes": self.num_modes,
            "coast_s": self.coast_s,
            "outputs": self.outputs(goals),
            "forecast_every": self.forecast_every,
        }
        options |= {name: getattr(self.known, name) for name in ("noise_m", "radius_m", "mass_kg")}
        if self.takes_goals and goals:
            options["goals"] = dict(goals)
        return options

    def to_json(self) -> dict[str, Any]:
        """The settings, for whoever wants to run this again."""
        return {
            "model": self.model,
            "version": self.version,
            "offsets_s": list(self.offsets_s),
            "modes": self.num_modes,
            "coast_s": self.coast_s,
            "forecast_every": self.forecast_every,
            "told": {name: getattr(self.known, name) for name in ("noise_m", "radius_m", "mass_kg")},
        }


def ask(
    able: Able,
    num_axes: int,
    of_what: str,
    known: Known,
    offsets_s: Sequence[float] = (),
    num_modes: int = 0,
    forecast_every: int = 1,
) -> Asking:
    """What is asked of a model.

    Args:
        able: The model.
        num_axes: Of the positions that it will see.
        of_what: What they are of, for messages.
        known: Of sensor and object; told as far as the model takes it.
        offsets_s: Seconds ahead; by default the model's own.
        num_modes: Most modes; 0: the model's own.
        forecast_every: Frames from one forecast to the next.

    Raises:
        InputError: A model of other axes, or offsets that it does not reach.
    """
    if able.num_axes != num_axes:
        found = f"{able.name} {able.version}, of {able.num_axes}"
        raise InputError("--model", f"a model of {num_axes} axes, for {of_what}", found)
    offsets = tuple(float(offset) for offset in offsets_s) or able.offsets_s
    rising = all(low < high for low, high in pairwise(offsets))
    if not (rising and offsets[0] > 0 and offsets[-1] <= able.horizon_s + 1e-9):
        expected = f"rising seconds over 0, up to the horizon of {able.name}, {able.horizon_s:g} s"
        raise InputError("--offsets", expected, ", ".join(f"{offset:g}" for offset in offsets))
    told = Known(
        noise_m=known.noise_m if able.takes_noise else None,
        radius_m=known.radius_m if able.takes_object else None,
        mass_kg=known.mass_kg if able.takes_object else None,
    )
    return Asking(
        model=able.name,
        version=able.version,
        num_axes=num_axes,
        offsets_s=offsets,
        num_modes=min(num_modes, able.num_modes) if num_modes else able.num_modes,
        has_point=able.has_point,
        takes_goals=able.takes_goals,
        outcome_names=able.outcome_names,
        coast_s=min(able.coast_s, able.horizon_s - offsets[-1]),
        known=told,
        forecast_every=forecast_every,
    )


def known_of(play: Play) -> Known:
    """What may be told of a play: the sensor's noise, size and mass of the ball."""
    deviations = play.sensor.deviations(play.scenario.num_axes).tolist()
    noise = deviations if min(deviations) > 0 and all(map(math.isfinite, deviations)) else None
    if play.scenario.things == "people":
        return Known(noise_m=noise)
    ball = KINDS_OF_THROWS[play.scenario.name].ball
    return Known(noise_m=noise, radius_m=ball.radius_m, mass_kg=ball.mass_kg)
