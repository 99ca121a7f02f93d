"""Strings of the embedded Reber grammar (Reber 1967; Cleeremans, Servan-Schreiber and McClelland 1989).

A string of Reber's grammar stands between two like letters: B T ... T E or B P ... P E. The last letter but one hangs
on the second, over a stretch of any length whose own letters tell nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool

from pathcast.simulator.draws import uniforms
from pathcast.simulator.symbols import NOTHING, Symbols

LETTERS: Final = ("B", "T", "P", "S", "X", "V", "E")
WAYS: Final = (
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)
"""From each node the letters that may be next, equally likely, and where they lead; 7 is the end."""
MOST_CHOICES: Final = 200
"""Choices in a string; the probability of a longer one is under 1e-20."""


@dataclass(frozen=True, eq=False)
class ReberStrings(Symbols):
    """Strings, after each letter of which the next is asked for."""

    possible: Bool[np.ndarray, "sequence time letter"]
    """Which letters may be next after each step of a string."""


def embedded_reber(seed: int, first: int, num: int) -> ReberStrings:
    """Strings of the embedded grammar, E left to be foretold."""
    drawn = uniforms(seed, "symbols.reber", first, num, MOST_CHOICES)
    texts = [_spell(row) for row in drawn]
    longest = max((len(text) for text, _ in texts), default=1) - 1
    inputs = np.zeros((num, longest), np.int64)
    answers = np.full_like(inputs, NOTHING)
    possible = np.zeros((num, longest, len(LETTERS)), bool)
    for row, (text, choices) in enumerate(texts):
        numbers = [LETTERS.index(letter) for letter in text]
        inputs[row, : len(text) - 1], answers[row, : len(text) - 1] = numbers[:-1], numbers[1:]
        for step, letters in enumerate(choices[1:]):
            possible[row, step, [LETTERS.index(letter) for letter in letters]] = True
    return ReberStrings(LETTERS, inputs, answers, possible)


def _spell(uniform: np.ndarray) -> tuple[str, list[str]]:
    """A string, and the letters that were possible at each of its places."""
    draws = iter(uniform.tolist())
    around = "TP"[int(2 * next(draws))]
    text, choices, node = ["B", around], ["B", "TP"], 0
    while node < 7:
        ways = WAYS[node]
        letter, node = ways[int(len(ways) * next(draws))]
        text.append(letter)
        choices.append("".join(each for each, _ in ways))
    return "".join([*text, around, "E"]), [*choices, around, "E"]
