"""Observations from a pipe or a file become frames, and forecasts leave as soon as a frame is complete."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathcast.errors import InputError
from pathcast.live.watch import choose_model, paced, read_frames, scenes_of
from pathcast.service.client import Client, LocalServer, Model
from pathcast.tracks import Tracks

MODEL = "constant-velocity-2d"


def line(**record) -> bytes:
    return json.dumps(record).encode() + b"\n"


def flat(time: float, *tracks: int) -> list[bytes]:
    return [line(time=time, track=track, x=track + time, y=1.0) for track in tracks]


def whole(time: float, *tracks: int) -> bytes:
    return line(time=time, tracks=[{"track": track, "x": track + time, "y": 1.0} for track in tracks])


def read(*lines: bytes) -> list[tuple[float, list[int], list[list[float]]]]:
    return [(time, ids, places.tolist()) for time, ids, places in read_frames(lines, "pipe")]


@settings(max_examples=50)
@given(frames=st.lists(st.sets(st.integers(0, 2**64 - 1), min_size=1, max_size=4), max_size=6), form=st.booleans())
def test_frames_survive_both_forms(frames, form):
    lines = []
    for time, ids in enumerate(frames):
        lines += [whole(time, *ids)] if form else flat(time, *ids)
    found = read(*lines)
    assert [(time, ids) for time, ids, _ in found] == [(time, list(ids)) for time, ids in enumerate(frames)]


def test_a_frame_is_complete_as_soon_as_the_next_time_or_its_own_form_says_so():
    taken = []

    def source():
        for each in [*flat(0.0, 1, 2), *flat(1.0, 1), whole(2.0, 1), b"\n", whole(3.0)]:
            taken.append(each)
            yield each

    frames = read_frames(source(), "pipe")
    counts = [(next(frames)[0], len(taken)) for _ in range(4)]
    assert counts == [(0.0, 3), (1.0, 4), (2.0, 4), (3.0, 6)]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([b"not json\n"], "pipe:1: expected a JSON object"),
        ([b"[1]\n"], "pipe:1: expected a JSON object"),
        ([b"\xff\n"], "pipe:1: expected a JSON object"),
        ([b"\x1b[31mred\x07!\n"], r"pipe:1: expected a JSON object .*, found \ufffd\[31mred\ufffd!$"),
        ([line(track=1, x=0, y=0)], "pipe:1: time: expected a finite number, found none"),
        ([line(time="1", track=1, x=0, y=0)], "pipe:1: time"),
        ([line(time=True, track=1, x=0, y=0)], "pipe:1: time"),
        ([line(time=1, track=-1, x=0, y=0)], "pipe:1: track: expected a whole number from 0, found -1"),
        ([line(time=1, track=2**64, x=0, y=0)], "pipe:1: track"),
        ([line(time=1, track=1, x=0)], "pipe:1: y"),
        ([line(time=1, track=1, x=0, y=float("nan"))], "pipe:1: y"),
        ([line(time=1, tracks=3)], "pipe:1: tracks"),
        ([line(time=1, tracks=[{"track": 1, "x": 0, "y": 0}, {"track": 2}])], r"pipe:1: tracks\[1\]: x"),
        ([*flat(1.0, 1), *flat(1.0, 1)], "pipe:2: track: expected once in a frame, found 1 twice"),
        ([*flat(1.0, 1), *flat(0.5, 1)], "pipe:2: time: expected after 1 s"),
        ([whole(1.0, 1), whole(1.0, 2)], "pipe:2: time: expected after 1 s"),
        ([whole(1.0, 1), *flat(1.0, 2)], "pipe:2: time: expected after 1 s"),
        ([*flat(1.0, 1), whole(1.0, 2)], "pipe:2: time: expected after 1 s"),
        ([*flat(1.0, 1), line(time=2, track=1, x=0, y=0, z=0)], "pipe:2: position: expected 2 axes"),
    ],
)
def test_a_bad_line_is_named_by_its_number(lines, words):
    with pytest.raises(InputError, match=words):
        read(*lines)


def test_a_null_coordinate_is_an_observation_that_is_not_finite():
    ((_, _, places),) = read_frames([line(time=0, tracks=[{"track": 1, "x": None, "y": 2}])], "pipe")
    np.testing.assert_array_equal(places, [[np.nan, 2.0]])


def test_frames_play_at_their_own_pace_and_late_ones_at_once():
    now, slept = [50.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    frames = [(10.0 + time, [1], np.zeros((1, 2))) for time in (0.0, 1.0, 2.0, 4.0)]
    for step, _ in enumerate(paced(frames, 2.0, lambda: now[0], sleep)):
        now[0] += 0.7 if step == 1 else 0.0
    np.testing.assert_allclose(slept, [0.5, 0.8])


def test_scenes_are_named_where_there_are_several():
    one = Tracks.from_rows(0, [1, 1], [0.0, 1.0], np.zeros((2, 2)))
    assert [name for name, _ in scenes_of(one)] == [None]
    two = Tracks.from_rows([0, 4], [1, 1], [0.0, 1.0], np.zeros((2, 2)), scene_names={0: "zara"})
    assert [(name, len(rows)) for name, rows in scenes_of(two)] == [("zara", 1), ("4", 1)]


def model(name: str, axes: int) -> Model:
    return Model(name, "1", "", axes, 4.8, (0.4,), 1, 0.0, 2, None, False)


def test_the_trained_model_is_chosen_where_it_is():
    models = [model("constant-velocity-2d", 2), model("constant-velocity-3d", 3), model("pedestrian", 2)]
    assert choose_model(models, 2).name == "pedestrian"
    assert choose_model(models, 3).name == "constant-velocity-3d"
    with pytest.raises(InputError, match="a model of 3 axes"):
        choose_model(models[:1], 3)


@pytest.fixture(scope="module")
def server():
    with LocalServer() as local:
        yield local


def run(*arguments: str, lines: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pathcast", "watch", *arguments]
    done = subprocess.run(command, input=lines, capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_pipe_is_answered_frame_by_frame_while_it_is_open(server):
    command = [sys.executable, "-m", "pathcast", "watch", "-", "--server", server.address, "--model", MODEL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        for time in range(3):
            process.stdin.write(whole(time, 7))
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert (answer["frame"], answer["time"]) == (time, time)
        process.stdin.close()
        assert process.wait(20) == 0
    np.testing.assert_allclose(answer["tracks"][0]["modes"][0]["path"][0], [9.4, 1.0], atol=1e-4)


def test_a_pipe_gets_the_forecasts_of_the_client(server):
    lines = b"".join(line for time in range(4) for line in flat(0.5 * time, 3, 4))
    done = run("-", "--server", server.address, "--model", MODEL, "--offsets", "0.5,1.5", "--modes", "1", lines=lines)
    assert done.returncode == 0
    answers = [json.loads(each) for each in done.stdout.splitlines()]
    assert [answer["offsets"] for answer in answers] == [[0.5, 1.5]] * 4
    prefixes = {each: (0.5 * np.arange(4), [[each + 0.5 * time, 1.0] for time in range(4)]) for each in (3, 4)}
    with Client(server.address) as client:
        direct = client.forecast(MODEL, prefixes, offsets=[0.5, 1.5])
    for row, track in enumerate(answers[-1]["tracks"]):
        assert (track["track"], track["status"]) == (int(direct.track_ids[row]), "forecasting")
        np.testing.assert_allclose(track["modes"][0]["path"], direct.means[row, 0], atol=1e-4)


def test_a_file_is_streamed_with_a_server_of_its_own(tmp_path):
    rows = [f"{frame} {track} {0.4 * frame / 10 + track} {track}" for frame in range(0, 60, 10) for track in (1, 2)]
    (tmp_path / "walk.txt").write_text("\n".join(rows))
    done = run(str(tmp_path / "walk.txt"), "--fast", "--model", MODEL, "--horizon", "1", "--step", "0.5")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert "track 2" in last and "forecasting" in last and "in 1 s" in last


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["/nowhere.txt"], 2, "/nowhere.txt: expected a readable file"),
        (["-", "--model", "nobody"], 2, "found 'nobody'"),
        (["-", "--offsets", "99"], 2, "open.offsets.seconds: expected increasing seconds"),
        (["-", "--offsets", "soon"], 2, "expected seconds between commas"),
        (["-", "--horizon", "1"], 2, "step_s"),
        (["-", "--modes", "50"], 2, "open.num_modes"),
    ],
    ids=str,
)
def test_wrong_use_ends_with_two(server, arguments, code, words):
    done = run(*arguments, "--server", server.address, lines=whole(0.0, 1))
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr and "Traceback" not in done.stderr


def test_a_bad_line_ends_with_two_after_the_good_ones_were_answered(server):
    lines = whole(0.0, 1) + whole(1.0, 1) + b"{broken\n"
    done = run("-", "--server", server.address, "--model", MODEL, lines=lines)
    assert done.returncode == 2 and len(done.stdout.splitlines()) == 2
    assert "standard input:3: expected a JSON object" in done.stderr


def test_an_unreachable_server_ends_with_one():
    done = run("-", "--server", "127.0.0.1:1", lines=whole(0.0, 1))
    assert done.returncode == 1 and "could not be reached" in done.stderr


def thrown(num_frames: int = 6, jump: float = 0.0) -> bytes:
    """A ball that falls from 1 m while it flies along x; it jumps before its last frame."""
    places = [
        (0.04 * n, 0.16 * n + jump * (n == num_frames - 1), 1 - 9.81 / 2 * (0.04 * n) ** 2) for n in range(num_frames)
    ]
    return b"".join(line(time=time, tracks=[{"track": 7, "x": x, "y": 0.5, "z": z}]) for time, x, z in places)


def test_a_pipe_gets_outcomes_surprise_and_contacts(falling_address):
    given = ["--noise", "0.05,0.01,0.02", "--clock-noise", "0.001", "--radius", "0.2", "--mass", "0.3"]
    command = ["-", "--server", falling_address, "--model", "falling"]
    done = run(*command, "--contacts", *given, lines=thrown())
    assert done.returncode == 0, done.stderr
    answers = [json.loads(each)["tracks"] for each in done.stdout.splitlines()]
    (last,) = answers[-1]
    assert last["outcomes"].keys() == {"far", "left"} and last["outcomes"]["left"] > 0.9
    assert 0 <= last["surprise"] < 6 and last["contacts"][0]["kind"] == "floor"
    (plain,) = json.loads(run(*command, lines=thrown()).stdout.splitlines()[-1])["tracks"]
    assert "contacts" not in plain and plain["modes"] != last["modes"]
    (suspect,) = json.loads(run(*command, lines=thrown(jump=4.0)).stdout.splitlines()[-1])["tracks"]
    assert suspect["status"] == "suspect" and suspect["surprise"] > 6


def test_regions_are_told_in_words_and_as_json(server, tmp_path):
    lines = b"".join(line for time in range(4) for line in flat(0.5 * time, 3, 4))
    regions = ["--region", "ahead=5,-9,6,-9,6,9,5,9", "--region", "behind=-9,-9,-8,-9,-8,9"]
    command = ["--server", server.address, "--model", MODEL, *regions, "--offsets", "1,3"]
    done = run("-", *command, lines=lines)
    assert done.returncode == 0, done.stderr
    (one, _) = json.loads(done.stdout.splitlines()[-1])["tracks"]
    assert list(one["regions"]) == ["ahead", "behind"] and one["regions"]["behind"]["probabilities"] == [0.0, 0.0]
    near, far = one["regions"]["ahead"]["probabilities"]
    assert near <= far and 0 < far <= 1 and 0 <= one["regions"]["ahead"]["in"] <= 3
    rows = [f"{10 * time},{each},{each + 0.5 * time},1" for time in range(4) for each in (3, 4)]
    (tmp_path / "walk.csv").write_text("\n".join(["frame,track,x,y", *rows, ""]))
    file = run(str(tmp_path / "walk.csv"), "--frames-per-second", "20", "--fast", *command)
    assert file.returncode == 0, file.stderr
    assert "  into ahead in " in file.stdout.splitlines()[-1] and "into behind in 3.00 s p 0.00" in file.stdout


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ("crossing", "expected NAME=X,Y,X,Y,... in metres, found 'crossing'"),
        ("crossing=1,2,3", "expected NAME=X,Y,X,Y,... in metres, found 'crossing=1,2,3'"),
        ("crossing=1,2,here", "expected metres between commas, found '1,2,here'"),
        ("crossing=0,0,1,1,2,2", "regions: crossing: expected a simple polygon with an area"),
    ],
)
def test_a_wrong_region_ends_with_two(server, region, words):
    done = run("-", "--server", server.address, "--model", MODEL, "--region", region, lines=whole(0.0, 1))
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr and "Traceback" not in done.stderr


def test_a_file_is_told_in_words(falling_address, tmp_path):
    rows = [json.loads(each) for each in thrown(jump=4.0).splitlines()]
    lines = [f"7,{row['time']},{at['x']},{at['y']},{at['z']}" for row in rows for at in row["tracks"]]
    (tmp_path / "throw.csv").write_text("\n".join(["track,time,x,y,z", *lines, ""]))
    command = [str(tmp_path / "throw.csv"), "--fast", "--server", falling_address, "--model", "falling"]
    *_, before, last = run(*command, "--contacts").stdout.splitlines()
    assert "forecasting" in before and "P(far) 0." in before and "P(left) " in before and "floor in 0." in before
    assert "suspect" in last and "surprise 0." in before and "surprise" in last
    assert "floor" not in run(*command).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "falling", "--noise", "much"], "expected metres between commas"),
        (["--model", "falling", "--noise", "0.1,0.1"], "noise_m: expected one number, or 3, found 2"),
        (["--model", "falling", "--clock-noise", "-1"], "clock_s: expected a finite number from 0"),
        (["--model", "falling", "--radius", "0"], "radius_m: expected a finite number over 0"),
        (["--model", "falling", "--mass", "nan"], "mass_kg: expected a finite number over 0"),
        (["--model", "constant-velocity-3d", "--noise", "0.1"], "open.sensor_noise: part of the contract"),
        (["--model", "constant-velocity-3d", "--contacts"], "open.outputs: OUTPUT_CONTACTS: part of the contract"),
    ],
    ids=str,
)
def test_what_is_given_wrongly_is_named(falling_address, arguments, words):
    done = run("-", "--server", falling_address, *arguments, lines=thrown())
    assert done.returncode in (1, 2) and done.stdout == ""
    assert words in done.stderr and "Traceback" not in done.stderr
