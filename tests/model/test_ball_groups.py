"""Tracks are calibrated with others seen as long, whose noise is as large, or was told."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from pathcast.model.bundle.config import SpreadGroups
from pathcast.model.frontends.ball.groups import found_noise, group_of, is_told, seen_seconds
from pathcast.model.given import Given
from pathcast.model.library import load_engine

SEEN_S, NOISE = np.array([0.2, 0.4]), np.array([0.8, 1.2])


def watched(deviation: float, told: bool, seconds: float) -> np.ndarray:
    """Filters of fifty lobs seen at 60 Hz with so much noise, as multiples of the nominal one."""
    engine = load_engine("basketball")
    random = np.random.default_rng(3)
    clock = np.arange(round(60 * seconds) + 1) / 60
    path = np.stack([-9 + 8 * clock, 0 * clock, 2 + 7 * clock - 4.9 * clock**2], axis=1)
    seen = path + 0.03 * deviation * random.standard_normal((50, *path.shape))
    given = Given(noise_m=(0.03 * deviation,)) if told else Given()
    states = engine.start(50, given)
    times, lengths = np.tile(clock, (50, 1)), np.full(50, len(clock))
    return engine.encode(states, times, seen.astype(np.float32), lengths).filter


@pytest.mark.parametrize("seconds, seen", [(0.1, 0), (0.3, 1), (0.5, 2)])
def test_groups_go_by_seconds_within_levels_of_noise(seconds: float, seen: int) -> None:
    quiet, loud, told = (watched(d, t, seconds) for d, t in ((0.4, False), (2.5, False), (2.5, True)))
    assert found_noise(quiet).mean() < found_noise(loud).mean()
    np.testing.assert_allclose(seen_seconds(loud), seconds, atol=1e-9)
    assert is_told(told).all() and not is_told(loud).any()
    assert set(group_of(told, SEEN_S, NOISE).tolist()) == {seen + 9}
    if seconds > 0.2:
        assert np.median(group_of(quiet, SEEN_S, NOISE)) == seen
        assert np.median(group_of(loud, SEEN_S, NOISE)) == seen + 6


def test_without_levels_the_untold_are_one_group() -> None:
    filters = watched(1.0, False, 0.3)
    assert set(group_of(filters, SEEN_S, np.zeros(0)).tolist()) == {1}


@pytest.mark.parametrize("noise, groups", [([], 3), ([1.0], 4), ([1.2, 0.8], 8)])
def test_factors_must_be_as_many_as_groups_and_levels_must_rise(noise: list[float], groups: int) -> None:
    with pytest.raises(ValidationError, match="spread_groups: expected rising seconds"):
        SpreadGroups(seen_s=[0.3], noise=noise, factors=[[1.0]] * groups)
