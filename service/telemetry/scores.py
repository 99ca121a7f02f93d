"""Scores: how the forecasts of each version of a model fared, as running sums; no forecast or position is kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pathcast.model.engine import Card
from pathcast.service.telemetry.ranks import NUM_SAMPLES

HORIZONS_S = (0.5, 1.0, 2.0, 4.0)
LEVELS = (0.5, 0.9)
"""Shares of the mixture that regions hold."""


class Scores:
    """Sums of one version of one model, by horizon."""

    def __init__(self) -> None:
        self.counts = np.zeros(len(HORIZONS_S), np.int64)
        self.errors = np.zeros(len(HORIZONS_S))
        """Metres, of the one best path or, where the engine gives none, of the mean path."""
        self.baseline_errors = np.zeros(len(HORIZONS_S))
        """Metres, of constant velocity from the same instants."""
        self.inside = np.zeros((len(HORIZONS_S), len(LEVELS)), np.int64)
        """True positions inside the regions of each level."""

    def add(
        self,
        horizon: int,
        errors: Float[np.ndarray, " track"],
        baseline_errors: Float[np.ndarray, " track"],
        num_denser: Int[np.ndarray, " track"],
    ) -> None:
        """Adds forecasts that were scored at a horizon."""
        self.counts[horizon] += len(errors)
        self.errors[horizon] += errors.sum()
        self.baseline_errors[horizon] += baseline_errors.sum()
        for index, level in enumerate(LEVELS):
            self.inside[horizon, index] += (num_denser < level * (NUM_SAMPLES + 1) - 1e-9).sum()

    def means(self) -> dict[str, float]:
        """Mean scores by name, such as `served_2s_error_m`; only of horizons at which something was scored."""
        result: dict[str, float] = {}
        for index, horizon in enumerate(HORIZONS_S):
            count = int(self.counts[index])
            if count:
                name = f"served_{horizon:g}s"
                result[f"{name}_count"] = float(count)
                result[f"{name}_error_m"] = float(self.errors[index]) / count
                result[f"{name}_constant_velocity_error_m"] = float(self.baseline_errors[index]) / count
                for level, inside in zip(LEVELS, self.inside[index].tolist(), strict=True):
                    result[f"{name}_coverage{100 * level:.0f}"] = inside / count
        return result


class ScoreBook(Collector):
    """The scores of all models of a server, as metrics too."""

    def __init__(self) -> None:
        self._scores: dict[tuple[str, str], Scores] = {}

    def of(self, card: Card) -> Scores:
        """The scores of a model."""
        return self._scores.setdefault((card.name, card.version), Scores())

    def describe(self) -> Iterator[Metric]:
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        labels = ("model", "version", "horizon")
        counts = CounterMetricFamily("pathcast_scored_forecasts", "Forecasts whose truth arrived.", labels=labels)
        errors = CounterMetricFamily(
            "pathcast_score_error_meters",
            "Sum of the scored forecasts' displacement errors.",
            labels=(*labels, "forecaster"),
        )
        inside = CounterMetricFamily(
            "pathcast_score_inside",
            "True positions inside the region that should hold that share.",
            labels=(*labels, "level"),
        )
        for key, scores in list(self._scores.items()):
            for index, horizon in enumerate(HORIZONS_S):
                where = (*key, f"{horizon:g}")
                counts.add_metric(where, float(scores.counts[index]))
                errors.add_metric((*where, "model"), float(scores.errors[index]))
                errors.add_metric((*where, "constant_velocity"), float(scores.baseline_errors[index]))
                for level, number in zip(LEVELS, scores.inside[index].tolist(), strict=True):
                    inside.add_metric((*where, f"{level:g}"), number)
        yield from (counts, errors, inside)
