"""Settings of the demo's forecasters: those of the shipped bundles, trained for a fraction of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pathcast.model.bundle.config import read_config
from pathcast.model.library import shipped_bundles

if TYPE_CHECKING:
    from pathcast.model.training.settings import TrainingSettings

SMALL: dict[str, dict[str, Any]] = {
    # Nothing here asks what becomes of shots, and the head for it takes as long as the rest.
    "basketball": {"num_train": 4096, "epochs": 8, "num_ends": 3, "num_calibration": 4000, "outcome_throws": {}},
    "pedestrian": {"num_train": 12288, "epochs": 14, "num_scenes": 320, "goal_epochs": 4},
    "table-tennis": {"num_train": 4096, "epochs": 8, "num_ends": 3, "num_calibration": 4000},
}
EVERY: dict[str, Any] = {"num_validation": 1500, "num_test": 2000}
QUICK: dict[str, Any] = {
    "num_train": 2048,
    "epochs": 2,
    "num_validation": 400,
    "num_calibration": 800,
    "num_test": 500,
    "goal_epochs": 1,
}
QUICK_SCENES = 40


def small_settings(seed: int, is_quick: bool) -> list[TrainingSettings]:
    """The settings, from the shipped bundles' own.

    Args:
        seed: Of worlds and weights.
        is_quick: Whether to train for seconds only.
    """
    from pathcast.model.training.settings import TrainingSettings

    result = []
    newest = {folder.parent.name: folder for folder in shipped_bundles()}
    for name, folder in newest.items():
        if name not in SMALL:
            continue
        changes = SMALL[name] | EVERY | {"seed": seed, "version": "demo"}
        if is_quick:
            changes |= QUICK | ({"num_scenes": QUICK_SCENES} if name == "pedestrian" else {})
        result.append(TrainingSettings.model_validate(read_config(folder).training | changes))
    return result
