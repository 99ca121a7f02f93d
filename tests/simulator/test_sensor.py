import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.simulator.sensor import Sensor, watch, watch_tracks
from pathcast.tracks import Tracks

FAULTY = Sensor(
    rate_hz=30.0,
    noise_m=(0.03, 0.02, 0.01),
    clock_jitter_s=0.002,
    dropout=0.1,
    burst_s=0.2,
    latency_s=0.05,
    outliers=0.02,
)


def truth(num=400, length=60):
    return np.cumsum(np.ones((num, length, 3)) * 0.1, axis=1) + np.arange(num)[:, None, None]


def walkers(num_scenes=3, step=0.1):
    time = np.arange(0, 8 + 1e-9, step)
    pieces = [
        Tracks.from_rows(scene, track, 100.0 + time + 0.5 * track, np.stack([np.sin(time) + track, time], axis=1))
        for scene in range(num_scenes)
        for track in range(2)
    ]
    return Tracks.concatenate(pieces)


@settings(deadline=None, max_examples=15)
@given(cut=st.integers(0, 400), first=st.integers(3900, 4300))
def test_observations_do_not_depend_on_the_split_into_batches(cut, first):
    positions = truth()
    whole = watch(FAULTY, positions, 3, first)
    parts = [watch(FAULTY, positions[:cut], 3, first), watch(FAULTY, positions[cut:], 3, first + cut)]
    assert np.array_equal(whole.positions, np.concatenate([part.positions for part in parts]), equal_nan=True)
    assert np.array_equal(whole.valid, np.concatenate([part.valid for part in parts]))
    clock = FAULTY.instants(400, 2.0, 3, first)
    halves = [FAULTY.instants(cut, 2.0, 3, first), FAULTY.instants(400 - cut, 2.0, 3, first + cut)]
    assert np.array_equal(clock.sampled, np.concatenate([half.sampled for half in halves]))


@settings(deadline=None, max_examples=40)
@given(rate=st.floats(1, 500), jitter=st.floats(0, 1), duration=st.floats(0, 2))
def test_instants_always_increase_from_zero_on(rate, jitter, duration):
    sampled, reported = Sensor(rate_hz=rate, clock_jitter_s=jitter).instants(20, duration, 1)
    assert (np.diff(sampled, axis=1) > 0).all()
    assert (sampled >= 0).all()
    assert sampled.shape == (20, len(reported))
    assert reported[-1] <= duration + 1e-6
    assert duration < reported[-1] + 1.000001 / rate


def test_a_perfect_sensor_reports_the_truth():
    sensor = Sensor(rate_hz=30.0)
    positions = truth()
    seen = watch(sensor, positions, 1)
    assert np.array_equal(seen.positions, positions)
    assert seen.valid.all()
    clock = sensor.instants(2, 1.0, 1)
    assert np.array_equal(clock.sampled[1], clock.reported)
    assert clock.reported == pytest.approx(np.arange(31) / 30)


def test_latency_is_what_reported_times_are_late_by():
    late = Sensor(rate_hz=30.0, latency_s=0.05).instants(1, 1.0, 1)
    assert late.reported - late.sampled[0] == pytest.approx(0.05)


def test_noise_has_the_deviation_of_each_axis():
    error = watch(Sensor(rate_hz=30.0, noise_m=(0.03, 0.02, 0.01)), truth(), 1).positions - truth()
    assert error.reshape(-1, 3).std(0) == pytest.approx([0.03, 0.02, 0.01], rel=0.03)
    assert np.abs(error.reshape(-1, 3).mean(0)).max() < 1e-3


@pytest.mark.parametrize("burst", [0.0, 0.2])
def test_gaps_have_the_share_and_the_length_asked_for(burst):
    seen = watch(Sensor(rate_hz=30.0, dropout=0.1, burst_s=burst), truth(2000, 90), 1).valid
    assert 1 - seen.mean() == pytest.approx(0.1, abs=0.005)
    starts = (seen[:, :-2] & ~seen[:, 1:-1]).sum()
    length = (~seen[:, 1:-1]).sum() / starts
    assert length == pytest.approx(max(30 * burst, 1 / 0.9), rel=0.06)


def test_outliers_have_the_share_and_the_reach_asked_for():
    error = np.abs(watch(Sensor(rate_hz=30.0, outliers=0.02, outlier_m=0.5), truth(), 1).positions - truth())
    assert (error.max(axis=2) > 0).mean() == pytest.approx(0.02, abs=0.002)
    assert 0.45 < error.max() <= 0.5


