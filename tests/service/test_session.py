"""A stream's tracks: which observations are used, which tracks are forecast, and what is said of the others."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.service.answering import answer
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Prefix, Reason, Settings, Status
from pathcast.service.session import Session

ENGINE = ConstantVelocityEngine(2)
CARD = ENGINE.card


def session(**fields) -> Session:
    values = {"card": CARD, "offsets": np.array([0.5, 1.0]), "num_modes": 1, "coast_s": 1.2}
    return Session(ENGINE, Settings(**{**values, **fields}))


class Conversation:
    """Frames numbered by themselves, answered one by one."""

    def __init__(self, **fields) -> None:
        self.session = session(**fields)
        self.number = 0

    def see(self, time: float, **places: tuple[float, float]):
        self.number += 1
        ids = [int(name[1:]) for name in places]
        positions = np.array(list(places.values()), np.float32).reshape(len(ids), 2)
        step = self.session.observe(Frame(self.number, time, ids, positions))
        compute(ENGINE, [step])
        assert step.failure is None
        return None if step.asking is None else answer(step, 0.0)[0]


def statuses(forecasts) -> dict[int, Status]:
    return {int(each): Status(int(s)) for each, s in zip(forecasts.track_ids, forecasts.statuses, strict=True)}


def remarks(forecasts) -> list[tuple[int, Status, Reason]]:
    return [(each.track_id, each.status, each.reason) for each in forecasts.remarks]


def test_one_point_warms_up_without_a_forecast():
    first = Conversation().see(0.0, t1=(0, 0))
    assert statuses(first) == {} and remarks(first) == [(1, Status.WARMING_UP, Reason.UNSPECIFIED)]
    assert first.means.shape == (0, 1, 2, 2)


def test_fewer_points_than_the_model_wants_are_forecast_as_warming_up():
    from dataclasses import replace

    talk = Conversation(card=replace(CARD, warm_points=4))
    seen = [statuses(talk.see(0.1 * step, t1=(step, 0))) for step in range(5)]
    assert seen == [{}, *[{1: Status.WARMING_UP}] * 2, *[{1: Status.FORECASTING}] * 2]


def test_a_missing_track_coasts_then_ends():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0), t2=(0, 0))
    talk.see(1.0, t1=(1, 0), t2=(0, 1))
    coasting = talk.see(2.0, t2=(0, 2))
    assert statuses(coasting) == {2: Status.FORECASTING, 1: Status.COASTING}
    np.testing.assert_allclose(coasting.means[1, 0, :, 0], [2.5, 3.0])
    ended = talk.see(2.3, t2=(0, 2.3))
    assert statuses(ended) == {2: Status.FORECASTING}
    assert remarks(ended) == [(1, Status.ENDED, Reason.TIMED_OUT)]
    assert remarks(talk.see(2.4, t2=(0, 2.4))) == [] and talk.session.num_tracks == 1


def test_a_track_that_is_in_every_frame_lives_on_however_slow_the_frames():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0))
    assert statuses(talk.see(100.0, t1=(1, 0))) == {1: Status.FORECASTING}


def test_an_empty_frame_forecasts_what_coasts():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0))
    talk.see(1.0, t1=(1, 0))
    assert statuses(talk.see(1.5)) == {1: Status.COASTING}


def test_an_ended_id_is_a_new_track():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0))
    talk.see(1.0, t1=(1, 0))
    talk.session.end([1, 99])
    again = talk.see(2.0, t1=(50, 50))
    assert statuses(again) == {}
    assert remarks(again) == [(1, Status.ENDED, Reason.ENDED_BY_CLIENT), (1, Status.WARMING_UP, Reason.UNSPECIFIED)]
    np.testing.assert_allclose(talk.see(3.0, t1=(50, 51)).means[0, 0, :, 1], [51.5, 52.0])


def test_a_timed_out_id_that_comes_back_is_a_new_track():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0))
    talk.see(1.0, t1=(1, 0))
    talk.see(9.0)
    assert statuses(talk.see(9.1, t1=(0, 0))) == {}


def test_a_timed_out_track_with_a_bad_observation_leaves_its_slot_to_others():
    talk = Conversation()
    for time in (0.0, 0.1):
        talk.see(time, t1=(time, 0), t2=(0, time))
    gone = talk.see(9.0, t2=(math.nan, 0), t3=(7, 7), t4=(8, 8))
    assert statuses(gone) == {}
    assert set(remarks(gone)) == {
        (1, Status.ENDED, Reason.TIMED_OUT),
        (2, Status.ENDED, Reason.TIMED_OUT),
        (2, Status.REJECTED, Reason.NOT_FINITE),
        (3, Status.WARMING_UP, Reason.UNSPECIFIED),
        (4, Status.WARMING_UP, Reason.UNSPECIFIED),
    }
    assert statuses(talk.see(9.1, t3=(7, 8), t4=(8, 9))) == {3: Status.FORECASTING, 4: Status.FORECASTING}


def test_a_rejected_observation_leaves_the_track_coasting():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0))
    talk.see(1.0, t1=(1, 0))
    rejected = talk.see(1.5, t1=(math.inf, 0))
    assert statuses(rejected) == {1: Status.REJECTED}
    np.testing.assert_allclose(rejected.means[0, 0, :, 0], [2.0, 2.5])


def test_tracks_over_the_limit_are_refused_one_by_one():
    talk = Conversation(tracks_per_stream=2)
    first = talk.see(0.0, t1=(0, 0), t2=(0, 0), t3=(0, 0))
    assert (3, Status.REJECTED, Reason.TOO_MANY_TRACKS) in remarks(first)
    talk.session.end([1])
    assert (3, Status.WARMING_UP, Reason.UNSPECIFIED) in remarks(talk.see(0.1, t3=(0, 0)))


def test_a_forecast_comes_on_every_nth_frame_and_says_what_happened_between():
    talk = Conversation(forecast_every=3)
    answers = [talk.see(0.1 * step, t1=(math.nan if step == 1 else 0, 0)) for step in range(5)]
    assert [each is None for each in answers] == [False, True, True, False, True]
    assert remarks(answers[3]) == [(1, Status.REJECTED, Reason.NOT_FINITE)]


def test_frame_numbers_rise():
    talk = session()
    talk.observe(Frame(5, 0.0, [], np.zeros((0, 2), np.float32)))
    for number in (5, 4, 0):
        with pytest.raises(InputError, match="over 5, the newest frame's"):
            talk.observe(Frame(number, 1.0, [], np.zeros((0, 2), np.float32)))


def test_a_prefix_of_a_known_track_adds_what_is_newer():
    talk = Conversation()
    talk.see(0.0, t1=(0, 0))
    talk.see(1.0, t1=(1, 0))
    positions = np.array([[9, 9], [9, 9], [4, 0]], np.float32)
    step = talk.session.replay([Prefix(1, np.array([0.5, 1.0, 2.0]), positions)])
    compute(ENGINE, [step])
    coasting = talk.see(2.5)
    np.testing.assert_allclose(coasting.means[0, 0, :, 0], [4 + 3 * 1.0, 4 + 3 * 1.5])


@settings(max_examples=40)
@given(
    seen=st.lists(st.sets(st.integers(0, 12), max_size=13), min_size=1, max_size=12),
    ended=st.lists(st.integers(0, 12), max_size=3),
)
def test_every_track_of_a_frame_is_forecast_or_remarked_and_is_as_if_alone(seen, ended):
    """However tracks come, go, end and share the table's rows, each is forecast as if it were the only one."""
    random = np.random.default_rng(3)
    talk = Conversation(coast_s=0.25)
    alone: dict[int, Conversation] = {}
    ever = sorted(set(ended).union(*seen))
    for step, ids in enumerate(seen):
        time = 0.1 * step
        places = {each: tuple(random.normal(0, 5, 2)) for each in sorted(ids)}
        forecasts = talk.see(time, **{f"t{each}": place for each, place in places.items()})
        said = {each.track_id for each in forecasts.remarks}
        assert ids <= said | set(forecasts.track_ids.tolist())
        for each in ever:
            own = alone.setdefault(each, Conversation(coast_s=0.25))
            found = own.see(time, **({f"t{each}": places[each]} if each in places else {}))
            rows = np.flatnonzero(forecasts.track_ids == each)
            np.testing.assert_array_equal(forecasts.means[rows], found.means)
            assert forecasts.statuses[rows].tolist() == found.statuses.tolist()
            assert [r for r in remarks(forecasts) if r[0] == each] == remarks(found)
        if step == len(seen) // 2:
            talk.session.end(ended)
            for each in ended:
                alone[each].session.end([each])


