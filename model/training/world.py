"""The world, simulated or recorded, that a training run's settings ask for."""

from __future__ import annotations

from pathcast.model.bundle.config import HeadingConfig, KalmanConfig
from pathcast.model.training.observed import Source
from pathcast.model.training.settings import TrainingSettings


def build_world(settings: TrainingSettings) -> tuple[Source, HeadingConfig | KalmanConfig]:
    """The world of the settings, and the front end that suits it.

    Raises:
        InputError: Recorded tracks that cannot be read or are too few.
    """
    if settings.world == "tracks":
        from pathcast.model.training.recorded_parts import read_parts
        from pathcast.model.training.recorded_source import RecordedSource

        return RecordedSource(settings, read_parts(settings)), HeadingConfig()
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
