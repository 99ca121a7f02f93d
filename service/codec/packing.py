"""Packing: arrays of floats beside small messages on the wire, as they lie in memory.

A message's bytes are its fields in any order, and a packed `repeated float` is its tag, its length and that many
bytes, little-endian (Protocol Buffers encoding, "Packed repeated fields"). So the server writes what is small with the
contract's own classes and joins arrays to that in one copy, where those classes would copy number by number. Only
writing goes this way: a reader must also take unpacked and split fields, which the contract's own classes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

_LENGTH_DELIMITED = 2
"""The wire type of packed fields, bytes and inner messages."""


@lru_cache(maxsize=4096)
def head(number: int, num_bytes: int) -> bytes:
    """What stands before so many bytes of a field that is packed, bytes or an inner message: tag and length."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(num_bytes)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first, the highest bit set in all but the last."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def write_field(number: int, small: Message, arrays: Sequence[tuple[int, NDArray[np.floating[Any]]]]) -> bytes:
    """The bytes of a message as a field of another.

    Args:
        number: Of the field.
        small: The message but for arrays of it.
        arrays: Those, each under its field's number.
    """
    written = small.SerializeToString()
    pieces: list[bytes | memoryview] = [b"", written]
    num_bytes = len(written)
    for field, values in arrays:
        row = np.ascontiguousarray(values, "<f4")
        if length := row.nbytes:
            before = head(field, length)
            pieces += (before, row.data)
            num_bytes += len(before) + length
    pieces[0] = head(number, num_bytes)
    return b"".join(pieces)
