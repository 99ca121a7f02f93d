"""Forecaster, library and the one form of forecasts: whole tracks in, the named model's futures out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import pathcast
from pathcast.errors import BundleError, InputError, UnknownModelError
from pathcast.model import library, metrics
from pathcast.model.bundle.config import HeadingConfig
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.forecast import Forecast, join, merge_modes, pack_covariances, unpack_covariances
from pathcast.model.forecaster import Forecaster
from pathcast.model.library import Library, load_engine, load_library
from pathcast.model.training.build import build_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle
from pathcast.tracks import Tracks

SETTINGS = TrainingSettings(
    name="tried", summary="Untrained", num_modes=5, num_units=8, num_context=8, num_decoder_units=8, num_offsets=6
)


def _write(folder: Path, version: str) -> Path:
    chosen = SETTINGS.model_copy(update={"version": version})
    network = build_network(chosen, HeadingConfig().build())
    with torch.no_grad():
        network.anchors.normal_()
    write_bundle(folder, network.eval(), HeadingConfig(), chosen)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("bundles") / "tried", "3")


@pytest.fixture(scope="module")
def forecaster(bundle: Path) -> Forecaster:
    return pathcast.load(str(bundle))


def _walks(seed: int = 1, tracks: int = 6, length: int = 8) -> Tracks:
    """Tracks of two scenes, ids far apart, each with an epoch of its own."""
    random = np.random.default_rng(seed)
    times = random.uniform(0, 1e4, (tracks, 1)) + np.cumsum(random.uniform(0.3, 0.5, (tracks, length)), axis=1)
    steps = random.normal(0, 0.4, (tracks, 1, 2)) + random.normal(0, 0.05, (tracks, length, 2))
    return Tracks.from_rows(
        np.repeat(np.arange(tracks) % 2, length),
        np.repeat(np.arange(tracks) * 100 + 2**40, length),
        times.ravel(),
        np.cumsum(steps, axis=1).reshape(-1, 2),
    )


def _assert_same(ours: Forecast, theirs: Forecast, tolerance: float = 1e-5) -> None:
    for part in ("offsets", "probabilities", "means", "covariances"):
        np.testing.assert_allclose(getattr(ours, part), getattr(theirs, part), atol=tolerance, rtol=1e-4)


def test_forecasts_are_the_engines_own_after_each_tracks_prefix(forecaster: Forecaster) -> None:
    tracks = _walks()
    whole = forecaster.forecast(tracks)
    assert whole.scene.tolist() == [track.scene for track in tracks.each()]
    assert whole.track.tolist() == [track.track for track in tracks.each()]
    engine = forecaster.engine
    for index, track in enumerate(tracks.each()):
        assert whole.origin_time[index] == track.time[-1]
        states = engine.start(1)
        for time, position in zip(track.time, track.position.astype(np.float32), strict=True):
            states = engine.observe(states, np.array([time]), position[None])
        alone = engine.forecast(states, np.array([engine.card.offsets_s]))
        _assert_same(whole.forecast.take(slice(index, index + 1)), alone)


def test_tracks_of_one_observation_are_left_out_and_unseen_rows_passed_over(forecaster: Forecaster) -> None:
    tracks = _walks()
    random = np.random.default_rng(2)
    valid = random.random(tracks.num_rows) < 0.7
    valid[tracks.starts[1] : tracks.starts[2]] = False
    valid[tracks.starts[1]] = True
    unseen = Tracks.from_rows(tracks.scene, tracks.track, tracks.time, tracks.position, valid)
    gone = unseen.select(unseen.valid)
    ours, theirs = forecaster.forecast(unseen), forecaster.forecast(gone)
    kept = [track for track in gone.each() if len(track.time) >= 2]
    assert len(kept) == 5
    assert ours.track.tolist() == theirs.track.tolist() == [track.track for track in kept]
    assert ours.origin_time.tolist() == [track.time[-1] for track in kept]
    _assert_same(ours.forecast, theirs.forecast, 0.0)


@pytest.mark.parametrize("name", ["tried", "constant-velocity-2d"])
def test_without_a_track_of_two_observations_there_is_no_forecast(bundle: Path, name: str) -> None:
    forecaster = pathcast.load(str(bundle) if name == "tried" else name)
    tracks = _walks()
    for some in (tracks.select(slice(0, 0)), tracks.select(tracks.starts[:-1])):
        found = forecaster.forecast(some)
        assert len(found.track) == len(found.origin_time) == found.forecast.num_tracks == 0
        assert found.forecast.means.shape == (0, forecaster.card.num_modes, len(forecaster.card.offsets_s), 2)


def test_where_the_origin_is_does_not_matter(forecaster: Forecaster) -> None:
    here = _walks()
    away = (5_000_000.0, -600_000.0)
    there = Tracks.from_rows(here.scene, here.track, here.time, here.position + away)
    near, far = forecaster.forecast(here).forecast, forecaster.forecast(there, origin=away).forecast
    assert near.means.dtype == np.float32 and far.means.dtype == np.float64
    np.testing.assert_allclose(far.means - away, near.means, atol=1e-4)
    np.testing.assert_allclose(far.covariances, near.covariances, rtol=1e-3)


@pytest.mark.parametrize("metres", [8001.0, -9e6, 1e300])
def test_positions_beyond_8_km_of_the_origin_are_refused(forecaster: Forecaster, metres: float) -> None:
    tracks = _walks()
    position = tracks.position.copy()
    position[5, 1] = metres
    far = Tracks.from_rows(tracks.scene, tracks.track, tracks.time, position)
    with pytest.raises(InputError, match=r"tracks.position: expected at most 8000 m from the origin"):
        forecaster.forecast(far)


def test_a_position_that_is_not_seen_may_be_anywhere(forecaster: Forecaster) -> None:
    tracks = _walks()
    valid = np.ones(tracks.num_rows, np.bool_)
    valid[5] = False
    position = tracks.position.copy()
    position[5] = np.inf
    assert (
        forecaster.forecast(Tracks(tracks.scene, tracks.track, tracks.time, position, valid)).forecast.is_finite().all()
    )


@pytest.mark.parametrize("origin", [(0.0,), (0.0, 0.0, 0.0), (np.nan, 0.0), (np.inf, 0.0)])
def test_an_origin_of_other_axes_or_not_finite_is_refused(forecaster: Forecaster, origin: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="origin: expected 2 finite metres"):
        forecaster.forecast(_walks(), origin=origin)


def test_tracks_of_other_axes_are_refused(forecaster: Forecaster) -> None:
    tracks = _walks()
    flying = Tracks.from_rows(tracks.scene, tracks.track, tracks.time, np.ones((tracks.num_rows, 3)))
    with pytest.raises(InputError, match=r"tracks.position: expected 2 axes, those of tried, found 3"):
        forecaster.forecast(flying)


@pytest.mark.parametrize(
    ("offsets", "found"),
    [
        ([], r"shape \(0,\)"),
        ([0.4, 0.4], r"\[0.4, 0.4\]"),
        ([0.8, 0.4], r"\[0.8, 0.4\]"),
        ([0.0, 0.4], r"\[0.0, 0.4\]"),
        ([0.4, float("nan")], r"\[0.4, nan\]"),
        ([0.4, 6.1], "6.1"),
    ],
)
def test_offsets_that_do_not_rise_from_0_to_the_horizon_are_refused(
    forecaster: Forecaster, offsets: list, found: str
) -> None:
    with pytest.raises(InputError, match=f"offsets: expected .* at most the horizon of 6, found {found}"):
        forecaster.forecast(_walks(), offsets)


def test_offsets_up_to_the_horizon_are_answered(forecaster: Forecaster) -> None:
    found = forecaster.forecast(_walks(), [0.01, 3.3, 6.0]).forecast
    np.testing.assert_array_equal(found.offsets, np.tile([0.01, 3.3, 6.0], (6, 1)))
    assert found.is_finite().all()


@pytest.mark.parametrize("num_modes", [1, 3, 5, 9, 0])
def test_modes_are_merged_to_the_number_asked_for(forecaster: Forecaster, num_modes: int) -> None:
    whole = forecaster.forecast(_walks()).forecast
    found = forecaster.forecast(_walks(), num_modes=num_modes).forecast
    assert found.num_modes == min(num_modes or 5, 5)
    _assert_same(found, merge_modes(whole, num_modes or 5), 0.0)


def test_fewer_than_no_modes_are_refused(forecaster: Forecaster) -> None:
    with pytest.raises(InputError, match="num_modes: expected 0 or more, found -1"):
        forecaster.forecast(_walks(), num_modes=-1)


@st.composite
def mixtures(draw: st.DrawFn) -> Forecast:
    """Forecasts of any size, probabilities falling to nothing in some."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    tracks, modes, times, axes = (draw(st.integers(*bounds)) for bounds in ((1, 4), (1, 8), (1, 5), (2, 3)))
    sharpness = draw(st.sampled_from([0.0, 1.0, 20.0]))
    weights = np.exp(sharpness * random.normal(size=(tracks, modes)))
    probabilities = -np.sort(-weights / weights.sum(axis=1, keepdims=True), axis=1)
    factor = random.normal(size=(tracks, modes, times, axes, axes))
    covariances = factor @ factor.swapaxes(-1, -2) + 0.01 * np.eye(axes)
    return Forecast(
        np.tile(np.arange(1.0, times + 1), (tracks, 1)),
        probabilities.astype(np.float32),
        random.normal(0, 5, (tracks, modes, times, axes)).astype(np.float32),
        pack_covariances(covariances).astype(np.float32),
    )


