"""The report on ETH/UCY: what a forecaster is scored by, over which windows, and how it is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.baselines import constant_velocity
from pathcast.model.evaluation.baselines import NOTES, eth_ucy_baselines
from pathcast.model.evaluation.eth_ucy import (
    SCENES,
    TRUE_RATE,
    eth_true_rate_tracks,
    eth_ucy_tracks,
    eth_ucy_windows,
    protocol_windows,
)
from pathcast.model.evaluation.forecasters import all_of, engine_forecaster, same_for_every_fold
from pathcast.model.evaluation.protocol import data_hashes
from pathcast.model.evaluation.report import Report, make_report, mean_of_runs
from pathcast.model.evaluation.score_tables import MEASURES, all_tables, main_tables, markdown
from pathcast.model.evaluation.window_scores import SceneScores, score_scene
from pathcast.model.evaluation.windows import Windows
from pathcast.model.forecast import Forecast
from pathcast.model.library import load_engine
from pathcast.model.metrics import ade, fde
from pathcast.tracks import Tracks

PUBLISHED = {
    "eth": (0.995, 2.234),
    "hotel": (0.323, 0.617),
    "univ": (0.524, 1.165),
    "zara1": (0.431, 0.960),
    "zara2": (0.326, 0.728),
}


def forecast_of(paths: np.ndarray, windows: Windows) -> Forecast:
    num, modes, steps, _ = paths.shape
    return Forecast(
        np.broadcast_to(windows.offsets, (num, steps)),
        np.full((num, modes), 1 / modes, np.float32),
        paths.astype(np.float32),
        np.broadcast_to(np.float32([0.04, 0, 0.04]), (num, modes, steps, 3)),
    )


def oracle(windows: Windows, tracks: Tracks) -> Forecast:
    """The truth, and one path a metre aside."""
    return forecast_of(np.stack([windows.future, windows.future + np.array([0.0, 1.0])], axis=1), windows)


def straight_on(windows: Windows, tracks: Tracks) -> Forecast:
    offsets = np.broadcast_to(windows.offsets, (windows.num_windows, len(windows.offsets)))
    return forecast_of(constant_velocity(windows.times, windows.observed, windows.lengths, offsets)[:, None], windows)


@pytest.fixture(scope="module")
def report(small_eth_ucy: Path) -> Report:
    sources = all_of(same_for_every_fold({"oracle": oracle}), eth_ucy_baselines(small_eth_ucy))
    return make_report(sources, small_eth_ucy, {"oracle": "Knows.", **NOTES}, prefixes=(2, 8), num_sampled=9)


def test_every_forecaster_is_scored_on_every_scene_under_both_conventions(report):
    assert list(report.results) == ["oracle", *NOTES]
    for name, rows in report.results.items():
        keys = {(each.scene, each.min_people) for each in rows}
        assert keys == {(scene, least) for scene in (*SCENES, TRUE_RATE) for least in (2, 1)}, name
        for scene in SCENES:
            two, one = (report.of(name, least)[scene] for least in (2, 1))
            assert 0 < two.num_windows < one.num_windows
            assert set(two.prefixes) == {2, 8}
            for key in ("min_ade", "min_fde", "point_ade", "point_fde", "nll"):
                assert two.prefixes[8][key] == pytest.approx(two.scores[key])


def test_who_knows_the_truth_makes_no_error(report):
    known = report.average("oracle", 2)
    for name in ("min_ade", "min_fde", "fde_of_min_ade", "ade_of_min_fde", "joint_ade", "joint_fde", "miss_rate"):
        assert known.scores[name] == pytest.approx(0.0, abs=1e-6), name
    assert known.scores["point_ade"] == pytest.approx(0.5, abs=1e-6)
    assert known.scores["collision_likely"] == known.scores["collision_truth"] > 0
    assert known.num_modes == 2


def test_averages_weigh_scenes_alike_and_leave_the_true_rate_out(report):
    by_scene = report.of("constant velocity", 1)
    expected = np.mean([by_scene[scene].scores["point_ade"] for scene in SCENES])
    average = report.average("constant velocity", 1)
    assert average.scores["point_ade"] == pytest.approx(expected)
    assert average.num_windows == sum(by_scene[scene].num_windows for scene in SCENES)
    missing = Report({"one": [by_scene["eth"]]}, {}, {}, "")
    with pytest.raises(InputError, match="no hotel, univ, zara1, zara2"):
        missing.average("one", 1)


def test_scores_are_means_of_the_metrics_over_the_windows(small_eth_ucy):
    windows, tracks = eth_ucy_windows(small_eth_ucy, "zara1", 1), eth_ucy_tracks(small_eth_ucy, "zara1")
    paths = straight_on(windows, tracks).means[:, 0]
    two, one = score_scene(straight_on, "zara1", windows, tracks, prefixes=(8,), num_sampled=9)
    assert one.scores["point_ade"] == pytest.approx(ade(paths, windows.future).mean())
    some = eth_ucy_windows(small_eth_ucy, "zara1", 2)
    assert two.num_windows == some.num_windows
    assert two.scores["min_fde"] == pytest.approx(fde(straight_on(some, tracks).means[:, 0], some.future).mean())


def test_samples_of_some_windows_stand_for_all(small_eth_ucy):
    windows, tracks = eth_ucy_windows(small_eth_ucy, "univ", 1), eth_ucy_tracks(small_eth_ucy, "univ")
    whole, part = (
        score_scene(straight_on, "univ", windows, tracks, (1,), (8,), num_sampled=num)[0].scores for num in (2000, 12)
    )
    assert part["min_ade"] == whole["min_ade"]
    assert part["energy"] != whole["energy"] and part["energy"] == pytest.approx(whole["energy"], rel=0.7)


def test_prefixes_are_the_newest_observations_of_the_same_windows(small_eth_ucy):
    asked = []

    def remember(windows: Windows, tracks: Tracks) -> Forecast:
        asked.append(windows)
        return straight_on(windows, tracks)

    windows, tracks = eth_ucy_windows(small_eth_ucy, "eth", 1), eth_ucy_tracks(small_eth_ucy, "eth")
    score_scene(remember, "eth", windows, tracks, prefixes=(2, 5, 8), num_sampled=9)
    assert [each.observed.shape[1] for each in asked] == [8, 2, 5]
    for each in asked:
        np.testing.assert_array_equal(each.observed, windows.observed[:, -each.observed.shape[1] :])
        np.testing.assert_array_equal(each.times, windows.times[:, -each.observed.shape[1] :])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.take(slice(1, None)), "windows, steps and axes"),
        (lambda f: replace(f, means=f.means * np.nan), "finite numbers"),
        (
            lambda f: replace(
                f,
                probabilities=np.full((f.num_tracks, 21), 1 / 21, np.float32),
                means=np.repeat(f.means, 21, axis=1),
                covariances=np.repeat(f.covariances, 21, axis=1),
            ),
            "at most 20 modes",
        ),
    ],
)
def test_what_is_no_forecast_of_the_windows_is_refused(small_eth_ucy, change, message):
    windows, tracks = eth_ucy_windows(small_eth_ucy, "eth", 1), eth_ucy_tracks(small_eth_ucy, "eth")

    def wrong(windows: Windows, tracks: Tracks) -> Forecast:
        return change(straight_on(windows, tracks))

    with pytest.raises(InputError, match=message):
        score_scene(wrong, "eth", windows, tracks)
    with pytest.raises(InputError, match="2 to 8 observations"):
        score_scene(straight_on, "eth", windows, tracks, prefixes=(9,))
    with pytest.raises(InputError, match="one of 99 or more people"):
        score_scene(straight_on, "eth", windows, tracks, min_people=(99,), prefixes=(), num_sampled=9)


def test_an_engine_is_a_forecaster(small_eth_ucy):
    windows, tracks = eth_ucy_windows(small_eth_ucy, "hotel", 1), eth_ucy_tracks(small_eth_ucy, "hotel")
    forecast = engine_forecaster(load_engine("constant-velocity-2d"))(windows, tracks)
    np.testing.assert_allclose(forecast.means, straight_on(windows, tracks).means, atol=1e-4)


def test_runs_of_several_seeds_are_averaged_scene_by_scene():
    runs = [[SceneScores("eth", 2, 181, 20, {"min_ade": value}, {2: {"nll": value}})] for value in (0.2, 0.4)]
    (mean,) = mean_of_runs(runs)
    assert (mean.scene, mean.num_windows) == ("eth", 181)
    assert mean.scores["min_ade"] == pytest.approx(0.3) and mean.prefixes[2]["nll"] == pytest.approx(0.3)
    with pytest.raises(InputError, match="same scenes in the same order"):
        mean_of_runs([*runs, [replace(runs[0][0], scene="hotel")]])


def test_json_holds_everything_that_the_report_does(report, small_eth_ucy):
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert found["sha256"] == data_hashes(small_eth_ucy)
    assert "every window of consecutive frames" in found["protocol"]
    assert "at most 9 windows a scene, drawn with seed 1" in found["protocol"]
    of_one = found["forecasters"]["social force"]
    assert of_one["note"] == NOTES["social force"]
    assert list(of_one["min_people_2"]) == ["eth", TRUE_RATE, *SCENES[1:], "average"]
    known = report.of("social force", 2)["univ"]
    assert of_one["min_people_2"]["univ"]["scores"] == dict(known.scores)
    assert of_one["min_people_2"]["univ"]["prefixes"]["2"] == dict(known.prefixes[2])


def test_markdown_and_terminal_show_every_forecaster_in_every_table(report):
    text = markdown(report)
    assert text.count("\n### ") == 2 * (len(MEASURES) + 2)
    assert report.protocol in text
    assert "- **oracle**: Knows.\n" in text and f"- **Kalman**: {NOTES['Kalman']}" in text
    for digest in report.sha256.values():
        assert digest in text
    for table in (*all_tables(report, 2), *main_tables(report, 1)):
        assert [row[0] for row in table.rows] == list(report.results)
        assert {len(row) for row in table.rows} == {len(table.header)}
    row = next(line for line in text.splitlines() if line.startswith("| constant velocity |"))
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    by_scene = report.of("constant velocity", 2)
    assert cells[0] == f"{by_scene['eth'].scores['min_ade']:.3f} / {by_scene['eth'].scores['min_fde']:.3f}"
    assert len(cells) == 7


def test_the_true_rate_file_is_of_its_own_hash_and_may_be_absent(small_eth_ucy, tmp_path):
    hashes = data_hashes(small_eth_ucy)
    assert set(hashes) == {"test", "train", "val", "eth_true_rate"} and len(set(hashes.values())) == 4
    assert set(data_hashes(tmp_path)) == {"test", "train", "val"}
    tracks = eth_true_rate_tracks(small_eth_ucy)
    assert len(tracks.scene_names) == 2 and protocol_windows(tracks, 1).num_windows > 0


def test_constant_velocity_scores_as_published_in_a_report(data_dir):
    for scene, published in PUBLISHED.items():
        windows, tracks = eth_ucy_windows(data_dir, scene, 2), eth_ucy_tracks(data_dir, scene)
        (found,) = score_scene(straight_on, scene, windows, tracks, (2,), (), num_sampled=10)
        for kind in ("min", "point", "mean", "likely"):
            errors = [found.scores[f"{kind}_{each}"] for each in ("ade", "fde")]
            np.testing.assert_allclose(errors, published, atol=5.5e-4, err_msg=f"{scene} {kind}")


def test_constant_velocity_at_the_true_rate_scores_as_measured_before(data_dir):
    tracks = eth_true_rate_tracks(data_dir)
    windows = protocol_windows(tracks, 1)
    (found,) = score_scene(straight_on, TRUE_RATE, windows, tracks, (1,), (), num_sampled=10)
    assert found.num_windows == 2614
    assert found.scores["point_ade"] == pytest.approx(0.678, abs=6e-4)
    assert found.scores["point_fde"] == pytest.approx(1.344, abs=6e-4)
