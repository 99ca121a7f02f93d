"""Following: what a server said of each observation, with what was known then and what came after."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pathcast.errors import InputError, UnknownModelError
from pathcast.live.following import Followed, as_one_scene, follow, truth_after
from pathcast.model.library import load_engine
from pathcast.service.client import Client, LocalServer
from pathcast.tracks import Tracks

MODELS = ["constant-velocity-2d", "pedestrian"]
OFFSETS = (0.4, 0.8, 2.0)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with LocalServer(MODELS) as server, Client(server.address) as each:
        yield each


def _walks(seed: int = 1, scenes: int = 2, tracks: int = 3, length: int = 14) -> Tracks:
    """Walkers of scenes on clocks of their own, born late and seen with gaps shorter than they may coast."""
    random = np.random.default_rng(seed)
    rows = []
    for scene in range(scenes):
        clock = 100.0 * scene + 0.4 * np.arange(length)
        for track in range(tracks):
            velocity = random.normal(0, 1, 2)
            seen = random.random(length) < 0.8
            seen[1:] |= ~seen[:-1]
            for index in range(track, length):
                place = [track, scene] + velocity * clock[index] + random.normal(0, 0.02, 2)
                rows.append((3 * scene, 7 + 2 * track, clock[index], *place, seen[index]))
    scene, track, time, x, y, valid = (np.array(column) for column in zip(*rows, strict=True))
    return Tracks.from_rows(scene, track, time, np.column_stack([x, y]), valid)


@pytest.mark.parametrize("model", MODELS)
def test_each_forecast_is_the_engines_own_after_what_was_seen_until_then(client: Client, model: str) -> None:
    observed = _walks()
    if load_engine(model).card.uses_neighbours:  # each alone, as the engine is asked below
        lengths = np.diff(observed.starts)
        observed = replace(observed, scene=np.repeat(np.arange(len(lengths)), lengths))
    followed = follow(client, model, observed, OFFSETS)
    starts = observed.starts
    for index, row in enumerate(followed.row):
        first = starts[np.searchsorted(starts, row, side="right") - 1]
        seen = first + np.flatnonzero(observed.valid[first : row + 1])
        assert followed.lengths[index] == len(seen) >= 2
        np.testing.assert_array_equal(followed.times[index, : len(seen)], observed.time[seen])
        np.testing.assert_array_equal(followed.positions[index, : len(seen)], observed.position[seen])
        assert not followed.times[index, len(seen) :].any()
    engine = load_engine(model)
    states = engine.encode(
        engine.start(len(followed.row)), followed.times, followed.positions.astype(np.float32), followed.lengths
    )
    direct = engine.forecast(states, np.tile(OFFSETS, (len(followed.row), 1)))
    for part in ("offsets", "probabilities", "means", "covariances"):
        ours, theirs = getattr(followed.forecast, part), getattr(direct, part)
        np.testing.assert_allclose(ours, theirs, atol=2e-5, rtol=1e-4)


def test_every_observation_from_the_second_of_a_track_on_is_followed_once(client: Client) -> None:
    observed = _walks()
    followed = follow(client, "constant-velocity-2d", observed, OFFSETS)
    expected = []
    for start, stop in zip(observed.starts[:-1], observed.starts[1:], strict=True):
        expected += (start + np.flatnonzero(observed.valid[start:stop])[1:]).tolist()
    assert sorted(followed.row.tolist()) == expected


def test_only_the_newest_observations_are_kept_beside_a_forecast(client: Client) -> None:
    observed = _walks()
    whole = follow(client, "constant-velocity-2d", observed, OFFSETS)
    short = follow(client, "constant-velocity-2d", observed, OFFSETS, longest=3)
    np.testing.assert_array_equal(short.row, whole.row)
    np.testing.assert_array_equal(short.forecast.means, whole.forecast.means)
    np.testing.assert_array_equal(short.lengths, np.minimum(whole.lengths, 3))
    for index, length in enumerate(whole.lengths):
        kept = slice(max(length - 3, 0), length)
        np.testing.assert_array_equal(short.times[index, : short.lengths[index]], whole.times[index, kept])
        np.testing.assert_array_equal(short.positions[index, : short.lengths[index]], whole.positions[index, kept])


def test_chosen_forecasts_keep_what_belongs_to_them(client: Client) -> None:
    whole = follow(client, "constant-velocity-2d", _walks(), OFFSETS)
    chosen = np.array([4, 1, 6])
    some = whole.take(chosen)
    assert isinstance(some, Followed)
    for part in ("row", "times", "positions", "lengths"):
        np.testing.assert_array_equal(getattr(some, part), getattr(whole, part)[chosen])
    np.testing.assert_array_equal(some.forecast.means, whole.forecast.means[chosen])


def test_tracks_of_one_observation_cannot_be_followed(client: Client) -> None:
    observed = _walks()
    with pytest.raises(InputError, match="tracks: expected a track of at least two observations, found none"):
        follow(client, "constant-velocity-2d", observed.select(observed.starts[:-1]), OFFSETS)


def test_what_the_server_refuses_is_said(client: Client) -> None:
    with pytest.raises(UnknownModelError, match="basketball"):
        follow(client, "basketball", _walks(), OFFSETS)
    with pytest.raises(InputError, match="offsets"):
        follow(client, "constant-velocity-2d", _walks(), (0.4, 99.0))


def test_as_one_scene_tracks_stand_side_by_side_in_their_frames() -> None:
    tracks = _walks(scenes=3)
    one = as_one_scene(tracks)
    assert set(one.scene) == {0}
    assert [track.track for track in one.each()] == list(range(9))
    for ours, theirs in zip(one.each(), tracks.each(), strict=True):
        np.testing.assert_array_equal(ours.time, theirs.time)
        np.testing.assert_array_equal(ours.position, theirs.position)
        np.testing.assert_array_equal(ours.valid, theirs.valid)


def _line(times: np.ndarray, track: int = 5, valid: np.ndarray | None = None) -> Tracks:
    """Known motion: (2 t, 1 - t)."""
    return Tracks.from_rows(1, track, times, np.column_stack([2 * times, 1 - times]), valid)


def test_the_truth_is_where_a_known_motion_leads() -> None:
    truth = _line(np.arange(0, 10.05, 0.1))
    observed = _line(np.array([0.03, 1.234, 7.999, 9.5]))
    found = truth_after(truth, observed, np.arange(4), (0.05, 0.4, 2.0), longest_gap_s=0.11)
    asked = observed.time[:, None] + [0.05, 0.4, 2.0]
    np.testing.assert_allclose(found[:3], np.stack([2 * asked, 1 - asked], axis=-1)[:3], atol=1e-9)
    np.testing.assert_allclose(found[3, :2], np.stack([2 * asked, 1 - asked], axis=-1)[3, :2], atol=1e-9)
    assert np.isnan(found[3, 2]).all()


def test_the_truth_is_unknown_across_a_gap_and_before_and_after_its_track() -> None:
    times = np.arange(0, 5.05, 0.1)
    valid = (times < 1.95) | (times > 2.85)
    truth = Tracks.concatenate([_line(times, valid=valid), _line(np.array([0.0]), track=6)])
    observed = Tracks.concatenate([_line(np.array([-1.0, 1.5, 2.5])), _line(np.array([0.0, 1.0]), track=6)])
    observed = Tracks.concatenate([observed, _line(np.array([0.0, 1.0]), track=8)])
    found = truth_after(truth, observed, np.arange(observed.num_rows), (0.35, 0.75, 1.45, 4.0), longest_gap_s=0.15)
    assert np.isfinite(found).all(axis=-1).tolist() == [
        [False, False, True, True],  # from -1 s
        [True, False, True, False],  # from 1.5 s: the gap is from 1.9 to 2.9 s
        [False, True, True, False],  # from 2.5 s
        *[[False] * 4] * 4,  # one true position, or none
    ]
    across = truth_after(truth, observed, np.array([1]), (0.75,), longest_gap_s=1.1)
    np.testing.assert_allclose(across[0, 0], [4.5, -1.25], atol=1e-9)


def test_the_truth_of_an_observation_is_of_its_own_scene_and_track() -> None:
    times = np.arange(0.0, 3.0, 0.1)
    zero = np.zeros((len(times), 2))
    truth = Tracks.concatenate([Tracks.from_rows(scene, 5, times, zero + scene) for scene in (1, 2)])
    found = truth_after(truth, truth, np.array([2, len(times) + 2]), (1.0,), 0.2)
    np.testing.assert_allclose(found[:, 0], [[1.0, 1.0], [2.0, 2.0]])
