"""Scenarios by name: kinds of throws and kinds of places that people walk in, each of which can be played."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pathcast.errors import InputError
from pathcast.live.playing.balls import play_balls
from pathcast.live.playing.crowds import Walked, play_crowds, walked
from pathcast.live.playing.streams import PlayedStream
from pathcast.simulator.ball.scenarios import SCENARIOS as KINDS_OF_THROWS
from pathcast.simulator.dataset import SENSOR_OF_PEOPLE, usual_sensor
from pathcast.simulator.pedestrian.scenes import KINDS as KINDS_OF_PLACES
from pathcast.simulator.sensor import Sensor

USUAL_DURATION_S: Final = {"balls": 10.0, "people": 20.0}
MODELS: Final = {"basketball": "basketball", "table-tennis": "table-tennis"}
"""By ball; those of other sports are forecast by the model of any ball."""


@dataclass(frozen=True, eq=False)
class Play:
    """A scenario as it was played."""

    scenario: Scenario
    streams: tuple[PlayedStream, ...]
    sensor: Sensor
    seed: int
    duration_s: float
    walked: Walked | None
    """How its scenes were walked, where people walk."""
    settings: dict[str, Any]
    """Everything that decides what is played."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What can be played."""

    name: str
    summary: str
    things: str
    """`balls` or `people`."""
    model: str
    """The shipped model that fits."""

    @property
    def num_axes(self) -> int:
        return 3 if self.things == "balls" else 2

    @property
    def sensor(self) -> Sensor:
        """The usual one."""
        return usual_sensor(self.name) if self.things == "balls" else SENSOR_OF_PEOPLE

    def play(
        self,
        num_tracks: int = 1,
        duration_s: float | None = None,
        seed: int = 1,
        sensor: Sensor | None = None,
        num_streams: int | None = None,
    ) -> Play:
        """What a sensor sees of it as timed frames, and the truth; the same arguments give the same play.

        Args:
            num_tracks: Tracks at once, over all streams. Balls are thrown anew all the time; of people so many are
                there on average.
            duration_s: Of the play; by default 10 s of balls, 20 s of people.
            seed: Of everything random.
            sensor: By default the usual one.
            num_streams: Streams that they are dealt to; by default one of balls, and one for each place with people.
                People of several places in one stream walk 200 m apart and have no goals to name.

        Raises:
            InputError: A number outside its range.
        """
        length = USUAL_DURATION_S[self.things] if duration_s is None else duration_s
        for name, value, least, most in (
            ("num_tracks", num_tracks, 1, 4096),
            ("duration_s", length, 0.1, 3600.0),
            ("num_streams", 1 if num_streams is None else num_streams, 1, num_tracks),
        ):
            if not least <= value <= most:
                raise InputError(name, f"{least:g} to {most:g}", f"{value:g}")
        tracker = self.sensor if sensor is None else sensor
        tracker.check_axes(self.num_axes)
        how = None
        if self.things == "balls":
            kind = KINDS_OF_THROWS[self.name]
            streams = play_balls(kind, num_tracks, length, seed, tracker, num_streams or 1)
        else:
            length = round(length, 1)
            how = walked(self.name, seed, length)
            streams, _ = play_crowds(how, num_tracks, tracker, num_streams)
        settings = {
            "scenario": self.name,
            "tracks": num_tracks,
            "duration_s": length,
            "seed": seed,
            "streams": len(streams),
            "sensor": {name: getattr(tracker, name) for name in tracker.__dataclass_fields__},
        }
        return Play(self, streams, tracker, seed, length, how, settings)


def _scenarios() -> list[Scenario]:
    balls = [
        Scenario(
            name=kind.name,
            summary=f"{kind.ball.name}: {kind.summary}",
            things="balls",
            model=MODELS.get(kind.ball.name, "ball"),
        )
        for kind in KINDS_OF_THROWS.values()
    ]
    people = [
        Scenario(name=kind.name, summary=f"people: {kind.summary}", things="people", model="pedestrian")
        for kind in KINDS_OF_PLACES.values()
    ]
    return balls + people


SCENARIOS: Final = MappingProxyType({scenario.name: scenario for scenario in _scenarios()})
"""All there are."""


def scenario_named(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        InputError: There is none.
    """
    if name not in SCENARIOS:
        raise InputError("scenario", f"one of {', '.join(SCENARIOS)}", repr(name))
    return SCENARIOS[name]
