"""Answering: a computed step as the forecasts that are sent."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from pathcast.model.contacts import no_contacts
from pathcast.model.forecast import Forecast
from pathcast.service.messages import Forecasts, Remark, Settings, Status
from pathcast.service.steps import Step

_SEEN = (int(Status.WARMING_UP), int(Status.FORECASTING))
"""Statuses of tracks whose newest observation is this frame's."""


def answer(step: Step, queued_s: float) -> tuple[Forecasts, int]:
    """The answer to a step that asked for one, and how many of its tracks had something that was not finite.

    Such a track's forecast is left out and remarked.
    """
    asking, settings, forecast = step.asking, step.session.settings, step.forecast
    assert asking is not None
    if forecast is None:
        return _of_nobody(step, queued_s), 0
    result = Forecasts(
        frame_number=step.frame_number,
        capture_time_s=step.capture_time_s,
        track_ids=asking.track_ids,
        statuses=_statuses(step, asking.statuses),
        probabilities=forecast.probabilities,
        means=forecast.means if settings.has_means else None,
        covariances=forecast.covariances if settings.has_covariances else None,
        goals=step.goals,
        regions=None if step.entries is None else step.entries.probabilities,
        entry_offsets_s=None if step.entries is None else step.entries.offset_s,
        points=forecast.point if settings.has_points else None,
        outcomes=step.outcomes,
        contacts=step.contacts,
        surprises=step.surprises,
        remarks=step.remarks,
        queued_s=queued_s,
        computing_s=step.computing_s,
    )
    if step.is_finite and not _says_more(result):
        return result, 0
    is_finite = _is_finite(forecast, result)
    if is_finite.all():
        return result, 0
    return _leave_out(result, is_finite), int((~is_finite).sum())


def _statuses(step: Step, statuses: Int[np.ndarray, " track"]) -> Int[np.ndarray, " track"]:
    """How tracks stand, now that it is known what answers and which are suspect, of those that were seen."""
    if step.is_late:
        return np.full_like(statuses, int(Status.BASELINE))
    if step.is_suspect is None or not step.is_suspect.any():
        return statuses
    return np.where(step.is_suspect & np.isin(statuses, _SEEN), int(Status.SUSPECT), statuses)


def _says_more(result: Forecasts) -> bool:
    """Whether numbers are told beside the forecast's own."""
    return not (
        result.goals is None
        and result.regions is None
        and result.entry_offsets_s is None
        and result.outcomes is None
        and result.surprises is None
        and result.contacts is None
    )


def _is_finite(forecast: Forecast, result: Forecasts) -> Bool[np.ndarray, " track"]:
    """Whether everything that is said of a track is a finite number."""
    is_finite = forecast.is_finite()
    for values in (result.goals, result.regions, result.entry_offsets_s, result.outcomes, result.surprises):
        if values is not None:
            is_finite &= np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if result.contacts is not None:
        is_finite &= result.contacts.is_finite(len(is_finite))
    return is_finite


def _leave_out(result: Forecasts, is_finite: Bool[np.ndarray, " track"]) -> Forecasts:
    """The same without the tracks that are not finite, which are remarked."""
    detail = "the model's forecast is not finite and is not sent"
    remarks = [Remark(int(each), Status.SUSPECT, detail=detail) for each in result.track_ids[~is_finite]]
    result.remarks = result.remarks + remarks
    if result.contacts is not None:
        result.contacts = result.contacts.of_tracks(np.flatnonzero(is_finite))
    result.track_ids, result.statuses = result.track_ids[is_finite], result.statuses[is_finite]
    result.probabilities = result.probabilities[is_finite]
    for name in ("means", "covariances", "goals", "regions", "entry_offsets_s", "points", "outcomes", "surprises"):
        values = getattr(result, name)
        if values is not None:
            setattr(result, name, values[is_finite])
    return result


def _of_nobody(step: Step, queued_s: float) -> Forecasts:
    """An answer without forecasts."""
    settings: Settings = step.session.settings
    axes, modes, times = settings.card.num_axes, settings.num_modes, len(settings.offsets)
    triangle = axes * (axes + 1) // 2

    def nothing(is_there: bool, *shape: int) -> np.ndarray | None:
        return np.zeros((0, *shape), np.float32) if is_there else None

    return Forecasts(
        frame_number=step.frame_number,
        capture_time_s=step.capture_time_s,
        track_ids=np.zeros(0, np.uint64),
        statuses=np.zeros(0, np.int64),
        probabilities=np.zeros((0, modes), np.float32),
        means=nothing(settings.has_means, modes, times, axes),
        covariances=nothing(settings.has_covariances, modes, times, triangle),
        points=nothing(settings.has_points, times, axes),
        outcomes=nothing(settings.has_outcomes, len(settings.card.outcome_names)),
        contacts=no_contacts() if settings.has_contacts else None,
        surprises=nothing(settings.has_surprise),
        remarks=step.remarks,
        queued_s=queued_s,
        computing_s=step.computing_s,
    )
