"""Tallies: histograms that are counted in plain numbers, and put together when somebody looks.

prometheus-client's own take a lock and touch two objects for every number; a message has three.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Tally:
    """How many numbers lay in each bucket, and their sum. One thread counts; another may read."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        """Upper bounds, included, rising; above the last there is no bound."""
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Counts a number."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Tallies(Collector):
    """One histogram, with a tally for each of its labels' values."""

    def __init__(self, name: str, text: str, bounds: Sequence[float], labels: Sequence[str] = ()) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._bounds = tuple(bounds)
        self._tallies: dict[tuple[str, ...], Tally] = {}

    def of(self, *labels: str) -> Tally:
        """The tally of these values."""
        return self._tallies.setdefault(labels, Tally(self._bounds))

    def describe(self) -> Iterator[Metric]:
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for labels, tally in list(self._tallies.items()):
            reached = accumulate(list(tally.counts))
            family.add_metric(labels, list(zip(names, reached, strict=True)), tally.sum)
        yield family
