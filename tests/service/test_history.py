"""What a client keeps stands for what its server saw, and it persists only where that is of use."""

from random import Random

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import AccessError, InputError, ServiceError
from pathcast.model.library import load_library
from pathcast.service.client import Persistence
from pathcast.service.client.backoff import Backoff
from pathcast.service.client.history import MOST_BYTES, History, Request
from pathcast.service.client.resumption import CatchUp, Resumption
from pathcast.service.client.whole_tracks import whole_tracks
from pathcast.service.codec.opened import read_opened, write_opened
from pathcast.service.codec.requests import read_frame, read_prefixes
from pathcast.service.computing import compute
from pathcast.service.limits import Limits
from pathcast.service.messages import Opened, Refused, Settings
from pathcast.service.session import Session
from pathcast.v1 import forecast_pb2 as pb

ENGINE = load_library(["constant-velocity-2d"]).get("constant-velocity-2d")
CARD = ENGINE.card


def settings_of(**options) -> Settings:
    return Settings(card=CARD, offsets=np.array(CARD.offsets_s), num_modes=1, coast_s=CARD.coast_s, **options)


def opened_of(**options) -> Opened:
    return read_opened(write_opened(settings_of(**options), Limits(), False))


def frame(number: int, time: float | None = None, ids=(1,), places=None) -> Request:
    places = [float(number)] * (2 * len(ids)) if places is None else places
    time = 0.1 * number if time is None else time
    return Request(frame=pb.Frame(frame_number=number, capture_time_s=time, track_ids=ids, positions=places))


TIMES = st.integers(0, 40).map(lambda tenths: 0.1 * tenths)
PLACES = st.sampled_from([0.0, 1.0, float("nan"), 9000.0])


@settings(max_examples=50, deadline=None)
@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("frame"), TIMES, st.sets(st.integers(1, 4)), PLACES),
            st.tuples(st.just("end"), st.sets(st.integers(1, 4))),
        ),
        max_size=12,
    )
)
def test_whole_tracks_are_those_of_a_session_that_saw_them(script):
    session, sent = Session(ENGINE, settings_of()), []
    for number, (kind, *what) in enumerate(script):
        if kind == "end":
            sent.append(Request(end_tracks=pb.EndTracks(track_ids=what[0])))
            session.end(list(what[0]))
            continue
        time, ids, place = what
        sent.append(frame(number, time, ids, [place + number, 0.0] * len(ids)))
        compute(ENGINE, [session.observe(read_frame(sent[-1].frame, 2, Limits()))])
    other = Session(ENGINE, settings_of())
    prefixes = read_prefixes(whole_tracks(sent, 2, CARD.coast_s, 512), 2, Limits(), "prefixes")
    compute(ENGINE, [other.replay(prefixes)])
    one, two = session.snapshot(), other.snapshot()
    order, other_order = np.argsort(one.track_ids), np.argsort(two.track_ids)
    np.testing.assert_array_equal(one.track_ids[order], two.track_ids[other_order])
    np.testing.assert_array_equal(one.states.filter[order], two.states.filter[other_order])


def kept(history: History, number: int, num_parts: int = 1) -> None:
    for part in range(num_parts):
        history.keep(pb.Snapshot(state=b"s%d" % part, frame_number=number, part=part, num_parts=num_parts), "1")


def filled(num_frames: int, answered: int, **options) -> History:
    history = History(pb.Open(model="any", axes=2), **options)
    for number in range(num_frames):
        history.add(frame(number))
    history.answer(answered)
    return history


def numbers(requests: list[Request]) -> list[int]:
    return [each.frame_number for request in requests for each in request.replay.frames]


def test_snapshot_and_what_came_since_is_the_past_and_the_rest_is_sent_anew():
    history = filled(10, 6)
    kept(history, 3, num_parts=2)
    past = history.past(opened_of())
    assert [each.replay.snapshot for each in past[:2]] == [b"s0", b"s1"]
    assert numbers(past) == [4, 5, 6]
    assert [each.frame.frame_number for each in history.unanswered()] == [7, 8, 9]


def test_a_snapshot_counts_once_it_is_whole():
    history = filled(10, 6)
    kept(history, 3)
    history.keep(pb.Snapshot(state=b"new", frame_number=5, part=0, num_parts=2), "1")
    assert numbers(history.past(opened_of())) == [4, 5, 6]
    history.interrupt()
    history.keep(pb.Snapshot(state=b"late", frame_number=5, part=1, num_parts=2), "1")
    assert numbers(history.past(opened_of())) == [4, 5, 6]


def test_without_a_snapshot_of_that_version_whole_tracks_are_sent():
    history = filled(600, 550)
    kept(history, 500)
    history.keep(pb.Snapshot(state=b"other", frame_number=540, num_parts=1), "2")
    (request,) = history.past(opened_of())
    (prefix,) = request.replay.prefixes
    assert len(prefix.times_s) == 512 and prefix.times_s[-1] == pytest.approx(55.0)


@pytest.mark.parametrize("answered", [0, 1, 2, 3, 7])
def test_without_a_snapshot_the_rhythm_of_forecasts_is_kept(answered):
    history = filled(9, answered)
    past = history.past(opened_of(forecast_every=3))
    session = Session(ENGINE, settings_of(forecast_every=3))
    for request in past:
        compute(ENGINE, [session.replay(read_prefixes(request.replay.prefixes, 2, Limits(), "prefixes"))])
        for each in request.replay.frames:
            assert session.observe(read_frame(each, 2, Limits()), is_past=True).asking is None
    for request in history.unanswered():
        step = session.observe(read_frame(request.frame, 2, Limits()))
        assert (step.asking is not None) == (step.frame_number % 3 == 0)


