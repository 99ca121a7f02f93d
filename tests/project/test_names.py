"""Public names, and the words they are made of."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import pathcast
from pathcast import errors

ROOT = Path(__file__).parents[2]
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
FOLDERS = ["simulator", "model", "service"]
OPTIONAL = (
    "pathcast.model.training",
    "pathcast.model.network",
    "pathcast.model.memory",
    "pathcast.live",
    "pathcast.cli",
)


def source_files() -> list[Path]:
    inside = [path for path in (ROOT / "pathcast").rglob("*.py") if path.relative_to(ROOT).parts[1] not in FOLDERS]
    return sorted(inside + [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")])


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts if parts[0] == "pathcast" else ("pathcast", *parts)).removesuffix(".__init__")


def declared(path: Path) -> list[str] | None:
    """The module's `__all__`, read without importing it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            return [str(name) for name in ast.literal_eval(node.value)]
    return None


def with_declarations() -> list[str]:
    return [name for path in source_files() if declared(path) and not (name := module_name(path)).startswith(OPTIONAL)]


def test_the_package_shows_these_names() -> None:
    assert pathcast.__all__ == ["__version__", "load"]


@pytest.mark.parametrize("name", with_declarations())
def test_every_declared_name_exists(name: str) -> None:
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    assert not [each for each in module.__all__ if not hasattr(module, each)]


def test_no_file_is_named_by_a_word_that_says_nothing() -> None:
    assert not [path for path in source_files() if EMPTY_WORDS & set(path.stem.split("_"))]


def test_every_error_is_in_the_tree_and_in_its_drawing() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert all(issubclass(kind, errors.PathcastError) for kind in kinds)
    assert len(kinds) <= 9
    assert errors.__doc__ is not None
    assert not [kind.__name__ for kind in kinds if kind.__name__ not in errors.__doc__]


def test_an_input_error_is_a_value_error() -> None:
    assert issubclass(errors.InputError, ValueError)
