"""`pathcast models` says what can be served; `pathcast train` writes a bundle that is one of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pathcast.cli import main
from pathcast.model.library import load_library

SMALL = """
name = "tried"
summary = "Balls, for a moment"
world = "ball"
throws = { free-throw = 1.0 }
noise_m = 0.03
prefix = 12
num_train = 256
num_validation = 64
num_calibration = 200
num_test = 200
epochs = 1
batch = 64
num_ends = 1
num_units = 8
num_context = 8
num_decoder_units = 8
num_modes = 2
knot_s = 0.1
num_knots = 10
num_offsets = 4
coast_s = 0.2
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """Runs `pathcast` as the shell would, in a folder of its own: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def pathcast(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pathcast", *words])
        with pytest.raises(SystemExit) as end:
            main()
            sys.exit(0)
        return int(end.value.code or 0), *capsys.readouterr()

    return pathcast


def test_every_model_that_ships_is_listed_on_a_line(run):
    code, out, err = run("models")
    cards = load_library().cards()
    assert (code, err) == (0, "")
    for line, card in zip(out.splitlines(), cards, strict=True):
        assert line.startswith(f"{card.name} {card.version}: {card.summary} ({card.num_axes} axes")
        assert line.endswith(")") and f"up to {card.horizon_s:g} s" in line


def test_models_are_json_when_asked(run):
    code, out, _ = run("models", "constant-velocity-3d", "pedestrian", "--json")
    listed = {each["name"]: each for each in json.loads(out)}
    assert code == 0 and list(listed) == ["constant-velocity-3d", "pedestrian"]
    card = load_library(["pedestrian"]).cards()[-1]
    assert listed["pedestrian"]["offsets_s"] == list(card.offsets_s)
    assert listed["pedestrian"]["metrics"] == card.metrics
    assert listed["pedestrian"]["takes_goals"] == card.takes_goals
    assert listed["constant-velocity-3d"]["outcome_names"] == [] and not listed["constant-velocity-3d"]["has_contacts"]
    assert listed["constant-velocity-3d"]["num_axes"] == 3 and listed["constant-velocity-3d"]["num_modes"] == 1


def test_what_models_offer_is_said(falling):
    from pathcast.cli.models import offers

    assert offers(load_library(["constant-velocity-3d"]).cards()[0]) == []
    assert offers(falling.FallingEngine().card) == [
        "outcomes far, left",
        "foretells contacts",
        "tells suspect tracks",
        "takes the sensor's noise",
        "takes size and mass",
    ]


def test_cards_are_printed_when_asked(run):
    _, out, _ = run("models", "pedestrian", "--card")
    assert "## Limits" in out and load_library(["pedestrian"]).cards()[0].text in out


def test_an_unknown_model_is_wrong_use(run, tmp_path):
    code, out, err = run("models", "cricket")
    assert (code, out) == (2, "")
    assert err.startswith("pathcast: model: expected one of ball, ") and err.endswith("found 'cricket'\n")
    assert run("models", str(tmp_path))[::2] == (
        1,
        f"pathcast: {tmp_path}: expected a bundle, found no config.json\n",
    )


def test_a_trained_bundle_is_a_model_with_its_scores(run, tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    code, out, err = run("train", "--config", "small.toml", "--out", "bundles/tried", "--seed", "5", "--json")
    assert code == 0
    assert "1 epochs" in err and err.endswith("wrote bundles/tried\n")
    scores = json.loads(out)
    assert {"ade_m", "constant_velocity_ade_m", "ballistic_ade_m", "coverage90"} <= scores.keys()
    _, listed, _ = run("models", "bundles/tried", "--json")
    (model,) = json.loads(listed)
    assert model["name"] == "tried" and model["summary"] == "Balls, for a moment"
    assert model["offsets_s"] == [0.1, 0.2, 0.3, 0.4] and model["horizon_s"] == 1.0
    assert model["metrics"] == scores
    written = json.loads((tmp_path / "bundles" / "tried" / "config.json").read_text())["training"]
    assert (written["seed"], written["epochs"], written["throws"]) == (5, 1, {"free-throw": 1.0})


def test_without_json_a_score_stands_on_each_line(run, tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    code, out, _ = run("train", "--config", "small.toml", "--out", "tried")
    metrics = json.loads((tmp_path / "tried" / "metrics.json").read_text())
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [[name, f"{value:.4f}"] for name, value in metrics.items()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "learning_rat = 1.0",
            "small.toml: learning_rat: expected a known key, such as learning_rate, found an unknown",
        ),
        (
            'world = "ball"\nscenario = "free-throw"',
            "small.toml: scenario: expected a known key, such as version, found an unknown one",
        ),
        ("noize_m = 1.0", "small.toml: noize_m: expected a known key, such as noise_m, found an unknown one"),
        ('epochs = "many"', "settings: epochs: expected a valid integer"),
        ("num_offsets = 15", "settings: num_knots * knot_s: expected at least num_offsets * knot_s + coast_s, 7.2 s"),
        ('world = "ball"', 'settings: throws: expected at least one kind of throws for world = "ball", found none'),
        ("epochs 3", "small.toml: expected a TOML file, found "),
    ],
)
def test_wrong_settings_are_named_and_nothing_is_written(run, tmp_path, text, words):
    (tmp_path / "small.toml").write_text(text)
    code, out, err = run("train", "--config", "small.toml", "--out", "tried")
    assert (code, out) == (2, "")
    assert err.startswith(f"pathcast: {words}") and err.count("\n") == 1
    assert not (tmp_path / "tried").exists()


def test_a_file_that_is_not_there_is_wrong_use(run):
    code, out, err = run("train", "--config", "nowhere.toml", "--out", "tried")
    assert (code, out) == (2, "")
    assert err == "pathcast: nowhere.toml: expected a TOML file, found No such file or directory\n"


@pytest.mark.parametrize("words", [("--out", "x"), ("--config", "x"), ("--config", "x", "--out", "y", "--epochs", "0")])
def test_options_that_are_missing_or_out_of_range_are_wrong_use(run, words):
    code, _, err = run("train", *words)
    assert code == 2 and "Usage: pathcast train" in err


def test_several_seeds_are_trained_side_by_side_and_their_scores_summed_up(run, tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    code, out, _ = run("train", "--config", "small.toml", "--out", "tried", "--seeds", "1,4", "--json")
    found = json.loads(out)
    assert code == 0 and list(found["seeds"]) == ["1", "4"]
    one, four = found["seeds"].values()
    assert one["ade_m"] != four["ade_m"]
    for name in one:
        assert found["mean"][name] == pytest.approx((one[name] + four[name]) / 2)
        assert found["deviation"][name] == pytest.approx(abs(one[name] - four[name]) / 2**0.5)
    for seed in (1, 4):
        folder = tmp_path / "tried" / f"seed-{seed}"
        assert json.loads((folder / "config.json").read_text())["training"]["seed"] == seed
        assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    code, again, err = run("train", "--config", "small.toml", "--out", "tried", "--seeds", "1,4", "--json", "--resume")
    assert (code, json.loads(again)) == (0, found)
    code, out, err = run("train", "--config", "small.toml", "--out", "tried", "--seeds", "1,4")
    assert (code, out) == (2, "") and "seed-1: expected a folder without a bundle, --resume or --overwrite" in err


@pytest.mark.parametrize(
    "words", [("--seeds", "1,1"), ("--seeds", "1,x"), ("--seed", "1", "--seeds", "2,3"), ("--resume", "--overwrite")]
)
def test_options_that_contradict_themselves_are_wrong_use(run, words):
    code, _, err = run("train", "--config", "x", "--out", "y", *words)
    assert code == 2 and "Usage: pathcast train" in err
