import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
COMMITTED = json.loads((GOLDEN / "ball_throws.json").read_text())


def regenerated():
    spec = importlib.util.spec_from_file_location("regenerate_balls", GOLDEN / "regenerate_balls.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.golden()


@pytest.fixture(scope="module")
def numbers():
    return regenerated()


def test_the_same_scenarios_are_golden(numbers):
    assert numbers.keys() == COMMITTED.keys()


@pytest.mark.parametrize("name", COMMITTED)
@pytest.mark.parametrize("what", next(iter(COMMITTED.values())))
def test_throws_paths_events_and_observations_are_the_golden_ones(numbers, name, what):
    ours = np.array(numbers[name][what], np.float64)
    assert np.allclose(ours, np.array(COMMITTED[name][what], np.float64), rtol=1e-9, atol=1e-9, equal_nan=True)
