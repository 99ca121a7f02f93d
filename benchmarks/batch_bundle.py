"""The bundle and the tracks that batch forecasting is measured with.

Untrained, of the size that `pathcast train` makes of tracks unless told otherwise: 2 axes, 64 units, 20 modes, 12
steps. Weights do not change what a forecast costs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NUM_POINTS, NUM_STEPS, NUM_MODES, STEP_S = 8, 12, 20, 0.4
TRACKS_AT_ONCE = 1 << 14


def write_batch_bundle(folder: Path) -> None:
    from pathcast.model.bundle.config import HeadingConfig
    from pathcast.model.training.build import build_network
    from pathcast.model.training.write_bundle import write_bundle

    settings, front_end = _settings(), HeadingConfig()
    write_bundle(folder, build_network(settings, front_end.build()).eval(), front_end, settings)


def network_of_batch_bundle():
    from pathcast.model.bundle.config import HeadingConfig
    from pathcast.model.training.build import build_network

    return build_network(_settings(), HeadingConfig().build()).eval()


def _settings():
    from pathcast.model.training.settings import TrainingSettings

    return TrainingSettings(
        name="untrained-batch",
        summary="Untrained, to measure batch forecasting with",
        world="tracks",
        tracks=["none"],
        num_modes=NUM_MODES,
        knot_s=STEP_S,
        num_knots=NUM_STEPS,
        num_offsets=NUM_STEPS,
        coast_s=0.0,
    )


def write_walks(path: Path, num_tracks: int, seed: int = 1) -> None:
    """Walkers of 8 points each, some thousands at a time, so that any number of them takes no memory."""
    random = np.random.Generator(np.random.Philox(seed))
    writer = None
    for first in range(0, num_tracks, TRACKS_AT_ONCE):
        num = min(TRACKS_AT_ONCE, num_tracks - first)
        velocity = random.normal(0, 1, (num, 1, 2))
        steps = STEP_S * (velocity + random.normal(0, 0.1, (num, NUM_POINTS, 2)))
        position = (random.uniform(-20, 20, (num, 1, 2)) + steps.cumsum(axis=1)).reshape(-1, 2)
        table = pa.table(
            {
                "scene": np.repeat(np.arange(first, first + num) // 8, NUM_POINTS),
                "track": np.repeat(np.arange(first, first + num, dtype=np.uint64), NUM_POINTS),
                "time": np.tile(STEP_S * np.arange(NUM_POINTS), num),
                "x": position[:, 0],
                "y": position[:, 1],
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()
