"""Session: one stream's tracks, from their first observation to their end.

It decides which observations are used, which tracks are forecast and what is said of the others; it plans, and
leaves computing to the batcher. It knows nothing of gRPC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt64

from pathcast.errors import InputError
from pathcast.model.admission import Admission, admit, is_usual
from pathcast.model.course import empty_courses
from pathcast.model.engine import Engine
from pathcast.model.goals import NO_GOALS, Goals
from pathcast.model.regions import NO_REGIONS, Regions
from pathcast.model.states import COUNT, TIME
from pathcast.service.courses import law_of
from pathcast.service.messages import WORDS, Frame, Prefix, Reason, Remark, Settings, Snapshot, Status
from pathcast.service.steps import Asking, Observing, Step, joined, span_of

_FIRST_CAPACITY = 8
_ROUNDING_S = 1e-9
_MANY_REMARKS = 8192
"""Waiting remarks that make an answer due, so that a stream with few answers cannot fill the memory."""
_WARMING_UP, _FORECASTING, _COASTING, _REJECTED = map(
    int, (Status.WARMING_UP, Status.FORECASTING, Status.COASTING, Status.REJECTED)
)


@dataclass(eq=False)
class _Plain:
    """What one plain frame after another of the same tracks asks for, made once; nobody writes into it."""

    track_ids: list[int]
    slots: Int[np.ndarray, " track"]
    span: slice | None
    ones: Int[np.ndarray, " track"]
    asking: Asking
    newest_s: float
    """Of the tracks' observations."""


