"""Regions on the wire: areas on the ground to their messages and back, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pathcast.errors import InputError
from pathcast.model.regions import Regions
from pathcast.v1 import forecast_pb2 as pb


def read_regions(messages: Sequence[pb.Region], where: str) -> Regions:
    """The regions of a stream.

    Args:
        messages: What came in.
        where: The field's name in the contract.

    Raises:
        InputError: A region without a name, of a name that another has, or whose corners are not those of a simple
            polygon with an area; its field is named.
        LimitError: More regions, or corners of one, than there may be.
    """
    places = [f"{where}[{index}].corners" for index in range(len(messages))]
    polygons = []
    for message, place in zip(messages, places, strict=True):
        if len(message.corners) % 2:
            raise InputError(place, "x and y of each corner, shape [corner, 2]", f"{len(message.corners)} numbers")
        polygons.append(np.array(message.corners, np.float64).reshape(-1, 2))
    return Regions.read([message.name for message in messages], polygons, where, places)


def write_regions(regions: Regions) -> list[pb.Region]:
    """The regions' messages."""
    named = zip(regions.names, regions.each(), strict=True)
    return [pb.Region(name=name, corners=corners.ravel().tolist()) for name, corners in named]
