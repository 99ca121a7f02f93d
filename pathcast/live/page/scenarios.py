"""Scenarios: what can be simulated into a server and watched, each an endless row of scenes, the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.live.page.scenes import PERSON_RADIUS_M, ShownScene
from pathcast.live.playing import SCENARIOS, PlayedStream, Scenario, scenario_named
from pathcast.simulator.ball.following import OUTCOMES, UNDECIDED
from pathcast.simulator.ball.scenarios import SCENARIOS as KINDS_OF_THROWS

FEATURED: Final = MappingProxyType(
    {
        "Basketball": ("three-pointer", "free-throw"),
        "People": ("plaza", "crossing", "corridor", "bottleneck", "t-junction", "queue"),
        "Table tennis": ("table-tennis-rally", "table-tennis-serve"),
        "Other balls": ("tennis-serve", "tennis-rally", "volleyball-rally", "baseball-pitch", "soccer-kick"),
    }
)
"""The page's list, by group."""
AFTER_S: Final = 0.5
"""That a shot is shown after it is decided."""
CROWD_S: Final = 40.0
PEOPLE: Final = 10
"""At once, about."""
CROWD_HZ: Final = 5.0
"""Often enough for people to move before one's eyes."""


def shown_scenes(name: str, seed: int) -> Iterator[ShownScene]:
    """Scenes of a scenario, without end: throws one after the other, or places with people.

    Raises:
        InputError: There is no such scenario.
    """
    scenario = scenario_named(name)
    return _throws(scenario, seed) if scenario.things == "balls" else _places(scenario, seed)


def _throws(scenario: Scenario, seed: int) -> Iterator[ShownScene]:
    kind = KINDS_OF_THROWS[scenario.name]
    for number in count():
        (stream,) = scenario.play(1, kind.duration_s, seed + number).streams
        first = np.zeros(1, np.int64)
        became = int(stream.truth.outcome(first)[0])
        decided_s = float(stream.truth.decided_at(first)[0])
        scene = _scene(scenario, stream, number, decided_s + AFTER_S, kind.ball.radius_m)
        if scene is not None:
            is_known = became != UNDECIDED and decided_s <= scene.frames[-1][0]
            yield replace(scene, became=OUTCOMES[became], became_at_s=decided_s) if is_known else scene


def _places(scenario: Scenario, seed: int) -> Iterator[ShownScene]:
    numbers = count()
    for play in count():
        for stream in scenario.play(PEOPLE, CROWD_S, seed + play, replace(scenario.sensor, rate_hz=CROWD_HZ)).streams:
            scene = _scene(scenario, stream, next(numbers), np.inf, PERSON_RADIUS_M)
            if scene is not None:
                yield scene


def _scene(scenario: Scenario, stream: PlayedStream, number: int, until_s: float, radius_m: float) -> ShownScene | None:
    """A stream as a scene up to a time, which may be NaN; None: nothing was seen."""
    played = [frame for frame in stream.frames if not frame.time_s > until_s]
    if not played:
        return None
    return ShownScene(
        title=f"{scenario.name} {number + 1}",
        frames=[(frame.time_s, frame.ids.tolist(), frame.positions) for frame in played],
        model=scenario.model,
        venue=stream.venue,
        radius_m=radius_m,
        truth=_truth(stream, np.array([frame.time_s for frame in played])),
        goals={name: ends.tolist() for name, ends in stream.goals.items()},
    )


def _truth(stream: PlayedStream, times: Float[np.ndarray, " frame"]) -> list[dict[int, Float[np.ndarray, " axis"]]]:
    """Where each observed track truly is at the times, unseen or not, by the number it is first seen under."""
    true_of: dict[int, int] = {}
    for frame, who in zip(stream.frames, stream.who, strict=True):
        for track, true in zip(frame.ids.tolist(), who.tolist(), strict=True):
            if true >= 0:
                true_of.setdefault(track, true)
    places: list[dict[int, Float[np.ndarray, " axis"]]] = [{} for _ in times]
    for track, true in true_of.items():
        for there, place in zip(places, stream.truth.at(np.array([true]), times[None])[0], strict=True):
            if np.isfinite(place).all():
                there[track] = place
    return places


def listed() -> Iterator[tuple[str, str, str]]:
    """Group, name and summary of each scenario, those featured first."""
    for group, names in FEATURED.items():
        for name in names:
            yield group, name, _summary(name)
    known = {name for names in FEATURED.values() for name in names}
    for name in SCENARIOS:
        if name not in known:
            yield "More", name, _summary(name)


def _summary(name: str) -> str:
    """What it is, without whom it is about."""
    return SCENARIOS[name].summary.partition(": ")[2]
