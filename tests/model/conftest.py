"""Worlds small enough that a training run takes seconds, and balls that a filter follows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pathcast.formats.pieces import writing_pieces
from pathcast.model.frontends.ball.columns import CLOCK, IS_LEVEL, IS_TOLD, LEVEL, NOISE
from pathcast.model.frontends.ball.front_end import BallFrontEnd
from pathcast.model.given import NOTHING_GIVEN
from pathcast.model.training.ball_filter import ball_config
from pathcast.model.training.ball_throws import Drawn, draw
from pathcast.model.training.settings import TrainingSettings
from pathcast.tracks import Tracks

SMALL = {
    "num_train": 512,
    "num_validation": 500,
    "num_calibration": 1500,
    "num_test": 500,
    "epochs": 3,
    "batch": 64,
    "num_units": 16,
    "num_context": 16,
    "num_decoder_units": 16,
    "learning_rate": 1e-2,
}
WORLDS = {
    "crowd": TrainingSettings(
        name="walkers",
        summary="Tried",
        num_scenes=40,
        num_modes=6,
        num_neighbours=4,
        num_neighbour_units=8,
        num_goals=5,
        num_goal_units=8,
        goal_epochs=1,
        mean_ade=0.5,
        likelihood=0.3,
        **SMALL,
    ),
    "ball": TrainingSettings(
        name="balls",
        summary="Tried",
        world="ball",
        throws={"table-tennis": 0.6, "table-tennis anywhere": 0.4},
        rates_hz=[100.0, 180.0],
        noise_m=0.003,
        prefix=24,
        acceleration_density=2e-4,
        knot_s=0.02,
        num_knots=25,
        num_offsets=20,
        coast_s=0.1,
        num_modes=3,
        mean_ade=1.0,
        is_mean_detached=False,
        is_relative=True,
        **(SMALL | {"num_train": 1536, "learning_rate": 3e-3}),
    ),
}


@pytest.fixture(scope="session", params=sorted(WORLDS))
def small(request: pytest.FixtureRequest) -> TrainingSettings:
    """Settings of a short run, of each world in turn."""
    return WORLDS[request.param]


@cache
def _filter_of(kind: str, venue: str | None, noise_m: float, clock_s: float) -> BallFrontEnd:
    settings = TrainingSettings(
        world="ball", throws={kind: 1.0}, venue=venue, noise_m=noise_m, clock_jitter_s=clock_s, lift_walk=0.01
    )
    front_end = ball_config(settings).build()
    assert isinstance(front_end, BallFrontEnd)
    return front_end


@pytest.fixture(scope="session")
def filter_of() -> Callable[[str, str | None, float, float], BallFrontEnd]:
    """Makes the front end that a kind of throws asks for: the kind, its venue's name, noise (m), clock (s)."""
    return _filter_of


@dataclass(frozen=True, eq=False)
class Watched:
    """Throws as a sensor sees them."""

    drawn: Drawn
    times: np.ndarray
    positions: np.ndarray
    """Observed, float32. Shape [throw, time, 3]."""
    starts: np.ndarray
    """Filters before the first observation, told where a level floor stands for the venue."""
    true_times: np.ndarray

    def truth(self, after: np.ndarray) -> np.ndarray:
        """Places at seconds after the first observation's nominal time. Shape [throw, time] to [throw, time, 3]."""
        flown = self.drawn.throws.follow(after, max_events=0, positions_only=True).states
        return flown + self.drawn.shift[:, None]


@pytest.fixture(scope="session")
def watch_throws() -> Callable[..., Watched]:
    """Watches throws of a kind at a rate: `is_told` tells the filter the noise (m) and the clock's (s)."""

    def watch(
        front_end: BallFrontEnd,
        kind: str,
        num: int,
        rate_hz: float,
        length: int,
        noise_m: float,
        clock_s: float = 0.0,
        is_told: bool = True,
        seed: int = 1,
    ) -> Watched:
        drawn = draw(kind, num, 77_000 + seed, 0)
        random = np.random.default_rng(seed)
        nominal = np.tile(np.arange(length) / rate_hz + 0.05, (num, 1))
        jitter = np.clip(clock_s * random.standard_normal(nominal.shape), -0.4 / rate_hz, 0.4 / rate_hz)
        flown = drawn.throws.follow(nominal, max_events=0, positions_only=True).states + drawn.shift[:, None]
        seen = flown + noise_m * random.standard_normal(flown.shape)
        starts = front_end.begin(num, NOTHING_GIVEN)
        starts[:, IS_LEVEL], starts[:, LEVEL] = float(drawn.is_level), drawn.shift[:, 2]
        if is_told:
            starts[:, NOISE : NOISE + 3], starts[:, CLOCK], starts[:, IS_TOLD] = noise_m, clock_s, 1.0
        return Watched(drawn, nominal + jitter, seen.astype(np.float32), starts, nominal)

    return watch


def walking_scene(number: int, num: int = 25, frames: int = 40) -> Tracks:
    """People who walk straight on; where they are tells the scene."""
    random = np.random.default_rng(number)
    time = np.tile(0.4 * np.arange(frames), num)
    begin = random.uniform(-5, 5, (num, 1, 2)) + np.array([1000.0 * number, 0.0])
    place = begin + random.uniform(-1.5, 1.5, (num, 1, 2)) * 0.4 * np.arange(frames)[:, None]
    return Tracks.from_rows(number, np.repeat(np.arange(num), frames), time, place.reshape(-1, 2))


def write_walking_scenes(folder: Path, num_scenes: int, per_file: int = 20, per_group: int = 2) -> Path:
    folder.mkdir()
    for first in range(0, num_scenes, per_file):
        with writing_pieces(folder / f"part-{first:05d}.parquet") as append:
            for start in range(first, min(first + per_file, num_scenes), per_group):
                append(Tracks.concatenate([walking_scene(start + index) for index in range(per_group)]))
    return folder


@pytest.fixture
def scene() -> Callable[..., Tracks]:
    return walking_scene


@pytest.fixture
def write_scenes() -> Callable[[Path, int], Path]:
    return write_walking_scenes


@pytest.fixture(scope="session")
def walking_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 scenes of 1000 rows in row groups of two."""
    return write_walking_scenes(tmp_path_factory.mktemp("walkers") / "tracks", 60)
