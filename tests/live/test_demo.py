"""The demo from end to end with small forecasters, and what its command says of one that is worth nothing."""

import dataclasses
import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from pathcast.cli import main
from pathcast.errors import InputError
from pathcast.live.demo import small
from pathcast.live.demo.cases import find_data, recorded_cases, simulated_ball, simulated_walkers, spaced
from pathcast.live.demo.judging import Judged, judge
from pathcast.live.demo.picture import draw
from pathcast.live.demo.small import SMALL, small_settings
from pathcast.live.demo.table import HEADERS, markdown_table
from pathcast.live.demo.tour import BALL, TABLE, WALK, run_demo
from pathcast.model.library import load_engine
from pathcast.service.client import Client, LocalServer

TINY = {
    "num_train": 512,
    "num_validation": 200,
    "num_calibration": 400,
    "epochs": 2,
    "num_modes": 2,
    "batch": 64,
    "num_units": 16,
    "num_context": 16,
}
KEYS = {"ade_m", "fde_m", "min_ade_m", "nll", "coverage90", "constant_velocity_ade_m", "forecasts", "tracks"}


@dataclasses.dataclass(frozen=True)
class Toured:
    judged: list[Judged]
    folder: Path
    stdout: str


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Toured:
    """The demo of one small forecaster, without recorded tracks."""
    folder = tmp_path_factory.mktemp("tour") / "demo"
    (chosen,) = (each for each in small_settings(1, True) if each.name == "table-tennis")
    with pytest.MonkeyPatch.context() as patch, (folder.parent / "stdout").open("w+") as stdout:
        patch.setattr(sys, "stdout", stdout)
        judged = run_demo([chosen.model_copy(update=TINY)], folder, None, 1)
        stdout.seek(0)
        return Toured(judged, folder, stdout.read())


def test_the_demo_writes_models_a_picture_a_table_and_a_report(toured: Toured) -> None:
    assert sorted(path.name for path in toured.folder.iterdir()) == ["models", "picture.png", "report.json", "table.md"]
    assert load_engine(str(toured.folder / "models" / "table-tennis")).card.version == "demo"
    assert (toured.folder / "picture.png").read_bytes().startswith(b"\x89PNG")
    height, width, _ = plt.imread(toured.folder / "picture.png").shape
    assert width > 500 and height > 400


def test_the_demos_table_is_markdown_with_a_row_for_each_case(toured: Toured) -> None:
    (judged,) = toured.judged
    header, line, row, empty, caption = (toured.folder / "table.md").read_text().splitlines()
    assert header == f"| {' | '.join(HEADERS)} |"
    assert line == "|" + " --- |" * len(HEADERS)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[0] == judged.case.title == "simulated table tennis"
    assert cells[1] == str(len(judged.truth)) and cells[2] == "0.48 s"
    assert cells[3] == f"{judged.scores['ade_m']:.3f} / {judged.scores['fde_m']:.3f}"
    assert not empty and caption.startswith("Mean / last displacement in metres")
    assert judged.case.title in toured.stdout and cells[3] in toured.stdout


def test_the_demos_report_holds_every_score(toured: Toured) -> None:
    report = json.loads((toured.folder / "report.json").read_text())
    (judged,) = toured.judged
    assert report == {judged.case.title: judged.scores}
    assert set(judged.scores) >= KEYS | {"ballistic_ade_m"}
    assert all(np.isfinite(value) for value in judged.scores.values())


def test_what_is_judged_is_long_observed_and_wholly_known(toured: Toured) -> None:
    (judged,) = toured.judged
    case, followed = judged.case, judged.followed
    assert len(followed.row) == len(judged.truth) == judged.scores["forecasts"] > 500
    assert (followed.lengths >= case.min_points).all()
    assert np.isfinite(judged.truth).all() and followed.forecast.is_finite().all()
    assert judged.num_frames == len(np.unique(case.observed.time))
    assert judged.beats_constant_velocity


def _demo(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of `pathcast demo --once`, as the shell would run it in a folder."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PATHCAST_DATA", raising=False)
    monkeypatch.setattr(sys, "argv", ["pathcast", "demo", "--once", *words.split()])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.mark.slow