@pytest.mark.parametrize("change", [{"noise_m": 0.0}, {"dropout": 0.0}, {"outliers": 0.0}, {"clock_jitter_s": 0.0}])
def test_switching_a_fault_off_leaves_the_others_as_they_were(change):
    kept = {name: getattr(FAULTY, name) for name in FAULTY.__dataclass_fields__} | change
    other = Sensor(**kept)
    before, after = watch(FAULTY, truth(), 1), watch(other, truth(), 1)
    if "dropout" not in change:
        assert np.array_equal(before.valid, after.valid)
    if "clock_jitter_s" not in change:
        assert np.array_equal(FAULTY.instants(9, 2.0, 1).sampled, other.instants(9, 2.0, 1).sampled)
    if not change.keys() & {"noise_m", "outliers"}:
        both = before.valid & after.valid
        assert np.array_equal(before.positions[both], after.positions[both])


def test_gaps_and_outliers_are_independent():
    seen = watch(Sensor(rate_hz=30.0, dropout=0.3, outliers=0.3), truth(4000, 2), 1)
    error = np.abs(seen.positions[:, 0] - truth(4000, 2)[:, 0]).max(axis=1)
    assert (error[seen.valid[:, 0]] > 0).mean() == pytest.approx(0.3, abs=0.03)


def test_what_is_not_there_is_not_seen():
    positions = truth()
    positions[0, 3] = np.nan
    seen = watch(FAULTY, positions, 1)
    assert not seen.valid[0, 3]
    assert np.isnan(seen.positions[~seen.valid]).all()
    assert np.isfinite(seen.positions[seen.valid]).all()


def test_the_truth_is_left_as_it_was():
    positions = truth()
    watch(FAULTY, positions, 1)
    assert np.array_equal(positions, truth())


def test_a_scene_of_tracks_is_seen_on_one_clock():
    tracks = walkers()
    seen = watch_tracks(Sensor(rate_hz=25.0, noise_m=0.01), tracks, 1)
    assert seen.num_tracks == tracks.num_tracks
    ticks = np.unique(seen.time[seen.scene == 1])
    assert np.diff(ticks) == pytest.approx(0.04, abs=1e-6)
    assert ticks[0] == 100.0
    assert Tracks.from_rows(seen.scene, seen.track, seen.time, seen.position, seen.valid).equals(seen)


def test_a_perfect_sensor_at_another_rate_interpolates_smooth_tracks():
    seen = watch_tracks(Sensor(rate_hz=37.0), walkers(), 1)
    for track in seen.each():
        time = track.time - 100.0 - 0.5 * track.track
        assert track.valid.all()
        assert np.abs(track.position - np.stack([np.sin(time) + track.track, time], axis=1)).max() < 1e-5


def test_scenes_are_seen_the_same_alone_and_together():
    tracks = walkers()
    sensor = Sensor(rate_hz=10.0, noise_m=0.05, clock_jitter_s=0.01, dropout=0.2, burst_s=0.5, outliers=0.05)
    together = watch_tracks(sensor, tracks, 4)
    alone = Tracks.concatenate([watch_tracks(sensor, tracks.select(tracks.scene == scene), 4) for scene in range(3)])
    assert together.equals(alone)
    assert not together.valid.all()


def test_tracks_are_not_seen_where_the_truth_has_gaps():
    time = np.arange(20) / 10
    position = np.stack([time, time], axis=1)
    position[8:11] = np.nan
    seen = watch_tracks(Sensor(rate_hz=40.0), Tracks.from_rows(0, 0, time, position), 1)
    hidden = (seen.time > 0.7 + 1e-9) & (seen.time < 1.1 - 1e-9)
    assert np.array_equal(seen.valid, ~hidden)
    assert seen.position[seen.valid] == pytest.approx(np.stack([seen.time, seen.time], axis=1)[seen.valid])


def test_tracks_of_one_row_and_no_tracks_are_seen():
    assert watch_tracks(Sensor(rate_hz=10.0), Tracks.from_rows(0, 0, [3.0], [[1.0, 2.0]]), 1).position.tolist() == [
        [1, 2]
    ]
    assert watch_tracks(Sensor(rate_hz=10.0), walkers().select(slice(0, 0)), 1).num_rows == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"rate_hz": 0.0}, "sensor.rate_hz"),
        ({"noise_m": -0.1}, "sensor.noise_m"),
        ({"noise_m": (0.1, 0.1, 0.1, 0.1)}, "sensor.noise_m"),
        ({"clock_jitter_s": float("nan")}, "sensor.clock_jitter_s"),
        ({"dropout": 1.0}, "sensor.dropout"),
        ({"dropout": 0.9, "burst_s": 0.1}, "sensor.burst_s"),
        ({"latency_s": -1.0}, "sensor.latency_s"),
        ({"outliers": 1.5}, "sensor.outliers"),
    ],
)
def test_an_impossible_sensor_is_refused_by_the_name_of_its_field(change, where):
    with pytest.raises(InputError) as raised:
        Sensor(**({"rate_hz": 30.0} | change))
    assert raised.value.where == where


def test_positions_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="true_positions"):
        watch(FAULTY, np.zeros((3, 4, 4)), 1)
    with pytest.raises(InputError, match="noise_m: expected one number, or 2"):
        watch(FAULTY, np.zeros((3, 4, 2)), 1)
