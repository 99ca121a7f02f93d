"""Evaluating: a scenario put to a service or to an engine, or recorded tracks put to several, up to the judgement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from pathcast import __version__
from pathcast.errors import InputError
from pathcast.live.judging.asking import Able, Asking, Known, ask, known_of
from pathcast.live.judging.engine_run import run_engine
from pathcast.live.judging.faults import Faults, spoil
from pathcast.live.judging.judgement import Judged, comparisons
from pathcast.live.judging.reference import find_reference, to_json, why_not
from pathcast.live.judging.rivals import rivals_of
from pathcast.live.judging.scored import Scored
from pathcast.live.judging.scoring import Scorer
from pathcast.live.judging.service_run import Pace, ServiceRun
from pathcast.live.judging.traffic import Traffic
from pathcast.live.playing.recorded import recorded_streams
from pathcast.live.playing.scenarios import Play
from pathcast.live.playing.streams import PlayedStream
from pathcast.model.engine import Engine
from pathcast.service.client import Client, Credentials
from pathcast.simulator.ball.scenarios import SCENARIOS as KINDS_OF_THROWS
from pathcast.tracks import Tracks


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be scored, and how thoroughly."""

    offsets_s: tuple[float, ...] = ()
    num_modes: int = 0
    forecast_every: int = 1
    num_cases: int = 10_000
    """Forecasts that are scored, about; of fewer all."""
    num_reference: int = 200
    """Cases beside the best achievable; 0: none."""
    reference_s: float = 60.0
    """That this may take."""
    is_told: bool = True
    """Whether the model is told the sensor's noise and the ball, where it takes them."""
    has_outcomes: bool = True
    has_goals: bool = True
    seed: int = 1
    """Of which forecasts are scored, of samples and of faults."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What was evaluated, and what was found."""

    title: str
    streams: Sequence[PlayedStream]
    judged: Sequence[Judged]
    settings: dict[str, Any]
    """All that it takes to run it again."""
    traffic: Traffic | None = None
    clusters: str = "scenes"
    comparisons: list[dict[str, Any]] = field(default_factory=list)
    regret: dict[str, Any] = field(default_factory=dict)
    """Of the first model; or why there is none."""

    @property
    def alarms(self) -> list[str]:
        """Of all models."""
        return [alarm for each in self.judged for alarm in each.alarms()]

    def to_json(self) -> dict[str, Any]:
        """Everything but the cases themselves."""
        return {
            "title": self.title,
            "settings": self.settings,
            "traffic": None if self.traffic is None else self.traffic.to_json(),
            "independent": self.clusters,
            "models": [each.to_json() for each in self.judged],
            "comparisons": self.comparisons,
            "regret": self.regret,
            "alarms": self.alarms,
        }


def evaluate_service(
    address: str,
    credentials: Credentials,
    model: str,
    play: Play,
    wish: Wish,
    *,
    is_realtime: bool,
    faults: Faults,
    watch: Callable[[str], None] = lambda _: None,
    is_beside: bool = True,
) -> Evaluation:
    """Plays a scenario into a running service and scores what it says.

    Args:
        address: HOST:PORT.
        credentials: Of a protected server.
        model: Its name there.
        play: The scenario.
        wish: What is scored.
        is_realtime: Whether every frame is sent at its instant.
        faults: While it runs.
        watch: Told in words how far it is.
        is_beside: Whether another process scores.

    Raises:
        InputError: A model of other axes, offsets beyond its horizon, or nothing that could be scored.
        PathcastError: As the server answers.
    """
    with Client(address, timeout_s=10.0, credentials=credentials) as client:
        able = Able.of(client.model(model))
    asking = _asking(able, play, wish)
    streams, num_dropped, num_swapped = _spoilt(play, faults, wish.seed)
    share = _share(streams, wish)
    pace = Pace(is_realtime=is_realtime, period_s=1 / play.sensor.rate_hz)
    run = ServiceRun(address, credentials, streams, asking, pace, faults, wish.seed)
    run.traffic.num_dropped, run.traffic.num_swapped = num_dropped, num_swapped

    def told(traffic: Traffic) -> None:
        watch(f"{traffic.num_answered} of {traffic.num_due} frames answered, {traffic.num_forecasts} forecasts")

    with Scorer([stream.truth for stream in streams], wish.seed, is_beside) as scorer:
        scored = run.run(scorer, share, told)
    settings = {"service": address, "pace": "real time" if is_realtime else "as fast as it can", "faults": vars(faults)}
    return _judge_play(play, streams, asking, wish, scored, run.traffic, settings, watch)


def evaluate_engine(
    engine: Engine, play: Play, wish: Wish, faults: Faults | None = None, watch: Callable[[str], None] = lambda _: None
) -> Evaluation:
    """The same in this process, without a service: the scores are those of a service that answers every frame.

    Raises:
        InputError: As of `evaluate_service`.
    """
    asking = _asking(Able.of(engine.card), play, wish)
    streams, num_dropped, num_swapped = _spoilt(play, faults or Faults(), wish.seed)
    scored, traffic = run_engine(engine, streams, asking, _share(streams, wish), wish.seed)
    traffic.num_dropped, traffic.num_swapped = num_dropped, num_swapped
    settings = {"service": None, "faults": vars(faults or Faults())}
    return _judge_play(play, streams, asking, wish, scored, traffic, settings, watch)


