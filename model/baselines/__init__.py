"""Baselines: paths that need no training, from whole prefixes. NumPy and the flight kernels, no torch.

All take prefixes as padded arrays (times in seconds, positions in metres, lengths) and offsets in seconds after each
track's newest observation, and give paths in metres, so any of them stands beside a model's forecast. `kalman` gives a
forecast, and `constant_velocity_noise` a fan of paths.
"""

from pathcast.model.baselines.ballistic import Floor, ballistic
from pathcast.model.baselines.ballistic_drag import ballistic_drag
from pathcast.model.baselines.constant_acceleration import constant_acceleration
from pathcast.model.baselines.constant_velocity import constant_velocity
from pathcast.model.baselines.constant_velocity_noise import constant_velocity_noise
from pathcast.model.baselines.kalman import KalmanNoise, fit_kalman_noise, kalman

__all__ = [
    "Floor",
    "KalmanNoise",
    "ballistic",
    "ballistic_drag",
    "constant_acceleration",
    "constant_velocity",
    "constant_velocity_noise",
    "fit_kalman_noise",
    "kalman",
]
