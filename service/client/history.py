"""History: what a client must send again so that another server stands where the lost one stood.

It is the newest snapshot and the messages since; without a snapshot, whole tracks from what is kept. Frames that were
answered go as replays, which are not answered again; the others go as they went the first time. What is kept is
bounded: the oldest messages are forgotten, and with them, where it is that old, the snapshot before them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TypeVar

from google.protobuf.message import Message

from pathcast.errors import InputError
from pathcast.service.client.whole_tracks import whole_tracks
from pathcast.service.messages import Opened, Refused
from pathcast.v1 import forecast_pb2 as pb

Request = pb.StreamForecastsRequest
MOST_BYTES = 1 << 20
"""Of one message, with room for its envelope."""
_ROOM = MOST_BYTES - 1024
_MOST_FRAMES = 1 << 14
_Message = TypeVar("_Message", bound=Message)


class History:
    """What a stream was sent and told, as far as it may be needed again."""

    def __init__(self, opening: pb.Open, most_observations: int = 1 << 20) -> None:
        """Args:
        opening: As the stream was opened.
        most_observations: That are kept, of all tracks together; some 20 bytes each.
        """
        self._opening = pb.Open()
        self._opening.CopyFrom(opening)
        self._most_observations = most_observations
        self._messages: deque[Request] = deque()
        self._num_observations = 0
        self._num_frames = 0
        """Kept."""
        self._num_sent = 0
        """Frames that were sent and not refused."""
        self._newest = -1
        self._answered = -1
        self._forgotten = -1
        """Newest frame that is not kept any more."""
        self._parts: list[bytes] = []
        self._snapshot: list[bytes] = []
        self._snapshot_frame = -1
        self._snapshot_version = ""

    @property
    def answered(self) -> int:
        """Number of the newest frame that was answered, -1 before the first."""
        return self._answered

    def add(self, request: Request) -> None:
        """Keeps what is about to be sent.

        Raises:
            InputError: A frame's number does not rise.
        """
        if request.WhichOneof("message") == "frame":
            number = request.frame.frame_number
            if number <= self._newest:
                raise InputError("frame_number", f"over {self._newest}, the newest frame's", f"{number}")
            self._newest = number
            self._num_frames += 1
            self._num_sent += 1
        self._messages.append(request)
        self._num_observations += _num_observations(request)
        while self._num_observations > self._most_observations or self._num_frames > _MOST_FRAMES:
            self._forget_oldest()

    def answer(self, frame_number: int) -> None:
        """A frame was answered, and with it all before."""
        self._answered = max(self._answered, frame_number)

    def refuse(self, refused: Refused) -> None:
        """Forgets what a server would refuse again: a frame, or the oldest unanswered update of that kind."""
        is_of_goals = refused.where.startswith("update.goals")
        is_of_regions = refused.where.startswith("update.regions")
        for request in self._messages:
            is_frame = request.WhichOneof("message") == "frame"
            if is_frame and request.frame.frame_number == refused.frame_number:
                self._num_sent -= 1
                self._num_frames -= 1
            elif not (is_of_goals and request.update.HasField("goals")) and not (
                is_of_regions and request.update.HasField("regions")
            ):
                continue
            self._messages.remove(request)
            self._num_observations -= _num_observations(request)
            return

    def keep(self, part: pb.Snapshot, version: str) -> None:
        """Keeps one part of a snapshot of a model's version; the snapshot is used once it is whole."""
        if part.part != len(self._parts):
            self._parts = []
        if part.part == len(self._parts):
            self._parts.append(part.state)
        if len(self._parts) == max(1, part.num_parts):
            self._snapshot, self._parts = self._parts, []
            self._snapshot_frame, self._snapshot_version = part.frame_number, version

    def interrupt(self) -> None:
        """The stream broke: parts of a snapshot that is not whole are of no use."""
        self._parts = []

    def drop_snapshot(self) -> None:
        """The snapshot cannot be used."""
        self._snapshot, self._snapshot_frame = [], -1

    def has_snapshot_for(self, version: str) -> bool:
        """Whether there is a snapshot of that version, with all that was sent since."""
        return bool(self._snapshot) and self._snapshot_version == version and self._snapshot_frame >= self._forgotten

    def is_whole(self, most_points: int) -> bool:
        """Whether nothing was forgotten, and no track can be longer than a prefix may be."""
        return self._forgotten < 0 and self._num_frames <= most_points

    def opening(self, version: str | None) -> pb.Open:
        """The opening as it stands: with what was updated, of a version."""
        opening = pb.Open()
        opening.CopyFrom(self._opening)
        for request in self._until_answered():
            _update(opening, request)
        if version is not None:
            opening.version = version
        return opening

    def past(self, opened: Opened) -> list[Request]:
        """What brings a new stream to where the answered frames had brought the lost one."""
        if self.has_snapshot_for(opened.model.version):
            since = self._since_snapshot()
            return [Request(replay=pb.Replay(snapshot=state)) for state in self._snapshot] + list(_as_past(since))
        return self._whole(opened)

    def unanswered(self) -> list[Request]:
        """What was sent after the newest answered frame, in its order."""
        return list(self._messages)[sum(1 for _ in self._until_answered()) :]

    def _whole(self, opened: Opened) -> list[Request]:
        """Whole tracks, and as many empty frames as keep the rhythm of forecasts."""
        until = list(self._until_answered())
        most = int(opened.limits.get("prefix_length", 512))
        prefixes = whole_tracks(until, opened.model.axes, opened.coast_s, most)
        requests = [Request(replay=pb.Replay(prefixes=some)) for some in _pack(prefixes)]
        last = next((each.frame for each in reversed(until) if each.WhichOneof("message") == "frame"), None)
        if last is not None:
            num_later = sum(each.WhichOneof("message") == "frame" for each in self.unanswered())
            first = last.frame_number + 1 - (self._num_sent - num_later) % max(opened.forecast_every, 1)
            numbers = range(max(first, 0), last.frame_number + 1)
            frames = [pb.Frame(frame_number=each, capture_time_s=last.capture_time_s) for each in numbers]
            requests += [Request(replay=pb.Replay(frames=some)) for some in _pack(frames)]
        return requests

    def _until_answered(self) -> Iterator[Request]:
        """Messages up to the newest answered frame."""
        last = -1
        for index, request in enumerate(self._messages):
            if request.WhichOneof("message") == "frame":
                if request.frame.frame_number > self._answered:
                    break
                last = index
        for index, request in enumerate(self._messages):
            if index > last:
                return
            yield request

    def _since_snapshot(self) -> Iterator[Request]:
        """Messages after the snapshot's frame, up to the newest answered one."""
        is_since = self._snapshot_frame == self._forgotten
        for request in self._until_answered():
            is_frame = request.WhichOneof("message") == "frame"
            is_since |= is_frame and request.frame.frame_number > self._snapshot_frame
            if is_since:
                yield request
            is_since |= is_frame and request.frame.frame_number == self._snapshot_frame

    def _forget_oldest(self) -> None:
        oldest = self._messages.popleft()
        self._num_observations -= _num_observations(oldest)
        _update(self._opening, oldest)
        if oldest.WhichOneof("message") == "frame":
            self._forgotten = oldest.frame.frame_number
            self._num_frames -= 1


