"""Symbol sequences in which what comes next hangs on what came before, by a lag that is set.

Symbols are whole numbers, their names a tuple. Every sequence is a function of the seed and its own index
(`simulator.draws`). Grammars are in `simulator.reber`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.errors import InputError
from pathcast.simulator.draws import uniforms

NOTHING = -1
"""In the place of an answer where none is asked for."""
NUM_DISTRACTORS = 8
"""Kinds of distractors."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SENTENCES = (
    ("yesterday it was DAY so today it is", 1),
    ("today it is DAY so yesterday it was", -1),
    ("today it is DAY so tomorrow it will be", 1),
    ("tomorrow it will be DAY so today it is", -1),
    ("yesterday was DAY today is", 1),
    ("today is DAY yesterday was", -1),
    ("today is DAY tomorrow will be", 1),
    ("tomorrow will be DAY today is", -1),
)
"""Templates, and the days from the one named to the one that must come. Each has the words of another one that answers
otherwise, so that only their order tells."""


@dataclass(frozen=True, eq=False)
class Symbols:
    """Sequences of symbols, and what is to be said after each."""

    names: tuple[str, ...]
    """Of the symbols."""
    inputs: Int[np.ndarray, "sequence time"]
    """Beyond a sequence's length anything."""
    answers: Int[np.ndarray, "sequence time"]
    """The symbol to be said after each step; `NOTHING` where none is."""

    @property
    def num_sequences(self) -> int:
        """Sequences."""
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class Sums:
    """The adding problem: two marked numbers of many, whose mean is to be said at the end."""

    inputs: Float[np.ndarray, "sequence time 2"]
    """A number from 0 to 1, and whether it is marked (1, else 0)."""
    answers: Float[np.ndarray, " sequence"]
    """Mean of the two numbers."""


def cyclic(
    cycle: tuple[str, ...],
    length: int,
    seed: int,
    first: int,
    num: int,
    noise: float = 0.0,
    distractors: float = 0.0,
) -> Symbols:
    """Sequences that go round and round from anywhere; after each step the next symbol of the cycle is asked for.

    Args:
        cycle: Names in their order.
        length: Steps.
        seed: Of the draws.
        first: Index of the first sequence.
        num: How many.
        noise: Probability that a step shows any symbol of the cycle in the right one's place.
        distractors: Probability that a step shows a symbol from outside the cycle, which holds it up.

    Raises:
        InputError: An empty cycle, or probabilities outside [0, 1).
    """
    for name, share in (("noise", noise), ("distractors", distractors)):
        if not 0 <= share < 1:
            raise InputError(name, "a probability from 0, under 1", f"{share}")
    if not cycle or length < 1:
        raise InputError("cycle", "symbols and steps", f"{len(cycle)} and {length}")
    drawn = uniforms(seed, "symbols.cyclic", first, num, 1 + 4 * length)
    is_distractor = drawn[:, 1 : 1 + length] < distractors
    start = _choose(drawn[:, 0], len(cycle))
    place = start[:, None] + np.cumsum(~is_distractor, axis=1) - 1
    shown = np.where(
        drawn[:, 1 + length : 1 + 2 * length] < noise,
        _choose(drawn[:, 1 + 2 * length : 1 + 3 * length], len(cycle)),
        place % len(cycle),
    )
    outside = len(cycle) + _choose(drawn[:, 1 + 3 * length :], NUM_DISTRACTORS)
    names = (*cycle, *(_distractors() if distractors else ()))
    return Symbols(names, np.where(is_distractor, outside, shown), (place + 1) % len(cycle))


def recall(lag: int, seed: int, first: int, num: int) -> Symbols:
    """One of two symbols, `lag` distractors, a cue: which of the two was it?"""
    drawn = uniforms(seed, "symbols.recall", first, num, 1 + lag)
    which = _choose(drawn[:, 0], 2)
    between = 2 + _choose(drawn[:, 1:], NUM_DISTRACTORS)
    cue = np.full((num, 1), 2 + NUM_DISTRACTORS)
    inputs = np.concatenate([which[:, None], between, cue], axis=1)
    answers = np.full_like(inputs, NOTHING)
    answers[:, -1] = which
    return Symbols(("first", "second", *_distractors(), "?"), inputs, answers)


def copy(lag: int, seed: int, first: int, num: int, num_letters: int = 4, length: int = 3) -> Symbols:
    """Some letters, `lag` blanks, as many cues: the letters again, in their order (Arjovsky, Shah and Bengio 2016)."""
    letters = _choose(uniforms(seed, "symbols.copy", first, num, length), num_letters)
    blanks, cues = np.full((num, lag), num_letters), np.full((num, length), num_letters + 1)
    inputs = np.concatenate([letters, blanks, cues], axis=1)
    answers = np.full_like(inputs, NOTHING)
    answers[:, -length:] = letters
    return Symbols((*(chr(ord("a") + index) for index in range(num_letters)), "blank", "?"), inputs, answers)