def test_what_is_kept_is_bounded_and_then_the_snapshot_is_of_no_use():
    history = filled(100, 99, most_observations=20)
    kept(history, 50)
    assert not history.has_snapshot_for("1") and not history.is_whole(512)
    assert len(history.unanswered()) == 0
    ((prefix,),) = [each.replay.prefixes for each in history.past(opened_of())]
    assert len(prefix.times_s) == 20
    kept(history, 90)
    assert numbers(history.past(opened_of())) == list(range(91, 100))


def test_messages_stay_under_a_mebibyte():
    history = History(pb.Open(model="any", axes=2))
    for number in range(24):
        history.add(frame(number, ids=range(4096)))
    history.answer(23)
    for past in (history.past(opened_of()), (kept(history, 0), history.past(opened_of()))[1]):
        assert len(past) >= 2 and max(each.ByteSize() for each in past) < MOST_BYTES


def test_updates_are_in_the_opening_once_they_hold_and_refused_ones_never():
    history = History(pb.Open(model="any", axes=2))
    region = pb.RegionList(regions=[pb.Region(name="door", corners=[0, 0, 1, 0, 1, 1])])
    history.add(frame(0))
    history.add(Request(update=pb.Update(regions=region)))
    history.add(frame(1))
    history.answer(0)
    assert not history.opening(None).regions
    assert [each.WhichOneof("message") for each in history.unanswered()] == ["update", "frame"]
    history.answer(1)
    assert [each.name for each in history.opening("7").regions] == ["door"] and history.opening("7").version == "7"
    history.refuse(Refused(3, "update.regions.regions", "fewer", "many"))
    assert not history.opening(None).regions


def test_a_refused_frame_is_not_sent_again():
    history = filled(3, -1)
    history.refuse(Refused(3, "frame.positions", "some", "others", 1))
    assert [each.frame.frame_number for each in history.unanswered()] == [0, 2]
    with pytest.raises(InputError, match="over 2"):
        history.add(frame(2))


def test_frames_that_were_not_answered_go_one_by_one():
    end = Request(end_tracks=pb.EndTracks(track_ids=[1]))
    catch_up = CatchUp([end, frame(3), end, frame(4), None], is_paced=True)
    assert catch_up.start() == [end, frame(3)]
    assert catch_up.offer(frame(5)) == []
    assert catch_up.answered() == [end, frame(4)]
    assert catch_up.answered() == [None, frame(5)]
    assert catch_up.offer(frame(6)) == [frame(6)]


@given(seed=st.integers(0, 2**32))
def test_waits_have_full_jitter_within_a_doubling_bound(seed):
    backoff = Backoff(Random(seed), first_s=0.1, most_s=2.0)
    waits = [backoff.next_s() for _ in range(200)]
    assert all(0 <= wait <= min(2.0, 0.1 * 2**turn) for turn, wait in enumerate(waits))
    assert max(waits[10:]) > 1.5 and min(waits[10:]) < 0.5
    backoff.reset()
    assert backoff.next_s() <= 0.1


class Failed(grpc.RpcError, grpc.Call):
    """A call that failed with a code."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self):
        return self._code

    def details(self):
        return "as it was"

    def trailing_metadata(self):
        return ()

    initial_metadata = is_active = time_remaining = cancel = add_callback = None


UNMENDABLE = ["INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED", "UNAUTHENTICATED", "UNIMPLEMENTED"]


@pytest.mark.parametrize("code", grpc.StatusCode, ids=lambda code: code.name)
def test_only_what_may_end_otherwise_is_tried_again_and_not_for_ever(code):
    now = [0.0]
    resumption = Resumption(["a:1", "b:1"], Persistence(give_up_s=10.0, most_wait_s=2.0), Random(0), lambda: now[0])
    resumption.next_address()
    if code.name in UNMENDABLE:
        with pytest.raises(AccessError if code is grpc.StatusCode.UNAUTHENTICATED else ServiceError):
            resumption.fail(Failed(code))
        return
    if code.name in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED", "DEADLINE_EXCEEDED", "ABORTED", "INTERNAL"):
        attempts = 0
        with pytest.raises(ServiceError, match="a:1, b:1: no stream that goes on within 10 s"):
            while attempts < 1000:
                now[0] += resumption.fail(Failed(code)) + 0.01
                attempts += 1
        assert 5 < attempts < 100 and now[0] < 10.5


def test_a_stream_that_held_for_long_has_its_time_anew():
    now = [0.0]
    resumption = Resumption(["a:1"], Persistence(give_up_s=10.0), Random(0), lambda: now[0])
    first = pb.StreamForecastsResponse(opened=write_opened(settings_of(), Limits(), False))
    for wait_s in (9.0, 300.0, 11.0):
        resumption.fail(Failed(grpc.StatusCode.UNAVAILABLE))
        resumption.history.add(frame(int(now[0])))
        resumption.begin(first)
        now[0] += wait_s
    resumption.fail(Failed(grpc.StatusCode.UNAVAILABLE))
    now[0] += 10.0
    with pytest.raises(ServiceError):
        resumption.fail(Failed(grpc.StatusCode.UNAVAILABLE))


def test_addresses_are_tried_in_turn_and_there_is_one_at_least():
    resumption = Resumption(["a:1", "b:1"], Persistence(), Random(0), lambda: 0.0)
    assert [resumption.next_address() for _ in range(3)] == ["a:1", "b:1", "a:1"]
    with pytest.raises(InputError, match="at least one"):
        Resumption([], Persistence(), Random(0), lambda: 0.0)
