"""The fuzzed targets: no input makes them fail. `make fuzz` looks longer, guided by coverage."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent
KEPT = sorted(path for path in (HERE / "corpus").rglob("*") if path.is_file())


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_targets", HERE / "targets.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


targets = load()


@pytest.mark.parametrize("name", sorted(targets.TARGETS))
def test_inputs_that_were_kept_do_no_harm(name):
    inputs = [path for path in KEPT if path.parent.name == name]
    assert inputs
    for path in inputs:
        targets.TARGETS[name](path.read_bytes())


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    targets.read_codec(data)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_stream_ends(data):
    targets.hold_stream(data)


def test_the_corpus_is_small():
    assert sum(path.stat().st_size for path in KEPT) < 256 * 1024