def temporal_order(lag: int, seed: int, first: int, num: int) -> Symbols:
    """X or Y early, X or Y in the middle, distractors round them, a cue: in which order were they?

    Experiment 6a of Hochreiter and Schmidhuber 1997. From the second to the cue there are `lag` steps or a few fewer;
    the answers are the symbols named XX, XY, YX and YY, which are never shown.
    """
    if lag < 4:
        raise InputError("lag", "at least 4 steps", str(lag))
    length = 2 * lag
    drawn = uniforms(seed, "symbols.order", first, num, 4 + length)
    inputs = 2 + _choose(drawn[:, 4:], NUM_DISTRACTORS)
    rows, symbols = np.arange(num), _choose(drawn[:, :2], 2)
    for which, start in enumerate((0, lag)):
        inputs[rows, start + _choose(drawn[:, 2 + which], max(lag // 4, 1))] = symbols[:, which]
    names = ("X", "Y", *_distractors(), "?", "XX", "XY", "YX", "YY")
    inputs = np.concatenate([inputs, np.full((num, 1), names.index("?"))], axis=1)
    answers = np.full_like(inputs, NOTHING)
    answers[:, -1] = names.index("XX") + 2 * symbols[:, 0] + symbols[:, 1]
    return Symbols(names, inputs, answers)


def adding(lag: int, seed: int, first: int, num: int) -> Sums:
    """Numbers, one marked in the first half and one in the second (experiment 4 of Hochreiter and Schmidhuber 1997)."""
    if lag < 2:
        raise InputError("lag", "at least 2 steps", str(lag))
    drawn = uniforms(seed, "symbols.adding", first, num, 2 + lag)
    inputs, rows = np.zeros((num, lag, 2)), np.arange(num)
    inputs[:, :, 0] = drawn[:, 2:]
    half = lag // 2
    places = _choose(drawn[:, 0], half), half + _choose(drawn[:, 1], lag - half)
    for place in places:
        inputs[rows, place, 1] = 1.0
    return Sums(inputs, 0.5 * (inputs[rows, places[0], 0] + inputs[rows, places[1], 0]))


def weekdays(is_seen: bool) -> Symbols:
    """Sentences of all templates and days but those of `is_held_out`, or those alone; the day that must come is asked.

    Args:
        is_seen: Whether the pairs of day and template that training may see are wanted, or the others.
    """
    names = (*DAYS, *sorted({word for text, _ in SENTENCES for word in text.split()} - {"DAY"}))
    pairs = [
        (template, day)
        for template in range(len(SENTENCES))
        for day in range(7)
        if (not is_held_out(template, day)) == is_seen
    ]
    texts = [SENTENCES[template][0].replace("DAY", DAYS[day]).split() for template, day in pairs]
    inputs = np.zeros((len(pairs), max(map(len, texts))), np.int64)
    answers = np.full_like(inputs, NOTHING)
    for row, ((template, day), words) in enumerate(zip(pairs, texts, strict=True)):
        inputs[row, : len(words)] = [names.index(word) for word in words]
        answers[row, len(words) - 1] = (day + SENTENCES[template][1]) % 7
    return Symbols(names, inputs, answers)


def is_held_out(template: int, day: int) -> bool:
    """Whether a day never stands in that template in training; every template and every day is left out somewhere."""
    return (template + day) % 7 == 0


def shuffled(symbols: Symbols, seed: int) -> Symbols:
    """The same sequences with the steps up to the last answer of each in any order, and the answers where they were."""
    inputs = symbols.inputs.copy()
    drawn = uniforms(seed, "symbols.shuffled", 0, *inputs.shape)
    for row, answers in enumerate(symbols.answers):
        length = int(np.flatnonzero(answers != NOTHING)[-1]) + 1
        inputs[row, :length] = inputs[row, np.argsort(drawn[row, :length])]
    return Symbols(symbols.names, inputs, symbols.answers)


def _choose(uniform: Float[np.ndarray, "*any"], num: int) -> Int[np.ndarray, "*any"]:
    """Whole numbers under `num` from uniform ones."""
    chosen: np.ndarray = (uniform * num).astype(np.int64)
    return chosen


def _distractors() -> tuple[str, ...]:
    return tuple(f"d{index}" for index in range(NUM_DISTRACTORS))
