"""pathcast: forecasts where balls and people are going, from where they have been seen.

`load` gives a forecaster in this process; `pathcast.service.client` talks to a server.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathcast.model.forecaster import Forecaster

__all__ = ["__version__", "load"]
__version__ = "0.1.0"

# onnxruntime 1.32 keeps a device id and usage events under the home folder and uploads them, unless told otherwise
# before it is imported; nothing of what pathcast sees or does may leave the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def load(model: str, version: str | None = None) -> Forecaster:
    """Loads a shipped model, or a bundle from a folder, for use in this process.

    The forecaster's `card` says what the model offers beside `forecast`: `outcomes`, `contacts`, `surprises`,
    `goal_probabilities`, and whether it takes what is `given` of sensor and object.

    Args:
        model: A name such as "pedestrian", or the path of a bundle's folder.
        version: Exact version; by default the newest.

    Raises:
        UnknownModelError: No such model is here.
        BundleError: It is incomplete or altered.
    """
    from pathcast.model.forecaster import Forecaster

    return Forecaster.load(model, version)
