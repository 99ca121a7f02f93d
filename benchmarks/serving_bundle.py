"""The bundle that serving is measured with: untrained, in the shipped balls' sizes, 3 axes, 5 modes, 12 steps.

Its base is a straight line, so that what is served is an ordinary LSTM. Weights do not change what a forecast costs.
"""

from __future__ import annotations

from pathlib import Path

NAME, AXES = "untrained-serving", 3


def write_serving_bundle(folder: Path) -> None:
    from pathcast.model.training.ball_filter import ball_config
    from pathcast.model.training.build import build_network
    from pathcast.model.training.settings import TrainingSettings
    from pathcast.model.training.write_bundle import write_bundle

    settings = TrainingSettings(
        name=NAME,
        summary="Untrained, to measure serving with",
        world="ball",
        base="none",
        throws={"generic": 1.0},
        num_modes=5,
        num_units=64,
        num_context=64,
        num_decoder_units=40,
        knot_s=0.1,
        num_knots=12,
        num_offsets=12,
        coast_s=0.0,
    )
    front_end = ball_config(settings)
    write_bundle(folder, build_network(settings, front_end.build()).eval(), front_end, settings)