class Session:
    """The tracks of one stream: a table of states that grows on demand, and the ids of its rows."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self._goals, self._regions = settings.goals, settings.regions
        self.states = engine.start(_FIRST_CAPACITY, settings.given)
        self.fresh = engine.start(1, settings.given)
        """The state of one track before its first observation."""
        self.law = law_of(settings)
        """By which tracks are followed beside the model; None: they are not."""
        self.courses = None if self.law is None else empty_courses(_FIRST_CAPACITY, settings.card.num_axes)
        """Rows of `model.course`, as in `states`."""
        self._ids = np.zeros(_FIRST_CAPACITY, np.uint64)
        self._is_live = np.zeros(_FIRST_CAPACITY, np.bool_)
        self.starts = np.zeros(_FIRST_CAPACITY, np.int64)
        """How many tracks each row has held: tells a track from a later one in its place."""
        self._slot_of: dict[int, int] = {}
        self._free = list(range(_FIRST_CAPACITY - 1, -1, -1))
        self._remarks: list[Remark] = []
        """Said with the next answer."""
        self._newest_frame = -1
        self._num_frames = 0
        self._offsets = np.minimum(settings.offsets, settings.card.horizon_s)[None]
        """Of tracks that were just seen."""
        self.due_part: tuple[int, int] | None = None
        """Frame and part of the snapshot that is being restored."""
        self._plain: _Plain | None = None
        """Of the newest frame, if it was plain and nothing has happened since."""

    def name(self, goals: Goals | None, regions: Regions | None) -> None:
        """Goals and regions that hold from here on; None: as before."""
        self._goals = self._goals if goals is None else goals
        self._regions = self._regions if regions is None else regions
        self._plain = None

    @property
    def num_tracks(self) -> int:
        """Live tracks."""
        return len(self._slot_of)

    @property
    def num_bytes(self) -> int:
        """What its tables of tracks hold."""
        tables = (self.courses, self._ids, self._is_live, self.starts)
        return self.states.num_bytes + sum(table.nbytes for table in tables if table is not None)

    @property
    def live_slots(self) -> Int[np.ndarray, " track"]:
        """Rows of the live tracks, ascending: everybody whom the stream knows of."""
        return np.flatnonzero(self._is_live)

    def observe(self, frame: Frame, is_past: bool = False) -> Step:
        """Plans a frame: which observations are used, and which tracks are forecast if an answer is due.

        Args:
            frame: What was seen.
            is_past: Whether the client was answered before: it is told nothing.

        Raises:
            InputError: Its number does not rise.
        """
        if frame.frame_number <= self._newest_frame:
            raise InputError(
                "frame.frame_number", f"over {self._newest_frame}, the newest frame's", str(frame.frame_number)
            )
        self._newest_frame = frame.frame_number
        self.due_part = None
        is_due = self._num_frames % self.settings.forecast_every == 0 or len(self._remarks) > _MANY_REMARKS
        self._num_frames += 1
        if (plain := self._observe_plain(frame, is_due and not is_past)) is not None:
            return plain
        slots, verdicts = self._admit(frame)
        is_seen = verdicts == Admission.ADMITTED
        self._end_unseen(frame.capture_time_s, slots[is_seen])
        slots[~self._is_live[slots]] = -1
        self._start_new(frame.track_ids, slots, is_seen)
        step = Step(self, frame.frame_number, frame.capture_time_s)
        if is_seen.any():
            seen = np.flatnonzero(is_seen)
            step.observing = Observing(
                slots[seen],
                np.full((len(seen), 1), frame.capture_time_s),
                frame.positions[seen, None],
                np.ones(len(seen), np.int64),
            )
        if is_past:
            self._remarks.clear()
        elif is_due:
            self._ask(step, slots, is_seen)
        return step

    def _observe_plain(self, frame: Frame, is_due: bool) -> Step | None:
        """Plans a frame in which every live track is warm, seen and admitted, and nobody else is; None: it is not one.

        Most frames are, and then nothing of what `observe` asks of each track needs asking.
        """
        time, plain = frame.capture_time_s, self._plain
        self._plain = None
        if self._remarks or not frame.track_ids or not is_usual(frame.positions):
            return None
        if plain is None or plain.track_ids != frame.track_ids:
            plain = self._find_plain(frame.track_ids)
        if plain is None or not plain.newest_s < time:
            return None
        plain.newest_s, self._plain = time, plain
        step = Step(self, frame.frame_number, time)
        times = np.empty((len(plain.slots), 1))
        times[:] = time
        step.observing = Observing(plain.slots, times, frame.positions[:, None], plain.ones, plain.span)
        if is_due:
            step.asking = plain.asking
        return step

    def _find_plain(self, track_ids: list[int]) -> _Plain | None:
        """What plain frames of these tracks have alike; None if they are not all live tracks, or not all warm."""
        slot_of, num = self._slot_of, len(track_ids)
        if num != len(slot_of):
            return None
        try:
            slots = np.array([slot_of[track_id] for track_id in track_ids], np.int64)
        except KeyError:
            return None
        filters = self.states.filter
        if filters[slots, COUNT].min() + 1 < max(self.settings.card.warm_points, 2):
            return None
        offsets, statuses = np.repeat(self._offsets, num, axis=0), np.full(num, _FORECASTING, np.int64)
        asking = self._asking(slots, offsets, np.zeros(num), statuses, self._ids[slots])
        newest_s = float(filters[slots, TIME].max())
        return _Plain(track_ids, slots, span_of(slots), np.ones(num, np.int64), asking, newest_s)

    def replay(self, prefixes: list[Prefix]) -> Step:
        """Plans prefixes of the past: new tracks start, known ones take in what is newer than their newest."""
        self._plain = None
        slots, kept = [], []
        for prefix in prefixes:
            slot = self._slot_of.get(prefix.track_id, -1)
            newest = self._newest(np.array([slot]))[0]
            verdicts = admit(np.full(len(prefix.times_s), newest), prefix.times_s, prefix.positions)
            for verdict in (Admission.NOT_FINITE, Admission.OUT_OF_RANGE):
                if (verdicts == verdict).any():
                    self._reject(prefix.track_id, Reason(int(verdict)))
            rows = np.flatnonzero(verdicts == Admission.ADMITTED)
            if len(rows) and slot < 0:
                slot = self._start(prefix.track_id)
            if len(rows) and slot >= 0:
                slots.append(slot)
                kept.append((prefix.times_s[rows], prefix.positions[rows]))
        step = Step(self)
        if slots:
            step.observing = joined(slots, kept, self.settings.card.num_axes)
        return step

    def whole(self, prefixes: list[Prefix]) -> Step:
        """Plans a unary request: every track forecast from its own newest observation on."""
        step = self.replay(prefixes)
        step.is_whole = True
        slots = np.array([self._slot_of.get(prefix.track_id, -1) for prefix in prefixes], np.int64)
        slots = slots[slots >= 0]
        counts = np.zeros(len(self._is_live))
        if step.observing is not None:
            counts[step.observing.slots] = step.observing.lengths
        self._ask_rows(step, slots, counts[slots], np.zeros(len(slots)), np.ones(len(slots), np.bool_))
        return step

    def snapshot(self) -> Snapshot:
        """All tracks as they stand now, copied."""
        slots, card = self.live_slots, self.settings.card
        return Snapshot(
            model=card.name,
            version=card.version,
            frame_number=self._newest_frame,
            num_frames=self._num_frames,
            num_tracks=len(slots),
            track_ids=self._ids[slots],
            states=self.states.take(slots),
            courses=None if self.courses is None else self.courses[slots],
        )

    def adopt(self, snapshot: Snapshot) -> None:
        """Takes the tracks of a part of a snapshot: the first part's in place of all, the others' beside them.

        Raises:
            InputError: A track is there already, or there are more than the whole has.
        """
        self._plain = None
        ids = [int(each) for each in snapshot.track_ids]
        if not snapshot.part:
            self._forget_all(snapshot.num_tracks)
        elif not self._slot_of.keys().isdisjoint(ids):
            raise InputError("replay.snapshot: track ids", "unique ones", "some twice")
        elif len(self._slot_of) + len(ids) > snapshot.num_tracks:
            raise InputError("replay.snapshot: counts", f"{snapshot.num_tracks} tracks in all parts", "more")
        slots = np.array([self._free.pop() for _ in ids], np.int64)
        self.states.put(slots, snapshot.states)
        if self.courses is not None and snapshot.courses is not None:
            self.courses[slots] = snapshot.courses
        self._slot_of.update(zip(ids, slots.tolist(), strict=True))
        self._ids[slots] = snapshot.track_ids
        self._is_live[slots] = True
        self.starts[slots] += 1
        self._newest_frame, self._num_frames = snapshot.frame_number, snapshot.num_frames
        self.due_part = (snapshot.frame_number, snapshot.part + 1)

    def _forget_all(self, num_expected: int) -> None:
        """Forgets every track and remark, and makes room for so many tracks."""
        for slot in self.live_slots.tolist():
            self._release(slot)
        self._remarks.clear()
        while len(self._is_live) < num_expected:
            self._grow()
        self._free = list(range(len(self._is_live) - 1, -1, -1))

    def end(self, track_ids: list[int]) -> None:
        """Ends tracks; an id that is not known is passed over."""
        for track_id in track_ids:
            slot = self._slot_of.get(track_id)
            if slot is not None:
                self._release(slot)
                self._remarks.append(Remark(track_id, Status.ENDED, Reason.ENDED_BY_CLIENT))

    def _newest(self, slots: Int[np.ndarray, " track"]) -> Float[np.ndarray, " track"]:
        """Seconds of the newest observation; minus infinity where there is no track (slot -1)."""
        rows = self.states.filter[slots, : TIME + 1]
        return np.where((slots >= 0) & (rows[:, COUNT] > 0), rows[:, TIME], -np.inf)

    def _admit(self, frame: Frame) -> tuple[Int[np.ndarray, " track"], Int[np.ndarray, " track"]]:
        """The slots of a frame's tracks (-1: not known) and the verdicts on their observations."""
        slot_of = self._slot_of
        slots = np.array([slot_of.get(track_id, -1) for track_id in frame.track_ids], np.int64)
        times = np.full(len(slots), frame.capture_time_s)
        verdicts = admit(self._newest(slots), times, frame.positions)
        for row in np.flatnonzero(verdicts):
            self._reject(frame.track_ids[row], Reason(int(verdicts[row])))
        return slots, verdicts

    def _reject(self, track_id: int, reason: Reason) -> None:
        self._remarks.append(Remark(track_id, Status.REJECTED, reason, WORDS[reason]))

    def _end_unseen(self, time: float, seen_slots: Int[np.ndarray, " track"]) -> None:
        """Ends the tracks that were not seen for longer than they may coast."""
        unseen = self._is_live.copy()
        unseen[seen_slots[seen_slots >= 0]] = False
        slots = np.flatnonzero(unseen)
        if not len(slots):
            return
        coast_s = self.settings.coast_s
        for slot in slots[time - self._newest(slots) > coast_s + _ROUNDING_S]:
            track_id = int(self._ids[slot])
            self._release(int(slot))
            self._remarks.append(
                Remark(track_id, Status.ENDED, Reason.TIMED_OUT, f"not seen for longer than {coast_s:g} s")
            )

    def _start_new(self, track_ids: list[int], slots: np.ndarray, is_seen: np.ndarray) -> None:
        """Starts the tracks of admitted observations that are not known; both arrays are brought up to date."""
        for row in np.flatnonzero(is_seen & (slots < 0)):
            slots[row] = self._start(track_ids[row])
            is_seen[row] = slots[row] >= 0

    def _start(self, track_id: int) -> int:
        """The slot of a new track, or -1 if the stream holds as many as it may."""
        if len(self._slot_of) >= self.settings.tracks_per_stream:
            self._reject(track_id, Reason.TOO_MANY_TRACKS)
            return -1
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self.states.put(np.array([slot]), self.fresh)
        if self.courses is not None:
            self.courses[slot] = 0.0
        self._slot_of[track_id] = slot
        self._ids[slot] = track_id
        self._is_live[slot] = True
        self.starts[slot] += 1
        return slot

    def _grow(self) -> None:
        """Doubles the table."""
        old = len(self._is_live)
        grown = self.engine.start(2 * old, self.settings.given)
        grown.put(np.arange(old), self.states)
        self.states = grown
        if self.courses is not None:
            self.courses = np.concatenate([self.courses, np.zeros_like(self.courses)])
        self._ids = np.concatenate([self._ids, np.zeros(old, np.uint64)])
        self._is_live = np.concatenate([self._is_live, np.zeros(old, np.bool_)])
        self.starts = np.concatenate([self.starts, np.zeros(old, np.int64)])
        self._free = list(range(2 * old - 1, old - 1, -1))

    def _release(self, slot: int) -> None:
        """Forgets a track."""
        self._plain = None
        del self._slot_of[int(self._ids[slot])]
        self._is_live[slot] = False
        self.states.put(np.array([slot]), self.fresh)
        self._free.append(slot)

    def _ask(self, step: Step, frame_slots: Int[np.ndarray, " track"], is_seen: np.ndarray) -> None:
        """Plans the answer: the frame's tracks in its order, then those that coast."""
        is_other = self._is_live.copy()
        is_other[frame_slots[frame_slots >= 0]] = False
        others = np.flatnonzero(is_other)
        is_known = (frame_slots >= 0) & self._is_live[frame_slots]
        slots = np.concatenate([frame_slots[is_known], others])
        has_new = np.concatenate([is_seen[is_known], np.zeros(len(others), np.bool_)])
        is_rejected = np.concatenate([~is_seen[is_known], np.zeros(len(others), np.bool_)])
        newest = np.where(has_new, step.capture_time_s, self.states.filter[slots, TIME])
        counts = self.states.filter[slots, COUNT] + has_new
        self._ask_rows(step, slots, counts, step.capture_time_s - newest, has_new, is_rejected)

    def _ask_rows(
        self,
        step: Step,
        slots: Int[np.ndarray, " track"],
        counts: Float[np.ndarray, " track"],
        gaps: Float[np.ndarray, " track"],
        has_new: np.ndarray,
        is_rejected: np.ndarray | None = None,
    ) -> None:
        """Plans the forecasts of tracks that were last seen `gaps` seconds ago, and remarks on the others."""
        step.remarks, self._remarks = self._remarks, []
        statuses = np.where(counts < self.settings.card.warm_points, _WARMING_UP, _FORECASTING)
        statuses = np.where(has_new, statuses, _COASTING)
        if is_rejected is not None:
            statuses[is_rejected] = _REJECTED
        for slot in slots[(counts < 2) & (statuses != _REJECTED)]:
            detail = "one observation so far; a forecast needs two"
            step.remarks.append(Remark(int(self._ids[slot]), Status.WARMING_UP, detail=detail))
        is_asked = (counts >= 2) & (gaps >= 0)
        chosen = slots[is_asked]
        gaps = gaps[is_asked]
        offsets = np.minimum(self.settings.offsets + gaps[:, None], self.settings.card.horizon_s)
        step.asking = self._asking(chosen, offsets, gaps, statuses[is_asked].astype(np.int64), self._ids[chosen])

    def _asking(
        self,
        slots: Int[np.ndarray, " track"],
        offsets: Float[np.ndarray, "track time"],
        gaps: Float[np.ndarray, " track"],
        statuses: Int[np.ndarray, " track"],
        track_ids: UInt64[np.ndarray, " track"],
    ) -> Asking:
        goals = self._goals if self.settings.has_goals else NO_GOALS
        regions = self._regions if self.settings.has_regions else NO_REGIONS
        return Asking(slots, offsets, gaps, statuses, track_ids, goals, regions)
