"""Tracks of whatever form a program holds them in are the same tracks, and what is wrong with them is said by name."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import pathcast
from pathcast.errors import InputError
from pathcast.formats.anything import as_tracks
from pathcast.tracks import Tracks

TIME = np.tile(np.arange(5) * 0.4, 3)
TRACK = np.repeat([3, 5, 9], 5)
PLACE = np.random.default_rng(1).normal(0, 1, (15, 2)).cumsum(axis=0)
TRACKS = Tracks.from_rows(0, TRACK, TIME, PLACE)
COLUMNS = {"track": TRACK, "time": TIME, "x": PLACE[:, 0], "y": PLACE[:, 1]}


def structured() -> np.ndarray:
    array = np.empty(15, [("track", "u8"), ("time", "f8"), ("x", "f8"), ("y", "f8")])
    for name, values in COLUMNS.items():
        array[name] = values
    return array


FORMS = {
    "Tracks": TRACKS,
    "Arrow table": pa.table(COLUMNS),
    "record batch": pa.RecordBatch.from_pydict(COLUMNS),
    "DataFrame": pd.DataFrame(COLUMNS),
    "DataFrame with an index": pd.DataFrame(COLUMNS).set_index(np.arange(100, 115)),
    "DataFrame of Arrow types": pd.DataFrame(COLUMNS).convert_dtypes(dtype_backend="pyarrow"),
    "dict": COLUMNS,
    "dict of lists": {name: values.tolist() for name, values in COLUMNS.items()},
    "structured array": structured(),
    "array": np.column_stack(list(COLUMNS.values())),
    "names of units": pd.DataFrame(COLUMNS).rename(columns={"x": "x_m", "time": "time [s]", "track": "track_id"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_tracks_and_forecasts(form):
    assert as_tracks(FORMS[form]).equals(TRACKS)
    forecaster = pathcast.load("pedestrian")
    expected, found = forecaster.forecast(TRACKS), forecaster.forecast(FORMS[form])
    assert np.array_equal(found.forecast.means, expected.forecast.means)
    assert found.to_arrow().equals(expected.to_arrow())


def test_answers_go_to_arrow_and_pandas():
    answer = pathcast.load("pedestrian").forecast(pd.DataFrame(COLUMNS), num_modes=3)
    frame = answer.to_pandas()
    assert frame["track"].tolist() == [3, 5, 9]
    assert np.array_equal(np.stack(frame["means"]).reshape(3, 3, 12, 2), answer.forecast.means)
    assert answer.to_arrow().num_rows == 3


def test_positions_that_are_missing_were_not_seen():
    frame = pd.DataFrame(COLUMNS)
    frame.loc[2, "x"] = np.nan
    assert as_tracks(frame).valid.tolist() == [row != 2 for row in range(15)]


@pytest.mark.parametrize(
    ("tracks", "text"),
    [
        (pd.DataFrame(COLUMNS).drop(columns="y"), "tracks: columns: expected one for y"),
        (pd.DataFrame(COLUMNS).assign(x="far"), "tracks:0: column x: expected metres, found .*string such as far"),
        (pd.DataFrame(COLUMNS).assign(track="p1"), "tracks:0: column track: expected whole numbers"),
        (
            pd.DataFrame(COLUMNS).assign(time=pd.Timestamp(0)),
            "tracks:0: column time: expected seconds, found timestamp",
        ),
        (pd.DataFrame(COLUMNS).assign(track=TRACK + 0.5), "track: expected whole numbers"),
        (pd.DataFrame(COLUMNS).rename(columns={"x": "x_ft"}), "unit 'ft'"),
        ({**COLUMNS, "x": [1.0]}, "columns of one length"),
        ({**COLUMNS, "x": PLACE}, "column x: expected numbers in one axis"),
        (np.zeros((5, 3)), r"shape \(5, 3\)"),
        (np.zeros((5, 3, 2)), r"an array \[row, 4 or 5\]"),
        ([1, 2], "found list"),
        ("walk.csv", "found str"),
        (None, "found NoneType"),
    ],
)
def test_what_is_no_tracks_is_said_by_name(tracks, text):
    with pytest.raises(InputError, match=text):
        pathcast.load("pedestrian").forecast(tracks)


WITHOUT_PANDAS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "pandas":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import numpy, pyarrow, pathcast

forecaster = pathcast.load("pedestrian")
table = pyarrow.table({"track": [1, 1], "time": [0.0, 0.4], "x": [0.0, 1.0], "y": [0.0, 0.0]})
assert forecaster.forecast(table).to_arrow()["track"].to_pylist() == [1]
assert forecaster.forecast(numpy.zeros((0, 4))).to_arrow().num_rows == 0
"""


def test_nothing_needs_pandas_but_a_frame_of_it():
    subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], check=True)
