"""Writes a trained network as a bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save

from pathcast.model.bundle.config import (
    CARD,
    CONFIG,
    ENCODE,
    ESTIMATE,
    FORECAST,
    GOALS,
    METRICS,
    OUTCOMES,
    WEIGHTS,
    BallConfig,
    BundleConfig,
    HeadingConfig,
    SpreadGroups,
)
from pathcast.model.network.network import ForecastNetwork
from pathcast.model.network.outcome_head import write_outcomes
from pathcast.model.network.write import write_encode, write_estimate, write_forecast
from pathcast.model.network.write_goals import write_goals
from pathcast.model.training.publishing import publishing
from pathcast.model.training.settings import TrainingSettings


def write_bundle(
    folder: Path,
    network: ForecastNetwork,
    front_end: HeadingConfig | BallConfig,
    settings: TrainingSettings,
    spread_scale: Sequence[float] | None = None,
    mode_temperature: float = 1.0,
    goal_temperature: float = 1.0,
    outcome_temperature: float = 1.0,
    spread_groups: SpreadGroups | None = None,
    branch_share: float = 0.0,
) -> BundleConfig:
    """Writes config, graphs and weights into a folder, which is made; who reads it never finds only some of them.

    Args:
        folder: Where to.
        network: Trained.
        front_end: What stands before it.
        settings: What it was trained with.
        spread_scale: Calibration at each knot; by default none.
        mode_temperature: Calibration of the modes' probabilities.
        goal_temperature: Calibration of the goals' probabilities.
        outcome_temperature: Calibration of the outcomes' probabilities.
        spread_groups: Calibration of groups of tracks, beside `spread_scale`.
        branch_share: As of the config.

    Raises:
        InputError: The folder cannot be written.
    """
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    content = {
        ENCODE: write_encode(network).SerializeToString(),
        FORECAST: write_forecast(network).SerializeToString(),
        WEIGHTS: save(weights, {"format": "pathcast"}),
    }
    if network.sizes.num_estimated:
        content[ESTIMATE] = write_estimate(network).SerializeToString()
    if network.outcome_head is not None:
        content[OUTCOMES] = write_outcomes(network.outcome_head).SerializeToString()
    if network.goal_head is not None:
        content[GOALS] = write_goals(network).SerializeToString()
    knots = settings.knots_s
    config = BundleConfig(
        name=settings.name,
        version=settings.version,
        summary=settings.summary,
        front_end=front_end,
        knots_s=knots,
        offsets_s=knots[: settings.num_offsets],
        coast_s=settings.coast_s,
        warm_points=settings.warm_points,
        num_modes=settings.num_modes,
        memory_size=network.memory.state_size,
        spread_scale=[round(float(scale), 6) for scale in spread_scale or [1.0] * len(knots)],
        spread_groups=spread_groups,
        branch_share=branch_share,
        goal_temperature=round(goal_temperature, 6),
        outcome_temperature=round(outcome_temperature, 6),
        mode_temperature=round(float(mode_temperature), 6),
        mean_share=settings.mean_share if settings.has_point else 0.0,
        venue=settings.venue,
        network=asdict(network.sizes),
        training=settings.model_dump(),
        files={name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
    )
    with publishing(folder) as part:
        for name, data in content.items():
            (part / name).write_bytes(data)
        (part / CONFIG).write_text(config.model_dump_json(indent=2) + "\n", "utf-8")
    return config


def write_scores(folder: Path, metrics: dict[str, float], card: str) -> None:
    """Writes a bundle's scores and its card."""
    (folder / METRICS).write_text(json.dumps(metrics, indent=2) + "\n", "utf-8")
    (folder / CARD).write_text(card, "utf-8")
