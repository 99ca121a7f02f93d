"""`pathcast evaluate table-tennis` and `baseball` from the outside."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from pathcast.cli import group
from pathcast.errors import InputError


@pytest.mark.parametrize("verb", ["table-tennis", "baseball"])
def test_a_folder_that_is_not_there_or_empty_is_named(verb, tmp_path):
    for folder in (tmp_path / "nowhere", tmp_path):
        done = CliRunner().invoke(group, ["evaluate", verb, "--data", str(folder), "--model", "none"])
        assert isinstance(done.exception, InputError)
        assert done.exception.where == "--data"


def test_a_wrong_part_is_a_usage_error(tmp_path):
    done = CliRunner().invoke(group, ["evaluate", "table-tennis", "--data", str(tmp_path), "--part", "test"])
    assert done.exit_code == 2


def test_recorded_table_tennis_is_scored_with_its_keys(data_dir, tmp_path):
    """A few of the tracks: the oracle's mode takes minutes over all."""
    for name in ("table_tennis_spindoe", "table_tennis_tt3d"):
        if not (folder := data_dir / "ball" / name).is_dir():
            pytest.skip("recorded table tennis: no ball/ in the data folder")
        (tmp_path / "ball" / name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:8]:
            (tmp_path / "ball" / name / file.name).symlink_to(file)
    arguments = ["evaluate", "table-tennis", "--data", str(tmp_path), "--model", "constant-velocity-3d", "--json"]
    done = CliRunner().invoke(group, arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert {"spindoe_median_ade", "tt3d_median_ade", "real_coverage90", "protocol", "sha256"} <= set(found)
    rows = found["tables"][0]["rows"]
    assert rows["gravity + drag"]["ade_median"] < rows["gravity"]["ade_median"]
    assert "coverage90" not in rows["gravity"]
