"""The bundle that serving is measured with: untrained, of ordinary tracks in 3 axes, 64 units, 5 modes, 12 steps.

It is what `pathcast train` makes of recorded tracks in three axes. Weights do not change what a forecast costs.
"""

from __future__ import annotations

from pathlib import Path

NAME, AXES = "untrained-serving", 3


def write_serving_bundle(folder: Path) -> None:
    from pathcast.model.bundle.config import HeadingConfig
    from pathcast.model.training.build import build_network
    from pathcast.model.training.settings import TrainingSettings
    from pathcast.model.training.write_bundle import write_bundle

    settings = TrainingSettings(
        name=NAME,
        summary="Untrained, to measure serving with",
        world="tracks",
        tracks=["none"],
        num_modes=5,
        num_units=64,
        num_context=64,
        num_decoder_units=40,
        knot_s=0.1,
        num_knots=12,
        num_offsets=12,
        coast_s=0.0,
    )
    front_end = HeadingConfig(num_axes=AXES)
    write_bundle(folder, build_network(settings, front_end.build()).eval(), front_end, settings)
