"""Opened on the wire: which model answers, and what a stream will be like; written and read here."""

from __future__ import annotations

from pathcast.model.engine import Card
from pathcast.service.codec.places import read_venue, write_venue
from pathcast.service.limits import Limits
from pathcast.service.messages import Model, Opened, Settings
from pathcast.v1 import forecast_pb2 as pb

_OUTPUTS = {
    "means": pb.OUTPUT_MEANS,
    "covariances": pb.OUTPUT_COVARIANCES,
    "goals": pb.OUTPUT_GOALS,
    "regions": pb.OUTPUT_REGIONS,
    "points": pb.OUTPUT_POINTS,
    "outcomes": pb.OUTPUT_OUTCOMES,
    "contacts": pb.OUTPUT_CONTACTS,
    "surprise": pb.OUTPUT_SURPRISE,
}


def write_model(card: Card) -> pb.Model:
    """The message that describes a model."""
    return pb.Model(
        name=card.name,
        version=card.version,
        summary=card.summary,
        axes=card.num_axes,
        horizon_s=card.horizon_s,
        offsets_s=card.offsets_s,
        num_modes=card.num_modes,
        coast_s=card.coast_s,
        warm_points=card.warm_points,
        venue=None if card.venue is None else write_venue(card.venue),
        uses_neighbours=card.uses_neighbours,
        takes_goals=card.takes_goals,
        has_point=card.has_point,
        outcome_names=card.outcome_names,
        has_contacts=card.has_contacts,
        has_surprise=card.has_surprise,
        takes_noise=card.takes_noise,
        takes_object=card.takes_object,
    )


def read_model(message: pb.Model) -> Model:
    """What a message says of a model."""
    return Model(
        name=message.name,
        version=message.version,
        summary=message.summary,
        axes=message.axes,
        horizon_s=message.horizon_s,
        offsets_s=tuple(message.offsets_s),
        num_modes=message.num_modes,
        coast_s=message.coast_s,
        warm_points=message.warm_points,
        venue=read_venue(message.venue) if message.HasField("venue") else None,
        uses_neighbours=message.uses_neighbours,
        takes_goals=message.takes_goals,
        has_point=message.has_point,
        outcome_names=tuple(message.outcome_names),
        has_contacts=message.has_contacts,
        has_surprise=message.has_surprise,
        takes_noise=message.takes_noise,
        takes_object=message.takes_object,
    )


def write_opened(settings: Settings, limits: Limits, is_recording: bool) -> pb.Opened:
    """The first message of an answer."""
    card = settings.card
    return pb.Opened(
        model=write_model(card),
        limits=pb.Limits(
            tracks_per_frame=limits.tracks_per_frame,
            tracks_per_stream=settings.tracks_per_stream,
            prefix_length=limits.prefix_length,
            offsets=limits.offsets,
            bytes_in=limits.bytes_in,
            bytes_out=limits.bytes_out,
            position_m=limits.position_m,
            horizon_s=card.horizon_s,
            streams=limits.streams,
        ),
        offsets_s=settings.offsets.tolist(),
        num_modes=settings.num_modes,
        outputs=[output for name, output in _OUTPUTS.items() if getattr(settings, f"has_{name}")],
        forecast_every=settings.forecast_every,
        coast_s=settings.coast_s,
        outcome_names=card.outcome_names if settings.has_outcomes else (),
        venue=None if card.venue is None else write_venue(card.venue),
        is_recording=is_recording,
        is_other_version=settings.is_other_version,
        origin=pb.Origin(x=settings.origin[0], y=settings.origin[1], z=settings.origin[2]),
    )


def read_opened(message: pb.Opened) -> Opened:
    """What a stream will be like."""
    return Opened(
        model=read_model(message.model),
        limits={field.name: value for field, value in message.limits.ListFields()},
        offsets_s=tuple(message.offsets_s),
        num_modes=message.num_modes,
        outputs=tuple(name for name, output in _OUTPUTS.items() if output in message.outputs),
        forecast_every=message.forecast_every,
        coast_s=message.coast_s,
        outcome_names=tuple(message.outcome_names),
        origin=(message.origin.x, message.origin.y, message.origin.z),
        venue=read_venue(message.venue) if message.HasField("venue") else None,
        is_recording=message.is_recording,
        is_other_version=message.is_other_version,
    )
