"""Goals that a caller names, for whole tracks."""

from pathlib import Path

import numpy as np
import pytest

import pathcast
from pathcast.errors import InputError, LimitError
from pathcast.model.forecaster import Forecaster
from pathcast.model.goals import Goals
from pathcast.tracks import Tracks

DOORS = {"north": [(0.0, 8.0), (1.0, 8.0)], "fountain": (3.0, 2.0), "south": [(0.0, -8.0), (2.0, -8.0)]}


@pytest.fixture(scope="module")
def forecaster(looking_bundle: Path) -> Forecaster:
    return pathcast.load(str(looking_bundle))


def walks(seed: int = 2) -> Tracks:
    random = np.random.default_rng(seed)
    time = np.tile(0.4 * np.arange(6), 5)
    steps = random.normal(0, 0.5, (5, 1, 2)) + random.normal(0, 0.05, (5, 6, 2))
    valid = np.ones(30, np.bool_)
    valid[7:12] = False
    return Tracks.from_rows(0, np.repeat(np.arange(5), 6), time, np.cumsum(steps, axis=1).reshape(-1, 2), valid)


def test_goals_are_the_engines_own_after_each_tracks_prefix(forecaster: Forecaster) -> None:
    found = forecaster.goal_probabilities(walks(), DOORS)
    assert found.goal_names == ("north", "fountain", "south")
    assert found.track.tolist() == forecaster.forecast(walks()).track.tolist() == [0, 2, 3, 4]
    assert found.origin_time.tolist() == [2.0] * 4
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1.0, atol=1e-5)
    ends = np.array([[0, 8, 1, 8], [3, 2, 3, 2], [0, -8, 2, -8]], np.float64)
    engine = forecaster.engine
    for row, track in enumerate(each for each in walks().each() if each.valid.sum() >= 2):
        states = engine.start(1)
        for time, position in zip(track.time, track.position.astype(np.float32), strict=True):
            states = engine.observe(states, np.array([time]), position[None])
        np.testing.assert_allclose(found.probabilities[row], engine.goal_probabilities(states, ends)[0], atol=1e-5)


def test_goals_move_with_the_origin(forecaster: Forecaster) -> None:
    away = np.array([5_000_000.0, -600_000.0])
    here = walks()
    there = Tracks.from_rows(here.scene, here.track, here.time, here.position + away, here.valid)
    moved = {name: np.asarray(place) + away for name, place in DOORS.items()}
    near = forecaster.goal_probabilities(here, DOORS)
    far = forecaster.goal_probabilities(there, moved, origin=tuple(away))
    np.testing.assert_allclose(near.probabilities, far.probabilities, atol=1e-4)


def test_without_goals_everybody_heads_for_none(forecaster: Forecaster) -> None:
    np.testing.assert_array_equal(forecaster.goal_probabilities(walks(), {}).probabilities, np.ones((4, 1)))


def test_a_model_without_a_goal_head_refuses() -> None:
    with pytest.raises(InputError, match="goals: expected a model that takes goals, found constant-velocity-2d 1"):
        pathcast.load("constant-velocity-2d").goal_probabilities(walks(), DOORS)


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"": (0, 0)}, r"goals\[0\].name: expected a name, found none"),
        ({"door": (0, 0, 0)}, r"goals: door: expected a point of 2 axes or the 2 ends of a segment, found \(3,\)"),
        ({"door": (np.nan, 0)}, "goals: door: expected finite metres, at most 8000 from the origin, found nan"),
        ({"door": [(0, 0), (0, -8001)]}, "goals: door: expected finite metres, .*, found -8001"),
    ],
)
def test_goals_that_are_wrong_are_refused_by_name(places, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Goals.of(places)


def test_more_than_64_goals_are_over_the_limit() -> None:
    assert len(Goals.of({str(index): (index, 0) for index in range(64)})) == 64
    with pytest.raises(LimitError, match="goals: expected at most 64 goals, found 65"):
        Goals.of({str(index): (index, 0) for index in range(65)})
