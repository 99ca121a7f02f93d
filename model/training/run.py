"""A whole training run: world, network, bundle, calibration and scores."""

from __future__ import annotations

from pathlib import Path

from pathcast.model.bundle.config import HeadingConfig, KalmanConfig
from pathcast.model.bundle.engine import load_bundle
from pathcast.model.training.calibration import fit_scale
from pathcast.model.training.card import write_card
from pathcast.model.training.loop import Progress, train
from pathcast.model.training.observed import Source
from pathcast.model.training.scores import score
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.write_bundle import write_bundle, write_scores


def train_bundle(settings: TrainingSettings, out: Path, progress: Progress) -> dict[str, float]:
    """Trains, calibrates, scores and writes a bundle.

    Args:
        settings: All that decides it.
        out: The bundle's folder, which is made.
        progress: Told after each epoch.

    Returns:
        Scores on test tracks, beside the baselines'.
    """
    out.mkdir(parents=True, exist_ok=True)
    source, front_end = build_world(settings)
    trained = train(source, front_end.build(), settings, out, progress)
    write_bundle(out, trained.network, front_end, settings)
    scale = fit_scale(load_bundle(out), source, settings)
    write_bundle(out, trained.network, front_end, settings, scale)
    metrics = score(load_bundle(out), source, settings)
    write_scores(out, metrics, write_card(settings, trained, metrics))
    return metrics


def build_world(settings: TrainingSettings) -> tuple[Source, HeadingConfig | KalmanConfig]:
    """The simulated world of the settings, and the front end that suits it."""
    if settings.world == "crowd":
        from pathcast.model.training.crowd_source import CrowdSource

        return CrowdSource(settings), HeadingConfig()
    from pathcast.model.training.ball_source import BallSource, nominal_parameters

    front_end = KalmanConfig(
        parameters=nominal_parameters(settings.scenario),
        noise_m=settings.noise_m,
        acceleration_density=settings.acceleration_density,
        max_speed_mps=settings.max_speed_mps,
    )
    return BallSource(settings), front_end
