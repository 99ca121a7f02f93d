"""Metrics: how far forecasts are from what happened, one number per track.

Every metric gives an array over tracks, already averaged over the steps, so that the mean over tracks is the score and
two forecasters can be compared pair by pair. Positions are metres. A step whose true position is NaN is left out; a
track without any true position scores NaN. Nothing here knows where forecasts come from.
"""

from pathcast.model.metrics.calibration import fit_spread_scale, fit_temperature, needed_scale, scale_spread, temper
from pathcast.model.metrics.collisions import collides
from pathcast.model.metrics.coverage import Region, highest_density_regions
from pathcast.model.metrics.displacement import ade, best_of, fde, mean_path, miss_rate, most_likely_path, point_path
from pathcast.model.metrics.energy import energy_score
from pathcast.model.metrics.joint import joint_best_of
from pathcast.model.metrics.kernel_density import forecast_kernel_density_nll, kernel_density_nll
from pathcast.model.metrics.likelihood import negative_log_likelihood

__all__ = [
    "Region",
    "ade",
    "best_of",
    "collides",
    "energy_score",
    "fde",
    "fit_spread_scale",
    "fit_temperature",
    "forecast_kernel_density_nll",
    "highest_density_regions",
    "joint_best_of",
    "kernel_density_nll",
    "mean_path",
    "miss_rate",
    "most_likely_path",
    "needed_scale",
    "negative_log_likelihood",
    "point_path",
    "scale_spread",
    "temper",
]
