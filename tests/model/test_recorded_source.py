"""Examples from recorded tracks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.formats import write_tracks
from pathcast.model.frontends.heading import HeadingFrontEnd
from pathcast.model.training.observed import examples_of
from pathcast.model.training.recorded_parts import read_parts
from pathcast.model.training.recorded_source import RecordedSource
from pathcast.model.training.settings import TrainingSettings
from pathcast.settings import load_settings
from pathcast.simulator.pedestrian.crowd import simulate_crowd
from pathcast.tracks import Tracks

OWN_TRACKS = Path(__file__).parents[2] / "configs" / "own-tracks.toml"

SETTINGS = TrainingSettings(
    world="tracks",
    tracks=["walkers"],
    num_train=256,
    prefix=8,
    num_knots=12,
    coast_s=0,
    noise_m=0.0,
    dropout=0.1,
    stretch=0.2,
    num_neighbours=4,
)


def walkers(num: int = 12, frames: int = 40, step_s: float = 0.4, seed: int = 3) -> Tracks:
    """People who walk in gentle curves, all in one scene, joining one after another."""
    random = np.random.default_rng(seed)
    scene, track, time, position = [], [], [], []
    for person in range(num):
        begin = person % 5
        times = step_s * np.arange(begin, frames)
        turn = random.normal(0, 0.05) * times + random.uniform(0, 6)
        velocity = random.uniform(0.5, 1.6) * np.stack([np.cos(turn), np.sin(turn)], 1)
        place = random.uniform(-5, 5, 2) + np.cumsum(velocity * step_s, 0)
        scene.append(np.zeros(len(times), np.int64))
        track.append(np.full(len(times), person, np.uint64))
        time.append(times)
        position.append(place)
    rows = [np.concatenate(each) for each in (scene, track, time, position)]
    return Tracks.from_rows(*rows)


def source(tracks: Tracks, **changes: object) -> RecordedSource:
    settings = SETTINGS.model_copy(update=changes)
    return RecordedSource(settings, {"train": tracks, "validation": tracks})


def test_prefix_and_truth_are_one_walk_whatever_the_scene_is_stretched_to() -> None:
    tracks = walkers()
    observed = source(tracks, dropout=0.0, short_prefixes=0.0).observed("train", 0, 256, 1)
    last = observed.positions[np.arange(256), observed.ends[:, 0]]
    ahead = observed.truth[:, 0, 0] - last
    back = last - observed.positions[np.arange(256), observed.ends[:, 0] - 1]
    # Gentle curves at a constant speed: the step after is as long as the one before, and nearly as it points.
    np.testing.assert_allclose(np.linalg.norm(ahead, axis=1), np.linalg.norm(back, axis=1), rtol=1e-3)
    assert ((ahead * back).sum(1) > 0.9 * (back * back).sum(1)).all()


def test_every_end_comes_once_in_each_pass() -> None:
    made = source(walkers(), stretch=0.0, dropout=0.0, short_prefixes=0.0)
    total = made.num_examples("train")
    first, second = (made.observed("train", epoch, total, 1) for epoch in range(2))

    def ends(observed: object) -> np.ndarray:
        rows = np.arange(total)
        places = np.abs(observed.positions[rows, observed.ends[:, 0]])  # half are mirrored
        return places[np.lexsort(places.T)]

    np.testing.assert_array_equal(ends(first), ends(second))
    assert not np.array_equal(first.positions, second.positions)


def test_the_same_seed_and_epoch_give_the_same_examples() -> None:
    first, second = (source(walkers()).observed("train", 3, 256, 1) for _ in range(2))
    for name in ("times", "positions", "ends", "truth"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_nothing_after_an_end_reaches_its_inputs() -> None:
    tracks = walkers()
    knots = np.asarray(SETTINGS.knots_s)
    late = tracks.time > 6.0
    changed = Tracks.from_rows(
        tracks.scene, tracks.track, tracks.time, np.where(late[:, None], tracks.position + 7.0, tracks.position)
    )
    whole = [source(each).observed("validation", 0, 10_000, 1) for each in (tracks, changed)]
    early = whole[0].times[np.arange(len(whole[0].ends)), whole[0].ends[:, 0]] <= 6.0
    assert 20 < early.sum() < len(early)
    before, after = (examples_of(each, HeadingFrontEnd(), knots, 4) for each in whole)
    for name in ("steps", "head", "knots", "neighbours", "present"):
        np.testing.assert_array_equal(getattr(before, name)[early], getattr(after, name)[early])
    assert not np.array_equal(before.target[early], after.target[early])


def test_mirrored_and_stretched_scenes_show_neighbours_mirrored_and_stretched_too() -> None:
    tracks = walkers()
    whole = source(tracks)
    plain = whole.observed("validation", 0, 10_000, 1)
    stretch = np.tile([1.0, -1.0], (len(plain.ends), 1))
    knots = np.asarray(SETTINGS.knots_s)
    mirrored = type(plain)(
        plain.times,
        plain.positions * np.float32([1, -1]),
        plain.ends,
        plain.truth * [1, -1],
        replace(plain.others, stretch=stretch),
    )
    first, second = (examples_of(each, HeadingFrontEnd(), knots, 4) for each in (plain, mirrored))
    sign = np.ones(14, np.float32)
    sign[[1, 5, 7, 9]] = -1  # what points aside
    np.testing.assert_allclose(first.neighbours * sign, second.neighbours, atol=1e-4)
    np.testing.assert_array_equal(first.present, second.present)


def test_a_fast_camera_is_thinned_to_steps_of_the_front_end() -> None:
    made = source(walkers(frames=400, step_s=0.04), dropout=0.0, short_prefixes=0.0)
    observed = made.observed("validation", 0, 500, 1)
    steps = np.diff(observed.times[:, :7], axis=1)
    assert (steps > 0.2 - 1e-6).all()
    assert (steps < 0.5).all()


def test_a_prefix_of_a_fast_camera_is_what_a_stream_of_all_its_frames_holds() -> None:
    front_end, tracks = HeadingFrontEnd(), walkers(num=40, frames=160, step_s=0.04)
    made = source(tracks, prefix=60, dropout=0.0, short_prefixes=0.0, least_known_s=1.2, knot_s=0.1)
    observed = made.observed("validation", 0, 100, 1)
    _, filters = front_end.trace(observed.times, observed.positions, observed.ends)
    assert observed.others is not None and observed.others.row is not None
    streamed = observed.others.filters[observed.others.row[observed.others.own]]
    np.testing.assert_allclose(front_end.head(filters[:, 0]), front_end.head(front_end.pending(streamed)[0]), atol=1e-4)


def test_too_few_examples_are_named_with_what_is_needed() -> None:
    with pytest.raises(InputError, match=r"train tracks: expected at least 64 observations with one before and 4\.8 s"):
        source(walkers(num=2, frames=16))


def test_without_validation_tracks_what_chooses_is_later_than_what_was_trained_on(tmp_path: Path) -> None:
    tracks = walkers(frames=200)
    rows = np.column_stack([tracks.track, tracks.time, tracks.position])
    for name in ("a", "b"):
        np.savetxt(tmp_path / f"{name}.csv", rows, delimiter=",", header="track,time,x,y", comments="", fmt="%.9g")
    settings = SETTINGS.model_copy(update={"tracks": [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]})
    parts = read_parts(settings)
    assert sum(part.num_rows for part in parts.values()) == 2 * tracks.num_rows
    assert {len(np.unique(part.scene)) for part in parts.values()} == {2}
    for earlier, later in (("train", "validation"), ("validation", "test")):
        assert parts[earlier].time.max() < parts[later].time.min()


def test_many_short_scenes_are_learned_from_and_held_out_whole(tmp_path: Path) -> None:
    """Those of the tutorial, by its settings."""
    write_tracks(simulate_crowd("corridor", 40, 0, record_s=0.4).tracks, tmp_path / "walkers.csv")
    chosen = {"tracks": [str(tmp_path / "walkers.csv")], "num_train": 640}
    settings = load_settings(TrainingSettings, path=OWN_TRACKS, flags=chosen, environment={})
    parts = read_parts(settings)
    scenes = {name: set(part.scene.tolist()) for name, part in parts.items()}
    assert [len(each) for each in scenes.values()] == [32, 4, 4] and len(set.union(*scenes.values())) == 40
    RecordedSource(settings, parts)


def test_unknown_options_of_reading_are_refused(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"tracks": [str(tmp_path)], "reading": {"pixels": 3}})
    with pytest.raises(InputError, match="reading: expected options of read_tracks"):
        read_parts(settings)
