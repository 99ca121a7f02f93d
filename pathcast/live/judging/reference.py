"""Reference: the best achievable on some of the cases, and by how much a model's error exceeds it (regret).

Of shots it is the posterior under the very prior and physics that they were thrown by: Laplace's approximation about
its mode, before any contact close to exact, drawn and flown on through hoop and board. Of people it is the true
distribution of what comes next: the scene forked at the case's instant, intents and sway drawn anew; hidden intents are
known to it, so no observer can honestly beat it. Both are scored on what happened, as the model is: a model that has
seen what it should not has a lower error, and its regret is alarming.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from pathcast.live.judging.scored import Scored
from pathcast.live.playing.balls import BallTruth
from pathcast.live.playing.crowds import RECORD_S, CrowdTruth, Walked
from pathcast.live.playing.scenarios import Play
from pathcast.model.evaluation.regret import Regret, paired_regret
from pathcast.model.metrics import kernels
from pathcast.model.metrics.displacement import mean_over_steps
from pathcast.simulator.draws import generator, normals
from pathcast.simulator.oracle.drawn import draw_paths, in_venue
from pathcast.simulator.oracle.median import geometric_medians
from pathcast.simulator.oracle.mode import find_modes
from pathcast.simulator.oracle.prefixes import observe
from pathcast.simulator.oracle.sampler import Posterior
from pathcast.simulator.oracle.shot_prior import SHOOTING, shot_prior
from pathcast.simulator.pedestrian.forks import fork_crowd
from pathcast.venue import BASKETBALL_NBA

NUM_DRAWS: Final = 200
"""Of a shot's posterior, and futures of a scene."""
LEAST_SEEN: Final = 3
ROUNDING_S: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Reference:
    """The best achievable on some cases."""

    how: str
    """What it is, in words."""
    case: Int[np.ndarray, " chosen"]
    """Which cases."""
    error: Float[np.ndarray, "chosen time"]
    """Metres, of its point of least expected distance."""
    energy: Float[np.ndarray, "chosen time"]
    """Metres."""

    def regrets(self, scored: Scored, seed: int) -> dict[str, Regret]:
        """The model's mean score over the reference's, on the same cases and steps, clusters drawn again together.

        Args:
            scored: All cases.
            seed: Of the resamples.
        """
        some = scored.take(self.case)
        found = {}
        for name, mine, best in (("ade", some.error, self.error), ("energy", some.energy, self.energy)):
            both = np.isfinite(mine) & np.isfinite(best)
            model, achieved = (mean_over_steps(np.where(both, each, np.nan)) for each in (mine, best))
            known = np.isfinite(model)
            _, of_case = np.unique(some.cluster[known], return_inverse=True)
            # Sums by cluster: their ratio is that of the means over all cases.
            sums = [np.bincount(of_case, each[known]) for each in (model, achieved)]
            if len(sums[0]):
                found[name] = paired_regret(sums[0], sums[1], seed)
        return found


def why_not(play: Play) -> str:
    """Why there is no reference for a play; empty where there is one."""
    sensor = play.sensor
    if play.scenario.things == "people":
        return "" if play.walked is not None else "nobody knows how these scenes were walked"
    if play.scenario.name not in SHOOTING:
        return f"the oracle knows the prior of {' and '.join(SHOOTING)} alone"
    faults = ("outliers", "clock_jitter_s", "noise_correlation", "birth_s", "time_step_s", "latency_s", "false_per_s")
    on = [name for name in faults if getattr(sensor, name)]
    if on or sensor.camera is not None or not np.all(sensor.deviations(3) > 0):
        return f"the oracle knows sensors of Gaussian noise alone, not {', '.join(on) or 'this one'}"
    return ""


def find_reference(
    play: Play, scored: Scored, most: int, within_s: float, seed: int, watch: Callable[[int], None] = lambda _: None
) -> Reference | None:
    """The best achievable on as many cases as asked for, or as fit into the time; None where none could be had.

    Args:
        play: As it was played.
        scored: All cases.
        most: Cases.
        within_s: Seconds that it may take.
        seed: Of which cases and of draws.
        watch: Told of every so many cases.
    """
    until = monotonic() + within_s
    if play.scenario.things == "balls":
        return _of_shots(play, scored, most, until, seed, watch)
    assert play.walked is not None
    return _of_people(play, play.walked, scored, most, until, seed, watch)


def _of_shots(
    play: Play, scored: Scored, most: int, until: float, seed: int, watch: Callable[[int], None]
) -> Reference | None:
    released, touched = np.empty(scored.num_cases), np.empty(scored.num_cases)
    for number, stream in enumerate(play.streams):
        assert isinstance(stream.truth, BallTruth)
        own = scored.stream == number
        released[own] = stream.truth.starts_s[scored.true[own]]
        touched[own] = stream.truth.touched_at(scored.true[own])
    is_whole = (scored.num_seen == scored.lengths) & (np.abs(scored.times[:, 0] - released) < ROUNDING_S)
    fits = np.flatnonzero(is_whole & (scored.num_seen >= LEAST_SEEN) & (scored.time_s < touched))
    deviations = play.sensor.deviations(3)
    chosen, errors, energies = [], [], []
    for case in generator(seed, "judging.reference", 0).permutation(fits)[:most].tolist():
        if monotonic() > until:
            break
        length = int(scored.lengths[case])
        clock = np.maximum(scored.times[case, :length] - released[case], 0.0)
        seen = scored.positions[case, :length]
        prior = shot_prior(play.scenario.name, seen[0], float(deviations.max()))
        prefix = observe(clock, seen[None], deviations)
        modes = find_modes(prior, prefix)
        dims = prior.num_latents
        unit = normals(seed, "judging.laplace", case, 1, NUM_DRAWS * dims).reshape(NUM_DRAWS, dims)
        latents = modes.latents[0] + unit @ modes.factors[0].T
        one = np.ones(1)
        drawn = Posterior(prior, latents[None, None], one, one * NUM_DRAWS, one, np.ones(1, np.bool_))
        drawn = in_venue(drawn, prefix, BASKETBALL_NBA, seed, first=case, is_strict=False)
        paths = draw_paths(drawn, clock[-1] + scored.forecast.offsets[case], BASKETBALL_NBA)[0]
        error, energy = _score(paths, scored.truth[case])
        chosen.append(case)
        errors.append(error)
        energies.append(energy)
        watch(1)
    how = f"the posterior under the shots' own prior, {NUM_DRAWS} draws, before any contact"
    return _reference(how, chosen, errors, energies)


def _of_people(
    play: Play, walked: Walked, scored: Scored, most: int, until: float, seed: int, watch: Callable[[int], None]
) -> Reference | None:
    """Cases of some instants of some scenes: a fork is of everybody who is there."""
    offsets = scored.offsets_s
    horizon_s = float(np.ceil(offsets[-1] / RECORD_S - 1e-6) * RECORD_S)
    steps = offsets / RECORD_S
    instant = scored.time_s / RECORD_S
    on_clock = np.abs(instant - np.round(instant)) < 1e-6
    on_clock &= (scored.time_s > 0) & (scored.time_s + horizon_s <= walked.duration_s + ROUNDING_S)
    fits = np.flatnonzero(on_clock & (scored.num_seen >= LEAST_SEEN))
    if not len(fits) or np.abs(steps - np.round(steps)).max() > 1e-6:
        return None
    scene = np.empty(scored.num_cases, np.int64)
    for number, stream in enumerate(play.streams):
        own = scored.stream == number
        scene[own] = stream.truth.scene[scored.true[own]]
    keys = np.column_stack([scene[fits], np.round(instant[fits])])
    groups, of_case = np.unique(keys, axis=0, return_inverse=True)
    chosen: list[int] = []
    errors, energies = [], []
    for group in generator(seed, "judging.reference", 0).permutation(len(groups)).tolist():
        if len(chosen) >= most or monotonic() > until:
            break
        index, at_s = int(groups[group, 0]), float(groups[group, 1]) * RECORD_S
        forks = fork_crowd(
            walked.kind,
            1,
            walked.seed,
            round(at_s, 6),
            NUM_DRAWS,
            horizon_s,
            first=index,
            duration_s=walked.duration_s,
            num_people=walked.num_people,
        )
        for case in fits[of_case.reshape(-1) == group].tolist():
            truth = play.streams[int(scored.stream[case])].truth
            assert isinstance(truth, CrowdTruth)
            number, shift = truth.person(int(scored.true[case]))
            futures = forks.of_person(index, number)[:, np.round(steps).astype(np.int64)] + shift
            error, energy = _score(futures, scored.truth[case])
            chosen.append(case)
            errors.append(error)
            energies.append(energy)
            watch(1)
    how = f"{NUM_DRAWS} forked futures of each instant, hidden intents known"
    return _reference(how, chosen, errors, energies)


def _reference(
    how: str, chosen: list[int], errors: list[NDArray[np.float64]], energies: list[NDArray[np.float64]]
) -> Reference | None:
    if not chosen:
        return None
    return Reference(how, np.array(chosen), np.array(errors), np.array(energies))


def _score(
    paths: Float[np.ndarray, "draw time axis"], truth: Float[np.ndarray, "time axis"]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Error of the point of least expected distance, and energy, by step; NaN where most draws are not there."""
    num_steps = truth.shape[0]
    error, energy = np.full(num_steps, np.nan), np.full(num_steps, np.nan)
    for step in range(num_steps):
        there = paths[np.isfinite(paths[:, step]).all(axis=1), step]
        if len(there) < len(paths) / 2 or not np.isfinite(truth[step]).all():
            continue
        points = np.ascontiguousarray(np.pad(there, ((0, 0), (0, 3 - there.shape[1])))[None])
        median = geometric_medians(points)[0, : truth.shape[1]]
        error[step] = float(np.linalg.norm(median - truth[step]))
        to_truth, between = np.empty(1), np.empty(1)
        kernels.mean_distances(np.ascontiguousarray(there[None]), truth[step][None], to_truth, between)
        energy[step] = float(to_truth[0] - between[0] / 2)
    return error, energy


def to_json(reference: Reference, regrets: dict[str, Regret], scored: Scored) -> dict[str, Any]:
    """As a dictionary."""
    return {
        "reference": reference.how,
        "cases": len(reference.case),
        "of_cases": scored.num_cases,
        "scores": {name: regret.to_json() for name, regret in regrets.items()},
        "alarm": any(regret.is_alarming for regret in regrets.values()),
    }
