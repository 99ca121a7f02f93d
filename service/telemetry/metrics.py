"""Metrics: what a server counts, in a registry of its own, by Prometheus' naming rules.

Hot paths touch ready-made children only; whatever can be read when somebody looks (`watch_live`) costs nothing before.
Labels are names and versions of models, reasons and codes: never who is watched, nor by whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pathcast import __version__
from pathcast.model.engine import Card
from pathcast.service.messages import Reason, Remark, Status
from pathcast.service.steps import Step
from pathcast.service.telemetry.tallies import Tallies, Tally

_MODEL = ("model", "version")
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelMetrics:
    """What is counted of one version of one model."""

    opened: Counter
    frames: Counter
    requests: Counter
    observations: Counter
    forecasts: Counter
    conflated: Counter
    late: Counter
    not_finite: Counter
    latency: Tally


@dataclass(frozen=True)
class Live:
    """What there is of one version of one model at this moment."""

    model: str
    version: str
    num_streams: int
    num_tracks: int
    num_bytes: int = 0
    """Of the tables that hold the tracks."""


class Metrics:
    """A server's metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._models: dict[tuple[str, str], ModelMetrics] = {}

        def counter(name: str, text: str, labels: tuple[str, ...] = _MODEL) -> Counter:
            return Counter(name, text, labels, registry=self.registry)

        def histogram(name: str, text: str, bounds: tuple[float, ...], labels: tuple[str, ...] = ()) -> Tallies:
            tallies = Tallies(name, text, bounds, labels)
            self.registry.register(tallies)
            return tallies

        server = Gauge("pathcast_server_info", "1, with the server's version.", ("version",), registry=self.registry)
        server.labels(__version__).set(1)
        self._info = Gauge(
            "pathcast_model_info",
            "1 for every version of a model that is served.",
            (*_MODEL, "axes"),
            registry=self.registry,
        )
        self._opened = counter("pathcast_streams_opened_total", "Streams that were opened.")
        self._closed = counter("pathcast_streams_closed_total", "Streams that ended, by reason.", (*_MODEL, "reason"))
        self._frames = counter("pathcast_frames_total", "Frames that were taken in.")
        self._requests = counter("pathcast_requests_total", "Unary requests that were answered.")
        self._observations = counter("pathcast_observations_total", "Observations that tracks took in.")
        self._forecasts = counter("pathcast_forecasts_total", "Forecasts of single tracks that were made.")
        self._conflated = counter("pathcast_conflated_total", "Answers dropped for newer ones at slow readers.")
        self._late = counter("pathcast_late_total", "Forecasts of single tracks that a baseline made in time.")
        self._not_finite = counter("pathcast_not_finite_total", "Forecasts withheld because they were not finite.")
        self._rejected = counter(
            "pathcast_rejected_total", "Observations that were not used, by reason.", (*_MODEL, "reason")
        )
        self._ended = counter("pathcast_tracks_ended_total", "Tracks that ended, by reason.", (*_MODEL, "reason"))
        self._refused = counter("pathcast_refused_total", "Messages of streams that were refused.", (*_MODEL, "code"))
        self._failed = counter("pathcast_calls_failed_total", "Calls that ended with an error, by code.", ("code",))
        self._over_quota = counter(
            "pathcast_over_quota_total", "Messages and calls refused because there were too many, by quota.", ("quota",)
        )
        self._bundles_refused = Gauge(
            "pathcast_bundles_refused",
            "Folders of the model directories that are refused at this moment; the log says why.",
            registry=self.registry,
        )
        self._latency = histogram(
            "pathcast_forecast_latency_seconds", "From a message's arrival to its answer.", _SECONDS, _MODEL
        )
        self._queue = histogram("pathcast_queue_seconds", "How long messages waited before computing.", _SECONDS).of()
        self._batch = histogram("pathcast_batch_messages", "Messages that were computed together.", _SIZES).of()
        self._rows = histogram("pathcast_batch_rows", "Observations and forecasts computed together.", _SIZES).of()
        self._batch_seconds = histogram("pathcast_batch_seconds", "How long batches were computed.", _SECONDS).of()

    def announce(self, cards: Iterable[Card]) -> None:
        """Says which models are served, and starts their counts at 0."""
        for card in cards:
            self._info.labels(card.name, card.version, card.num_axes).set(1)
            self.of(card)

    def withdraw(self, card: Card) -> None:
        """Says that a model is served no more; its counts stay."""
        self._info.remove(card.name, card.version, str(card.num_axes))

    def watch_live(self, live: Callable[[], Iterable[Live]], queue_age_s: Callable[[], float]) -> None:
        """Has open streams, live tracks and the oldest waiting message read whenever somebody looks."""
        self.registry.register(_LiveCollector(live, queue_age_s))

    def of(self, card: Card) -> ModelMetrics:
        """The counts of a model."""
        key = (card.name, card.version)
        found = self._models.get(key)
        if found is None:
            found = self._models[key] = ModelMetrics(
                opened=self._opened.labels(*key),
                frames=self._frames.labels(*key),
                requests=self._requests.labels(*key),
                observations=self._observations.labels(*key),
                forecasts=self._forecasts.labels(*key),
                conflated=self._conflated.labels(*key),
                late=self._late.labels(*key),
                not_finite=self._not_finite.labels(*key),
                latency=self._latency.of(*key),
            )
        return found

    def count_batch(self, num_messages: int, num_rows: int, seconds: float) -> None:
        """Counts what was computed together."""
        self._batch.observe(num_messages)
        self._rows.observe(num_rows)
        self._batch_seconds.observe(seconds)

    def count_steps(self, answered: list[tuple[Step, float, float]]) -> None:
        """Counts the messages of a batch, their answers being handed over.

        Args:
            answered: Each with the seconds that it was queued, and those from its arrival to its answer.
        """
        totals: dict[ModelMetrics, list[int]] = {}
        for step, queued_s, latency_s in answered:
            card = step.session.settings.card
            counts = self.of(card)
            total = totals.setdefault(counts, [0, 0, 0])
            self._queue.observe(queued_s)
            if step.observing is not None:
                times = step.observing.times
                total[0] += times.size if times.shape[1] == 1 else int(step.observing.lengths.sum())
            if step.asking is not None:
                counts.latency.observe(latency_s)
                total[1] += len(step.asking.slots)
                total[2] += len(step.asking.slots) if step.is_late else 0
                if step.remarks:
                    self.count_remarks(card, step.remarks)
        for counts, (num_observations, num_forecasts, num_late) in totals.items():
            counts.observations.inc(num_observations)
            counts.forecasts.inc(num_forecasts)
            counts.late.inc(num_late)

    def count_remarks(self, card: Card, remarks: list[Remark]) -> None:
        """Counts observations that were not used, and tracks that ended."""
        for remark in remarks:
            if remark.reason is not Reason.UNSPECIFIED:
                family = self._ended if remark.status is Status.ENDED else self._rejected
                family.labels(card.name, card.version, remark.reason.name.lower()).inc()

    def count_refused(self, card: Card, code: str) -> None:
        """Counts a message that could not be used."""
        self._refused.labels(card.name, card.version, code).inc()

    def count_closed(self, card: Card, reason: str) -> None:
        """Counts a stream's end."""
        self._closed.labels(card.name, card.version, reason).inc()

    def count_failed(self, code: str) -> None:
        """Counts a call that ended with an error."""
        self._failed.labels(code).inc()

    def count_over_quota(self, quota: str) -> None:
        """Counts what was refused because there was too much of it lately."""
        self._over_quota.labels(quota).inc()

    def show_refused_bundles(self, number: int) -> None:
        """Says how many bundles are refused at this moment."""
        self._bundles_refused.set(number)


class _LiveCollector(Collector):
    """Gauges that are read when somebody looks, from another thread than the server's."""

    def __init__(self, live: Callable[[], Iterable[Live]], queue_age_s: Callable[[], float]) -> None:
        self._live = live
        self._queue_age_s = queue_age_s

    def describe(self) -> Iterator[Metric]:
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        streams = GaugeMetricFamily("pathcast_streams", "Open streams.", labels=_MODEL)
        tracks = GaugeMetricFamily("pathcast_tracks", "Live tracks.", labels=_MODEL)
        held = GaugeMetricFamily("pathcast_state_bytes", "Bytes of the tables that hold live tracks.", labels=_MODEL)
        for each in self._live():
            streams.add_metric((each.model, each.version), each.num_streams)
            tracks.add_metric((each.model, each.version), each.num_tracks)
            held.add_metric((each.model, each.version), each.num_bytes)
        yield from (streams, tracks, held)
        yield GaugeMetricFamily(
            "pathcast_queue_age_seconds", "How long the oldest waiting message waits.", value=self._queue_age_s()
        )
