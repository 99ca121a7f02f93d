"""Opening on the wire: what a client asks for, checked against the model and the limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from google.protobuf.unknown_fields import UnknownFieldSet
from jaxtyping import Float

from pathcast.errors import InputError, LimitError, NotServedError, UnknownModelError
from pathcast.model.engine import Card
from pathcast.model.goals import MAX_GOALS
from pathcast.model.regions import MAX_REGIONS
from pathcast.service.codec.contacts import CONTACT_BYTES
from pathcast.service.codec.given import read_given
from pathcast.service.codec.goals import read_goals
from pathcast.service.codec.regions import read_regions
from pathcast.service.limits import Limits
from pathcast.service.messages import Settings
from pathcast.v1 import forecast_pb2 as pb

if TYPE_CHECKING:
    from pathcast.model.engine import Engine
    from pathcast.model.library import Library

ROUNDING_S = 1e-9
"""Seconds that sums of offsets may differ by rounding."""
_CONTACTS = 8
"""Contacts of one track that its share of an answer is reckoned with."""


def read_open(message: pb.Open, library: Library, limits: Limits, is_unary: bool = False) -> tuple[Engine, Settings]:
    """The engine and the settings that a client asks for.

    Args:
        message: What came in.
        library: The models that are here.
        limits: What may be asked for.
        is_unary: True for a unary request, in which `forecast_every`, `latency_budget_s` and `coast_s` mean nothing.

    Raises:
        InputError: A field is wrong, or larger than the limits allow; it is named `open.…`.
        UnknownModelError: No such model.
        NotServedError: A field is set that is not served.
    """
    engine, is_other_version = _find_engine(message, library)
    card = engine.card
    _refuse_unserved(message, card)
    if card.is_whole_only and not is_unary:
        expected = "a model that streams; this one forecasts whole tracks, since its memory reads them from both ends"
        raise InputError("open.model", expected, card.name)
    if message.axes != card.num_axes:
        raise InputError("open.axes", f"{card.num_axes}, those of {card.name}", str(message.axes))
    origin = (message.origin.x, message.origin.y, message.origin.z)
    if not all(math.isfinite(value) for value in origin):
        raise InputError("open.origin", "finite metres", "a coordinate that is not")
    if message.num_modes > card.num_modes:
        raise InputError("open.num_modes", f"0 to {card.num_modes}, those of {card.name}", str(message.num_modes))
    offsets = _read_offsets(message, card, limits)
    outputs = set(message.outputs) or _served(card) - {pb.OUTPUT_POINTS, pb.OUTPUT_CONTACTS}
    num_modes = message.num_modes or card.num_modes
    regions = read_regions(message.regions, "open.regions")
    region_numbers = len(offsets) + 1 if pb.OUTPUT_REGIONS in outputs else 0
    numbers = _count_numbers(outputs, card, num_modes, len(offsets))
    tracks_per_stream = limits.tracks_for(numbers + region_numbers * len(regions))
    room = limits.numbers_for(tracks_per_stream) - numbers
    settings = Settings(
        card=card,
        origin=origin,
        offsets=offsets,
        num_modes=num_modes,
        has_means=pb.OUTPUT_MEANS in outputs,
        has_covariances=pb.OUTPUT_COVARIANCES in outputs,
        has_goals=pb.OUTPUT_GOALS in outputs,
        has_regions=pb.OUTPUT_REGIONS in outputs,
        has_points=pb.OUTPUT_POINTS in outputs,
        has_outcomes=pb.OUTPUT_OUTCOMES in outputs,
        has_contacts=pb.OUTPUT_CONTACTS in outputs,
        has_surprise=pb.OUTPUT_SURPRISE in outputs,
        given=read_given(message, card),
        goals=read_goals(message.goals, "open.goals"),
        regions=regions,
        most_regions=min(MAX_REGIONS, max(len(regions), room // max(region_numbers, 1))),
        forecast_every=1 if is_unary else message.forecast_every or 1,
        latency_budget_s=None if is_unary else _read_budget(message),
        coast_s=0.0 if is_unary else _read_coast(message, card, float(offsets[-1])),
        tracks_per_stream=tracks_per_stream,
        is_other_version=is_other_version,
    )
    return engine, settings


def _find_engine(message: pb.Open, library: Library) -> tuple[Engine, bool]:
    """The engine asked for, and whether it is of another version."""
    version = message.version if message.HasField("version") else None
    try:
        try:
            return library.get(message.model, version), False
        except UnknownModelError as error:
            if error.where != "version" or not message.allow_newer_version:
                raise
            return library.get(message.model), True
    except UnknownModelError as error:
        raise UnknownModelError(f"open.{error.where}", error.expected, error.found) from None


def _served(card: Card) -> set[pb.Output.ValueType]:
    """What forecasts of a model can hold."""
    served = {pb.OUTPUT_MEANS, pb.OUTPUT_COVARIANCES, pb.OUTPUT_REGIONS}
    if card.takes_goals:
        served.add(pb.OUTPUT_GOALS)
    if card.has_point:
        served.add(pb.OUTPUT_POINTS)
    if card.outcome_names:
        served.add(pb.OUTPUT_OUTCOMES)
    if card.has_contacts:
        served.add(pb.OUTPUT_CONTACTS)
    if card.has_surprise:
        served.add(pb.OUTPUT_SURPRISE)
    return served


def _count_numbers(outputs: set[pb.Output.ValueType], card: Card, num_modes: int, num_offsets: int) -> int:
    """Numbers of one track in a forecast, those of regions aside."""
    axes = card.num_axes
    numbers = num_modes * num_offsets * (axes + axes * (axes + 1) // 2)
    if pb.OUTPUT_POINTS in outputs:
        numbers += num_offsets * axes
    if pb.OUTPUT_GOALS in outputs:
        numbers += MAX_GOALS + 1
    if pb.OUTPUT_OUTCOMES in outputs:
        numbers += len(card.outcome_names)
    if pb.OUTPUT_CONTACTS in outputs:
        numbers += _CONTACTS * CONTACT_BYTES // 4
    if pb.OUTPUT_SURPRISE in outputs:
        numbers += 1
    return numbers


def _refuse_unserved(message: pb.Open, card: Card) -> None:
    """Refuses fields of the contract, or of a newer one, that are not served."""
    if message.goals and not card.takes_goals:
        raise NotServedError("open.goals")
    for output in message.outputs:
        if output not in pb.Output.values() or output == pb.OUTPUT_UNSPECIFIED:
            raise InputError("open.outputs", "values of pathcast.v1.Output", str(output))
        if output not in _served(card):
            raise NotServedError(f"open.outputs: {pb.Output.Name(output)}")
    unknown = UnknownFieldSet(message)
    if len(unknown):
        raise NotServedError(f"open: field number {unknown[0].field_number}")


def _read_offsets(message: pb.Open, card: Card, limits: Limits) -> Float[np.ndarray, " time"]:
    """The offsets asked for, by default the model's own."""
    kind = message.WhichOneof("times")
    if kind is None:
        return np.array(card.offsets_s, np.float64)
    rule = f"increasing seconds over 0, at most {card.name}'s horizon of {card.horizon_s:g}"
    if kind == "horizon":
        where, offsets = "open.horizon", _read_horizon(message.horizon, limits)
    else:
        where, offsets = "open.offsets.seconds", np.array(message.offsets.seconds, np.float64)
    if not len(offsets):
        raise InputError(where, rule, "none")
    if len(offsets) > limits.offsets:
        raise LimitError(where, f"at most {limits.offsets} offsets", str(len(offsets)))
    if not np.isfinite(offsets).all() or offsets[0] <= 0 or (np.diff(offsets) <= 0).any():
        raise InputError(where, rule, _shorten(offsets))
    if offsets[-1] > card.horizon_s + ROUNDING_S:
        raise InputError(where, rule, f"{offsets[-1]:g}")
    return offsets


