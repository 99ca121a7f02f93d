"""What is foretold in batches: as each stream alone, only where it is wished for, and never what is not finite."""

from dataclasses import replace

import numpy as np
import pytest

from pathcast.model.contacts import Contacts
from pathcast.model.given import Given
from pathcast.service.answering import answer
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Prefix, Settings, Status
from pathcast.service.session import Session

ALL = {"has_outcomes": True, "has_contacts": True, "has_surprise": True}


@pytest.fixture
def engine(falling):
    return falling.FallingEngine()


def session(engine, offsets=(0.5, 1.0), **fields) -> Session:
    values = {"card": engine.card, "offsets": np.array(offsets), "num_modes": 1, "coast_s": 0.5, **fields}
    return Session(engine, Settings(**values))


def frame(number: int, *places: tuple[float, float, float]) -> Frame:
    ids = list(range(len(places)))
    return Frame(number, 0.04 * number, ids, np.array(places, np.float32).reshape(len(ids), 3))


def see(engine, sessions: list[Session], frames: list[Frame]) -> list:
    steps = [each.observe(frame) for each, frame in zip(sessions, frames, strict=True)]
    compute(engine, steps)
    assert not [step.failure for step in steps if step.failure is not None]
    return [answer(step, 0.0)[0] for step in steps]


def assert_same(one, other) -> None:
    np.testing.assert_array_equal(one.statuses, other.statuses)
    for name in ("means", "outcomes", "surprises"):
        if getattr(one, name) is None:
            assert getattr(other, name) is None
        else:
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6)
    assert (one.contacts is None) == (other.contacts is None)
    if one.contacts is not None:
        assert one.contacts.row.tolist() == other.contacts.row.tolist()
        np.testing.assert_allclose(one.contacts.offset_s, other.contacts.offset_s, atol=1e-9)
        np.testing.assert_allclose(one.contacts.probability, other.contacts.probability, atol=1e-9)


KINDS = [
    ALL,
    ALL | {"offsets": (0.1,)},
    {},
    {"has_outcomes": True},
    {"has_contacts": True, "given": Given(noise_m=(0.2,))},
    ALL | {"given": Given(radius_m=0.3, mass_kg=0.5)},
    {"has_surprise": True},
]


def test_streams_of_all_wishes_share_a_batch_as_if_alone(engine):
    random = np.random.default_rng(5)
    together = [session(engine, **kind) for kind in KINDS]
    alone = [session(engine, **kind) for kind in KINDS]
    start, velocity = random.normal((0, 0, 1), 0.2, (len(KINDS), 3, 3)), random.normal(0, 2, (len(KINDS), 3, 3))
    for number in range(8):
        places = start + 0.04 * number * velocity + random.normal(0, 0.02, start.shape)
        places[:, :, 2] = np.abs(places[:, :, 2])
        # One track of each is missing from every fourth frame, another jumps once.
        places[:, 1, 0] += 5.0 * (number == 6)
        count = 2 if number % 4 == 3 else 3
        frames = [frame(number, *map(tuple, each[:count])) for each in places]
        many = see(engine, together, frames)
        for one, own, seen in zip(many, alone, frames, strict=True):
            assert_same(one, see(engine, [own], [seen])[0])
    assert [int(Status.SUSPECT) in each.statuses for each in many] == [True] * len(KINDS)


def test_requests_share_a_batch_with_streams(engine):
    sessions = [session(engine, **ALL), session(engine, **ALL)]
    prefix = Prefix(9, 0.04 * np.arange(5.0), np.column_stack([np.arange(5), np.zeros(5), np.full(5, 1)]).astype("f4"))
    steps = [sessions[0].whole([prefix]), sessions[1].observe(frame(0, (0, 0, 1)))]
    compute(engine, steps)
    request, stream = (answer(step, 0.0)[0] for step in steps)
    assert request.outcomes.shape == (1, 2) and request.contacts.num_contacts >= 1
    assert stream.outcomes.shape == (0, 2) and stream.surprises.shape == (0,) and stream.contacts.num_contacts == 0


