import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
COMMITTED = json.loads((GOLDEN / "watched_scenes.json").read_text())


@pytest.fixture(scope="module")
def numbers():
    spec = importlib.util.spec_from_file_location("regenerate_sensor", GOLDEN / "regenerate_sensor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.golden()


def test_the_same_sensors_are_golden(numbers):
    assert numbers.keys() == COMMITTED.keys()


@pytest.mark.parametrize("name", COMMITTED)
@pytest.mark.parametrize("what", next(iter(COMMITTED.values())))
def test_what_sensors_report_is_the_golden(numbers, name, what):
    ours = np.array(numbers[name][what], np.float64)
    assert np.allclose(ours, np.array(COMMITTED[name][what], np.float64), rtol=1e-9, atol=1e-9, equal_nan=True)
