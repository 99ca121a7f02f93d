"""The engine of trained bundles: a front end, two graphs run by ONNX Runtime, and the way back to metres."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from pathcast.model.bundle.branching import follow_branches
from pathcast.model.bundle.config import (
    CARD,
    ENCODE,
    ESTIMATE,
    FORECAST,
    GOALS,
    METRICS,
    OUTCOMES,
    WEIGHTS,
    BundleConfig,
    read_config,
    read_verified,
)
from pathcast.model.bundle.placing import Said, place, place_path, rank
from pathcast.model.bundle.texts import read_metrics, read_text
from pathcast.model.bundle.weights import read_weights
from pathcast.model.bundle.whole import add_pending
from pathcast.model.contacts import Contacts, no_contacts
from pathcast.model.engine import Card, refuse, refuse_given, refuse_goals, refuse_more
from pathcast.model.forecast import Forecast, join
from pathcast.model.frontends import Base, EstimatingFrontEnd, FrontEnd
from pathcast.model.given import NOTHING_GIVEN, Given
from pathcast.model.others import Others
from pathcast.model.states import States
from pathcast.venue import SHIPPED

NEAR = 0.7
"""Flights that come less near to where they would part are not sampled."""
CHUNK = 256
"""Tracks that are forecast at once: their modes then stay in the processor's cache."""


