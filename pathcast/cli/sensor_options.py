"""Options that change a sensor, and the sensor that they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click

from pathcast.errors import InputError

if TYPE_CHECKING:
    from pathcast.simulator.sensor import Sensor

Command = Callable[..., None]

OF_ANY: Final = (
    ("--rate-hz", "rate_hz", "HERTZ", "Instants that the sensor sees in a second."),
    ("--noise", "noise_m", "METRES", "Standard deviation along each axis: one number, or 0.01,0.02,0.03."),
    ("--noise-correlation", "noise_correlation", "SHARE", "Of the noise with that at the instant before."),
    ("--depth-ratio", "depth_ratio", "RATIO", "Noise along the line of sight from the camera, in that across it."),
    ("--noise-distance", "noise_distance_m", "METRES", "From the camera, at which the noise is as stated; it grows."),
    ("--outliers", "outliers", "SHARE", "Of seen instants, that are far off."),
    ("--outlier-size", "outlier_m", "METRES", "Most that they are off along each axis."),
    ("--dropout", "dropout", "SHARE", "Of instants at which it sees nothing."),
    ("--burst", "burst_s", "SECONDS", "Mean length of a gap; 0: single instants."),
    ("--late-birth", "birth_s", "SECONDS", "Mean time before a track is reported at all."),
    ("--clock-jitter", "clock_jitter_s", "SECONDS", "Of when the sensor looks."),
    ("--latency", "latency_s", "SECONDS", "Reported less true time."),
    ("--time-step", "time_step_s", "SECONDS", "Reported times are multiples of it."),
    ("--false-tracks", "false_per_s", "RATE", "Tracks of nothing that begin in a scene each second."),
    ("--false-length", "false_s", "SECONDS", "Their mean length."),
)
OF_PEOPLE: Final = (
    ("--object-radius", "object_radius_m", "METRES", "People so wide hide each other from the camera."),
    ("--swap-distance", "swap_m", "METRES", "Two tracks nearer than this may swap their numbers."),
    ("--swap-chance", "swap_chance", "SHARE", "Of meetings at which they do."),
)
"""Flag, field of `Sensor`, unit, help. Ranges are the sensor's own."""


def sensor_options(*more: tuple[str, str, str, str]) -> Callable[[Command], Command]:
    """The options of any sensor and some more, in the order of `--help`."""

    def decorate(command: Command) -> Command:
        camera = click.option("--camera", type=(float, float, float), metavar="X Y Z", help="Where it stands, metres.")
        for flag, field, unit, text in reversed((*OF_ANY, *more)):
            kind = click.STRING if field == "noise_m" else click.FLOAT
            command = click.option(flag, field, type=kind, metavar=unit, help=text)(command)
            if field == "depth_ratio":
                command = camera(command)
        return command

    return decorate


def changed(sensor: Sensor, given: dict[str, Any]) -> Sensor:
    """The sensor with what the command line says in place of its own.

    Raises:
        InputError: A number outside its range, by the name of the sensor's field.
    """
    fields = [field for _, field, _, _ in (*OF_ANY, *OF_PEOPLE)]
    chosen = {field: given[field] for field in (*fields, "camera") if given.get(field) is not None}
    if "noise_m" in chosen:
        chosen["noise_m"] = _deviations(chosen["noise_m"])
    return replace(sensor, **chosen)


def _deviations(text: str) -> float | tuple[float, ...]:
    """One number, or one for each axis."""
    try:
        numbers = tuple(float(word) for word in text.split(","))
    except ValueError as error:
        raise InputError("sensor.noise_m", "metres, such as 0.03 or 0.01,0.02,0.03", repr(text)) from error
    return numbers[0] if len(numbers) == 1 else numbers