def _num_observations(request: Request) -> int:
    prefixes = sum(len(prefix.times_s) for prefix in request.replay.prefixes)
    return len(request.frame.track_ids) + prefixes


def _update(opening: pb.Open, request: Request) -> None:
    """Takes an update's goals and regions into an opening."""
    if request.update.HasField("goals"):
        del opening.goals[:]
        opening.goals.extend(request.update.goals.goals)
    if request.update.HasField("regions"):
        del opening.regions[:]
        opening.regions.extend(request.update.regions.regions)


def _as_past(requests: Iterable[Request]) -> Iterator[Request]:
    """Requests with frames turned into replays; updates are in the opening already."""
    frames: list[pb.Frame] = []
    for request in requests:
        kind = request.WhichOneof("message")
        if kind == "frame":
            frames.append(request.frame)
        elif kind != "update":
            yield from (Request(replay=pb.Replay(frames=some)) for some in _pack(frames))
            frames = []
            yield request
    yield from (Request(replay=pb.Replay(frames=some)) for some in _pack(frames))


def _pack(messages: list[_Message], most: int = 512) -> Iterator[list[_Message]]:
    """Messages in groups of bounded number and size."""
    group: list[_Message] = []
    size = 0
    for message in messages:
        more = message.ByteSize() + 8
        if group and (size + more > _ROOM or len(group) == most):
            yield group
            group, size = [], 0
        group.append(message)
        size += more
    if group:
        yield group
