"""Symbol forecasters: what comes next, by every memory, on what was never seen; and nothing where order is lost."""

import json
from pathlib import Path

import pytest

from pathcast.errors import InputError
from pathcast.model.training.symbols.forecaster import SymbolForecaster, train_symbols, windows_of
from pathcast.model.training.symbols.settings import SymbolSettings
from pathcast.simulator.symbols import SENTENCES, shuffled, weekdays

MEMORIES = ("lstm", "gru", "rnn", "trace", "trace of state", "trace of output")


def settings_of(memory: str, **changes: object) -> SymbolSettings:
    kind, _, trace_of = memory.partition(" of ")
    return SymbolSettings.model_validate({"memory": kind, "trace_of": trace_of or "input", **changes})


@pytest.mark.parametrize("memory", MEMORIES)
def test_after_a_b_c_a_b_c_a_b_comes_c(memory: str) -> None:
    text = ["A", "B", "C", "A", "B", "C", "A", "B"]
    found = train_symbols(windows_of(text), settings_of(memory)).probabilities(text)
    assert next(iter(found)) == "C" and found["C"] > 0.99
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-5)


@pytest.fixture(scope="module")
def of_weekdays() -> SymbolForecaster:
    return train_symbols(weekdays(True), SymbolSettings(epochs=30))


def test_the_weekday_is_right_where_day_and_sentence_were_never_seen_together(of_weekdays: SymbolForecaster) -> None:
    assert of_weekdays.accuracy(weekdays(True)) == 1.0
    assert of_weekdays.accuracy(weekdays(False)) == 1.0
    found = of_weekdays.probabilities(["yesterday", "it", "was", "Sunday", "so", "today", "it", "is"])
    assert next(iter(found)) == "Monday"


def test_a_model_whose_input_was_shuffled_fails(of_weekdays: SymbolForecaster) -> None:
    """Half the sentences have the words of the other half, so that without order one in two is the best."""
    lost = train_symbols(shuffled(weekdays(True), 1), SymbolSettings(epochs=30))
    assert lost.accuracy(weekdays(False)) <= 0.75
    assert lost.accuracy(shuffled(weekdays(False), 2)) <= 0.75
    assert of_weekdays.accuracy(shuffled(weekdays(False), 2)) <= 0.75
    assert len(SENTENCES) == 8


def test_the_record_is_that_of_the_loop_that_trains_forecasters(tmp_path: Path) -> None:
    train_symbols(windows_of(["A", "B", "A"]), SymbolSettings(epochs=2), out=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert (tmp_path / "checkpoint" / "state.safetensors").is_file()


def test_symbols_never_heard_of_are_named() -> None:
    forecaster = train_symbols(windows_of(["A", "B", "A"]), SymbolSettings(epochs=1))
    with pytest.raises(InputError, match=r"some of A, B, found 'Z'"):
        forecaster.probabilities(["A", "Z"])
    with pytest.raises(InputError, match="at least two"):
        windows_of(["A"])
