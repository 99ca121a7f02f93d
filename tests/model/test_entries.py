"""First entries into regions: closed forms, brute force, and what must not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pathcast.model.entries import Entries, entry_knots, find_entries, spiral
from pathcast.model.forecast import Forecast, pack_covariances, unpack_covariances
from pathcast.model.regions import Regions

CROSSING = np.array([(3.0, -2.0), (3.4, -2.0), (3.4, 2.0), (3.0, 2.0)])
BEND = np.array([(1.0, -3.0), (5.0, -3.0), (5.0, 3.0), (4.0, 3.0), (4.0, -2.0), (1.0, -2.0)])
FAR = 7000.0


def mixture(seed: int, num_tracks: int = 3, num_modes: int = 4, num_times: int = 6, num_axes: int = 2) -> Forecast:
    """Tracks from the origin towards x, spreading as they go."""
    random = np.random.default_rng(seed)
    offsets = np.tile(0.5 * np.arange(1, num_times + 1), (num_tracks, 1))
    shape = (num_tracks, num_modes, num_times, num_axes)
    velocity = random.normal(0, 0.4, (num_tracks, num_modes, 1, num_axes))
    velocity[..., 0] += 1.5
    bend = random.normal(0, 0.15, (num_tracks, num_modes, 1, num_axes))
    time = offsets[:, None, :, None]
    factor = random.normal(0, 0.15, (*shape, num_axes)) + 0.25 * np.eye(num_axes)
    full = (factor @ np.swapaxes(factor, -1, -2)) * time[..., None] ** 2
    return Forecast(
        offsets,
        random.dirichlet(np.ones(num_modes), num_tracks).astype(np.float32),
        (velocity * time + bend * time**2).astype(np.float32),
        pack_covariances(full).astype(np.float32),
    )


def enter(forecast: Forecast, areas: dict[str, np.ndarray], start=(0.0, 0.0), **options) -> Entries:
    num, axes = forecast.num_tracks, forecast.num_axes
    positions = np.tile(np.resize(np.asarray(start, np.float64), axes), (num, 1))
    begins = options.pop("begins", np.zeros(num))
    asked = options.pop("offsets", forecast.offsets)
    return find_entries(forecast, positions, Regions.of(areas), asked, begins, **options)


def half_plane(x: float) -> np.ndarray:
    return np.array([(x, -FAR), (FAR, -FAR), (FAR, FAR), (x, FAR)])


@pytest.mark.parametrize("x", [0.5, 1.0, 1.7, 2.5])
def test_one_mode_at_one_time_enters_a_half_plane_by_the_normal_distribution(x: float) -> None:
    deviation = np.array([0.6, 0.3])
    forecast = Forecast(
        np.array([[2.0]]),
        np.ones((1, 1), np.float32),
        np.full((1, 1, 1, 2), 1.0, np.float32),
        np.array([[[[deviation[0] ** 2, 0.0, deviation[1] ** 2]]]], np.float32),
    )
    found = enter(forecast, {"beyond": half_plane(x)})
    assert found.probabilities[0, 0, 0] == pytest.approx(norm.sf((x - 1.0) / deviation[0]), abs=0.007)
    if x > 2.0:
        return  # of so rare an entry the mean time is one of few draws
    # A straight way to where it ends: entered at 2 s times x over that, whose mean is an integral over the tail.
    ends = np.linspace(x, 1.0 + 8 * deviation[0], 200_001)
    density = norm.pdf(ends, 1.0, deviation[0])
    expected = (2.0 * x / ends * density).sum() / density.sum()
    assert found.offset_s[0, 0] == pytest.approx(expected, abs=0.02)


def test_deviations_last_along_a_mode() -> None:
    """A path ahead stays ahead: a half plane's probability is that of the time by which most have entered."""
    forecast = mixture(3, num_modes=1)
    x = 2.0
    found = enter(forecast, {"beyond": half_plane(x)})
    deviation = np.sqrt(forecast.covariances[:, 0, :, 0].astype(np.float64))
    share = norm.sf((x - forecast.means[:, 0, :, 0].astype(np.float64)) / deviation)
    assert (found.probabilities[:, 0] >= share - 0.02).all()
    independent = 1 - np.cumprod(1 - share, axis=1)
    assert (found.probabilities[:, 0] <= independent + 0.02).all()
    assert (independent - found.probabilities[:, 0]).max() > 0.05


