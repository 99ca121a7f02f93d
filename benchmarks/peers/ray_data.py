"""Forecasts tracks by Ray Data's own means: read_parquet, an actor that holds the bundle, write_parquet.

`python ray_data.py SOURCE BUNDLE FOLDER ACTORS` prints the seconds of each line it is sent on standard input: `few` for
the first row group alone, most of which is the start of actors, or `all`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from time import perf_counter

import pyarrow as pa
import pyarrow.parquet as pq
import ray

from pathcast.batch.forecasting import BatchForecaster
from pathcast.batch.wanted import Wanted
from pathcast.model.bundle.engine import load_bundle

POINTS = 8


class Actor:
    def __init__(self, bundle: str) -> None:
        self._forecaster = BatchForecaster(load_bundle(Path(bundle)), Wanted(every=None))

    def __call__(self, table: pa.Table) -> pa.Table:
        if table.num_rows % POINTS:
            raise ValueError(f"expected whole tracks of {POINTS} rows, found {table.num_rows} rows")
        return self._forecaster(table)[0]


def main() -> None:
    source, bundle, folder, actors = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    few = folder / "few.parquet"
    with pq.ParquetFile(source) as file:
        pq.write_table(file.read_row_group(0), few)
    # Actors hold a share each for good; without more, reading and writing would wait for ever.
    ray.init(num_cpus=2 * actors, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    print("ready", flush=True)
    for line in sys.stdin:
        out = folder / "by-ray"
        shutil.rmtree(out, ignore_errors=True)
        begin = perf_counter()
        tracks = ray.data.read_parquet(str(few if line.strip() == "few" else source))
        made = tracks.map_batches(
            Actor,
            fn_constructor_args=(bundle,),
            compute=ray.data.ActorPoolStrategy(size=actors),
            batch_format="pyarrow",
            batch_size=POINTS << 11,
        )
        made.write_parquet(str(out), compression="zstd")
        print(f"seconds {perf_counter() - begin}", flush=True)


if __name__ == "__main__":
    main()
