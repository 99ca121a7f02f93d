"""What every tracked file keeps to."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400
GENERATED = "pathcast/v1/"
INSTALLERS = ["Makefile", ".ci/run", "constraints.txt", "constraints-proto.txt", "pyproject.toml"]
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|mnt|Users)/\w")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


@cache
def tracked() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: the tracked files are unknown")
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> dict[str, str]:
    """Tracked text files by name."""
    found = {}
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            found[path.relative_to(ROOT).as_posix()] = content.decode("utf-8", "replace")
    return found


def places(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    assert not places(MACHINE_PATH)


def test_no_tracked_file_is_marked_unfinished() -> None:
    assert not places(UNFINISHED)


@pytest.mark.parametrize("name", INSTALLERS)
def test_packages_come_from_wherever_pip_and_npm_are_set_to_look(name: str) -> None:
    assert not re.search(r"https?://|index-url|find-links|trusted-host|--registry", (ROOT / name).read_text())


def test_files_are_at_most_400_lines() -> None:
    long = {
        name: lines
        for name, text in texts().items()
        if name.endswith(".py") and not name.startswith(GENERATED) and (lines := text.count("\n")) > LONGEST
    }
    assert not long


def test_tracked_files_are_small() -> None:
    large = {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > 4 * 2**20}
    assert not large


def test_the_layers_are_reached_through_relative_links() -> None:
    for layer in ["simulator", "model", "service"]:
        link = ROOT / "pathcast" / layer
        assert link.is_symlink()
        assert link.readlink() == Path("..") / layer


def test_every_package_of_ours_has_an_init() -> None:
    for folder in ["pathcast", "simulator", "model", "service"]:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").exists(), path.parent


def test_every_pinned_version_satisfies_the_range_of_the_project() -> None:
    import tomllib

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [line for name in extras if name not in ("ray", "all") for line in extras[name]]
    for requirement in map(Requirement, wanted):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement
