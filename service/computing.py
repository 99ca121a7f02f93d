"""Computing: the steps of many streams in one batch, with one engine.

Rows of all steps are gathered from their sessions' tables, computed together and scattered back. A step that makes
the engine fail is found by computing each alone, and only its stream is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np

from pathcast.model.engine import Engine
from pathcast.model.forecast import merge_modes
from pathcast.model.states import States
from pathcast.service.courses import follow_all, suspects
from pathcast.service.entering import asks_for_entries, enter, num_further_knots
from pathcast.service.forecasting import alike, forecast_at
from pathcast.service.foretelling import foretell, of_same_wishes
from pathcast.service.lateness import answer_late
from pathcast.service.restoring import restore
from pathcast.service.steps import Step, gather

_ENCODE_CELLS = 1 << 16
"""Most track-times in one call of encode: bounds the memory of long prefixes."""


def compute(engine: Engine, steps: list[Step], clock: Callable[[], float] = perf_counter) -> None:
    """Observes, then forecasts; results and failures are put into the steps.

    No session may stand in more than one of the steps.

    Args:
        engine: Theirs.
        steps: One of each session.
        clock: Of `Step.late_after_s`.
    """
    started = perf_counter()
    for step in steps:
        if step.restoring is not None:
            restore(engine, step)
    observing = [step for step in steps if step.observing is not None]
    _isolate(lambda some: _observe(engine, some), observing)
    _isolate(follow_all, [step for step in observing if step.failure is None])
    asking = [step for step in steps if step.asking is not None and step.failure is None]
    now = clock()
    _isolate(lambda some: answer_late(engine, some), [step for step in asking if now > step.late_after_s])
    asking = [step for step in asking if not step.is_late and step.failure is None]
    for step in asking:
        if step.asking is not None:
            step.is_suspect = suspects(step.session, step.asking.slots)
    for same in alike(asking, lambda step: len(step.session.settings.offsets)):
        _isolate(lambda some: _forecast(engine, some), same)
    for same in _of_same_goals(asking):
        _isolate(lambda some: _weigh_goals(engine, some), same)
    entering = [step for step in asking if asks_for_entries(step) and step.failure is None]
    for same in alike(entering, num_further_knots):
        _isolate(lambda some: enter(engine, some), same)
    for same in of_same_wishes(asking):
        _isolate(lambda some: foretell(engine, some), same)
    seconds = perf_counter() - started
    for step in steps:
        step.computing_s = seconds


def _isolate(function: Callable[[list[Step]], None], steps: list[Step]) -> None:
    """Calls it with all steps; if that fails, with each alone, so that a failure stays with its own step."""
    if not steps:
        return
    try:
        function(steps)
    except Exception as error:
        if len(steps) == 1:
            steps[0].failure = error
        else:
            for step in steps:
                _isolate(function, [step])


def _of_same_goals(steps: list[Step]) -> list[list[Step]]:
    """Steps that ask for the same goals, together; those that ask for none are left out."""
    groups: dict[bytes, list[Step]] = {}
    for step in steps:
        if step.asking is not None and len(step.asking.goals) and len(step.asking.slots):
            groups.setdefault(step.asking.goals.ends.tobytes(), []).append(step)
    return list(groups.values())


def _observe(engine: Engine, steps: list[Step]) -> None:
    """Takes the observations of all steps in."""
    single = [step for step in steps if step.observing is not None and step.observing.times.shape[1] == 1]
    states: list[tuple[Step, States]] = []
    if single:
        parts = [step.observing for step in single if step.observing is not None]
        observed = engine.observe(
            gather([(step.session, part.rows) for step, part in zip(single, parts, strict=True)]),
            np.concatenate([part.times[:, 0] for part in parts]),
            np.concatenate([part.positions[:, 0] for part in parts]),
        )
        start = 0
        for step, part in zip(single, parts, strict=True):
            stop = start + len(part.slots)
            step.observed = States(observed.filter[start:stop], observed.memory[start:stop])
            states.append((step, step.observed))
            start = stop
    states += [(step, _encode(engine, step)) for step in steps if step not in single]
    for step, new in states:
        if step.observing is not None:
            step.session.states.put(step.observing.rows, new)


def _encode(engine: Engine, step: Step) -> States:
    """The states after a step's prefixes, computed by tracks of similar length."""
    part = step.observing
    assert part is not None
    result = step.session.states.take(part.slots)
    order = np.argsort(part.lengths, kind="stable")
    for rows in _split(order, part.lengths):
        longest = int(part.lengths[rows].max())
        times, positions = part.times[rows, :longest], part.positions[rows, :longest]
        result.put(rows, engine.encode(result.take(rows), times, positions, part.lengths[rows]))
    return result


def _split(order: np.ndarray, lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in the order of their lengths, in pieces of a bounded number of cells."""
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * lengths[order[stop]] <= _ENCODE_CELLS:
            stop += 1
        yield order[start:stop]
        start = stop


def _forecast(engine: Engine, steps: list[Step]) -> None:
    """Forecasts the tracks of all steps, which have the same number of offsets."""
    parts = [step.asking for step in steps if step.asking is not None]
    whole = forecast_at(engine, steps, np.concatenate([part.offsets for part in parts]))
    is_finite = whole is not None and whole.is_all_finite()
    start = 0
    for step, part in zip(steps, parts, strict=True):
        stop = start + len(part.slots)
        if whole is not None and stop > start:
            step.mixture = whole if (start, stop) == (0, whole.num_tracks) else whole.take(slice(start, stop))
            step.forecast = merge_modes(step.mixture, step.session.settings.num_modes)
            step.is_finite = is_finite and step.forecast is step.mixture
        start = stop


def _weigh_goals(engine: Engine, steps: list[Step]) -> None:
    """How probable the goals of all steps are, which name the same."""
    parts = [step.asking for step in steps if step.asking is not None]
    states = gather([(step.session, part.slots) for step, part in zip(steps, parts, strict=True)])
    probabilities = engine.goal_probabilities(states, parts[0].goals.ends)
    start = 0
    for step, part in zip(steps, parts, strict=True):
        step.goals = probabilities[start : start + len(part.slots)]
        start += len(part.slots)
