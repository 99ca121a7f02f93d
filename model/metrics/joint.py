"""Joint displacement: the best of K futures of all people of a group together, metres.

The best of K per person may take a different future for each; here one choice must do for everybody who shares scene
and time (the joint minADE_K and minFDE_K of Weng et al. 2023, "Joint metrics matter: a better standard for trajectory
forecasting", ICCV).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.metrics.displacement import mean_over_steps


def joint_best_of(
    paths: Float[np.ndarray, "window mode time axis"],
    truth: Float[np.ndarray, "window time axis"],
    group: Int[np.ndarray, " window"],
) -> tuple[Float[np.ndarray, " window"], Float[np.ndarray, " window"]]:
    """Each person's errors under the k that is best for the group, metres; the two errors are minimised separately.

    Means over windows are those of the group's mean errors, each group weighted by its people. Future k of the group is
    everybody's mode k: of a forecast whose modes are marginal, everybody's k-th most probable.

    Args:
        paths: All K are looked at, whatever their probabilities.
        truth: What happened. Who has no true position is left out of the group's mean.
        group: People of one number share scene and time.

    Returns:
        (ADE, FDE) of each person.
    """
    distances = np.linalg.norm(paths.astype(np.float64) - truth[:, None], axis=-1)
    num_windows, num_modes, num_steps = distances.shape
    average = mean_over_steps(distances.reshape(-1, num_steps)).reshape(num_windows, num_modes)
    return _best_for_group(average, group), _best_for_group(distances[:, :, -1], group)


def _best_for_group(errors: Float[np.ndarray, "window mode"], group: Int[np.ndarray, " window"]) -> np.ndarray:
    number = np.unique(group, return_inverse=True)[1].reshape(-1)
    total = np.zeros((int(number.max(initial=-1)) + 1, errors.shape[1]))
    np.add.at(total, number, np.nan_to_num(errors))
    best = total.argmin(axis=1)[number]
    return np.take_along_axis(errors, best[:, None], 1)[:, 0]
