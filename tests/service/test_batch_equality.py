"""Batch, service and Python say the same of the same tracks, for every model that ships."""

import json

import numpy as np
import pyarrow as pa
import pytest

import pathcast
from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.wanted import Wanted
from pathcast.model.library import load_engine
from pathcast.service.client import Client, LocalServer
from tests.service.test_equality import as_one_scene, random_tracks

SHIPPED = ["ball", "basketball", "pedestrian", "table-tennis"]


def array(table: pa.Table, name: str) -> np.ndarray:
    shape = json.loads(table.schema.field(name).metadata[b"pathcast"])["shape"]
    return np.asarray(table[name].combine_chunks().flatten()).reshape(-1, *shape)


@pytest.fixture(scope="module")
def client():
    with LocalServer(SHIPPED) as server, Client(server.address) as client:
        yield client


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", range(2))
def test_batch_service_and_python_agree(client, name, seed):
    forecaster = pathcast.load(name)
    prefixes = {track: path for track, path in random_tracks(seed, forecaster.card, 8, 20).items() if len(path[0]) > 1}
    tracks = as_one_scene(prefixes)
    table, rejected = BatchForecaster(load_engine(name), Wanted(every=None))(tracks.to_arrow())
    assert not rejected.num_rows and table["track"].to_pylist() == sorted(prefixes)
    python = forecaster.forecast(tracks)
    served = client.forecast(name, prefixes)
    order = np.argsort(served.track_ids)
    assert served.means is not None and served.covariances is not None
    for batch, here, there in (
        (array(table, "probabilities"), python.forecast.probabilities, served.probabilities[order]),
        (array(table, "means"), python.forecast.means, served.means[order]),
    ):
        np.testing.assert_allclose(batch, here, rtol=0, atol=1e-5)
        np.testing.assert_allclose(batch, there, rtol=0, atol=1e-5)
    covariances = array(table, "covariances")
    np.testing.assert_allclose(covariances, python.forecast.covariances, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(covariances, served.covariances[order], rtol=1e-4, atol=1e-5)


def test_every_instant_of_a_batch_is_what_a_stream_is_told(client):
    from tests.service.test_equality import frames_of

    card = load_engine("pedestrian").card
    tracks = random_tracks(5, card, 6, 16)
    table, _ = BatchForecaster(load_engine("pedestrian"))(as_one_scene(tracks).to_arrow())
    means = array(table, "means")
    keys = list(zip(table["track"].to_pylist(), table["origin_time"].to_pylist(), strict=True))
    found = {}
    with client.stream("pedestrian") as stream:
        for answer in stream.forecasts(frames_of(tracks)):
            for row, track in enumerate(answer.track_ids.tolist()):
                if answer.capture_time_s in tracks[track][0]:
                    found[track, answer.capture_time_s] = answer.means[row]
    assert set(found) == set(keys)
    for row, key in enumerate(keys):
        np.testing.assert_allclose(means[row], found[key], rtol=0, atol=1e-5)
