"""Settings of training runs: where they come from, and what is said of those that are wrong."""

from pathlib import Path

import pytest

from pathcast.errors import InputError
from pathcast.model.training.settings import TrainingSettings
from pathcast.settings import load_settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("num_knots = 3", r"num_knots \* knot_s: expected at least num_offsets \* knot_s \+ coast_s, 6 s, found 1.2 s"),
        ('world = "ball"', 'throws: expected at least one kind of throws for world = "ball", found none'),
        ('world = "ball"\nthrows = { cricket = 1.0 }', "throws: expected one of .*, found 'cricket'"),
        (
            'world = "ball"\nthrows = { free-throw = 1.0 }\noutcome_throws = { cricket = 1.0 }',
            "throws: expected one of .*, found 'cricket'",
        ),
        (
            'world = "ball"\nthrows = { "free-throw somewhere" = 1.0 }',
            "throws: expected one of .*, or one of them and anywhere, found 'free-throw somewhere'",
        ),
        ('world = "ball"\nthrows = { free-throw = 0.0 }', "throws.free-throw: expected greater than 0, found 0.0"),
        ("told_noise = 1.5", "settings: told_noise: expected less than or equal to 1, found 1.5"),
        ('base = "vacuum"', "settings: base: expected 'physics', 'parabola' or 'none', found 'vacuum'"),
        ('scenario = "free-throw"', "settings.toml: scenario: expected a known key, such as "),
        ("max_speed_mps = 9.0", "settings.toml: max_speed_mps: expected a known key, such as "),
        ('world = "sea"', "settings: world: expected 'crowd', 'ball' or 'tracks', found 'sea'"),
        ('memory = "elman"', "settings: memory: expected 'lstm', 'gru', 'rnn' or 'trace', found 'elman'"),
        ('venue = "moon"', "settings: venue: expected one of .*plaza, found 'moon'"),
        ('name = "My Model"', "settings: name: expected .*, found 'My Model'"),
        ("epochs = 0", "settings: epochs: expected greater than or equal to 1, found 0"),
        ("noise_m = nan", "settings: noise_m: expected a finite number, found nan"),
        ("rates_hz = [30.0, 0.0]", "settings: rates_hz.1: expected greater than 0, found 0.0"),
        ("learning_rat = 0.1", "settings.toml: learning_rat: expected a known key, such as learning_rate"),
        ("lerning-rate = 0.1", "settings.toml: lerning-rate: expected a known key, such as learning_rate"),
        ("epochs = ", "settings.toml: expected a TOML file, found"),
    ],
)
def test_settings_that_are_wrong_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_settings(TrainingSettings, path, environment={})


def test_flags_stand_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("epochs = 2\nbatch = 3\nseed = 4")
    environment = {"PATHCAST_BATCH": "30", "PATHCAST_SEED": "40", "PATHCAST_DATA": "elsewhere", "SEED": "9"}
    found = load_settings(TrainingSettings, path, {"seed": 400, "epochs": None}, environment)
    assert (found.epochs, found.batch, found.seed, found.prefix) == (2, 30, 400, TrainingSettings().prefix)
    with pytest.raises(InputError, match=r"settings: epochs: expected a valid integer.*, found 'x'"):
        load_settings(TrainingSettings, None, environment={"PATHCAST_EPOCHS": "x"})


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "configs").glob("*.toml")), ids=lambda path: path.stem
)
def test_the_settings_that_come_with_the_project_are_sound(path: Path) -> None:
    assert load_settings(TrainingSettings, path, environment={}).name == path.stem
