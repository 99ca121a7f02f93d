"""The heading front end in three axes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.frontends.heading import NUM_HEAD_INPUTS, NUM_INPUTS, SCALE, HeadingFrontEnd
from pathcast.model.frontends.heading_space import SpaceHeadingFrontEnd
from pathcast.model.given import NOTHING_GIVEN
from pathcast.model.training.run import train_bundle
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.world import build_world

FRONT_END = SpaceHeadingFrontEnd()


def _flights(seed: int, tracks: int = 6, length: int = 12, rate_s: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.6, 1.5, (tracks, length)) * rate_s, axis=1)
    velocity = random.normal(0, 1, (tracks, 1, 3)) + 0.2 * random.normal(0, 1, (tracks, length, 3))
    return times, np.cumsum(velocity * rate_s, axis=1).astype(np.float32)


def _seen(
    times: np.ndarray, positions: np.ndarray, front_end: HeadingFrontEnd = FRONT_END
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All steps that a forecast after the last observation rests on, the head's inputs, and the filters."""
    filters = front_end.begin(len(times), NOTHING_GIVEN)
    steps, counts = front_end.absorb(filters, times, positions, np.full(len(times), times.shape[1]))
    after, pending, due = front_end.pending(filters)
    rows = [np.concatenate([steps[i, : counts[i]], pending[i, : due[i]]]) for i in range(len(times))]
    return np.concatenate(rows), front_end.head(after), after


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), rate=st.sampled_from([0.04, 0.1, 0.4]))
def test_at_one_height_the_ground_plane_is_that_of_two_axes(seed: int, rate: float) -> None:
    times, positions = _flights(seed, rate_s=rate)
    positions[:, :, 2] = 7.0
    flat = HeadingFrontEnd()
    steps, head, filters = _seen(times, positions)
    flat_steps, flat_head, flat_filters = _seen(times, positions[:, :, :2].copy(), flat)
    np.testing.assert_allclose(steps[:, :NUM_INPUTS], flat_steps, atol=1e-5)
    np.testing.assert_allclose(head[:, :NUM_HEAD_INPUTS], flat_head, atol=1e-5)
    np.testing.assert_allclose(filters[:, : flat.filter_size], flat_filters, atol=1e-9)
    assert not steps[:, NUM_INPUTS:].any() and not head[:, NUM_HEAD_INPUTS:].any()
    offsets = np.tile(np.array([0.1, 0.4, 2.0]), (len(times), 1))
    ours, theirs = FRONT_END.base(filters, offsets), flat.base(flat_filters, offsets)
    np.testing.assert_allclose(ours.path[:, :, :2], theirs.path)
    np.testing.assert_allclose(ours.unit, theirs.unit)
    np.testing.assert_allclose(ours.knots, theirs.knots, rtol=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), rate=st.sampled_from([0.04, 0.1, 0.4]), cut=st.integers(1, 11))
def test_absorbing_in_pieces_equals_absorbing_the_whole(seed: int, rate: float, cut: int) -> None:
    times, positions = _flights(seed, rate_s=rate)
    filters, pieces = FRONT_END.begin(len(times), NOTHING_GIVEN), FRONT_END.begin(len(times), NOTHING_GIVEN)
    steps, counts = FRONT_END.absorb(filters, times, positions, np.full(len(times), 12))
    first = FRONT_END.absorb(pieces, times[:, :cut].copy(), positions[:, :cut].copy(), np.full(len(times), cut))
    second = FRONT_END.absorb(pieces, times[:, cut:].copy(), positions[:, cut:].copy(), np.full(len(times), 12 - cut))
    np.testing.assert_array_equal(filters, pieces)
    for track in range(len(times)):
        due = [first[0][track, : first[1][track]], second[0][track, : second[1][track]]]
        np.testing.assert_array_equal(np.concatenate(due), steps[track, : counts[track]])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), angle=st.floats(-3.1, 3.1), epoch=st.floats(-1e6, 1e6))
def test_inputs_depend_neither_on_place_nor_on_north_nor_on_the_clocks_epoch(
    seed: int, angle: float, epoch: float
) -> None:
    times, positions = _flights(seed)
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = (positions @ turn + np.array([12.0, -7.0, 30.0])).astype(np.float32)
    for ours, theirs in zip(_seen(times, positions)[:2], _seen(times + epoch, moved)[:2], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16))