def test_nothing_is_computed_that_nobody_wishes_for(falling):
    asked = []

    class Listening(falling.FallingEngine):
        def outcomes(self, states):
            asked.append("outcomes")
            return super().outcomes(states)

        def contacts(self, states, horizon_s):
            asked.append("contacts")
            return super().contacts(states, horizon_s)

        def surprise(self, states):
            asked.append("surprise")
            return super().surprise(states)

        def is_suspect(self, states):
            asked.append("is_suspect")
            return super().is_suspect(states)

    engine = Listening()
    for fields, expected in (
        ({}, ["is_suspect"]),
        ({"card": replace(engine.card, has_surprise=False)}, []),
        ({"has_outcomes": True}, ["outcomes", "is_suspect"]),
        ({"forecast_every": 9, **ALL}, []),
        (ALL, ["outcomes", "surprise", "is_suspect", "contacts"]),
    ):
        talk = session(engine, **fields)
        asked.clear()
        for number in range(2):
            compute(engine, [talk.observe(frame(number, (0, 0, 1)))])
        assert asked == expected


@pytest.mark.parametrize("what", ["outcomes", "contacts", "surprise"])
def test_what_is_not_finite_is_remarked_and_never_sent(falling, what):
    def spoil(values, states):
        return np.where(states.filter[:, 2] > 50, np.nan, values.T).T.astype(values.dtype)

    class Fragile(falling.FallingEngine):
        def outcomes(self, states):
            found = super().outcomes(states)
            return spoil(found, states) if what == "outcomes" else found

        def contacts(self, states, horizon_s):
            found: Contacts = super().contacts(states, horizon_s)
            far = states.filter[found.row, 2] > 50
            return replace(found, offset_s=np.where(far & (what == "contacts"), np.nan, found.offset_s))

        def surprise(self, states):
            found = super().surprise(states)
            return spoil(found, states) if what == "surprise" else found

    engine = Fragile()
    talk = session(engine, **ALL)
    for number in range(3):
        step = talk.observe(frame(number, (1, 0, 0.5), (60, 0, 0.5), (2, 0, 0.5)))
        compute(engine, [step])
    forecasts, num_faults = answer(step, 0.0)
    assert num_faults == 1 and forecasts.track_ids.tolist() == [0, 2]
    assert [(each.track_id, each.status) for each in forecasts.remarks] == [(1, Status.SUSPECT)]
    assert forecasts.outcomes.shape == (2, 2) and np.isfinite(forecasts.outcomes).all()
    assert np.isfinite(forecasts.surprises).all() and np.isfinite(forecasts.contacts.offset_s).all()
    assert set(forecasts.contacts.row.tolist()) == {0, 1}
    np.testing.assert_allclose(forecasts.contacts.position[forecasts.contacts.row == 1, 0], 2, atol=0.5)


def test_a_failure_stays_with_its_own_stream(falling):
    class Failing(falling.FallingEngine):
        def outcomes(self, states):
            if (states.filter[:, 2] > 50).any():
                raise RuntimeError("out of my depth")
            return super().outcomes(states)

    engine = Failing()
    sessions = [session(engine, **ALL) for _ in range(3)]
    for number in range(2):
        steps = [each.observe(frame(number, (x, 0, 1))) for each, x in zip(sessions, (1, 60, 2), strict=True)]
        compute(engine, steps)
    assert [type(step.failure) for step in steps] == [type(None), RuntimeError, type(None)]
    assert steps[0].outcomes is not None and steps[2].outcomes is not None


def test_tracks_that_start_later_begin_with_what_was_given(engine):
    """A table that has grown, and rows that are used again, hold what the stream said of its sensor."""
    talk = session(engine, given=Given(noise_m=(0.3,)), **ALL)
    many = [(float(each), 0.0, 1.0) for each in range(40)]
    see(engine, [talk], [frame(0, *many)])
    talk.end(list(range(0, 40, 2)))
    see(engine, [talk], [frame(1, *many)])
    assert (talk.states.filter[talk.live_slots, 17:20] == 0.3).all() and talk.num_tracks == 40
