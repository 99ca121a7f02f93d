"""Goals on the wire: candidate destinations to their messages and back, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pathcast.errors import InputError
from pathcast.model.goals import MAX_GOALS, Goals, check_goal_coordinate
from pathcast.model.named import check_names
from pathcast.v1 import forecast_pb2 as pb


def read_goals(messages: Sequence[pb.Goal], where: str) -> Goals:
    """The goals of a stream in 2 axes.

    Args:
        messages: What came in.
        where: The field's name in the contract.

    Raises:
        InputError: A goal without a name or a place, of a name that another has, or at a place that is not finite, too
            far away or off the ground; its field is named.
        LimitError: More goals than there may be.
    """
    check_names([message.name for message in messages], where, MAX_GOALS, "goals")
    ends = np.array([_read_ends(message, f"{where}[{index}]") for index, message in enumerate(messages)])
    return Goals(tuple(message.name for message in messages), ends.reshape(len(messages), 4))


def write_goals(goals: Goals) -> list[pb.Goal]:
    """The goals' messages."""
    return [_write_goal(name, *ends) for name, ends in zip(goals.names, goals.ends.tolist(), strict=True)]


def _read_ends(message: pb.Goal, where: str) -> list[float]:
    """x0 y0 x1 y1 of one goal."""
    match message.WhichOneof("place"):
        case "point":
            return 2 * _read_point(message.point, f"{where}.point")
        case "segment":
            start = _read_point(message.segment.start, f"{where}.segment.start")
            return start + _read_point(message.segment.end, f"{where}.segment.end")
        case _:
            raise InputError(where, "a point or a segment", "neither")


def _read_point(point: pb.Point, where: str) -> list[float]:
    check_goal_coordinate(point.x, f"{where}.x")
    check_goal_coordinate(point.y, f"{where}.y")
    if point.z != 0:
        raise InputError(f"{where}.z", "0 or left out: the stream has 2 axes", f"{point.z:g}")
    return [point.x, point.y]


def _write_goal(name: str, x0: float, y0: float, x1: float, y1: float) -> pb.Goal:
    if (x0, y0) == (x1, y1):
        return pb.Goal(name=name, point=pb.Point(x=x0, y=y0))
    return pb.Goal(name=name, segment=pb.Segment(start=pb.Point(x=x0, y=y0), end=pb.Point(x=x1, y=y1)))
