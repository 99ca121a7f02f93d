"""Scenes for watching: what is sent is what the sensor saw, the truth stands beside it, and nothing of it is sent."""

from itertools import islice

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.live.page.scenarios import shown_scenes


def test_the_same_seed_gives_the_same_throws_and_each_is_another():
    one, again = (list(islice(shown_scenes("free-throw", 5), 2)) for _ in range(2))
    for scene, same in zip(one, again, strict=True):
        assert scene.title == same.title and scene.became == same.became
        for (time, ids, seen), (its_time, its_ids, its_seen) in zip(scene.frames, same.frames, strict=True):
            assert (time, ids) == (its_time, its_ids)
            np.testing.assert_array_equal(seen, its_seen)
    assert not np.array_equal(one[0].frames[0][2], one[1].frames[0][2])


def test_throws_are_seen_dimly_about_the_truth_and_end_soon_after_they_are_decided():
    for scene in islice(shown_scenes("three-pointer", 1), 6):
        assert scene.truth is not None and len(scene.truth) == len(scene.frames)
        errors = [seen[0] - scene.truth[frame][ids[0]] for frame, (_, ids, seen) in enumerate(scene.frames)]
        assert 0.01 < np.std(errors) < 0.06
        assert (scene.became is None) == (scene.became_at_s is None)
        if scene.became_at_s is not None:
            assert scene.became in ("swish", "rim", "board", "missed")
            assert scene.became_at_s <= scene.frames[-1][0] < scene.became_at_s + 0.6


def test_people_walk_where_there_are_exits_that_are_the_goals():
    scene = next(shown_scenes("plaza", 2))
    assert scene.venue is not None and scene.truth is not None
    assert list(scene.goals) == [way.name for way in scene.venue.exits]
    gaps = np.diff([time for time, _, _ in scene.frames])
    assert np.median(gaps) == pytest.approx(0.2, abs=1e-6)
    found = [
        seen[row] - scene.truth[frame][track]
        for frame, (_, ids, seen) in enumerate(scene.frames)
        for row, track in enumerate(ids)
        if track in scene.truth[frame]
    ]
    assert len(found) > 300 and np.std(found) == pytest.approx(0.02, rel=0.15)


def test_a_scenario_that_there_is_not_is_named():
    with pytest.raises(InputError, match="nowhere"):
        shown_scenes("nowhere", 1)
