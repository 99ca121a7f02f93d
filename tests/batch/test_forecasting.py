"""A table of tracks in, a table of forecasts out: the same numbers as in Python, and nothing dropped in silence."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import pathcast
from pathcast.batch import forecasting
from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.rejected import FAR, NOT_FINITE, ONCE, UNSEEN, count_reasons
from pathcast.batch.wanted import Wanted
from pathcast.errors import InputError
from pathcast.model import instants
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.library import load_engine
from pathcast.tracks import Tracks

MODELS = {"pedestrian": 2, "constant-velocity-2d": 2, "ball": 3, "basketball": 3, "table-tennis": 3}


def column(table: pa.Table, name: str) -> np.ndarray:
    """A column of lists as an array of the shape that its field tells."""
    shape = json.loads(table.schema.field(name).metadata[b"pathcast"])["shape"]
    flat = table[name].combine_chunks().flatten()
    return np.asarray(flat).reshape(-1, *shape)


def shown(tracks: Tracks, time: float) -> Tracks:
    return tracks.select(tracks.time <= time)


@pytest.mark.parametrize("name", MODELS)
def test_every_instant_is_what_python_says_of_the_prefix_until_then(walks, name):
    tracks = walks(axes=MODELS[name])
    if name != "pedestrian" and MODELS[name] == 3:
        tracks = replace(tracks, time=tracks.time / 10)
    forecaster = pathcast.load(name)
    found, rejected = BatchForecaster(forecaster.engine)(tracks.to_arrow())
    assert not rejected.num_rows
    keys = list(zip(*(found[each].to_pylist() for each in ("scene", "track", "origin_time")), strict=True))
    assert keys == sorted(keys)
    assert len(keys) == sum(max(int(each.valid.sum()) - 1, 0) for each in tracks.each())
    means, covariances = column(found, "means"), column(found, "covariances")
    for scene, track, time in keys[:: max(len(keys) // 12, 1)]:
        row = keys.index((scene, track, time))
        said = forecaster.forecast(shown(tracks.select(tracks.scene == scene), time))
        (place,) = np.flatnonzero(said.track == track)
        assert means[row] == pytest.approx(said.forecast.means[place], abs=1e-5)
        assert covariances[row] == pytest.approx(said.forecast.covariances[place], rel=1e-4, abs=1e-5)
        assert column(found, "probabilities")[row] == pytest.approx(said.forecast.probabilities[place], abs=1e-5)


@pytest.mark.parametrize("name", ["pedestrian", "basketball"])
def test_the_last_instants_are_what_python_says_of_whole_tracks(walks, name):
    tracks = walks(axes=MODELS[name])
    forecaster = pathcast.load(name)
    wanted = Wanted(every=None, offsets_s=(0.3, 0.5), num_modes=2, goals={"door": (1.0, 2.0)} if name[0] == "p" else {})
    found, _ = BatchForecaster(forecaster.engine, wanted)(tracks.to_arrow())
    said = forecaster.forecast(tracks, [0.3, 0.5], 2)
    assert found["track"].to_pylist() == said.track.tolist()
    assert column(found, "means") == pytest.approx(said.forecast.means, abs=1e-5)
    if wanted.goals:
        weighed = forecaster.goal_probabilities(tracks, wanted.goals)
        assert column(found, "goals") == pytest.approx(weighed.probabilities, abs=1e-5)
    else:
        assert column(found, "outcomes") == pytest.approx(forecaster.outcomes(tracks).probabilities, abs=1e-5)


def test_every_third_instant_is_every_third_of_all(walks):
    tracks = walks(length=12)
    engine = load_engine("pedestrian")
    whole, _ = BatchForecaster(engine)(tracks.to_arrow())
    third, _ = BatchForecaster(engine, Wanted(every=3))(tracks.to_arrow())
    keys = [(each["track"], each["origin_time"]) for each in whole.select(["track", "origin_time"]).to_pylist()]
    kept = [row for row, key in enumerate(keys) if sum(key[0] == other[0] for other in keys[:row]) % 3 == 0]
    assert third["origin_time"].to_pylist() == [keys[row][1] for row in kept]
    assert column(third, "means") == pytest.approx(column(whole, "means")[kept], abs=1e-5)


@pytest.mark.parametrize("model", ["pedestrian", "constant-velocity-2d"])
def test_how_much_is_done_at_once_changes_no_more_than_rounding(walks, monkeypatch, model):
    table = walks(num=20, length=20).to_arrow()
    engine = load_engine(model)
    whole, _ = BatchForecaster(engine)(table)
    monkeypatch.setattr(forecasting, "STATES_AT_ONCE", 7)
    monkeypatch.setattr(instants, "STRIDE", 2)
    monkeypatch.setattr(instants, "_TRACKS_AT_ONCE", 3)
    monkeypatch.setattr(instants, "_ROWS_AT_ONCE", 30)
    small = BatchForecaster(engine)
    small.rows_in_part = 5
    found, _ = small(table)
    assert found.drop_columns(["probabilities", "means", "covariances", "point"] if model[0] == "p" else ["means"])
    assert found["track"].equals(whole["track"])
    assert column(found, "means") == pytest.approx(column(whole, "means"), abs=1e-5)


def test_nobody_sees_who_comes_later(walks):
    tracks = walks(num=8, scenes=1)
    engine = load_engine("pedestrian")
    late = replace(tracks, time=np.where(tracks.track == 0, tracks.time + 100, tracks.time))
    alone, _ = BatchForecaster(engine)(tracks.select(tracks.track != 0).to_arrow())
    found, _ = BatchForecaster(engine)(late.to_arrow())
    others = np.asarray(found["track"]) != 0
    assert column(found, "means")[others] == pytest.approx(column(alone, "means"), abs=1e-5)


def test_what_gets_no_forecast_is_told_with_its_reason(walks):
    tracks = walks(num=4, scenes=1)
    valid, position = tracks.valid.copy(), tracks.position.copy()
    starts = tracks.starts
    valid[starts[0] : starts[1]] = False
    valid[starts[1] + 1 : starts[2]] = False
    position[starts[2], 0] = 9000.0
    spoilt = replace(tracks, valid=valid, position=np.where(valid[:, None], position, np.nan))
    found, rejected = BatchForecaster(load_engine("pedestrian"))(spoilt.to_arrow())
    assert set(found["track"].to_pylist()) == {21}
    assert rejected["track"].to_pylist() == [0, 7, 14]
    assert rejected["reason"].to_pylist() == [UNSEEN, ONCE, FAR]
    assert rejected["observations"].to_pylist()[:2] == [0, 1]


def test_forecasts_that_are_not_finite_are_told_and_not_written(walks):
    class Broken(ConstantVelocityEngine):
        def forecast(self, states, offsets, others=None):
            made = super().forecast(states, offsets, others)
            made.means[states.filter[:, 0] == 3] = np.nan
            return made

    tracks = walks(num=6)
    found, rejected = BatchForecaster(Broken(2))(tracks.to_arrow())
    assert count_reasons(rejected) == {NOT_FINITE: rejected.num_rows}
    assert rejected.num_rows and set(rejected["observations"].to_pylist()) == {3}
    assert found.num_rows + rejected.num_rows == sum(int(each.valid.sum()) - 1 for each in tracks.each())


def test_an_origin_far_away_is_added_again(walks):
    tracks = walks()
    moved = replace(tracks, position=tracks.position + np.array([500_000.0, 5_000_000.0]))
    engine = load_engine("pedestrian")
    near, _ = BatchForecaster(engine)(tracks.to_arrow())
    far, none = BatchForecaster(engine, Wanted(origin=(500_000.0, 5_000_000.0)))(moved.to_arrow())
    assert not none.num_rows
    assert column(far, "means") - [500_000.0, 5_000_000.0] == pytest.approx(column(near, "means"), abs=1e-4)
    _, all_far = BatchForecaster(engine)(moved.to_arrow())
    assert count_reasons(all_far) == {FAR: tracks.num_tracks}


def test_an_empty_table_gives_empty_tables_of_the_same_columns(walks):
    for engine in (load_engine("pedestrian"), load_engine("basketball")):
        tracks = walks(axes=engine.card.num_axes)
        full, _ = BatchForecaster(engine)(tracks.to_arrow())
        empty, rejected = BatchForecaster(engine)(tracks.to_arrow().slice(0, 0))
        assert empty.num_rows == rejected.num_rows == 0
        assert empty.schema.equals(full.schema, check_metadata=True)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (Wanted(every=0), "every: expected 1 or more"),
        (Wanted(num_modes=-1), "num_modes"),
        (Wanted(offsets_s=(0.4, 99.0)), "offsets"),
        (Wanted(outputs=("means", "speed")), "outputs: expected some of means"),
        (Wanted(outputs=("outcomes",)), "outcomes"),
        (Wanted(outputs=("goals",)), "goals to weigh"),
        (Wanted(goals={"door": (1.0, float("nan"))}), "goals: door"),
    ],
)
def test_what_the_model_does_not_have_is_refused_before_anything_is_read(wanted, text):
    with pytest.raises(InputError, match=text):
        BatchForecaster(load_engine("pedestrian"), wanted)