def test_training_sees_the_steps_that_serving_sees(seed: int) -> None:
    times, positions = _flights(seed)
    ends = np.tile([1, 5, 11], (len(times), 1))
    steps, filters = FRONT_END.trace(times, positions, ends)
    for place, end in enumerate(ends[0]):
        seen, head, _ = _seen(times[:, : end + 1].copy(), positions[:, : end + 1].copy())
        np.testing.assert_array_equal(seen, steps[:, : end + 1].reshape(-1, steps.shape[2]))
        np.testing.assert_array_equal(head, FRONT_END.head(filters[:, place]))


def test_what_climbs_straight_up_has_a_unit_that_grows_with_its_speed() -> None:
    times = np.tile(0.4 * np.arange(1.0, 9.0), (2, 1))
    positions = np.zeros((2, 8, 3), np.float32)
    positions[:, :, 2] = np.array([[1.0], [3.0]]) * times
    steps, head, filters = _seen(times, positions)
    assert np.isfinite(steps).all() and np.isfinite(head).all()
    np.testing.assert_allclose(filters[:, SCALE], np.hypot([1.0, 3.0], 0.3), rtol=1e-5)


def _write_spirals(file: Path, axes: str = "xyz") -> None:
    """Tracks that circle and climb, 5 observations a second."""
    random = np.random.default_rng(5)
    lines = [",".join(["track", "time", *axes])]
    for track in range(8):
        time = 0.2 * np.arange(400)
        angle = 0.2 * time + random.uniform(0, 6)
        columns = {"x": 6 * np.cos(angle), "y": 6 * np.sin(angle), "z": random.uniform(-0.5, 0.5) * time}
        place = np.stack([columns[axis] for axis in axes], 1)
        lines += [
            ",".join([str(track), f"{at:.3f}", *(f"{each:.4f}" for each in row)])
            for at, row in zip(time, place, strict=True)
        ]
    file.write_text("\n".join(lines) + "\n")


def _spiral_settings(folder: Path, **changes: object) -> TrainingSettings:
    _write_spirals(folder / "tracks.csv")
    chosen = {"num_knots": 6, "num_offsets": 6, "coast_s": 0.0, "least_known_s": 2.4, "prefix": 6, "epochs": 1}
    sizes = {"num_units": 8, "num_context": 8, "num_decoder_units": 8, "num_modes": 3, "batch": 64}
    counts = {"num_train": 256, "num_validation": 128, "num_test": 128}
    return TrainingSettings(
        name="spirals", world="tracks", tracks=[str(folder / "tracks.csv")], **(chosen | sizes | counts | changes)
    )


def test_recorded_tracks_in_three_axes_are_trained_on_and_streamed_as_in_one_batch(tmp_path: Path) -> None:
    train_bundle(_spiral_settings(tmp_path), tmp_path / "bundle", lambda *_: None)
    engine = load_bundle(tmp_path / "bundle")
    assert engine.card.num_axes == 3 and not engine.card.walks
    times, positions = _flights(3, tracks=5, length=20, rate_s=0.1)
    offsets = np.tile(np.asarray(engine.card.offsets_s), (5, 1))
    streamed = engine.start(5)
    for index in range(20):
        streamed = engine.observe(streamed, times[:, index], positions[:, index])
    batch = engine.encode(engine.start(5), times, positions, np.full(5, 20))
    ours, theirs = engine.forecast(streamed, offsets), engine.forecast(batch, offsets)
    assert ours.means.shape == (5, 3, 6, 3) and ours.is_all_finite()
    np.testing.assert_allclose(ours.means, theirs.means, atol=1e-5)
    np.testing.assert_allclose(ours.covariances, theirs.covariances, atol=1e-5)
    np.testing.assert_allclose(ours.probabilities, theirs.probabilities, atol=1e-5)


def test_settings_that_suit_the_ground_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has_point"):
        build_world(_spiral_settings(tmp_path, has_point=True))


def test_tracks_in_two_axes_beside_some_in_three_are_refused(tmp_path: Path) -> None:
    _write_spirals(tmp_path / "flat.csv", "xy")
    with pytest.raises(InputError, match="3 axes, as the others"):
        build_world(_spiral_settings(tmp_path, validation_tracks=[str(tmp_path / "flat.csv")]))