def _read_horizon(horizon: pb.Horizon, limits: Limits) -> Float[np.ndarray, " time"]:
    """step, 2 step, ... up to the horizon."""
    span, step = horizon.horizon_s, horizon.step_s
    for name, value in (("horizon_s", span), ("step_s", step)):
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"open.horizon.{name}", "seconds over 0", f"{value:g}")
    count = math.floor(min(span / step, 1e9) + ROUNDING_S)
    if count < 1:
        raise InputError("open.horizon.step_s", f"at most the horizon of {span:g} s", f"{step:g}")
    if count > limits.offsets:
        raise LimitError("open.horizon", f"at most {limits.offsets} offsets", str(count))
    return step * np.arange(1, count + 1, dtype=np.float64)


def _read_coast(message: pb.Open, card: Card, last_offset: float) -> float:
    """The coasting time asked for, by default the model's own or what the horizon leaves."""
    room = max(0.0, card.horizon_s - last_offset)
    if not message.HasField("coast_s"):
        return min(card.coast_s, room)
    coast = message.coast_s
    if not (math.isfinite(coast) and 0 <= coast <= room + ROUNDING_S):
        raise InputError(
            "open.coast_s",
            f"0 to {room:g} s, so that with the last offset of {last_offset:g} it stays in the horizon of "
            f"{card.horizon_s:g}",
            f"{coast:g}",
        )
    return coast


def _read_budget(message: pb.Open) -> float | None:
    """Seconds that a frame may wait."""
    if not message.HasField("latency_budget_s"):
        return None
    budget = message.latency_budget_s
    if not (math.isfinite(budget) and budget >= 0):
        raise InputError("open.latency_budget_s", "finite seconds from 0", f"{budget:g}")
    return budget


def _shorten(values: Float[np.ndarray, " time"]) -> str:
    """The first few values in words."""
    return ", ".join(f"{value:g}" for value in values[:8]) + (", ..." if len(values) > 8 else "")
