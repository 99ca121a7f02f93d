"""The heading front end."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.model.frontends.heading import FILTER_SIZE, MIN_STEP_S, HeadingFrontEnd

FRONT_END = HeadingFrontEnd()


def _walks(seed: int, tracks: int = 6, length: int = 12, rate_s: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.6, 1.5, (tracks, length)) * rate_s, axis=1)
    velocity = random.normal(0, 1, (tracks, 1, 2)) + 0.2 * random.normal(0, 1, (tracks, length, 2))
    return times, np.cumsum(velocity * rate_s, axis=1).astype(np.float32)


def _absorb(times: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    filters = np.zeros((len(times), FILTER_SIZE))
    steps, counts = FRONT_END.absorb(filters, times, positions, np.full(len(times), times.shape[1]))
    return filters, steps, counts


def _seen(times: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, ...]:
    """All steps that a forecast after the last observation rests on, and the head's inputs."""
    filters, steps, counts = _absorb(times, positions)
    after, pending, due = FRONT_END.pending(filters)
    rows = [np.concatenate([steps[i, : counts[i]], pending[i, : due[i]]]) for i in range(len(times))]
    return np.concatenate(rows), FRONT_END.head(after)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), rate=st.sampled_from([0.04, 0.1, 0.4, 1.0]), cut=st.integers(1, 11))
def test_absorbing_in_pieces_equals_absorbing_the_whole(seed: int, rate: float, cut: int) -> None:
    times, positions = _walks(seed, rate_s=rate)
    whole, steps, counts = _absorb(times, positions)
    filters = np.zeros((len(times), FILTER_SIZE))
    first = FRONT_END.absorb(filters, times[:, :cut].copy(), positions[:, :cut].copy(), np.full(len(times), cut))
    rest = times.shape[1] - cut
    second = FRONT_END.absorb(filters, times[:, cut:].copy(), positions[:, cut:].copy(), np.full(len(times), rest))
    np.testing.assert_array_equal(filters, whole)
    for track in range(len(times)):
        pieces = [first[0][track, : first[1][track]], second[0][track, : second[1][track]]]
        np.testing.assert_array_equal(np.concatenate(pieces), steps[track, : counts[track]])


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    angle=st.floats(-3.1, 3.1),
    shift=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    epoch=st.floats(-1e6, 1e6),
)
def test_inputs_depend_neither_on_place_nor_on_north_nor_on_the_clocks_epoch(
    seed: int, angle: float, shift: tuple[float, float], epoch: float
) -> None:
    times, positions = _walks(seed)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    moved = (positions @ turn + np.array(shift)).astype(np.float32)
    for ours, theirs in zip(_seen(times, positions), _seen(times + epoch, moved), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**16), rate=st.sampled_from([0.04, 0.4]))
def test_the_future_changes_no_input(seed: int, rate: float) -> None:
    times, positions = _walks(seed, rate_s=rate)
    changed = positions.copy()
    changed[:, 7:] += 50.0
    half = np.full(len(times), 7)
    results = []
    for array in (positions, changed):
        filters = np.zeros((len(times), FILTER_SIZE))
        results.append((*FRONT_END.absorb(filters, times, array, half), *FRONT_END.pending(filters)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_fast_cameras_steps_are_the_least_step_apart_and_end_at_the_newest_observation() -> None:
    times, positions = _walks(1, length=60, rate_s=0.04)
    filters, _, counts = _absorb(times, positions)
    assert (counts < times.shape[1] / 4).all()
    after, _, due = FRONT_END.pending(filters)
    assert (due == 1).all()
    elapsed = np.log(MIN_STEP_S / 0.4)
    _, pending, _ = FRONT_END.pending(filters)
    assert (pending[:, 0, 9] >= elapsed - 1e-5).all()
    np.testing.assert_array_equal(after[:, 8], times[:, -1])


@settings(max_examples=10)
@given(seed=st.integers(0, 2**16))
def test_training_sees_the_steps_that_serving_sees(seed: int) -> None:
    times, positions = _walks(seed)
    ends = np.tile([1, 5, 11], (len(times), 1))
    steps, filters = FRONT_END.trace(times, positions, ends)
    for place, end in enumerate(ends[0]):
        seen, head = _seen(times[:, : end + 1].copy(), positions[:, : end + 1].copy())
        np.testing.assert_array_equal(seen, steps[:, : end + 1].reshape(-1, steps.shape[2]))
        np.testing.assert_array_equal(head, FRONT_END.head(filters[:, place]))


def test_someone_who_stands_still_has_finite_inputs() -> None:
    times = np.tile(np.arange(1.0, 9.0), (2, 1))
    positions = np.ones((2, 8, 2), np.float32)
    for array in _seen(times, positions):
        assert np.isfinite(array).all()
