"""Places on the wire: a venue to its message and back."""

from __future__ import annotations

from pathcast.v1 import forecast_pb2 as pb
from pathcast.venue import Box, Plane, Point, Ring, Segment, Venue


def write_venue(venue: Venue) -> pb.Venue:
    """The venue's message."""
    message = pb.Venue(
        name=venue.name,
        origin_of=venue.origin_of,
        walls=[_write_segment(wall) for wall in venue.walls],
        obstacles=[_write_box(box) for box in venue.obstacles],
        exits=[_write_segment(way_out) for way_out in venue.exits],
    )
    if venue.floor is not None:
        message.floor.CopyFrom(pb.Plane(point=_write_point(venue.floor.point), normal=_write_point(venue.floor.normal)))
    for name in ("table", "net", "board"):
        box = getattr(venue, name)
        if box is not None:
            getattr(message, name).CopyFrom(_write_box(box))
    if venue.hoop is not None:
        hoop = venue.hoop
        message.hoop.CopyFrom(
            pb.Ring(centre=_write_point(hoop.centre), radius_m=hoop.radius, tube_radius_m=hoop.tube_radius)
        )
    return message


def read_venue(message: pb.Venue) -> Venue:
    """The venue of a message.

    Raises:
        InputError: A part of it is not what the venue's own checks ask for.
    """
    hoop = message.hoop
    return Venue(
        name=message.name,
        origin_of=message.origin_of,
        floor=Plane(point=_read_point(message.floor.point), normal=_read_point(message.floor.normal))
        if message.HasField("floor")
        else None,
        table=_read_box(message.table) if message.HasField("table") else None,
        net=_read_box(message.net) if message.HasField("net") else None,
        hoop=Ring(centre=_read_point(hoop.centre), radius=hoop.radius_m, tube_radius=hoop.tube_radius_m)
        if message.HasField("hoop")
        else None,
        board=_read_box(message.board) if message.HasField("board") else None,
        walls=tuple(_read_segment(wall) for wall in message.walls),
        obstacles=tuple(_read_box(box) for box in message.obstacles),
        exits=tuple(_read_segment(way_out) for way_out in message.exits),
    )


def _write_point(point: Point) -> pb.Point:
    return pb.Point(x=point[0], y=point[1], z=point[2])


def _read_point(message: pb.Point) -> Point:
    return (message.x, message.y, message.z)


def _write_box(box: Box) -> pb.Box:
    return pb.Box(centre=_write_point(box.centre), size=_write_point(box.size), yaw=box.yaw)


def _read_box(message: pb.Box) -> Box:
    return Box(centre=_read_point(message.centre), size=_read_point(message.size), yaw=message.yaw)


def _write_segment(segment: Segment) -> pb.Segment:
    return pb.Segment(start=_write_point(segment.start), end=_write_point(segment.end), name=segment.name)


def _read_segment(message: pb.Segment) -> Segment:
    return Segment(start=_read_point(message.start), end=_read_point(message.end), name=message.name)