def test_a_forecaster_no_better_than_constant_velocity_ends_the_demo_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Walkers learned at no rate to speak of: every one of the typical futures is as likely as the next."""
    monkeypatch.setattr(small, "SMALL", {"pedestrian": SMALL["pedestrian"]})
    monkeypatch.setattr(small, "QUICK", TINY | {"epochs": 1, "learning_rate": 1e-12, "num_modes": 5})
    monkeypatch.setattr(small, "QUICK_SCENES", 20)
    assert _demo("--quick --out here", tmp_path, monkeypatch) == 1
    said = capsys.readouterr()
    assert "pathcast: not better than constant velocity on simulated walkers (plazas)" in said.err
    report = json.loads((tmp_path / "here" / "report.json").read_text())["simulated walkers (plazas)"]
    assert report["ade_m"] >= report["constant_velocity_ade_m"]


def test_a_folder_of_data_that_is_not_there_is_wrong_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _demo("--data nowhere", tmp_path, monkeypatch) == 2
    assert "expected a folder of recorded tracks, found nowhere" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


def test_recorded_tracks_are_looked_for_where_they_are_named_or_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_data(None) is None
    (tmp_path / "data").mkdir()
    assert find_data(None) == Path("data")
    assert find_data(tmp_path) == tmp_path
    with pytest.raises(InputError, match="expected a folder of recorded tracks"):
        find_data(tmp_path / "nowhere")


def test_small_forecasters_differ_from_the_shipped_ones_in_effort_alone() -> None:
    for is_quick in (False, True):
        found = {each.name: each for each in small_settings(7, is_quick)}
        assert set(found) == set(SMALL)
        for name, settings in found.items():
            shipped = load_engine(name).card
            assert settings.seed == 7 and settings.version == "demo"
            assert settings.knots_s[-1] == pytest.approx(shipped.horizon_s)
            assert settings.num_modes == shipped.num_modes
            assert settings.num_train <= (2048 if is_quick else SMALL[name]["num_train"])


def test_offsets_of_the_cases_are_within_what_the_models_were_trained_for() -> None:
    for name, offsets in (("pedestrian", WALK), ("basketball", BALL), ("table-tennis", TABLE)):
        card = load_engine(name).card
        assert offsets == pytest.approx(card.offsets_s)
        assert offsets[-1] + card.coast_s <= card.horizon_s + 1e-9
    assert spaced(0.1, 3) == (0.1, 0.2, 0.3)


def test_simulated_cases_are_seen_dimly_and_known_exactly() -> None:
    ball = simulated_ball("basketball", "basketball", 20, 30.0, 0.03, BALL)
    walkers = simulated_walkers(1, WALK)
    assert ball.min_points == 6 and walkers.min_points == 8
    assert walkers.venue_of is not None and walkers.venue_of(0).name == "plaza"
    for case, noise in ((ball, 0.03), (walkers, 0.02)):
        seen = case.observed.select(case.observed.valid)
        assert 0.9 < seen.num_rows / case.observed.num_rows < 1
        true = {(each.scene, each.track): each for each in case.truth.each()}
        errors = []
        for track in seen.each():
            known = true[track.scene, track.track]
            nearest = np.abs(known.time - track.time[:, None]).argmin(axis=1)
            meets = np.abs(known.time[nearest] - track.time) < 1e-6
            errors.append((track.position - known.position[nearest])[meets])
        assert np.concatenate(errors).std() == pytest.approx(noise, rel=0.15)


def test_recorded_cases_are_those_whose_files_are_there_their_balls_touching_the_table_at_height_0(
    data_dir: Path, tmp_path: Path
) -> None:
    assert recorded_cases(tmp_path, WALK, TABLE) == []
    found = recorded_cases(data_dir, WALK, TABLE)
    assert [case.model for case in found] == ["pedestrian", "table-tennis", "table-tennis"]
    for case in found:
        assert not case.is_simulated and case.truth is case.observed and case.observed.num_tracks >= 20
    for case in found[1:]:
        assert case.ball is not None
        lowest = np.array([track.position[track.valid, 2].min() for track in case.observed.each()])
        bounced = np.abs(lowest) < 0.05
        assert bounced.sum() >= 15
        assert np.median(lowest[bounced]) == pytest.approx(case.ball.radius_m, abs=0.004), case.title


def test_every_kind_of_case_can_be_judged_and_drawn(tmp_path: Path) -> None:
    models = ["constant-velocity-2d", "constant-velocity-3d"]
    some = [
        simulated_ball("free-throw", models[1], 8, 30.0, 0.03, BALL),
        dataclasses.replace(simulated_walkers(1, WALK), model=models[0]),
    ]
    with LocalServer(models) as server, Client(server.address) as client:
        judged = [judge(client, case, 1) for case in some * 2]
    for one, again in zip(judged[:2], judged[2:], strict=True):
        assert one.scores == again.scores
        assert one.scores["ade_m"] == pytest.approx(one.scores["constant_velocity_ade_m"], rel=1e-4)
    draw(judged, tmp_path / "four.png")
    draw(judged[:1], tmp_path / "one.png")
    four, one = (plt.imread(tmp_path / name).shape for name in ("four.png", "one.png"))
    assert four[0] > 1.8 * one[0] and four[1] > 2.8 * one[1]
    assert len(markdown_table(judged).splitlines()) == 2 + 4 + 2