def first_entries(paths: np.ndarray, times: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Brute force: when paths [path, time, 2] are first in a polygon, by 100 places on every straight way."""
    share = np.linspace(0, 1, 101)[:, None]
    entries = np.full(len(paths), np.inf)
    for step in range(len(times) - 1, 0, -1):
        ways = paths[:, step - 1, None] * (1 - share) + paths[:, step, None] * share
        is_in = np.zeros(ways.shape[:2], np.bool_)
        for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            is_between = (one[1] > ways[..., 1]) != (other[1] > ways[..., 1])
            rise = other[1] - one[1] if other[1] != one[1] else 1.0
            is_in ^= is_between & (ways[..., 0] < one[0] + (ways[..., 1] - one[1]) / rise * (other[0] - one[0]))
        first = is_in.argmax(axis=1)
        at = times[step - 1] + (times[step] - times[step - 1]) * share[first, 0]
        entries = np.where(is_in.any(axis=1), at, entries)
    return entries


def symmetric_root(packed: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(unpack_covariances(packed.astype(np.float64)))
    return (vectors * np.sqrt(np.maximum(values, 0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)


@pytest.mark.parametrize("corners", [CROSSING, BEND], ids=["crossing", "bend"])
@pytest.mark.parametrize("num_modes", [1, 4])
def test_entries_are_those_of_sample_paths(corners: np.ndarray, num_modes: int) -> None:
    forecast = mixture(11, num_modes=num_modes)
    found = enter(forecast, {"region": corners})
    random = np.random.default_rng(5)
    for track in range(forecast.num_tracks):
        shares = forecast.probabilities[track].astype(np.float64)
        mode = random.choice(num_modes, 3000, p=shares / shares.sum())
        draws = random.standard_normal((3000, 2))
        roots = symmetric_root(forecast.covariances[track])
        places = forecast.means[track][mode] + np.einsum("stij,sj->sti", roots[mode], draws)
        paths = np.concatenate([np.zeros((3000, 1, 2)), places], axis=1)
        entries = first_entries(paths, np.r_[0.0, forecast.offsets[track]], corners)
        expected = (entries[:, None] <= forecast.offsets[track]).mean(axis=0)
        np.testing.assert_allclose(found.probabilities[track, 0], expected, atol=0.035)
        entered = entries[np.isfinite(entries)]
        if len(entered) > 100:
            error = 4 * entered.std() / np.sqrt(len(entered)) + 0.03
            assert found.offset_s[track, 0] == pytest.approx(entered.mean(), abs=error)


def test_a_thin_crossing_is_not_jumped_over() -> None:
    forecast = Forecast(
        np.array([[1.0, 2.0]]),
        np.ones((1, 1), np.float32),
        np.array([[[[2.0, 0.0], [4.0, 0.0]]]], np.float32),
        np.full((1, 1, 2, 3), 1e-8, np.float32) * np.array([1, 0, 1], np.float32),
    )
    thin = np.array([(3.0, -1.0), (3.001, -1.0), (3.001, 1.0), (3.0, 1.0)])
    found = enter(forecast, {"thin": thin})
    np.testing.assert_allclose(found.probabilities[0, 0], [0.0, 1.0])
    assert found.offset_s[0, 0] == pytest.approx(1.5, abs=1e-3)


def test_who_is_inside_has_entered_now_and_who_cannot_come_never() -> None:
    found = enter(mixture(2), {"here": CROSSING - [3.2, 0.0], "behind": CROSSING - [60.0, 0.0]})
    np.testing.assert_array_equal(found.probabilities[:, 0], 1.0)
    np.testing.assert_array_equal(found.offset_s[:, 0], 0.0)
    np.testing.assert_array_equal(found.probabilities[:, 1], 0.0)
    np.testing.assert_array_equal(found.offset_s[:, 1], 3.0)


def test_what_was_before_the_beginning_does_not_count() -> None:
    """A track that coasts: the crossing lies behind it by then."""
    forecast = Forecast(
        np.array([[1.0, 2.0]]),
        np.ones((1, 1), np.float32),
        np.array([[[[2.0, 0.0], [4.0, 0.0]]]], np.float32),
        np.full((1, 1, 2, 3), 1e-8, np.float32) * np.array([1, 0, 1], np.float32),
    )
    areas = {"behind": CROSSING - [2.9, 0.0], "under": CROSSING - [1.9, 0.0], "ahead": CROSSING}
    found = enter(forecast, areas, begins=np.array([0.6]))
    np.testing.assert_allclose(found.probabilities[0], [[0, 0], [1, 1], [0, 1]])
    np.testing.assert_allclose(found.offset_s[0, 1:], [0.0, 0.9], atol=1e-3)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), angle=st.floats(0, 6.28), shift=st.integers(0, 5), is_reversed=st.booleans())
def test_neither_the_worlds_axes_nor_the_corners_order_matter(seed, angle, shift, is_reversed) -> None:
    forecast = mixture(seed)
    here = enter(forecast, {"bend": BEND}, (0.3, -0.2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = Forecast(
        forecast.offsets,
        forecast.probabilities,
        (forecast.means @ turn.T).astype(np.float32),
        pack_covariances(turn @ unpack_covariances(forecast.covariances) @ turn.T).astype(np.float32),
    )
    corners = np.roll(BEND[::-1] if is_reversed else BEND, shift, axis=0)
    there = enter(turned, {"bend": corners @ turn.T}, turn @ [0.3, -0.2])
    # A draw that passes a corner within rounding may fall on its other side.
    weights = forecast.probabilities.max(axis=1)[:, None, None] / 256
    assert (np.abs(there.probabilities - here.probabilities) <= 2 * weights).all()
    np.testing.assert_allclose(there.offset_s, here.offset_s, atol=0.02)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), num_axes=st.sampled_from([2, 3]))
def test_probabilities_never_fall_along_offsets_and_stay_within_one(seed: int, num_axes: int) -> None:
    found = enter(mixture(seed, num_axes=num_axes), {"crossing": CROSSING, "bend": BEND})
    assert found.probabilities.shape == (3, 2, 6)
    assert (np.diff(found.probabilities, axis=2) >= 0).all()
    assert (found.probabilities >= 0).all() and (found.probabilities <= 1).all()
    assert (found.offset_s >= 0).all() and (found.offset_s <= 3.0).all()


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_a_region_within_another_is_entered_no_earlier(seed: int) -> None:
    inner = CROSSING * [1.0, 0.5]
    found = enter(mixture(seed), {"inner": inner, "outer": CROSSING})
    assert (found.probabilities[:, 0] <= found.probabilities[:, 1] + 1e-6).all()


def test_height_does_not_matter() -> None:
    flat, high = mixture(4), mixture(4, num_axes=3)
    full = np.zeros((*flat.means.shape[:3], 3, 3), np.float32)
    full[..., :2, :2] = unpack_covariances(flat.covariances)
    full[..., 2, 2] = 0.5
    means = np.concatenate([flat.means, high.means[..., 2:]], axis=-1)
    raised = Forecast(flat.offsets, flat.probabilities, means, pack_covariances(full))
    for one, other in zip(
        vars(enter(flat, {"bend": BEND})).values(), vars(enter(raised, {"bend": BEND})).values(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_offsets_between_the_forecasts_own_are_told_too() -> None:
    forecast = mixture(6)
    asked = np.tile([0.75, 2.5], (3, 1))
    whole, some = enter(forecast, {"bend": BEND}), enter(forecast, {"bend": BEND}, offsets=asked)
    np.testing.assert_array_equal(some.probabilities[:, :, 1], whole.probabilities[:, :, 4])
    assert (some.probabilities[:, :, 0] >= whole.probabilities[:, :, 0]).all()
    assert (some.probabilities[:, :, 0] <= whole.probabilities[:, :, 1]).all()


def test_the_draws_stand_for_a_standard_normal() -> None:
    draws = spiral(1024)
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose(draws.T @ draws / 1024, np.eye(2), atol=0.02)


def test_knots_are_as_close_as_the_models_own() -> None:
    own = 0.4 * np.arange(1, 13)
    asked = np.array([3.0])
    np.testing.assert_allclose(entry_knots(asked, own), [*own[:7], 3.0])
    np.testing.assert_array_equal(entry_knots(own, own), own)
    fine = 0.1 * np.arange(1, 31)
    assert entry_knots(fine, own) is fine
    np.testing.assert_allclose(entry_knots(np.array([0.4, 3.0]), own), [*own[:7], 3.0])


def test_nobody_and_nowhere_have_their_shapes() -> None:
    nobody = enter(mixture(1).take(np.zeros(0, np.int64)), {"bend": BEND})
    assert nobody.probabilities.shape == (0, 1, 6) and nobody.offset_s.shape == (0, 1)
    nowhere = enter(mixture(1), {})
    assert nowhere.probabilities.shape == (3, 0, 6) and nowhere.offset_s.shape == (3, 0)
