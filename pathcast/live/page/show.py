"""Show: scenes sent through a server at a viewer's pace, and the records of what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pathcast.errors import ServiceError, UnknownModelError
from pathcast.live.page.pace import Pace
from pathcast.live.page.records import Record, answer_record, scene_record
from pathcast.live.page.scenes import ShownScene
from pathcast.live.watch import FrameRow, choose_model
from pathcast.service.client import Client, Credentials, Model, Persistence, Resumed, ResumingStream
from pathcast.service.client.resumption import CHANNEL_OPTIONS

PERSISTENCE = Persistence(give_up_s=3600.0, most_wait_s=1.0)
"""A page waits for its server as long as somebody may still be looking, and does not let them wait after it is back."""
REST_S = 0.9
"""Between two scenes."""


@dataclass(frozen=True)
class Source:
    """Where forecasts come from, and what is asked for."""

    address: str
    """HOST:PORT of a server."""
    credentials: Credentials = field(default_factory=Credentials)
    model: str | None = None
    """Of all scenes; None: that of each."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `Options` beside those that scenes decide."""

    def chosen_model(self, scene: ShownScene, models: list[Model]) -> Model:
        """The newest model of the name, the scene's if none was asked for, or of as many axes if the server lacks it.

        Raises:
            UnknownModelError: The server lacks what was asked for.
            InputError: It has none of as many axes.
        """
        name = self.model or scene.model
        named = [model for model in models if model.name == name]
        if self.model is not None and not named:
            raise UnknownModelError(
                "--model", f"one of {', '.join(sorted({each.name for each in models}))}", name or ""
            )
        return named[-1] if named else choose_model(models, scene.num_axes)


class Show:
    """One viewer's scenes, on a thread of its own."""

    def __init__(
        self,
        source: Source,
        pace: Pace,
        emit: Callable[[Record], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        source: Where forecasts come from.
        pace: The viewer's.
        emit: Takes the records, from the show's thread.
        clock: Seconds, monotonic.
        """
        self._source = source
        self._pace = pace
        self._emit = emit
        self._clock = clock
        self._stream: ResumingStream | None = None
        self._is_skipping = False
        self.asked_at: float | None = None
        """When the frame was sent whose answer is waited for; None: nothing is."""

    def play(self, scenes: Iterable[ShownScene]) -> None:
        """Plays scenes one after the other until they end or the pace is over.

        Raises:
            PathcastError: As the server answers, or a scene cannot be made.
        """
        with Client(self._source.address, credentials=self._source.credentials) as client:
            models = client.models()
        for number, scene in enumerate(scenes, 1):
            if number > 1 and not self._pace.pass_time(REST_S * self._pace.speed):
                return
            for record in self._play_one(scene, self._source.chosen_model(scene, models), number):
                self._emit(record)
            if self._pace.is_over:
                return

    def skip(self) -> None:
        """Goes on with the next scene."""
        self._is_skipping = True
        self._pace.hurry()

    def stop(self) -> None:
        """Ends it, whatever it waits for."""
        self._pace.end()
        if self._stream is not None:
            self._stream.cancel()

    def _play_one(self, scene: ShownScene, model: Model, number: int) -> Iterator[Record]:
        self._is_skipping = False
        stream = ResumingStream(
            [self._source.address],
            model.name,
            persistence=PERSISTENCE,
            connect=lambda address: self._source.credentials.channel(address, CHANNEL_OPTIONS),
            on_resumed=self._tell_resumed,
            **stream_options(scene, model, self._source.options),
        )
        self._stream = stream
        try:
            yield scene_record(scene, stream.opened, number)
            for frame, forecasts in enumerate(stream.forecasts(self._paced(scene.frames))):
                assert self.asked_at is not None
                age_ms = 1000 * (self._clock() - self.asked_at)
                self.asked_at = None
                yield answer_record(scene, frame, forecasts, stream.opened, age_ms)
            if not self._pace.is_over:
                yield {"kind": "ended", "isWhole": not self._is_skipping}
        except ServiceError:
            if not self._pace.is_over:
                raise
        finally:
            self.asked_at = None
            stream.cancel()

    def _paced(self, frames: list[FrameRow]) -> Iterator[FrameRow]:
        before = frames[0][0]
        for frame in frames:
            if not self._pace.pass_time(frame[0] - before) or self._is_skipping:
                return
            before = frame[0]
            self.asked_at = self._clock()
            yield frame

    def _tell_resumed(self, resumed: Resumed) -> None:
        self._emit({"kind": "resumed", "address": resumed.address, "isExact": resumed.is_exact})


def recorded(source: Source, scene: ShownScene, number: int = 1) -> Iterator[Record]:
    """The records of one scene, as fast as the server answers, on a stream that does not resume."""
    with ExitStack() as stack:
        client = stack.enter_context(Client(source.address, credentials=source.credentials))
        model = source.chosen_model(scene, client.models())
        stream = stack.enter_context(client.stream(model.name, **stream_options(scene, model, source.options)))
        yield scene_record(scene, stream.opened, number)
        begun = time.monotonic()
        for frame, forecasts in enumerate(stream.forecasts(scene.frames)):
            now = time.monotonic()
            yield answer_record(scene, frame, forecasts, stream.opened, 1000 * (now - begun))
            begun = now
        yield {"kind": "ended", "isWhole": True}


def stream_options(scene: ShownScene, model: Model, more: Mapping[str, Any]) -> dict[str, Any]:
    """What a stream is opened with: what the scene decides, and more."""
    options: dict[str, Any] = {**more, "axes": scene.num_axes}
    origin = np.zeros(scene.num_axes)
    if model.venue is None:
        first = next(positions[0] for _, ids, positions in scene.frames if ids)
        origin = np.round(first) if np.isfinite(first).all() else origin
    options["origin"] = origin.tolist()
    if model.takes_goals and scene.goals:
        options["goals"] = scene.goals
    return options
