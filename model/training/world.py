"""The world, simulated or recorded, that a training run's settings ask for."""

from __future__ import annotations

from pathcast.errors import InputError
from pathcast.model.bundle.config import BallConfig, HeadingConfig
from pathcast.model.training.observed import Source
from pathcast.model.training.settings import TrainingSettings


def build_world(settings: TrainingSettings) -> tuple[Source, HeadingConfig | BallConfig]:
    """The world of the settings, and the front end that suits it.

    Raises:
        InputError: Recorded tracks that cannot be read or are too few, or settings that do not suit three axes.
    """
    if settings.world == "tracks":
        from pathcast.model.training.recorded_parts import read_parts
        from pathcast.model.training.recorded_source import RecordedSource
        from pathcast.model.training.streamed_source import StreamedTracks

        recorded: RecordedSource | StreamedTracks
        recorded = StreamedTracks(settings) if settings.is_streamed else RecordedSource(settings, read_parts(settings))
        if recorded.num_axes == 3:
            _require_ground(settings)
        return recorded, HeadingConfig(num_axes=recorded.num_axes, sees_courses=settings.keeps_clear)
    if settings.world == "crowd":
        from pathcast.model.training.crowd_source import CrowdSource

        return CrowdSource(settings), HeadingConfig(sees_courses=settings.keeps_clear)
    from pathcast.model.frontends.ball.front_end import BallFrontEnd
    from pathcast.model.training.ball_filter import ball_config
    from pathcast.model.training.ball_source import BallSource

    front_end = ball_config(settings)
    built = front_end.build()
    assert isinstance(built, BallFrontEnd)
    return BallSource(settings, built), front_end


def _require_ground(settings: TrainingSettings) -> None:
    """Refuses, of tracks in three axes, what only those on the ground have."""
    for name, value in {"keeps_clear": settings.keeps_clear, "has_point": settings.has_point}.items():
        if value:
            raise InputError(name, "false, or tracks in two axes", "true and tracks in three")
