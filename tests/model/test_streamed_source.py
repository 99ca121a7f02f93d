"""Examples of recorded tracks that are read row group by row group."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.formats.parquet import write_parquet
from pathcast.model.frontends.heading import HeadingFrontEnd
from pathcast.model.training.examples import Examples
from pathcast.model.training.observed import Observed, examples_of
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.settings import TrainingSettings
from pathcast.model.training.streamed_source import STRIPES, VISIT_EXAMPLES, StreamedTracks, _Windows
from pathcast.model.training.visits import Visits, plan_visits
from pathcast.model.training.world import build_world
from pathcast.tracks import Tracks

SETTINGS = TrainingSettings(
    world="tracks",
    is_streamed=True,
    tracks=["walkers"],
    num_train=700,
    num_validation=256,
    num_test=256,
    batch=100,
    shuffled=300,
    prefix=8,
    num_knots=12,
    coast_s=0,
    num_neighbours=3,
)
SCENE_ROWS = 25 * 40


Scene = Callable[..., Tracks]


@pytest.fixture
def folder(walking_folder: Path) -> Path:
    return walking_folder


def settings(folder: Path, **changes: object) -> TrainingSettings:
    return TrainingSettings.model_validate(SETTINGS.model_dump() | {"tracks": [str(folder)]} | changes)


def make(observed: Observed) -> Examples:
    return examples_of(observed, HeadingFrontEnd(), np.asarray(SETTINGS.knots_s), 3)


def batches(source: StreamedTracks, epoch: int, first: int = 0, ranks: Ranks | None = None) -> list[Examples]:
    return [own for own, _ in source.own_batches(epoch, first, (ranks or Ranks()).share, make)]


NAMES = ("steps", "ends", "head", "knots", "target", "unit", "is_known", "neighbours", "present")


def assert_same(one: Examples, two: Examples) -> None:
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


@pytest.mark.parametrize(("count", "num_train"), [(2, 700), (20, 300)])
def test_any_number_of_processes_make_the_same_batches(folder: Path, count: int, num_train: int) -> None:
    source = StreamedTracks(settings(folder, num_train=num_train))
    whole = batches(source, 1)
    assert [each.num_tracks for each in whole] == [100] * (num_train // 100)
    shares = [batches(source, 1, ranks=Ranks(number, count)) for number in range(count)]
    for one, *parts in zip(whole, *shares, strict=True):
        assert_same(one, Examples.concatenate(parts))


def test_an_epoch_begins_at_any_batch_and_ends_with_what_is_left(folder: Path) -> None:
    source = StreamedTracks(settings(folder, num_train=650))
    whole = batches(source, 2)
    assert [each.num_tracks for each in whole] == [100] * 6 + [50]
    for first in (1, 3, 6):
        for one, two in zip(whole[first:], batches(source, 2, first), strict=True):
            assert_same(one, two)


def test_every_row_group_is_visited_once_in_a_pass_and_no_part_sees_anothers(folder: Path) -> None:
    planned = plan_visits(settings(folder))
    assert [planned[name].num_visits for name in ("train", "validation", "test")] == [24, 3, 3]
    train = planned["train"]
    for turn in (0, 1):
        order = [train.in_turn(turn * 24 + index) for index in range(24)]
        assert sorted(order) == list(range(24)) and order != sorted(order)
    seen = {name: {int(each) for _, part in of_all(visits) for each in part.scene} for name, visits in planned.items()}
    assert sum(map(len, seen.values())) == 60 and set.union(*seen.values()) == set(range(60))


def of_all(visits: Visits) -> list[tuple[list[int], Tracks]]:
    return list(visits.read({visit: visit for visit in range(visits.num_visits)}))


def test_visits_of_a_row_group_share_its_scenes(scene: Scene, tmp_path: Path) -> None:
    whole = Tracks.concatenate([scene(number) for number in range(10)])
    write_parquet(whole, tmp_path / "one.parquet")
    planned = plan_visits(settings(tmp_path, validation_tracks=[str(tmp_path)]))["train"]
    assert planned.num_visits == -(-10 * SCENE_ROWS // 2048)
    found = Counter(int(each) for _, part in of_all(planned) for each in np.unique(part.scene))
    assert found == Counter(range(10))


@pytest.mark.parametrize(
    ("num_train", "batch", "shuffled"), [(700, 100, 300), (650, 7, 30), (1000, 300, 1), (256, 9, 9)]
)
def test_blocks_fill_an_epoch_each_with_its_own_examples(num_train: int, batch: int, shuffled: int) -> None:
    windows = _Windows.of(settings(Path("none"), num_train=num_train, batch=batch, shuffled=shuffled))
    places = [
        windows.places(epoch, window, number, np.arange(size))
        for epoch in range(2)
        for window in range(windows.num_windows)
        for number, size in enumerate(windows.batch_sizes(window))
    ]
    found = np.concatenate(places)
    assert len(found) == 2 * num_train == len(np.unique(found))
    blocks = np.unique(found // VISIT_EXAMPLES)
    assert blocks[0] == 0 and blocks[-1] + 1 - len(blocks) <= 2 * STRIPES  # which a shorter last batch may leave out


def test_a_batch_mixes_scenes(folder: Path) -> None:
    """A seventh of it at most is of one row group, of which there are 24."""
    source = StreamedTracks(settings(folder, num_train=1600, batch=320, shuffled=1600, stretch=0.0))

    def remember(observed: Observed) -> Examples:
        made = make(observed)
        made.head[:, 0, 0] = np.round(observed.positions[:, 0, 0] / 1000.0) // 2
        return made

    for own, _ in source.own_batches(0, 0, Ranks().share, remember):
        counts = Counter(own.head[:, 0, 0].tolist())
        assert len(counts) >= 20 and max(counts.values()) <= 0.15 * own.num_tracks


def test_visits_without_an_example_are_left_out_for_the_next(scene: Scene, folder: Path, tmp_path: Path) -> None:
    for number in range(4):
        short = Tracks.concatenate([scene(100 + 4 * number + index, frames=5) for index in range(4)])
        write_parquet(short, tmp_path / f"{number}.parquet")
    made = batches(StreamedTracks(settings(tmp_path / "..", tracks=[str(folder), str(tmp_path)])), 0)
    assert sum(each.num_tracks for each in made) == 700


def test_what_cannot_be_streamed_is_refused(scene: Scene, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='is_streamed: expected false, or world = "tracks"'):
        TrainingSettings(is_streamed=True)
    with pytest.raises(InputError, match="expected a Parquet file, or a folder with at least one"):
        plan_visits(settings(tmp_path))
    write_parquet(scene(0), tmp_path / "one.parquet")
    with pytest.raises(InputError, match="tracks: expected at least 10 row groups of whole scenes"):
        plan_visits(settings(tmp_path))
    with pytest.raises(InputError, match="reading: expected options of Parquet files"):
        plan_visits(settings(folder, reading={"pixels": 3}))
    for number in range(10):
        write_parquet(scene(number, frames=5), tmp_path / f"{number}.parquet")
    with pytest.raises(InputError, match="expected at least 64 observations"):
        build_world(settings(tmp_path))


def test_a_scene_that_goes_on_in_the_next_row_group_is_one_piece(scene: Scene, tmp_path: Path) -> None:
    from pathcast.formats.row_groups import find_row_groups

    whole = Tracks.concatenate([scene(number) for number in range(3)])
    write_parquet(whole, tmp_path / "one.parquet", rows_per_group=300)
    pieces, _ = find_row_groups(tmp_path / "one.parquet", {})
    assert sum(each.num_rows for each in pieces) == whole.num_rows
    assert [set(each.read({}).scene.tolist()) for each in pieces] == [{0, 1, 2}]
    write_parquet(whole, tmp_path / "two.parquet", rows_per_group=500)
    pieces, _ = find_row_groups(tmp_path / "two.parquet", {})
    assert [np.unique(each.read({}).scene).tolist() for each in pieces] == [[0], [1], [2]]
    cut, _ = find_row_groups(tmp_path / "one.parquet", {}, most_rows=1500)
    assert [each.num_rows for each in cut] == [1500, 1500]


PEAK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[2])))
from test_streamed_source import StreamedTracks, batches, settings
batches(StreamedTracks(settings(Path(sys.argv[1]), num_train=1200)), 0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_data(write_scenes: Callable[[Path, int], Path], tmp_path: Path) -> None:
    """Ten times as many tracks are less than 5 % more memory."""
    peaks = []
    for name, num in (("few", 60), ("many", 600)):
        source = write_scenes(tmp_path / name, num)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(source), str(Path(__file__).parent)],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=240,
        )  # fmt: skip
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.05 * peaks[0], peaks
