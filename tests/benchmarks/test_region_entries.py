"""Of what is told about regions, as much comes true on simulated plazas, and more than constant velocity knows."""

from __future__ import annotations

import numpy as np


def test_entries_come_true_as_often_as_told_and_are_told_better_than_by_constant_velocity() -> None:
    from region_entries import lasting, measure

    report = measure("pedestrian", 16, 77, {"lasting": lasting})
    model, rival = report["rows"]["pedestrian, lasting"], report["rows"]["constant-velocity-2d, lasting"]
    assert report["pairs"] > 1000 and 0.05 < report["true_share"] < 0.3
    assert model["unreliability"] < 0.03
    assert model["brier"] < 0.85 * rival["brier"] and report["brier_gain_95"][1] < 0


def test_the_laws_are_ordered_as_they_must_be() -> None:
    """No path enters less than its one most probable time says, and independent times enter more than lasting ones."""
    from region_entries import OFFSETS, correlated, largest, lasting, likeliest

    from pathcast.model.forecast import Forecast
    from pathcast.model.regions import Regions

    offsets = OFFSETS[None]
    means = np.zeros((1, 1, len(OFFSETS), 2), np.float32)
    means[0, 0, :, 0] = OFFSETS
    spread = np.zeros((1, 1, len(OFFSETS), 3), np.float32)
    spread[0, 0, :, [0, 2]] = (0.3 * OFFSETS) ** 2
    forecast = Forecast(offsets, np.ones((1, 1), np.float32), means, spread)
    regions = Regions.of({"beside": [(0.5, 0.6), (4.0, 0.6), (4.0, 2.0), (0.5, 2.0)]})
    arguments = forecast, np.zeros((1, 2)), regions
    ours, alone, independent = (float(law(*arguments)[0, 0]) for law in (lasting, largest, correlated(0.0)))
    assert alone <= ours + 0.02 and ours < independent - 0.05
    assert float(likeliest(*arguments)[0, 0]) == 0.0
