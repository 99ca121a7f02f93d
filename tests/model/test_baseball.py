"""Recorded pitches: from Statcast's columns to metres, and where paths meet the plate."""

from __future__ import annotations

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.model.evaluation.baseball import FOOT_M, PLATE_Y_M, read_pitches
from pathcast.model.evaluation.baseball_report import crossing, evaluate_baseball

HEADER = "release_pos_x,release_pos_y,release_pos_z,vx0,vy0,vz0,ax,ay,az,plate_x,plate_z"
FIT = {"place": (-2.0, 50.0, 5.7), "velocity": (6.0, -140.0, -6.0), "acceleration": (-10.0, 30.0, -15.0)}


def pitch_line(release_y=54.0, miss=0.0):
    """A row of the files, by a fit that is known at 50 ft."""
    place, velocity, acceleration = (np.array(each) for each in FIT.values())
    since = np.roots([acceleration[1] / 2, velocity[1], 50.0 - release_y]).real
    release = place + velocity * since[np.abs(since).argmin()]
    release = release + acceleration * since[np.abs(since).argmin()] ** 2 / 2
    late = np.roots([acceleration[1] / 2, velocity[1], 50.0 - 17 / 12]).real
    late = late[late > 0].min()
    plate = place + velocity * late + acceleration * late**2 / 2
    numbers = (*release, *velocity, *acceleration, plate[0] + miss, plate[2])
    return ",".join(f"{number:.12g}" for number in numbers)


def write(folder, *lines, header=HEADER):
    path = folder / "ball" / "baseball_statcast" / "some.csv"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([header, *lines]) + "\n")


def test_a_pitch_starts_at_release_and_ends_where_it_was_recorded(tmp_path):
    write(tmp_path, pitch_line())
    pitches = read_pitches(tmp_path)
    assert pitches.num_pitches == 1
    assert pitches.place[0, 1] == pytest.approx(54.0 * FOOT_M)
    end = pitches.at(pitches.crossing_times[:, None])[0, 0]
    assert end[1] == pytest.approx(PLATE_Y_M)
    assert end[[0, 2]] / FOOT_M == pytest.approx([float(each) for each in pitch_line().split(",")[-2:]])


def test_each_pitch_counts_once_and_wrong_ones_not_at_all(tmp_path):
    broken = "null," + pitch_line().partition(",")[2]
    write(
        tmp_path,
        pitch_line(),
        pitch_line(),
        broken.replace("-140", "-141"),
        pitch_line(miss=1.0).replace("6,-140", "6.1,-140"),
    )
    pitches = read_pitches(tmp_path)
    assert (pitches.num_pitches, pitches.num_left_out) == (1, 2)


def test_a_path_is_crossed_where_it_meets_the_plate():
    y = np.array([[2.0, 1.0, 0.0]])
    path = np.stack([10 * y, y, 5 + 0 * y], axis=2)
    place, time = crossing(path, np.array([[0.1, 0.2, 0.3]]))
    assert place[0] == pytest.approx([10 * PLATE_Y_M, PLATE_Y_M, 5.0])
    assert time[0] == pytest.approx(0.3 - 0.1 * PLATE_Y_M)
    place, _ = crossing(path[:, :2], np.array([[0.1, 0.2]]))
    assert place[0, 1] == pytest.approx(PLATE_Y_M)


def test_without_noise_the_paths_own_family_is_exact(tmp_path):
    write(tmp_path, pitch_line(54.0), pitch_line(55.0).replace("6,-140", "6,-140"))
    report = evaluate_baseball(tmp_path, None, noise_m=1e-9)
    for table in report.tables:
        assert table["rows"]["free parabola"]["crossing_mean"] < 2e-3
        assert table["rows"]["gravity"]["crossing_mean"] > 0.05
    assert "model" in report.left_out


def test_other_files_and_models_are_refused(tmp_path):
    with pytest.raises(InputError, match="baseball_statcast"):
        read_pitches(tmp_path)
    write(tmp_path, "1,2", header="a,b")
    with pytest.raises(InputError, match=r"some\.csv"):
        read_pitches(tmp_path)


def test_a_model_of_two_axes_is_refused(tmp_path):
    write(tmp_path, pitch_line())
    with pytest.raises(InputError, match="--model"):
        evaluate_baseball(tmp_path, "constant-velocity-2d")


def test_recorded_pitches_cross_where_their_fits_say(data_dir):
    if not (data_dir / "ball" / "baseball_statcast").is_dir():
        pytest.skip("recorded pitches: no ball/baseball_statcast in the data folder")
    pitches = read_pitches(data_dir)
    assert pitches.num_pitches > 6000
    assert pitches.num_left_out < 100
    assert ((pitches.crossing_times > 0.3) & (pitches.crossing_times < 0.7)).all()
