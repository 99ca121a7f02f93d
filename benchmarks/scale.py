"""What do a camera's frame and an archived track cost, in processor time, bytes and memory?

The shipped `pedestrian` bundle, 20 modes and 12 steps, one core. Serving: streams of people who walk, as fast as the
server answers, by people in a frame and frames from one forecast to the next; the processor time is the server's own.
Batch: `pathcast forecast --last` over tracks of 8 points at two sizes, whose difference is free of the start. Then two
runs of which the plan (`tools/scale.py`) says beforehand what they take: cameras at a steady rate, and more tracks.
What it prints is kept in `docs/scale.json`, from which the tables of docs/scale.md are computed.

    python benchmarks/scale.py [--seconds S] > docs/scale.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import numpy as np
from serving_load import processor_s

from pathcast.formats.pieces import writing_pieces
from pathcast.service.client import Client, LocalServer
from pathcast.tracks import Tracks
from pathcast.v1 import forecast_pb2 as pb

MODEL = "pedestrian"
STREAMS = 16
PEOPLE, EVERY = (1, 10, 40), (1, 5)
POINTS = 8
SIZES = 20_000, 60_000
CHECKED = {"cameras": 24, "rate_hz": 5.0, "people": 10, "every": 1, "tracks": 150_000}


class Camera:
    """A stream of people who walk."""

    def __init__(
        self, address: str, seed: int, people: int, every: int, period_s: float, over: threading.Event
    ) -> None:
        self.num_frames = 0
        random = np.random.default_rng(seed)
        self._places, self._velocities = random.uniform(-8, 8, (people, 2)), random.normal(0, 1, (people, 2))
        self._random, self._over, self._every, self._period_s = random, over, every, period_s
        self.thread = threading.Thread(target=self._watch, args=(address,))
        self.thread.start()

    def _watch(self, address: str) -> None:
        ids = np.arange(len(self._places))
        with Client(address) as client, client.stream(MODEL, forecast_every=self._every) as stream:
            replies = iter(stream)
            started = monotonic()
            while not self._over.is_set():
                number = self.num_frames
                self._places = self._places + 0.04 * self._velocities + self._random.normal(0, 0.02, self._places.shape)
                stream.send(number, 0.04 * number, ids, self._places)
                if (number + 1) % self._every == 0:
                    next(replies)
                self.num_frames = number + 1
                if self._period_s:
                    sleep(max(started + self.num_frames * self._period_s - monotonic(), 0.0))


def serve(people: int, every: int, seconds: float, cameras: int = STREAMS, period_s: float = 0.0) -> dict[str, float]:
    """Processor time of a server for each frame, once its streams are under way."""
    over = threading.Event()
    with LocalServer([MODEL]) as server:
        try:
            streams = [Camera(server.address, seed, people, every, period_s, over) for seed in range(cameras)]
            sleep(1.5)
            before, frames = processor_s(server.process.pid), sum(each.num_frames for each in streams)
            started = monotonic()
            sleep(seconds)
            spent = processor_s(server.process.pid) - before
            resident = resident_bytes(server.process.pid)
            elapsed, frames = monotonic() - started, sum(each.num_frames for each in streams) - frames
        finally:
            over.set()
        for each in streams:
            each.thread.join()
    rates = {"us_per_frame": 1e6 * spent / frames, "frames_per_s": frames / elapsed, "cores": spent / elapsed}
    return {**rates, "resident_bytes": resident}


def resident_bytes(pid: int) -> int:
    """Memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def wire_bytes(people: int) -> dict[str, int]:
    """Bytes of a frame and of its answer, as messages."""
    frame = pb.Frame(frame_number=1000, capture_time_s=1000.04, track_ids=range(1000, 1000 + people))
    frame.positions.extend([1.25] * 2 * people)
    sizes = {"in": pb.StreamForecastsRequest(frame=frame).ByteSize()}
    with LocalServer([MODEL]) as server, Client(server.address) as client, client.stream(MODEL) as stream:
        for answer in stream.forecasts([(0.4 * n, range(people), np.ones((people, 2)) * n) for n in range(3)]):
            given = (answer.means, answer.covariances, answer.probabilities, answer.points)
            sizes["out"] = sum(each.size * 4 for each in given if each is not None)
    return sizes


def write_tracks(path: Path, num: int) -> None:
    """Walks of 8 points, 20 of them in a scene."""
    random = np.random.default_rng(1)
    with writing_pieces(path) as append:
        for first in range(0, num, 20_000):
            count = min(20_000, num - first)
            owner = np.arange(count)
            time = np.tile(0.4 * np.arange(POINTS), count)
            walked = np.repeat(random.normal(0, 1, (count, 2)), POINTS, 0) * time[:, None]
            place = np.repeat(random.uniform(-10, 10, (count, 2)), POINTS, 0) + walked
            scene = np.repeat((first + owner) // 20, POINTS)
            append(Tracks.from_rows(scene, np.repeat(first + owner, POINTS), time, place))


def forecast(folder: Path, num: int) -> dict[str, float]:
    """One process of `pathcast forecast --last`."""
    source, out = folder / f"{num}.parquet", folder / f"{num}-out.parquet"
    write_tracks(source, num)
    command = [sys.executable, "-m", "pathcast", "forecast", str(source), "-o", str(out), "--model", MODEL, "--last"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--processes", "1", "--overwrite"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "tracks": num,
        "processor_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "bytes_in": source.stat().st_size,
        "bytes_out": out.stat().st_size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each case of serving")
    seconds = parser.parse_args().seconds
    os.environ["OMP_NUM_THREADS"] = "1"
    serving = []
    for people in PEOPLE:
        for every in EVERY:
            serving.append({"people": people, "every": every, **serve(people, every, seconds)})
            print(serving[-1], file=sys.stderr)
    with TemporaryDirectory() as folder:
        batch = [forecast(Path(folder), num) for num in (*SIZES, CHECKED["tracks"])]
    steady = serve(CHECKED["people"], CHECKED["every"], 2 * seconds, CHECKED["cameras"], 1 / CHECKED["rate_hz"])
    report: dict[str, Any] = {
        "command": "python benchmarks/scale.py",
        "machine": {"cores": os.cpu_count(), "processor": platform.machine(), "load_average": os.getloadavg()},
        "serving": serving,
        "wire": {str(people): wire_bytes(people) for people in PEOPLE},
        "batch": batch[:2],
        "checked": {**CHECKED, "steady": steady, "batch": batch[2]},
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