def _moments(forecast: Forecast) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the whole mixture at each time."""
    weights = forecast.probabilities.astype(np.float64)
    means = forecast.means.astype(np.float64)
    mean = np.einsum("nk,nktd->ntd", weights, means)
    away = means - mean[:, None]
    within = unpack_covariances(forecast.covariances.astype(np.float64))
    return mean, np.einsum("nk,nktde->ntde", weights, within + away[..., :, None] * away[..., None, :])


@settings(max_examples=40)
@given(forecast=mixtures(), num_modes=st.integers(1, 8))
def test_merging_keeps_the_mixtures_mean_and_covariance(forecast: Forecast, num_modes: int) -> None:
    merged = merge_modes(forecast, num_modes)
    assert merged.num_modes == min(num_modes, forecast.num_modes)
    for ours, theirs in zip(_moments(merged), _moments(forecast), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
    np.testing.assert_allclose(merged.probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert (np.diff(merged.probabilities, axis=1) <= 0).all()
    assert (np.linalg.eigvalsh(unpack_covariances(merged.covariances.astype(np.float64))) > 0).all()


@settings(max_examples=20)
@given(forecast=mixtures(), more=st.integers(0, 3))
def test_merging_to_as_many_modes_changes_nothing_and_to_one_gives_the_mean_path(forecast: Forecast, more: int) -> None:
    assert merge_modes(forecast, forecast.num_modes + more) is forecast
    np.testing.assert_allclose(merge_modes(forecast, 1).means[:, 0], metrics.mean_path(forecast), atol=1e-5)


@settings(max_examples=20)
@given(forecast=mixtures(), cut=st.integers(0, 4))
def test_joined_parts_are_the_whole(forecast: Forecast, cut: int) -> None:
    _assert_same(join([forecast.take(slice(0, cut)), forecast.take(slice(cut, None))]), forecast, 0.0)


def test_packed_triangles_are_the_symmetric_matrices() -> None:
    for axes in (2, 3):
        factor = np.random.default_rng(axes).normal(size=(4, axes, axes))
        full = factor @ factor.swapaxes(-1, -2)
        np.testing.assert_array_equal(unpack_covariances(pack_covariances(full)), (full + full.swapaxes(-1, -2)) / 2)


def test_everything_that_ships_stands_in_the_library_by_name() -> None:
    names = [card.name for card in load_library().cards()]
    assert names == sorted(names)
    assert {"constant-velocity-2d", "constant-velocity-3d", "pedestrian"} <= set(names)


def test_version_10_is_newer_than_9(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("10", "9", "1.10", "1.9", "2"):
        _write(tmp_path / "tried" / version, version)
    monkeypatch.setattr(library, "SHIPPED", tmp_path)
    versions = ["1.9", "1.10", "2", "9", "10"]
    assert [folder.name for folder in library.shipped_bundles()] == versions
    assert [card.version for card in load_library(["tried"]).cards()] == versions
    assert load_engine("tried").card.version == "10"
    assert load_engine("tried", "1.10").card.version == "1.10"
    with pytest.raises(UnknownModelError, match=r"version: expected one of 1.9, 1.10, 2, 9, 10 of tried, found '3'"):
        load_engine("tried", "3")


def test_a_bundles_folder_is_a_model(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_engine(str(bundle)).card.version == "3"
    monkeypatch.chdir(bundle.parent)
    assert [card.name for card in load_library(["tried", "constant-velocity-3d"]).cards()] == [
        "constant-velocity-3d",
        "tried",
    ]
    with pytest.raises(UnknownModelError, match="version: expected one of 3 of tried, found '4'"):
        pathcast.load("./tried", "4")


def test_no_model_hides_another_of_its_name_and_version(bundle: Path) -> None:
    with pytest.raises(InputError, match="models: expected each name and version once, found tried 3 2 times"):
        load_library([str(bundle), "constant-velocity-2d", str(bundle)])


def test_an_unknown_model_is_told_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"model: expected one of ball, .*, or a bundle's folder, found 'x'"):
        pathcast.load("x")
    with pytest.raises(BundleError, match=r"expected a bundle, found no config.json"):
        pathcast.load(str(tmp_path))
    with pytest.raises(UnknownModelError, match="model: expected one of constant-velocity-2d, found 'y'"):
        Library([ConstantVelocityEngine(2)]).get("y")
