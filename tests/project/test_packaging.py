"""The wheel holds every layer under `pathcast`, and nothing beside it (docs/decisions/0001)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ["pathcast", "simulator", "model", "service"]
LAYERS = ["simulator", "model", "service", "v1", "cli", "live", "formats"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, built from the source distribution, and that distribution; no network is used."""
    folder = tmp_path_factory.mktemp("packaging")
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=ignored)
    for name in ["pyproject.toml", "README.md", "LICENSE"]:
        shutil.copy(ROOT / name, source / name)
    out = folder / "out"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shipped(folder: str) -> set[str]:
    """The files of a source folder by the names they have in the wheel."""
    prefix = "" if folder == "pathcast" else "pathcast/"
    return {
        prefix + path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_every_layer_is_in_the_wheel(names: set[str], layer: str) -> None:
    assert f"pathcast/{layer}/__init__.py" in names


@pytest.mark.parametrize("folder", SOURCES)
def test_every_file_of_every_layer_is_in_the_wheel(names: set[str], folder: str) -> None:
    assert not shipped(folder) - names


def test_types_licence_and_command_are_in_the_wheel(names: set[str]) -> None:
    assert {"pathcast/py.typed", "pathcast/v1/forecast_pb2.pyi", "pathcast/v1/forecast_pb2_grpc.pyi"} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)


def test_every_bundle_is_in_the_wheel(names: set[str]) -> None:
    for config in (ROOT / "model" / "bundles").glob("*/*/config.json"):
        folder = f"pathcast/model/bundles/{config.parent.parent.name}/{config.parent.name}"
        assert {f"{folder}/{file}" for file in ("config.json", "encode.onnx", "forecast.onnx")} <= names


def test_nothing_but_pathcast_is_installed(names: set[str]) -> None:
    top_level = {name.split("/")[0] for name in names}
    assert {name for name in top_level if not name.endswith(".dist-info")} == {"pathcast"}


def test_the_source_distribution_holds_real_files_for_the_layers(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        members = {member.name.split("/", 1)[-1]: member for member in archive.getmembers()}
    for layer in LAYERS:
        assert members[f"pathcast/{layer}/__init__.py"].isfile()


def test_the_unpacked_wheel_imports_by_itself(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import pathcast.service.client, pathcast.model.library, pathcast.simulator
modules = [pathcast, pathcast.service.client, pathcast.model.library, pathcast.simulator]
assert all(module.__file__.startswith({str(tmp_path)!r}) for module in modules), modules
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
