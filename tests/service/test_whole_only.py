"""A model whose memory reads tracks from both ends: whole tracks are forecast, a stream is refused with the reason."""

from pathlib import Path

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.bundle.config import HeadingConfig
from pathcast.model.library import load_engine
from pathcast.model.training.build import build_network
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle
from pathcast.service.client import Client, LocalServer
from pathcast.service.warming import verify


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = TrainingSettings(name="whole", summary="Untrained", num_modes=3, num_units=16, is_bidirectional=True)
    folder = tmp_path_factory.mktemp("whole")
    write_bundle(folder, build_network(settings, HeadingConfig().build()).eval(), HeadingConfig(), settings)
    return folder


def test_it_is_loaded_as_any_other(bundle: Path) -> None:
    engine = load_engine(str(bundle))
    assert engine.card.is_whole_only
    verify(engine)


def test_a_stream_is_refused_and_whole_tracks_are_forecast(bundle: Path) -> None:
    prefixes = {7: (0.4 * np.arange(6), np.c_[0.5 * np.arange(6), np.zeros(6)])}
    with LocalServer([str(bundle)]) as server, Client(server.address) as client:
        with pytest.raises(InputError, match="reads them from both ends"), client.stream("whole"):
            pass
        answer = client.forecast("whole", prefixes)
    assert answer.track_ids.tolist() == [7] and np.isfinite(answer.means).all()
