"""Scenes that people walk in: each kind is a small description with ranges, from which every scene is drawn.

`KINDS` are the ones that come with the package. A description of your own is a `Kind`, and a place of your own
becomes one by `fixed_kind`; both go wherever a name of a kind does.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from pathcast.errors import InputError
from pathcast.simulator.pedestrian.scene import Scene
from pathcast.simulator.pedestrian.scenes.corridors import CORNER, CORRIDOR, ONE_WAY
from pathcast.simulator.pedestrian.scenes.doors import BOTTLENECK, QUEUE
from pathcast.simulator.pedestrian.scenes.halls import CIRCLE, PILLARS, PLAZA
from pathcast.simulator.pedestrian.scenes.junctions import CROSSING, T_JUNCTION
from pathcast.simulator.pedestrian.scenes.kind import ALL, OPPOSITE, RATES, Flow, Kind, Range, fixed_kind
from pathcast.venue import Venue

KINDS: Final = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            CORRIDOR,
            ONE_WAY,
            CROSSING,
            T_JUNCTION,
            BOTTLENECK,
            CORNER,
            PLAZA,
            CIRCLE,
            PILLARS,
            QUEUE,
        )
    }
)
"""The kinds of scenes that come with the package, by name."""

AnyKind = str | Kind | Venue | Scene
"""A name among `KINDS`, `all` for a mix of them, a description of your own, or a place of your own."""


def kinds_named(scene: AnyKind) -> tuple[Kind, ...]:
    """The kinds that scenes are of in turn: scene i is of the one at i modulo their number.

    Raises:
        InputError: No kind of that name.
    """
    if isinstance(scene, Kind):
        return (scene,)
    if not isinstance(scene, str):
        return (fixed_kind(scene),)
    if scene == ALL:
        return tuple(KINDS.values())
    if scene not in KINDS:
        raise InputError("scene", f"one of {', '.join(KINDS)}, or {ALL}", f"{scene!r}")
    return (KINDS[scene],)


__all__ = ["ALL", "KINDS", "OPPOSITE", "RATES", "AnyKind", "Flow", "Kind", "Range", "fixed_kind", "kinds_named"]
