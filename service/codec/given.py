"""What is given on the wire: the sensor's noise and the object, to their messages and back, checked."""

from __future__ import annotations

from pathcast.errors import InputError, NotServedError
from pathcast.model.engine import Card
from pathcast.model.given import Given
from pathcast.v1 import forecast_pb2 as pb

_FIELDS = {
    "noise_m": "open.sensor_noise.position_m",
    "clock_s": "open.sensor_noise.clock_s",
    "radius_m": "open.object.radius_m",
    "mass_kg": "open.object.mass_kg",
}


def read_given(message: pb.Open, card: Card) -> Given:
    """What a client knows of its sensor and of what moves.

    Raises:
        InputError: A number is not finite or outside its range, or the noise is of other axes; its field is named.
        NotServedError: The model does not take it.
    """
    if message.HasField("sensor_noise") and not card.takes_noise:
        raise NotServedError("open.sensor_noise")
    if message.HasField("object") and not card.takes_object:
        raise NotServedError("open.object")
    noise, thing = message.sensor_noise, message.object
    try:
        given = Given(
            noise_m=tuple(noise.position_m) or None,
            clock_s=noise.clock_s if noise.HasField("clock_s") else None,
            radius_m=thing.radius_m if thing.HasField("radius_m") else None,
            mass_kg=thing.mass_kg if thing.HasField("mass_kg") else None,
        )
        given.deviations(card.num_axes)
    except InputError as error:
        raise InputError(_FIELDS[error.where], error.expected, error.found) from None
    return given


def write_given(given: Given, message: pb.Open) -> None:
    """Puts it into what is asked for; nothing of what is not given."""
    if given.has_sensor:
        message.sensor_noise.CopyFrom(pb.SensorNoise(position_m=given.noise_m, clock_s=given.clock_s))
    if given.has_object:
        message.object.CopyFrom(pb.Object(radius_m=given.radius_m, mass_kg=given.mass_kg))