def evaluate_tracks(
    engines: dict[str, Engine],
    tracks: Tracks,
    wish: Wish,
    known: Known,
    settings: dict[str, Any],
    watch: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """A rolling backtest: engines are shown every frame of recorded tracks, and scored by what was seen later.

    Args:
        engines: By name, at least one.
        tracks: Recorded.
        wish: What is scored; offsets are the first engine's unless it names some, as far as all of them reach.
        known: What engines are told of sensor and object.
        settings: Of the data, for the report.
        watch: Told in words how far it is.

    Raises:
        InputError: No tracks, an engine of other axes, or nothing that could be scored.
    """
    streams = recorded_streams(tracks)
    if not streams:
        raise InputError("DATA", "tracks with at least one valid observation", "none")
    reach = min(engine.card.horizon_s for engine in engines.values())
    first = next(iter(engines.values())).card
    offsets = wish.offsets_s or tuple(offset for offset in first.offsets_s if offset <= reach + 1e-9)
    share, judged, asked = _share(streams, wish), [], {}
    clusters = "scenes"
    for name, engine in engines.items():
        able = Able.of(engine.card)
        asking = ask(able, tracks.num_axes, "these tracks", known, offsets, wish.num_modes, wish.forecast_every)
        asked[name] = asking.to_json()
        done = [0]

        def told(count: int, name: str = name, done: list[int] = done) -> None:
            done[0] += count
            watch(f"{name}, frame {done[0]} of {sum(len(stream.frames) for stream in streams)}")

        found, traffic = run_engine(engine, streams, asking, share, wish.seed, told)
        scored, clusters = _some(found).clustered()
        watch(f"{name}, baselines")
        judged.append(
            Judged(
                name,
                scored,
                rivals_of(scored, None, wish.seed),
                outcome_names=asking.outcome_names,
                num_forecasts=traffic.num_forecasts,
            )
        )
    watch("comparing")
    return Evaluation(
        title=f"{' and '.join(engines)} on {settings.get('data', 'recorded tracks')}",
        streams=streams,
        judged=judged,
        settings=settings | {"asked": asked, "wish": vars(wish), "versions": _versions()},
        clusters=clusters,
        comparisons=comparisons(judged, wish.seed),
        regret={"left_out": "recorded tracks: nobody knows the best achievable"},
    )


def _asking(able: Able, play: Play, wish: Wish) -> Asking:
    known = known_of(play) if wish.is_told else Known()
    name = f"the scenario {play.scenario.name}"
    asking = ask(able, play.scenario.num_axes, name, known, wish.offsets_s, wish.num_modes, wish.forecast_every)
    return replace(
        asking,
        takes_goals=asking.takes_goals and wish.has_goals,
        outcome_names=asking.outcome_names if wish.has_outcomes else (),
    )


def _spoilt(play: Play, faults: Faults, seed: int) -> tuple[tuple[PlayedStream, ...], int, int]:
    found = [spoil(stream, number, faults, seed) for number, stream in enumerate(play.streams)]
    return tuple(stream for stream, _, _ in found), sum(each for _, each, _ in found), sum(each for _, _, each in found)


def _share(streams: Sequence[PlayedStream], wish: Wish) -> float:
    """Of the forecasts, that makes the number of cases that is wished for."""
    return min(1.0, wish.num_cases * wish.forecast_every / max(sum(stream.num_observations for stream in streams), 1))


def _some(scored: Scored | None) -> Scored:
    """The cases.

    Raises:
        InputError: There is none whose future is known.
    """
    if scored is None or not scored.num_cases or not (scored.error == scored.error).any():
        expected = "tracks seen at least twice, and once more at an offset that is asked for"
        raise InputError("cases", expected, "no forecast that could be scored")
    return scored


def _judge_play(
    play: Play,
    streams: Sequence[PlayedStream],
    asking: Asking,
    wish: Wish,
    found: Scored | None,
    traffic: Traffic,
    settings: dict[str, Any],
    watch: Callable[[str], None],
) -> Evaluation:
    scored, clusters = _some(found).clustered()
    watch("baselines")
    rivals = rivals_of(scored, KINDS_OF_THROWS.get(play.scenario.name), wish.seed)
    reference, regret = None, {"left_out": why_not(play) or "not wished for"}
    if wish.num_reference and not why_not(play):
        watch("the best achievable")
        reference = find_reference(play, scored, wish.num_reference, wish.reference_s, wish.seed)
        regret = {"left_out": "no case at an instant that the best achievable is known for"}
    regrets = {} if reference is None else reference.regrets(scored, wish.seed)
    if reference is not None:
        regret = to_json(reference, regrets, scored)
    name = f"{asking.model} {asking.version}"
    judged = Judged(name, scored, rivals, reference, regrets, asking.outcome_names, traffic.num_forecasts)
    whole = settings | {"played": play.settings, "asked": asking.to_json(), "wish": vars(wish), "versions": _versions()}
    title = f"{name} on {play.scenario.name}"
    return Evaluation(title, streams, [judged], whole, traffic, clusters, regret=regret)


def _versions() -> dict[str, str]:
    """Of what the numbers depend on."""
    return {"pathcast": __version__} | {name: version(name) for name in ("numpy", "numba", "onnxruntime", "scipy")}
