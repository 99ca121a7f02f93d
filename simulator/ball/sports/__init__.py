"""Balls of sports, one file each: constants with their sources, how balls differ, and how they are launched."""

from __future__ import annotations

from typing import Final

from pathcast.errors import InputError
from pathcast.simulator.ball.sports.ball import Ball, DragCurve, LiftCurve, Prior
from pathcast.simulator.ball.sports.baseball import BASEBALL
from pathcast.simulator.ball.sports.basketball import BASKETBALL
from pathcast.simulator.ball.sports.generic import GENERIC
from pathcast.simulator.ball.sports.golf import GOLF
from pathcast.simulator.ball.sports.rows import (
    INDOOR_AIR,
    INDOOR_VISCOSITY,
    STANDARD_GRAVITY,
    check_states,
    full_parameters,
    nominal_parameters,
    random_parameters,
)
from pathcast.simulator.ball.sports.soccer import SOCCER
from pathcast.simulator.ball.sports.table_tennis import TABLE_TENNIS
from pathcast.simulator.ball.sports.tennis import TENNIS
from pathcast.simulator.ball.sports.volleyball import VOLLEYBALL

__all__ = [
    "BALLS",
    "BASEBALL",
    "BASKETBALL",
    "GENERIC",
    "GOLF",
    "INDOOR_AIR",
    "INDOOR_VISCOSITY",
    "SOCCER",
    "STANDARD_GRAVITY",
    "TABLE_TENNIS",
    "TENNIS",
    "VOLLEYBALL",
    "Ball",
    "DragCurve",
    "LiftCurve",
    "Prior",
    "ball_named",
    "check_states",
    "full_parameters",
    "nominal_parameters",
    "random_parameters",
]

BALLS: Final = {
    ball.name: ball for ball in (BASKETBALL, TABLE_TENNIS, SOCCER, TENNIS, BASEBALL, VOLLEYBALL, GOLF, GENERIC)
}
"""The balls known by name."""


def ball_named(name: str) -> Ball:
    """The ball of a sport.

    Raises:
        InputError: No ball of that name.
    """
    if name not in BALLS:
        raise InputError("ball", f"one of {', '.join(BALLS)}", repr(name))
    return BALLS[name]
