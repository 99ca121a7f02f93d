"""Answering: a computed step as the forecasts that are sent."""

from __future__ import annotations

import numpy as np

from pathcast.service.messages import Forecasts, Remark, Status
from pathcast.service.session import Step


def answer(step: Step, queued_s: float) -> tuple[Forecasts, int]:
    """The answer to a step that asked for one, and how many of its tracks had a forecast that was not finite.

    Such a forecast is left out and remarked.
    """
    asking, settings, forecast = step.asking, step.session.settings, step.forecast
    assert asking is not None
    axes, num_offsets = settings.card.num_axes, len(settings.offsets)
    remarks = step.remarks
    ids, statuses = asking.track_ids, asking.statuses
    num_faults = 0
    goals = step.goals if len(asking.goals) else None
    if forecast is None:
        probabilities = np.zeros((0, settings.num_modes), np.float32)
        means = np.zeros((0, settings.num_modes, num_offsets, axes), np.float32)
        covariances = np.zeros((0, settings.num_modes, num_offsets, axes * (axes + 1) // 2), np.float32)
        points: np.ndarray | None = np.zeros((0, num_offsets, axes), np.float32)
    else:
        is_finite = forecast.is_finite()
        if goals is not None:
            is_finite &= np.isfinite(goals).all(axis=1)
        num_faults = int((~is_finite).sum())
        if num_faults:
            detail = "the model's forecast is not finite and is not sent"
            remarks = remarks + [Remark(int(each), Status.SUSPECT, detail=detail) for each in ids[~is_finite]]
            forecast = forecast.take(np.flatnonzero(is_finite))
            goals = None if goals is None else goals[is_finite]
            ids, statuses = ids[is_finite], statuses[is_finite]
        probabilities, means, covariances = forecast.probabilities, forecast.means, forecast.covariances
        points = forecast.point
    result = Forecasts(
        frame_number=step.frame_number,
        capture_time_s=step.capture_time_s,
        track_ids=ids,
        statuses=statuses,
        probabilities=probabilities,
        means=means if settings.has_means else None,
        covariances=covariances if settings.has_covariances else None,
        goals=goals,
        points=points if settings.has_points else None,
        remarks=remarks,
        queued_s=queued_s,
        computing_s=step.computing_s,
    )
    return result, num_faults
