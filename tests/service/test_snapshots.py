"""A snapshot holds all that later forecasts rest on, and is taken for what it is: bytes from anybody."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError, LimitError
from pathcast.model.course import PV, SUSPICION, TIME, VV, empty_courses, follow
from pathcast.model.library import load_library
from pathcast.model.states import States
from pathcast.service.codec.snapshots import read_snapshot, write_snapshot
from pathcast.service.computing import compute
from pathcast.service.mailbox import Mailbox
from pathcast.service.messages import Forecasts, Frame, Settings, Snapshot
from pathcast.service.restoring import plan
from pathcast.service.session import Session
from pathcast.service.snapshots import Snapshots
from pathcast.service.steps import Step
from pathcast.v1 import forecast_pb2 as pb

NAMES = ("constant-velocity-2d", "constant-velocity-3d", "pedestrian", "basketball")
LIBRARY = load_library(NAMES)
BYTES_A_TRACK = {"pedestrian": 872, "basketball": 1752}


def session_of(name: str, **options) -> Session:
    engine = LIBRARY.get(name)
    card = engine.card
    chosen = {"offsets": np.array(card.offsets_s), "num_modes": card.num_modes, "coast_s": card.coast_s}
    return Session(engine, Settings(card=card, **(chosen | options)))


def frames_of(name: str, num_frames: int, num_tracks: int = 4, seed: int = 0) -> list[Frame]:
    """Tracks that come late, are missing now and then, and end."""
    random = np.random.default_rng(seed)
    axes = LIBRARY.get(name).card.num_axes
    step_s = 0.1 if axes == 2 else 1 / 60
    place, velocity = random.uniform(-3, 3, (num_tracks, axes)), random.normal(0, 1, (num_tracks, axes))
    place[:, -1] += 3.0
    frames = []
    for number in range(num_frames):
        place = place + step_s * velocity + random.normal(0, 0.01, place.shape)
        seen = [each for each in range(num_tracks) if random.random() < 0.8 and number >= each]
        frames.append(Frame(number, 100.0 + step_s * number, seen, place[seen].astype(np.float32)))
    return frames


def run(session: Session, step: Step) -> Step:
    compute(session.engine, [step])
    assert step.failure is None
    return step


def parts_of(snapshot: Snapshot, bytes_out: int = 1 << 20) -> list[pb.Snapshot]:
    messages = [pb.StreamForecastsResponse.FromString(data) for data in write_snapshot(snapshot, bytes_out)]
    return [message.snapshot for message in messages]


def read_for(session: Session, data: bytes) -> Snapshot:
    followed = 0 if session.courses is None else session.courses.shape[1]
    return read_snapshot(data, session.settings.card, session.fresh, followed)


def rows_of(step: Step) -> dict[int, np.ndarray]:
    if step.forecast is None:
        return {}
    return {int(each): step.forecast.means[row] for row, each in enumerate(step.asking.track_ids)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("split", [1, 2, 11])
def test_a_restored_session_forecasts_as_the_one_that_went_on(name, split):
    frames = frames_of(name, 24)
    first, second = session_of(name, forecast_every=2), session_of(name, forecast_every=2)
    for frame in frames[:split]:
        run(first, first.observe(frame))
    run(second, second.observe(Frame(99, 0.0, [77], frames[0].positions[:1] * 0 + 1)))
    (part,) = parts_of(first.snapshot())
    assert part.frame_number == split - 1
    assert run(second, plan(second, read_for(second, part.state))).refusal is None
    for frame in frames[split:]:
        one, other = run(first, first.observe(frame)), run(second, second.observe(frame))
        assert (one.asking is None) == (other.asking is None)
        expected, found = rows_of(one), rows_of(other)
        assert expected.keys() == found.keys()
        for each, means in expected.items():
            np.testing.assert_allclose(found[each], means, rtol=0, atol=1e-5)


@pytest.mark.parametrize("split", [11, 12, 13])
def test_a_track_that_jumped_is_as_suspect_after_a_return(split):
    """The jump is at the eleventh frame; what is answered late says the same too."""
    first, second = session_of("pedestrian", latency_budget_s=1.0), session_of("pedestrian", latency_budget_s=1.0)
    frames = [
        Frame(number, 0.1 * number, [1], np.array([[0.1 * number + (number >= 10), 0.0]], np.float32))
        for number in range(18)
    ]
    for frame in frames[:split]:
        run(first, first.observe(frame))
    (part,) = parts_of(first.snapshot())
    assert run(second, plan(second, read_for(second, part.state))).refusal is None
    told = []
    for frame in frames[split:]:
        steps = [each.observe(frame) for each in (first, second)]
        for step in steps:
            step.late_after_s = -1.0 if frame.frame_number > 15 else np.inf
        one, other = (run(step.session, step) for step in steps)
        assert one.is_suspect is None or (one.is_suspect == other.is_suspect).all()
        np.testing.assert_array_equal(one.forecast.means, other.forecast.means)
        told.append(one.is_suspect is not None and one.is_suspect.any())
    assert told[: 13 - split] == [True] * (13 - split)


@pytest.mark.parametrize("name", BYTES_A_TRACK)
def test_a_track_takes_less_than_two_kilobytes(name):
    session = session_of(name)
    run(session, session.observe(frames_of(name, 9, num_tracks=9)[-1]))
    snapshot = session.snapshot()
    (part,) = parts_of(snapshot)
    assert len(part.state) <= 104 + BYTES_A_TRACK[name] * len(snapshot.track_ids)


def crowd(num_tracks: int) -> Snapshot:
    session = session_of("pedestrian")
    states, courses = session.engine.start(num_tracks), empty_courses(num_tracks, 2)
    places = np.zeros((num_tracks, 2), np.float32)
    for time in (0.0, 0.4):
        states = session.engine.observe(states, np.full(num_tracks, time), places + np.float32(time))
        courses = follow(courses, np.full(num_tracks, time), places + time, session.law)
    whole = {"frame_number": 5, "num_frames": 6, "num_tracks": num_tracks, "states": states, "courses": courses}
    return Snapshot(model="pedestrian", version="1", track_ids=np.arange(num_tracks, dtype=np.uint64), **whole)


def test_many_tracks_go_in_parts_that_follow_one_another():
    snapshot, session = crowd(1000), session_of("pedestrian")
    messages = list(write_snapshot(snapshot, 1 << 20))
    parts = parts_of(snapshot)
    assert len(parts) > 2 and max(map(len, messages)) <= 1 << 18
    assert [(part.part, part.num_parts) for part in parts] == [(each, len(parts)) for each in range(len(parts))]
    for part in parts:
        assert run(session, plan(session, read_for(session, part.state))).refusal is None
    assert session.num_tracks == 1000
    found = session.snapshot()
    assert (found.frame_number, found.num_frames) == (5, 6)
    np.testing.assert_array_equal(found.track_ids, snapshot.track_ids)
    np.testing.assert_array_equal(found.states.memory, snapshot.states.memory)
    np.testing.assert_array_equal(found.courses, snapshot.courses)
    with pytest.raises(InputError, match="part"):
        plan(session, read_for(session, parts[1].state))
    assert run(session, plan(session, read_for(session, parts[0].state))).refusal is None
    assert session.num_tracks < 1000
    run(session, session.observe(Frame(6, 0.5, [], np.zeros((0, 2), np.float32))))
    with pytest.raises(InputError, match="part"):
        plan(session, read_for(session, parts[1].state))


def test_more_tracks_than_a_stream_may_hold_are_refused():
    session = session_of("pedestrian", tracks_per_stream=3)
    (part,) = parts_of(crowd(4))
    with pytest.raises(LimitError, match="at most 3 tracks"):
        plan(session, read_for(session, part.state))


def sealed(content: bytes) -> bytes:
    return content + zlib.crc32(content).to_bytes(4, "little")


SESSION = session_of("pedestrian")
for _frame in frames_of("pedestrian", 12, num_tracks=3):
    run(SESSION, SESSION.observe(_frame))
GOOD = parts_of(SESSION.snapshot())[0].state
assert sealed(GOOD[:-4]) == GOOD


def altered_courses(column: int, value: float) -> np.ndarray:
    courses = SESSION.snapshot().courses.copy()
    courses[1, column] = value
    return courses


def is_taken(data: bytes) -> bool:
    """Whether a session takes it; then what it says of the future is finite."""
    session = session_of("pedestrian")
    try:
        step = run(session, plan(session, read_for(session, data)))
    except InputError as error:
        assert error.where.startswith("replay.snapshot")
        return False
    if step.refusal is not None:
        assert session.num_tracks == 0
        return False
    next_frame = Frame(2**63, 101.3, [], np.zeros((0, 2), np.float32))
    if session._newest_frame < 2**63:
        answer = run(session, session.observe(next_frame))
        assert answer.forecast is None or answer.forecast.is_finite().all()
    return True


def test_what_was_not_touched_is_taken():
    assert is_taken(GOOD)


@given(data=st.binary(max_size=2000))
def test_random_bytes_are_refused(data):
    assert not is_taken(data)
    assert not is_taken(b"PCsn" + data)
    assert not is_taken(GOOD[:60] + data)


@given(end=st.integers(0, len(GOOD) - 1))
def test_what_is_cut_short_is_refused(end):
    assert not is_taken(GOOD[:end])
    assert not is_taken(sealed(GOOD[:end]))


@given(place=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_damage_is_found(place, bit):
    data = bytearray(GOOD)
    data[place] ^= 1 << bit
    assert not is_taken(bytes(data))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # where made-up numbers overflow, which is then refused
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 5), st.integers(0, 255)), max_size=8))
def test_made_up_numbers_are_refused_or_harmless(changes):
    """With a right checksum, as only malice makes it."""
    data = bytearray(GOOD[:-4])
    for place, value in changes:
        data[place] = value
    is_taken(sealed(bytes(data)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(deadline=None, max_examples=50)
@given(
    row=st.integers(0, 2),
    column=st.integers(0, 153),
    value=st.floats(width=64, allow_nan=True, allow_infinity=True),
)
def test_a_filter_of_made_up_numbers_is_refused_or_harmless(row, column, value):
    session = session_of("basketball")
    for frame in frames_of("basketball", 8, num_tracks=3):
        run(session, session.observe(frame))
    snapshot = session.snapshot()
    filters = snapshot.states.filter.copy()
    filters[row % len(filters), column] = value
    altered = replace(snapshot, states=States(filters, snapshot.states.memory))
    (part,) = parts_of(altered)
    other = session_of("basketball")
    try:
        step = run(other, plan(other, read_for(other, part.state)))
    except InputError:
        return
    if step.refusal is None:
        answer = run(other, other.observe(Frame(50, 100.2, [], np.zeros((0, 3), np.float32))))
        assert answer.asking is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "pedestriam"}, "model"),
        ({"version": "2"}, "model"),
        ({"num_frames": 0}, "counts"),
        ({"num_tracks": 1}, "counts"),
        ({"track_ids": np.ones(3, np.uint64)}, "track ids"),
        ({"states": States(np.zeros((3, 32)), np.zeros((3, 128), np.float32))}, "shape"),
        ({"states": States(np.zeros((3, 33)), np.zeros((3, 128), np.float32))}, "observations"),
        ({"states": States(np.full((3, 33), np.nan), np.zeros((3, 128), np.float32))}, "finite"),
        ({"states": States(np.ones((3, 33)), np.full((3, 128), np.inf, np.float32))}, "finite"),
        ({"courses": None}, "courses of 11 columns"),
        ({"courses": altered_courses(TIME, np.nan)}, "courses"),
        ({"courses": altered_courses(TIME, 1e6)}, "courses"),
        ({"courses": altered_courses(VV, -1.0)}, "courses"),
        ({"courses": altered_courses(PV, 1e9)}, "courses"),
        ({"courses": altered_courses(SUSPICION, 1e6)}, "courses"),
    ],
)
def test_what_is_wrong_is_named(change, words):
    snapshot = replace(SESSION.snapshot(), **change)
    (part,) = parts_of(snapshot)
    with pytest.raises(InputError, match=words):
        read_for(SESSION, part.state)


def answered_frame(session: Session, number: int) -> Step:
    return run(session, session.observe(Frame(number, 200.0 + number, [1], np.zeros((1, 2), np.float32))))


def forecasts(number: int) -> Forecasts:
    nothing = np.zeros(0)
    return Forecasts(number, 0.0, nothing.astype(np.uint64), nothing.astype(np.int64), np.zeros((0, 1)))


def test_snapshots_come_now_and_then_after_answers():
    session, mailbox, now = session_of("constant-velocity-2d", forecast_every=2), Mailbox(), [0.0]
    snapshots = Snapshots(session, mailbox, 2.0, lambda: now[0])
    snapshots.take(answered_frame(session, 0))
    assert not mailbox.has_snapshot
    now[0] = 2.0
    snapshots.take(answered_frame(session, 1))  # which is not answered
    assert not mailbox.has_snapshot
    snapshots.take(answered_frame(session, 2))
    assert mailbox.has_snapshot
    now[0] = 9.0
    snapshots.take(answered_frame(session, 4))  # while one is being sent
    message = mailbox.take_waiting()
    assert isinstance(message, Snapshot) and message.frame_number == 2
    assert mailbox.take_waiting() is None
    mailbox.drop_snapshot()
    snapshots.take(answered_frame(session, 6))
    assert mailbox.has_snapshot


def test_a_snapshot_never_overtakes_an_answer_that_gave_way():
    session, mailbox = session_of("constant-velocity-2d"), Mailbox()
    answered_frame(session, 7)
    mailbox.put_forecasts(forecasts(7))
    mailbox.put_snapshot(session.snapshot())
    assert mailbox.put_forecasts(forecasts(8))
    first, second = mailbox.take_waiting(), mailbox.take_waiting()
    assert isinstance(first, Forecasts) and first.frame_number == 8
    assert isinstance(second, Snapshot) and second.frame_number == 7