class BundleEngine:
    """Forecasts with a trained bundle; holds no track's state."""

    def __init__(
        self,
        config: BundleConfig,
        graphs: Mapping[str, bytes],
        card: Card,
        front_end: FrontEnd,
        weights: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> None:
        """The engine.

        Args:
            config: Of the bundle.
            graphs: Its graphs by the names of their files.
            card: What it is.
            front_end: What its config names.
            weights: Of its network, where that may be decoded by compiled loops; None: the runtime does.
        """
        self._config = config
        self._card = card
        self._front_end = front_end
        self._estimating = front_end if isinstance(front_end, EstimatingFrontEnd) and ESTIMATE in graphs else None
        self._knots = np.asarray(config.knots_s)
        self._knots_of_all = np.repeat(self._knots[None], CHUNK, axis=0)
        """Of as many tracks as are forecast at once."""
        self._spread_scale = np.asarray(config.spread_scale)
        self._groups = config.spread_groups
        sessions = {name: _session(graph) for name, graph in graphs.items()}
        self._encode, self._forecast = sessions[ENCODE], sessions[FORECAST]
        self._estimate: Any = sessions.get(ESTIMATE)
        self._goals: Any = sessions.get(GOALS)
        self._outcomes: Any = sessions.get(OUTCOMES)
        self._rank, self._place = rank, place
        self._decoder: Any = None
        if front_end.num_axes == 3:  # compiled anyway
            from pathcast.model.bundle import placing_kernel
            from pathcast.model.bundle.decoding_kernel import Decoder, is_plain

            self._rank, self._place = placing_kernel.rank, placing_kernel.place_in_space
            if weights and is_plain(config.network):
                self._decoder = Decoder(config.network, weights)
        self._has_free_knots = any(
            each.name == "knots" and not isinstance(each.shape[0], int) for each in self._forecast.get_inputs()
        )
        self._outputs = [output.name for output in self._forecast.get_outputs()]
        self._memory = [self._encode.get_outputs()[0].name]
        self._num_neighbours = int(config.network.get("num_neighbours") or 0)

    @property
    def card(self) -> Card:
        return self._card

    def start(self, num_tracks: int, given: Given = NOTHING_GIVEN) -> States:
        refuse_given(self._card, given)
        memory = np.zeros((num_tracks, self._config.memory_size), np.float32)
        return States(self._front_end.begin(num_tracks, given), memory)

    def observe(
        self, states: States, times: Float[np.ndarray, " track"], positions: Float[np.ndarray, "track axis"]
    ) -> States:
        return self.encode(states, times[:, None], positions[:, None], np.ones(len(times), np.int64))

    def encode(
        self,
        states: States,
        times: Float[np.ndarray, "track time"],
        positions: Float[np.ndarray, "track time axis"],
        lengths: Int[np.ndarray, " track"],
    ) -> States:
        if self._card.is_whole_only and states.memory[lengths > 0].any():
            refuse_more(self._card)
        filters = states.filter.copy()
        steps, counts = self._front_end.absorb(
            filters,
            np.ascontiguousarray(times, np.float64),
            np.ascontiguousarray(positions, np.float32),
            np.ascontiguousarray(lengths, np.int64),
        )
        if self._card.is_whole_only:
            steps, counts = add_pending(self._front_end, filters, steps, counts, np.flatnonzero(lengths >= 2))
        return States(filters, self._remember(states.memory, steps, counts))

    def watch(
        self,
        filters: Float[np.ndarray, "track column"],
        times: Float[np.ndarray, " track"],
        positions: Float[np.ndarray, "track axis"],
    ) -> Float[np.ndarray, "track column"]:
        after = filters.copy()
        self._front_end.absorb(after, times[:, None], positions[:, None], np.ones(len(times), np.int64))
        return after

    def _remember(
        self,
        memory: Float[np.ndarray, "track unit"],
        steps: Float[np.ndarray, "track time input"],
        counts: Int[np.ndarray, " track"],
    ) -> Float[np.ndarray, "track unit"]:
        """The memory after each track's own number of steps, 0 included."""
        longest = int(counts.max(initial=0))
        if longest == 0:
            return memory
        rows = np.flatnonzero(counts)
        is_all = len(rows) == len(counts)
        chosen = steps if is_all else steps[rows]
        feed = {
            "steps": np.ascontiguousarray(chosen[:, :longest].transpose(1, 0, 2)),
            "lengths": (counts if is_all else counts[rows]).astype(np.int32),
            "memory": memory if is_all else memory[rows],
        }
        after: np.ndarray = self._encode.run(self._memory, feed)[0]
        if is_all:
            return after
        result = memory.copy()
        result[rows] = after
        return result

    def forecast(
        self, states: States, offsets: Float[np.ndarray, "track time"], others: Others | None = None
    ) -> Forecast:
        if not states.num_tracks:  # onnxruntime 1.32 aborts the process on empty sequences
            return _no_forecast(self.card, offsets)
        if self._num_neighbours and others is None:
            others = Others(states.filter, np.arange(states.num_tracks), np.arange(states.num_tracks))
        if states.num_tracks <= CHUNK:
            return self._forecast_chunk(states, offsets, others)
        starts = range(0, states.num_tracks, CHUNK)
        rows = [np.arange(start, min(start + CHUNK, states.num_tracks)) for start in starts]
        return join(
            [
                self._forecast_chunk(states.take(some), offsets[some], None if others is None else others.take(some))
                for some in rows
            ]
        )

    def _forecast_chunk(
        self, states: States, offsets: Float[np.ndarray, "track time"], others: Others | None
    ) -> Forecast:
        filters, steps, counts = self._front_end.pending(states.filter)
        memory = self._remember(states.memory, steps, counts)
        feed = {"memory": memory, "head": self._front_end.head(filters)}
        if self._estimating is not None:
            feed["shifts"] = self._estimate.run(None, feed)[0]
            filters = self._estimating.estimate(filters, feed["shifts"])
        knots = self._knots[: self._num_needed(offsets)]
        at_knots = self._front_end.base(filters, self._knots_of_all[: len(filters), : len(knots)])
        feed["knots"] = np.ascontiguousarray(at_knots.knots.transpose(1, 0, 2))
        if self._num_neighbours and others is not None:
            around, present = self._front_end.look_around(filters, others, self._num_neighbours)
            most = max(int(present.sum(axis=1).max()), 1)  # the nearest come first; empty places cost as much
            feed["neighbours"], feed["present"] = around[:, :most], present[:, :most]
        if self._decoder is None:
            outputs = dict(zip(self._outputs, self._forecast.run(self._outputs, feed), strict=True))
        else:
            outputs = self._decoder.run(memory, feed["head"], at_knots.knots)
        probabilities, order = self._rank(outputs["logits"], self._config.mode_temperature)
        heading = self._front_end.heading(filters)
        base = self._base_at(filters, offsets, knots, at_knots)
        said = Said(outputs["paths"], outputs["spreads"], knots, self._scale_of(filters)[..., : len(knots)])
        means, covariances = self._place(order, said, offsets, base, heading)
        point = outputs.get("point")
        if point is None:
            made = Forecast(offsets, probabilities, means, covariances)
            return self._follow_branches(made, filters, at_knots.partings)
        best = place_path(point, knots, offsets, base, heading)
        if share := np.float32(self._config.mean_share):
            best = (1 - share) * best + share * np.einsum("nk,nkta->nta", probabilities, means)
        return Forecast(offsets, probabilities, means, covariances, best)

    def _follow_branches(
        self, made: Forecast, filters: Float[np.ndarray, "track column"], partings: Float[np.ndarray, " track"] | None
    ) -> Forecast:
        """The forecast with the ways of sample flights where a flight may part."""
        if self._estimating is None or not self._config.branch_share or partings is None:
            return made
        if not len(rows := np.flatnonzero(partings > NEAR)):
            return made
        ways = self._estimating.branches(filters[rows], made.offsets[rows], made.means.shape[1] - 1)
        return follow_branches(made, ways, rows, self._config.branch_share)

    def _scale_of(self, filters: Float[np.ndarray, "track column"]) -> Float[np.ndarray, "*track knot"]:
        """What spreads are multiplied by at the knots: for all tracks alike, or for each by its group."""
        if self._groups is None or self._estimating is None:
            return self._spread_scale
        edges = np.asarray(self._groups.seen_s), np.asarray(self._groups.noise)
        group = self._estimating.group_of(filters, *edges)
        return np.asarray(self._spread_scale * np.asarray(self._groups.factors)[group])

    def _num_needed(self, offsets: Float[np.ndarray, "track time"]) -> int:
        """Knots up to the last offset, where the decoder need not be run over all of them."""
        num = len(self._knots)
        if not self._has_free_knots or not offsets.size:
            return num
        return min(max(int(np.searchsorted(self._knots, float(offsets.max()) - 1e-9)) + 1, 2), num)

    def _base_at(
        self,
        filters: Float[np.ndarray, "track column"],
        offsets: Float[np.ndarray, "track time"],
        knots: Float[np.ndarray, " knot"],
        at_knots: Base,
    ) -> Base:
        """The base at the offsets, of which nothing is computed twice."""
        num = offsets.shape[1]
        apart = offsets - knots[:num] if num <= len(knots) else offsets
        if num <= len(knots) and np.vdot(apart, apart) < 1e-18:
            return Base(at_knots.path[:, :num], at_knots.unit[:, :num], at_knots.knots)
        if self._estimating is None:
            return self._front_end.base(filters, offsets)
        return self._estimating.base_between(filters, offsets, knots, at_knots)

    def positions(self, states: States) -> Float[np.ndarray, "track axis"]:
        return self._front_end.places(states.filter)

    def goal_probabilities(
        self, states: States, goals: Float[np.ndarray, "goal 4"]
    ) -> Float[np.ndarray, "track choice"]:
        if self._goals is None:
            refuse_goals(self._card)
        probabilities = np.ones((states.num_tracks, len(goals) + 1), np.float32)
        if not len(goals):
            return probabilities
        for start in range(0, states.num_tracks, CHUNK):
            rows = np.arange(start, min(start + CHUNK, states.num_tracks))
            logits = self._weigh_goals(states.take(rows), goals)
            probabilities[rows] = _softmax(logits / self._config.goal_temperature)
        return probabilities

    def outcomes(self, states: States) -> Float[np.ndarray, "track outcome"]:
        if self._outcomes is None or self._estimating is None:
            refuse(self._card, "outcomes")
        if not states.num_tracks:
            return np.zeros((0, len(self._card.outcome_names)), np.float32)
        logits = self._outcomes.run(None, {"shots": self._estimating.shots(self._estimated(states))})[0]
        return self._estimating.outcome_probabilities(
            _softmax(logits.astype(np.float64) / self._config.outcome_temperature)
        )

    def contacts(self, states: States, horizon_s: float) -> Contacts:
        if self._estimating is None:
            refuse(self._card, "contacts")
        if not states.num_tracks:
            return no_contacts()
        return self._estimating.contacts(self._estimated(states), np.full(states.num_tracks, float(horizon_s)))

    def surprise(self, states: States) -> Float[np.ndarray, " track"]:
        if self._estimating is None:
            return np.zeros(states.num_tracks)
        return self._estimating.surprise(states.filter)

    def is_suspect(self, states: States) -> Bool[np.ndarray, " track"]:
        if self._estimating is None:
            return np.zeros(states.num_tracks, np.bool_)
        return self._estimating.is_suspect(states.filter)

    def _estimated(self, states: States) -> Float[np.ndarray, "track column"]:
        """Filters moved to what the network makes of them."""
        assert self._estimating is not None
        feed = {"memory": states.memory, "head": self._front_end.head(states.filter)}
        return self._estimating.estimate(states.filter, self._estimate.run(None, feed)[0])

    def _weigh_goals(self, states: States, goals: Float[np.ndarray, "goal 4"]) -> Float[np.ndarray, "track choice"]:
        """Logits before calibration, float64."""
        filters, steps, counts = self._front_end.pending(states.filter)
        feed = {
            "memory": self._remember(states.memory, steps, counts),
            "head": self._front_end.head(filters),
            "goals": self._front_end.look_at_goals(filters, np.broadcast_to(goals, (len(filters), *goals.shape))),
        }
        logits: np.ndarray = self._goals.run(None, feed)[0]
        return logits.astype(np.float64)


def _no_forecast(card: Card, offsets: Float[np.ndarray, "track time"]) -> Forecast:
    """The forecast of no tracks."""
    axes, shape = card.num_axes, (0, card.num_modes, offsets.shape[1])
    return Forecast(
        offsets,
        np.zeros(shape[:2], np.float32),
        np.zeros((*shape, axes), np.float32),
        np.zeros((*shape, axes * (axes + 1) // 2), np.float32),
        np.zeros((0, offsets.shape[1], axes), np.float32) if card.has_point else None,
    )


def _softmax(logits: Float[np.ndarray, "track choice"]) -> Float[np.ndarray, "track choice"]:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return result


def _session(graph: bytes) -> Any:
    """One thread: rows are batched instead, and several servers share a machine's cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def load_bundle(folder: Path) -> BundleEngine:
    """Reads, verifies and starts a bundle.

    Raises:
        BundleError: A file is missing, altered or of another format.
    """
    config = read_config(folder)
    names = (ENCODE, FORECAST, *(name for name in (ESTIMATE, GOALS, OUTCOMES) if name in config.files))
    graphs = {name: read_verified(folder, name, config) for name in names}
    front_end = config.front_end.build()
    is_ball = front_end.num_estimated > 0
    is_estimating = is_ball and ESTIMATE in config.files
    card = Card(
        name=config.name,
        version=config.version,
        summary=config.summary,
        num_axes=front_end.num_axes,
        horizon_s=config.knots_s[-1],
        offsets_s=tuple(config.offsets_s),
        num_modes=config.num_modes,
        coast_s=config.coast_s,
        warm_points=config.warm_points,
        venue=SHIPPED[config.venue] if config.venue else None,
        uses_neighbours=bool(config.network.get("num_neighbours")),
        walks=front_end.name == "heading" and front_end.num_axes == 2,
        has_point=bool(config.network.get("has_point")),
        takes_goals=GOALS in config.files,
        outcome_names=front_end.outcome_names if OUTCOMES in config.files else (),
        has_contacts=is_estimating,
        has_surprise=is_estimating,
        takes_noise=is_ball,
        takes_object=is_ball,
        is_whole_only=bool(config.network.get("is_bidirectional")),
        metrics=read_metrics(folder / METRICS),
        text=read_text(folder / CARD, "text in UTF-8"),
        digest=config.digest,
    )
    weights = None
    if front_end.num_axes == 3 and (folder / WEIGHTS).exists():
        weights = read_weights(read_verified(folder, WEIGHTS, config))
    return BundleEngine(config, graphs, card, front_end, weights)
