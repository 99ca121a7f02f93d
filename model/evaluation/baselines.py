"""Baselines under test: forecasters that stand beside every learned one, with the same metrics.

What a path needs to be a distribution, how far from it people are at each step, and the Kalman filter's noise are the
most likely ones on the training parts of each fold. Nothing else about them is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from pathcast.model.baselines import constant_velocity, constant_velocity_noise, fit_kalman_noise, kalman
from pathcast.model.evaluation.eth_ucy import eth_ucy_tracks, protocol_windows
from pathcast.model.evaluation.forecasters import FoldForecasters, ForecastWindows
from pathcast.model.evaluation.social_force import social_force
from pathcast.model.evaluation.windows import Windows
from pathcast.model.forecast import Forecast, pack_covariances
from pathcast.simulator.draws import generator
from pathcast.tracks import Tracks

MOST_WINDOWS: Final = 6000
"""Training windows that noise and spreads are fitted on, about: those of every so many groups."""
ITERATIONS: Final = 20
"""Of expectation and maximisation; the spread of a fan has settled to a millionth by then."""
LEAST_DEVIATION: Final = 1e-3
"""Metres."""
NOTES: Final[Mapping[str, str]] = {
    "constant velocity": "The velocity between the last two observations; Gaussian spread by step, fitted on the "
    "fold's training parts.",
    "constant velocity + noise": "20 such paths, each turned by a normal angle of 25 degrees, drawn once; single path "
    "and spread as above.",
    "Kalman": "White-noise acceleration; its noise fitted by likelihood on the fold's training parts.",
    "social force": "The simulator's forces between the people of the frame, goals straight ahead; Gaussian spread by "
    "step, fitted on the fold's training parts.",
}
"""What each baseline is and was fitted on."""


def eth_ucy_baselines(data_dir: str | Path, seed: int = 1) -> FoldForecasters:
    """All baselines of each fold of ETH/UCY.

    Args:
        data_dir: Where `pedestrian/eth_ucy/<scene>/train` is.
        seed: Of the angles of the fan.
    """

    def of_fold(scene: str) -> Mapping[str, ForecastWindows]:
        tracks = eth_ucy_tracks(data_dir, scene, "train")
        return fit_baselines(protocol_windows(tracks, 1), tracks, seed)

    return of_fold


def fit_baselines(windows: Windows, tracks: Tracks, seed: int = 1) -> dict[str, ForecastWindows]:
    """The baselines, with what they need fitted on these windows, by the names of `NOTES`.

    Args:
        windows: Of the training part.
        tracks: All of it.
        seed: Of the angles of the fan.
    """
    some = windows.take(windows.group % -(-windows.num_windows // MOST_WINDOWS) == 0)
    noise = fit_kalman_noise(*_prefixes(some), some.future)

    def straight(windows: Windows, tracks: Tracks) -> Float[np.ndarray, "window mode time axis"]:
        return constant_velocity(*_prefixes(windows))[:, None]

    def fan(windows: Windows, tracks: Tracks) -> Float[np.ndarray, "window mode time axis"]:
        return constant_velocity_noise(*_prefixes(windows), generator(seed, "evaluation.angles", 0))

    def pushed(windows: Windows, tracks: Tracks) -> Float[np.ndarray, "window mode time axis"]:
        return social_force(windows, tracks)[:, None]

    straight_deviation = fit_deviation(straight(some, tracks), some.future)
    fan_deviation = fit_deviation(fan(some, tracks), some.future)
    pushed_deviation = fit_deviation(pushed(some, tracks), some.future)

    def point(windows: Windows, tracks: Tracks) -> Forecast:
        return spread_paths(straight(windows, tracks), windows, straight_deviation)

    def turned(windows: Windows, tracks: Tracks) -> Forecast:
        return spread_paths(fan(windows, tracks), windows, fan_deviation, straight(windows, tracks)[:, 0])

    def filtered(windows: Windows, tracks: Tracks) -> Forecast:
        return kalman(*_prefixes(windows), noise)

    def forced(windows: Windows, tracks: Tracks) -> Forecast:
        return spread_paths(pushed(windows, tracks), windows, pushed_deviation)

    return dict(zip(NOTES, (point, turned, filtered, forced), strict=True))


def spread_paths(
    paths: Float[np.ndarray, "window mode time axis"],
    windows: Windows,
    deviation: Float[np.ndarray, " time"],
    point: Float[np.ndarray, "window time axis"] | None = None,
) -> Forecast:
    """Equally probable paths as a forecast, round Gaussians of the given deviations (metres) around them."""
    num_windows, num_modes, num_steps, num_axes = paths.shape
    packed = pack_covariances(deviation[:, None, None] ** 2 * np.eye(num_axes)).astype(np.float32)
    single = paths[:, 0] if point is None else point
    return Forecast(
        np.broadcast_to(windows.offsets, (num_windows, num_steps)),
        np.full((num_windows, num_modes), 1 / num_modes, np.float32),
        paths.astype(np.float32),
        np.broadcast_to(packed, (num_windows, num_modes, *packed.shape)),
        single.astype(np.float32),
    )


def fit_deviation(
    paths: Float[np.ndarray, "window mode time axis"], truth: Float[np.ndarray, "window time axis"]
) -> Float[np.ndarray, " time"]:
    """The deviations by step, metres, under which the truth is most likely around equally probable paths.

    Expectation and maximisation (Dempster, Laird and Rubin 1977) of a mixture whose only unknown is one variance; of a
    single path that is its mean squared error at once.
    """
    squared = ((paths - truth[:, None]) ** 2).sum(axis=3)
    variance = squared.min(axis=1).mean(axis=0) / truth.shape[2] + LEAST_DEVIATION**2
    for _ in range(ITERATIONS if paths.shape[1] > 1 else 1):
        nearer = squared - squared.min(axis=1, keepdims=True)
        share = np.exp(-nearer / (2 * variance))
        share /= share.sum(axis=1, keepdims=True)
        variance = (share * squared).sum(axis=1).mean(axis=0) / truth.shape[2] + LEAST_DEVIATION**2
    return np.asarray(np.sqrt(variance))


def _prefixes(windows: Windows) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Windows as baselines take them: times, positions, lengths, offsets."""
    offsets = np.broadcast_to(windows.offsets, (windows.num_windows, len(windows.offsets)))
    return windows.times, windows.observed, windows.lengths, offsets
