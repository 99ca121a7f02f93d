"""People who jump are marked, and their observations are used all the same."""

from dataclasses import replace

import numpy as np

from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.library import load_library
from pathcast.service.answering import answer
from pathcast.service.computing import compute
from pathcast.service.messages import Frame, Settings, Status
from pathcast.service.session import Session

ENGINE = ConstantVelocityEngine(2)


def session(walks: bool) -> Session:
    card = replace(ENGINE.card, walks=walks)
    return Session(ENGINE, Settings(card=card, offsets=np.array([0.5, 1.0]), num_modes=1, coast_s=1.2))


def statuses(talking: Session, jump_m: float) -> list[list[int]]:
    """Of two walkers, the second of whom jumps at the tenth frame; the last frame sees neither."""
    told = []
    for number in range(20):
        places = np.array([[0.1 * number, 0.0], [0.1 * number, 5.0 + jump_m * (number >= 10)]], np.float32)
        ids = [] if number == 19 else [1, 2]
        step = talking.observe(Frame(number, 0.1 * number, ids, places[: len(ids)]))
        compute(ENGINE, [step])
        told.append(answer(step, 0.0)[0].statuses.tolist())
    return told


def test_a_jump_marks_its_own_track_for_a_while():
    told = statuses(session(walks=True), jump_m=1.0)
    assert told[9] == told[13] == [Status.FORECASTING] * 2
    assert told[10] == told[11] == told[12] == [Status.FORECASTING, Status.SUSPECT]
    assert told[19] == [Status.COASTING] * 2


def test_a_walk_marks_nobody():
    told = statuses(session(walks=True), jump_m=0.0)
    assert not any(Status.SUSPECT in each for each in told)


def test_the_observation_is_used():
    watched, free = session(walks=True), session(walks=False)
    assert statuses(watched, 1.0) != statuses(free, 1.0)
    np.testing.assert_array_equal(watched.states.filter, free.states.filter)


def test_an_id_that_begins_anew_is_not_compared_with_its_past():
    talking = session(walks=True)
    statuses(talking, jump_m=0.0)
    talking.end([2])
    for number in (20, 21):
        step = talking.observe(Frame(number, 0.1 * number, [2], np.array([[50.0, 50.0]], np.float32)))
        compute(ENGINE, [step])
    found = answer(step, 0.0)[0]
    assert dict(zip(found.track_ids.tolist(), found.statuses.tolist(), strict=True))[2] == Status.FORECASTING


def test_models_of_people_are_those_that_walk():
    assert [card.name for card in load_library().cards() if card.walks] == ["pedestrian"]
