"""Service run: the streams of a play put to a running server, in real time or as fast as it can, and scored as answers
come.

Every stream has a thread that sends, where frames are paced, and one that reads; both only pass on. What is answered is
picked in this thread, and scored in another process where there are two.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from time import monotonic, sleep
from typing import Any

import grpc

from pathcast.live.judging.answers import answer_of
from pathcast.live.judging.asking import Asking
from pathcast.live.judging.faults import Faults, cut_times
from pathcast.live.judging.picking import Picker
from pathcast.live.judging.scored import Scored
from pathcast.live.judging.scoring import Scorer
from pathcast.live.judging.traffic import Traffic
from pathcast.live.playing.streams import PlayedStream
from pathcast.service.client import Credentials, Forecasts, Persistence, Refused, Resumed, ResumingStream
from pathcast.service.client.resumption import CHANNEL_OPTIONS
from pathcast.simulator.draws import generator

PERSISTENCE = Persistence(first_wait_s=0.02, most_wait_s=0.5, give_up_s=15.0)
LEAD_S = 0.3
"""From the opening of all streams to the first frame."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How frames are sent."""

    is_realtime: bool
    """Each at its own instant; else each once the one before is answered."""
    period_s: float
    """Between frames of the sensor: an answer older than this is late."""


@dataclass(eq=False)
class Course:
    """One stream under way."""

    number: int
    stream: PlayedStream
    link: ResumingStream
    channels: list[grpc.Channel]
    sent_at: dict[int, float] = field(default_factory=dict)
    """Instants, by this machine's clock: of the frame where frames are paced, else of its sending."""
    num_sent: int = 0
    num_cut: int = 0


class ServiceRun:
    """Streams to one server."""

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        streams: Sequence[PlayedStream],
        asking: Asking,
        pace: Pace,
        faults: Faults,
        seed: int,
    ) -> None:
        """Args:
        address: HOST:PORT.
        credentials: Of a protected server.
        streams: To be sent, spoilt already.
        asking: What is asked of each.
        pace: How fast.
        faults: On the way: delays and cuts.
        seed: Of these.
        """
        self._address, self._credentials, self._streams = address, credentials, streams
        self._asking, self._pace, self._faults, self._seed = asking, pace, faults, seed
        self._said: queue.SimpleQueue[tuple[Course, Forecasts | Refused | None, float] | BaseException] = (
            queue.SimpleQueue()
        )
        self.traffic = Traffic()

    def run(self, scorer: Scorer, share: float, watch: Callable[[Traffic], None] = lambda _: None) -> Scored | None:
        """Sends everything, scores what comes and gives the scores.

        Args:
            scorer: Of these streams.
            share: Of the forecasts that are scored.
            watch: Told after every answer.

        Raises:
            PathcastError: As the server answers, or it is lost for good.
        """
        pickers = [
            Picker(number, stream, share, self._asking.coast_s, self._seed)
            for number, stream in enumerate(self._streams)
        ]
        courses: list[Course] = []
        try:
            for number, stream in enumerate(self._streams):
                courses.append(self._open(number, stream))
            began = monotonic() + LEAD_S
            self._start(courses, began)
            for course, reply, at in self._replies(len(courses)):
                if isinstance(reply, Refused):
                    self.traffic.num_refused += 1
                elif reply is not None:
                    self._count(course, reply, at)
                    piece = pickers[course.number].pick(answer_of(reply, self._asking.offsets_s))
                    if piece is not None:
                        scorer.add(piece)
                watch(self.traffic)
            self.traffic.wall_s = monotonic() - began
        finally:
            for course in courses:
                self.traffic.num_sent += course.num_sent
                self.traffic.num_cut += course.num_cut
                course.link.cancel()
        return scorer.scored()

    def _open(self, number: int, stream: PlayedStream) -> Course:
        channels: list[grpc.Channel] = []

        def connect(address: str) -> grpc.Channel:
            channels.append(self._credentials.channel(address, CHANNEL_OPTIONS))
            return channels[-1]

        def resumed(how: Resumed) -> None:
            self.traffic.num_resumed += 1
            self.traffic.num_exact += how.is_exact

        options: dict[str, Any] = self._asking.options(stream.goals)
        link = ResumingStream(
            [self._address],
            self._asking.model,
            persistence=PERSISTENCE,
            random=Random(self._seed + number),
            connect=connect,
            on_resumed=resumed,
            **options,
        )
        return Course(number, stream, link, channels)

    def _start(self, courses: list[Course], began: float) -> None:
        """Starts the threads of all streams, each at a phase of its own, as cameras have that nobody couples: spread
        over the time from one forecast to the next."""
        for course in courses:
            num = len(course.stream.frames)
            every = self._asking.forecast_every
            self.traffic.num_frames += num
            self.traffic.num_due += -(-num // every)
            phase = began + self._pace.period_s * every * course.number / len(courses)
            if self._pace.is_realtime:
                self._thread(self._send_paced, course, phase)
                self._thread(self._read, course)
            else:
                self._thread(self._send_answered, course)

    def _thread(self, work: Callable[..., None], *arguments: Any) -> None:
        def guarded() -> None:
            try:
                work(*arguments)
            except BaseException as error:
                self._said.put(error)

        threading.Thread(target=guarded, daemon=True).start()

    def _send_paced(self, course: Course, began: float) -> None:
        """Sends every frame at its instant, or as much later as a fault has it; their order stays."""
        random = generator(self._seed, "judging.delays", course.number)
        cuts = cut_times(self._faults, course.stream, course.number, self._seed)
        first = course.stream.frames[0].time_s if course.stream.frames else 0.0
        for index, frame in enumerate(course.stream.frames):
            due = began + frame.time_s - first
            course.sent_at[index] = due
            wait = due + self._faults.delay * float(random.random()) - monotonic()
            if wait > 0:
                sleep(wait)
            course.link.send(index, frame.time_s, frame.ids, frame.positions)
            course.num_sent += 1
            self._cut(course, index, cuts)
        course.link.finish()

    def _read(self, course: Course) -> None:
        """Passes on what comes, with when it came."""
        for reply in course.link:
            self._said.put((course, reply, monotonic()))
        self._said.put((course, None, monotonic()))

    def _send_answered(self, course: Course) -> None:
        """Sends every frame once the one before is answered, so that nothing is conflated."""
        cuts = cut_times(self._faults, course.stream, course.number, self._seed)
        replies = iter(course.link)
        for index, frame in enumerate(course.stream.frames):
            course.sent_at[index] = monotonic()
            course.link.send(index, frame.time_s, frame.ids, frame.positions)
            course.num_sent += 1
            self._cut(course, index, cuts)
            if index % self._asking.forecast_every == 0:
                self._said.put((course, next(replies), monotonic()))
        self._said.put((course, None, monotonic()))

    def _cut(self, course: Course, index: int, cuts: set[int]) -> None:
        if index in cuts:
            course.num_cut += 1
            course.channels[-1].close()

    def _replies(self, num_courses: int) -> Iterator[tuple[Course, Forecasts | Refused | None, float]]:
        """What streams say, until all are over.

        Raises:
            PathcastError: One of them broke.
        """
        while num_courses:
            said = self._said.get()
            if isinstance(said, BaseException):
                raise said
            num_courses -= said[1] is None
            yield said

    def _count(self, course: Course, reply: Forecasts, at: float) -> None:
        age = at - course.sent_at[reply.frame_number]
        self.traffic.num_answered += 1
        self.traffic.num_conflated += reply.frames_conflated
        self.traffic.ages_s.append(age)
        self.traffic.num_late += age > self._pace.period_s
        self.traffic.count(reply.statuses)
