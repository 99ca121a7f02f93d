"""The plan for many cameras says what follows from the measured costs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scale", ROOT / "tools" / "scale.py")
    assert spec is not None and spec.loader is not None
    import sys

    module = importlib.util.module_from_spec(spec)
    sys.modules["scale"] = module
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_what_the_script_prints(scale: ModuleType) -> None:
    assert (ROOT / "docs" / "scale.md").read_text().endswith(scale.tables())


def test_ten_times_the_price_is_ten_times_the_money(scale: ModuleType) -> None:
    def dear(price: float) -> float:
        rows = [line for line in scale.tables(price, 0.0).splitlines() if line.startswith("| 10,000 ")]
        return float(rows[0].split("|")[-2].replace(",", ""))

    assert dear(10.0) == pytest.approx(10 * dear(1.0), rel=0.05)