class Careful(Session):
    """Asks everything of every track in every frame."""

    def _observe_plain(self, frame: Frame, is_due: bool) -> None:
        return None


@given(
    frames=st.lists(
        st.tuples(
            st.sets(st.integers(1, 3), max_size=3),
            st.sampled_from([0.1, 0.4, 0.0, 2.0]),
            st.sampled_from([0.0, 3.0, 9000.0, math.nan, math.inf]),
        ),
        min_size=1,
        max_size=12,
    ),
    warm_points=st.integers(2, 4),
    forecast_every=st.integers(1, 2),
)
def test_frames_in_which_nothing_is_unusual_are_planned_like_all_others(frames, warm_points, forecast_every):
    from dataclasses import replace

    fields = {"card": replace(CARD, warm_points=warm_points), "forecast_every": forecast_every}
    plain = session(**fields)
    careful = Careful(ENGINE, plain.settings)
    time = 0.0
    for number, (ids, step_s, place) in enumerate(frames):
        time += step_s
        positions = np.array([[0.2 * number, track_id] for track_id in ids], np.float32).reshape(len(ids), 2)
        positions[:1, 0] += place if number % 2 else 0.0
        frame = Frame(number, time, list(ids), positions)
        steps = [each.observe(frame) for each in (plain, careful)]
        for step in steps:
            compute(ENGINE, [step])
        ours, theirs = steps
        assert (ours.asking is None) == (theirs.asking is None)
        assert ours.remarks == theirs.remarks
        np.testing.assert_array_equal(plain.states.filter, careful.states.filter)
        if ours.asking is not None and theirs.asking is not None:
            for name in ("slots", "offsets", "gaps", "statuses", "track_ids"):
                mine, other = getattr(ours.asking, name), getattr(theirs.asking, name)
                np.testing.assert_array_equal(mine, other)
                assert mine.dtype == other.dtype
