"""Symbol sequences: what is asked for follows from what was shown, and each is a function of seed and index."""

import re
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from pathcast.errors import InputError
from pathcast.simulator.reber import LETTERS, embedded_reber
from pathcast.simulator.symbols import (
    DAYS,
    NOTHING,
    SENTENCES,
    Symbols,
    adding,
    copy,
    cyclic,
    is_held_out,
    recall,
    shuffled,
    temporal_order,
    weekdays,
)

MAKERS: dict[str, Callable[[int, int, int], Symbols]] = {
    "cyclic": lambda seed, first, num: cyclic(("A", "B", "C"), 9, seed, first, num, noise=0.1, distractors=0.2),
    "recall": partial(recall, 20),
    "copy": partial(copy, 12),
    "temporal order": partial(temporal_order, 10),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_sequence_is_the_same_in_any_batch(name: str) -> None:
    whole, part = MAKERS[name](3, 4090, 12), MAKERS[name](3, 4095, 4)
    np.testing.assert_array_equal(whole.inputs[5:9], part.inputs)
    np.testing.assert_array_equal(whole.answers[5:9], part.answers)
    assert (MAKERS[name](4, 4090, 12).inputs != whole.inputs).any()
    assert whole.inputs.max() < len(whole.names)


def test_a_cycle_goes_on_with_its_next_symbol() -> None:
    made = cyclic(("A", "B", "C"), 8, 1, 0, 50)
    np.testing.assert_array_equal(made.answers, (made.inputs + 1) % 3)
    assert set(made.inputs[:, 0]) == {0, 1, 2}


def test_distractors_hold_a_cycle_up() -> None:
    made = cyclic(("A", "B", "C"), 40, 1, 0, 200, distractors=0.3)
    for shown, answers in zip(made.inputs, made.answers, strict=True):
        of_cycle = shown < 3
        np.testing.assert_array_equal(answers[of_cycle], (shown[of_cycle] + 1) % 3)
        assert (np.diff(answers)[~of_cycle[1:]] == 0).all()
    assert (made.inputs >= 3).mean() == pytest.approx(0.3, abs=0.02)


def test_recall_asks_for_the_first_symbol_and_nothing_tells_it_later() -> None:
    made = recall(100, 1, 0, 400)
    assert made.inputs.shape == (400, 102)
    np.testing.assert_array_equal(made.answers[:, -1], made.inputs[:, 0])
    assert (made.answers[:, :-1] == NOTHING).all() and (made.inputs[:, 1:] >= 2).all()
    assert made.answers[:, -1].mean() == pytest.approx(0.5, abs=0.08)


def test_copies_come_after_the_lag() -> None:
    made = copy(15, 1, 0, 10)
    np.testing.assert_array_equal(made.answers[:, -3:], made.inputs[:, :3])
    assert (made.inputs[:, 3:18] == 4).all() and (made.inputs[:, 18:] == 5).all()


def test_the_order_asked_for_is_that_of_the_two_symbols() -> None:
    made = temporal_order(12, 1, 0, 60)
    for shown, answer in zip(made.inputs, made.answers[:, -1], strict=True):
        assert made.names[answer] == "".join(made.names[symbol] for symbol in shown if symbol < 2)


def test_sums_are_of_the_marked_numbers() -> None:
    made = adding(30, 1, 0, 50)
    np.testing.assert_array_equal(made.inputs[:, :, 1].sum(1), 2)
    np.testing.assert_allclose((made.inputs[:, :, 0] * made.inputs[:, :, 1]).sum(1) / 2, made.answers)


def test_embedded_strings_are_of_the_grammar() -> None:
    """Against a regular expression of the grammar's graph."""
    inner = "B(?:T S* X (?: X T* V (?:P X T* V)* (?:P S | V) | S) | P T* V (?:P X T* V)* (?:P S | V)) E"
    pattern = re.compile(f"B(T|P) {inner} \\1E", re.VERBOSE)
    made = embedded_reber(1, 0, 500)
    for shown, answers, possible in zip(made.inputs, made.answers, made.possible, strict=True):
        length = int((answers != NOTHING).sum())
        text = "".join(LETTERS[each] for each in [*shown[:length], answers[length - 1]])
        assert pattern.fullmatch(text), text
        assert possible[np.arange(length), answers[:length]].all()
        assert possible[length - 2].sum() == 1 and not possible[length:].any()
    lengths = (made.answers != NOTHING).sum(1)
    assert lengths.min() == 8 and 10 < lengths.mean() < 13


def test_every_sentence_says_the_day_that_must_come() -> None:
    seen, held_out = weekdays(True), weekdays(False)
    assert seen.num_sequences + held_out.num_sequences == 7 * len(SENTENCES)
    assert {held_out.names[each] for row in held_out.inputs for each in row} >= set(DAYS)
    for made in (seen, held_out):
        for shown, answers in zip(made.inputs, made.answers, strict=True):
            words = [made.names[each] for each in shown[: int(np.flatnonzero(answers != NOTHING)[0]) + 1]]
            day = next(DAYS.index(word) for word in words if word in DAYS)
            templates = [text for text, _ in SENTENCES]
            template = templates.index(" ".join("DAY" if word in DAYS else word for word in words))
            assert is_held_out(template, day) == (made is held_out)
            assert answers.max() == (day + SENTENCES[template][1]) % 7


def test_the_words_of_a_sentence_do_not_tell_its_answer_without_their_order() -> None:
    shifts: dict[tuple[str, ...], int] = {}
    for text, shift in SENTENCES:
        words = tuple(sorted(text.split()))
        shifts[words] = shifts.get(words, 0) + shift
    assert set(shifts.values()) == {0}


def test_shuffling_keeps_the_words_and_the_answers() -> None:
    seen = weekdays(True)
    mixed = shuffled(seen, 1)
    np.testing.assert_array_equal(np.sort(mixed.inputs, 1), np.sort(seen.inputs, 1))
    np.testing.assert_array_equal(mixed.answers, seen.answers)
    assert (mixed.inputs != seen.inputs).any(1).mean() > 0.9


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(InputError, match="under 1"):
        cyclic(("A",), 5, 1, 0, 1, noise=1.5)
    with pytest.raises(InputError, match="at least 4 steps"):
        temporal_order(2, 1, 0, 1)
    with pytest.raises(InputError, match="at least 2 steps"):
        adding(1, 1, 0, 1)
