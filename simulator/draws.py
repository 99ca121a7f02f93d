"""Draws: random numbers that belong to an object by its global index, not to the batch it was made in.

Philox 4x64 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") is keyed by the seed and the purpose;
its counter starts at the block. A block is `BLOCK` objects by global index, drawn (object, draw), so the numbers of
an object are the same for any split of the objects into batches, processes or machines. Each purpose is a stream of
its own: adding a draw to one shifts no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.errors import InputError

BLOCK = 4096
"""Objects in a block."""


def generator(seed: int, purpose: str, block: int) -> np.random.Generator:
    """The random numbers of one block (or of one scene, where the scene is the block).

    Two streams that differ in seed, purpose or block never overlap: seed and purpose are the key, the block is the
    most significant word of the counter.

    Args:
        seed: From 0 to 2**64 - 1.
        purpose: What the numbers are for, such as `sensor.noise`; hashed with BLAKE2b, stable everywhere.
        block: From 0 to 2**63 - 1.

    Raises:
        InputError: Seed or block outside its range.
    """
    if not 0 <= seed < 2**64:
        raise InputError("seed", "a whole number from 0 to 2**64 - 1", f"{seed}")
    if not 0 <= block < 2**63:
        raise InputError("block", "a whole number from 0 to 2**63 - 1", f"{block}")
    purpose_word = int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")
    key = np.array([seed, purpose_word], np.uint64)
    counter = np.array([0, 0, 0, block], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def normals(seed: int, purpose: str, first: int, num: int, draws: int) -> Float[np.ndarray, "object draw"]:
    """Standard normal numbers of the objects `first` to `first + num - 1`.

    Raises:
        InputError: A negative count or index, or a seed outside its range.
    """
    return _by_block(seed, purpose, first, num, draws, lambda source, size: source.standard_normal(size))


def uniforms(seed: int, purpose: str, first: int, num: int, draws: int) -> Float[np.ndarray, "object draw"]:
    """Uniform numbers in [0, 1) of the objects `first` to `first + num - 1`.

    Raises:
        InputError: A negative count or index, or a seed outside its range.
    """
    return _by_block(seed, purpose, first, num, draws, lambda source, size: source.random(size))


def _by_block(
    seed: int,
    purpose: str,
    first: int,
    num: int,
    draws: int,
    draw: Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Draws every block from its own start up to the last row needed, and keeps the rows asked for."""
    for name, value in (("first", first), ("num", num), ("draws", draws)):
        if value < 0:
            raise InputError(name, "a whole number from 0", f"{value}")
    numbers: NDArray[np.float64] = np.empty((num, draws))
    for block, start, stop in _rows(first, num):
        offset = block * BLOCK
        numbers[offset + start - first : offset + stop - first] = draw(generator(seed, purpose, block), (stop, draws))[
            start:
        ]
    return numbers


def _rows(first: int, num: int) -> Iterator[tuple[int, int, int]]:
    """The blocks that hold the objects, each with its first row wanted and the one after its last."""
    end = first + num
    for block in range(first // BLOCK, -(-end // BLOCK)):
        yield block, max(first - block * BLOCK, 0), min(end - block * BLOCK, BLOCK)
