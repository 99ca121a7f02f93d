"""What is given on the wire: the sensor's noise and the object, to their messages and back, checked."""

from __future__ import annotations

import math

from pathcast.errors import InputError, NotServedError
from pathcast.model.engine import Card
from pathcast.model.given import Given
from pathcast.service.codec.places import read_venue, write_venue
from pathcast.v1 import forecast_pb2 as pb
from pathcast.venue import Plane, Venue

_FIELDS = {
    "noise_m": "open.sensor_noise.position_m",
    "clock_s": "open.sensor_noise.clock_s",
    "radius_m": "open.object.radius_m",
    "mass_kg": "open.object.mass_kg",
    "level_m": "open.venue.floor",
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
    noise, thing, level = message.sensor_noise, message.object, _read_level(message, card)
    try:
        given = Given(
            noise_m=tuple(noise.position_m) or None,
            clock_s=noise.clock_s if noise.HasField("clock_s") else None,
            radius_m=thing.radius_m if thing.HasField("radius_m") else None,
            mass_kg=thing.mass_kg if thing.HasField("mass_kg") else None,
            level_m=level,
        )
        given.deviations(card.num_axes)
    except InputError as error:
        raise InputError(_FIELDS[error.where], error.expected, error.found) from None
    return given


def _read_level(message: pb.Open, card: Card) -> float | None:
    """The level floor that a client puts in the venue's place; None where it names the model's own venue, or none.

    Raises:
        InputError: It is no venue; what is wrong in it is named.
        NotServedError: Another venue than the model's own, or than a level floor for a model that takes one.
    """
    if not message.HasField("venue") or (card.venue is not None and message.venue == write_venue(card.venue)):
        return None
    try:
        venue = read_venue(message.venue)
    except InputError as error:
        raise InputError(f"open.venue: {error.where}", error.expected, error.found) from None
    floor = venue.floor
    is_bare = venue == Venue(name=venue.name, origin_of=venue.origin_of, floor=floor)
    if not (card.takes_object and is_bare and (floor is None or floor.normal == (0.0, 0.0, 1.0))):
        raise NotServedError("open.venue")
    return -math.inf if floor is None else floor.point[2]


def write_given(given: Given, message: pb.Open) -> None:
    """Puts it into what is asked for; nothing of what is not given."""
    if given.has_sensor:
        message.sensor_noise.CopyFrom(pb.SensorNoise(position_m=given.noise_m, clock_s=given.clock_s))
    if given.has_object:
        message.object.CopyFrom(pb.Object(radius_m=given.radius_m, mass_kg=given.mass_kg))
    if given.level_m is not None:
        floor = Plane(point=(0.0, 0.0, given.level_m)) if given.level_m > -math.inf else None
        message.venue.CopyFrom(write_venue(Venue(name="level", origin_of="as the tracks'", floor=floor)))
