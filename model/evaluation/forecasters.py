"""Forecasters under test: functions from windows to forecasts, one for each fold of leave-one-scene-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pathcast.model.engine import Engine
from pathcast.model.evaluation.windows import Windows
from pathcast.model.forecast import Forecast, join
from pathcast.tracks import Tracks

ForecastWindows = Callable[[Windows, Tracks], Forecast]
"""Forecasts the windows of one scene, row by row. It is also given all tracks of the scene's files, so that it may look
at the other people: up to a window's newest observation, never beyond, and no further back than its oldest."""

FoldForecasters = Callable[[str], Mapping[str, ForecastWindows]]
"""Given the scene that is left out, the forecasters for it by name; what they learned is of the other scenes alone."""

WINDOWS_AT_ONCE = 4096


def engine_forecaster(engine: Engine) -> ForecastWindows:
    """An engine as a forecaster of windows, each a track by itself."""

    def forecast_windows(windows: Windows, tracks: Tracks) -> Forecast:
        return join([_forecast(engine, piece) for piece in _pieces(windows)])

    return forecast_windows


def same_for_every_fold(forecasters: Mapping[str, ForecastWindows]) -> FoldForecasters:
    """Forecasters that learned nothing from any of the scenes."""
    return lambda scene: forecasters


def all_of(*sources: FoldForecasters) -> FoldForecasters:
    """The forecasters of several sources side by side, in their order."""

    def of_fold(scene: str) -> Mapping[str, ForecastWindows]:
        return {name: each for source in sources for name, each in source(scene).items()}

    return of_fold


def _pieces(windows: Windows) -> list[Windows]:
    starts = range(0, max(windows.num_windows, 1), WINDOWS_AT_ONCE)
    return [windows.take(slice(start, start + WINDOWS_AT_ONCE)) for start in starts]


def _forecast(engine: Engine, windows: Windows) -> Forecast:
    num = windows.num_windows
    states = engine.encode(engine.start(num), windows.times, windows.observed.astype(np.float32), windows.lengths)
    return engine.forecast(states, np.broadcast_to(windows.offsets, (num, len(windows.offsets))))
