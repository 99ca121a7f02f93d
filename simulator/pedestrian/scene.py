"""Scene: a venue with what matters to walkers only: zones of choice, turnstiles, and whether the place repeats."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pathcast.errors import InputError
from pathcast.venue import Venue


@dataclass(frozen=True)
class Zone:
    """A disc, such as a junction, where people choose their way anew on entering it for the first time."""

    centre: tuple[float, float]
    """Metres."""
    radius: float
    """Metres."""

    def __post_init__(self) -> None:
        where = f"zone at ({self.centre[0]:.2f}, {self.centre[1]:.2f})"
        if not (math.isfinite(self.centre[0]) and math.isfinite(self.centre[1])):
            raise InputError(where, "finite metres", f"{self.centre}")
        if not 0.0 < self.radius < math.inf:
            raise InputError(f"{where}: radius", "finite, over 0 m", f"{self.radius}")


@dataclass(frozen=True)
class Scene:
    """A place as walkers know it."""

    venue: Venue
    zones: tuple[Zone, ...] = ()
    gate_s: tuple[float, ...] = ()
    """Least seconds between two people leaving by each exit, in the venue's order: a turnstile or a counter, before
    which people queue. Empty where all exits are free."""
    period_m: float = 0.0
    """Length after which the place repeats along x, like a ring; 0 where it does not. Exits are then directions:
    exit 0 is walking to -x, exit 1 to +x, for ever; nobody comes in or leaves."""

    def __post_init__(self) -> None:
        where = f"venue {self.venue.name}"
        if self.gate_s and len(self.gate_s) != len(self.venue.exits):
            raise InputError(
                f"{where}: gate_s", f"one for each of {len(self.venue.exits)} exits, or none", f"{len(self.gate_s)}"
            )
        for way_out, gate_s in zip(self.venue.exits, self.gate_s, strict=False):
            if not 0.0 <= gate_s < math.inf:
                place = f"({way_out.start[0]:.2f}, {way_out.start[1]:.2f})"
                raise InputError(f"{where}: gate_s of exit {way_out.name} at {place}", "from 0 s", f"{gate_s}")
        if not 0.0 <= self.period_m < math.inf:
            raise InputError(f"{where}: period_m", "from 0 m", f"{self.period_m}")


def as_scene(place: Venue | Scene) -> Scene:
    """A bare venue as a scene without zones, gates and period."""
    return Scene(place) if isinstance(place, Venue) else place
