"""Text: what every reader of a text file needs, with the line numbers that its messages name."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from jaxtyping import Float

from pathcast.errors import InputError


def read_bytes(path: Path) -> bytes:
    """The whole content of a file.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), "a readable file", os.strerror(error.errno or 0).lower()) from error
    if not content.strip():
        raise InputError(str(path), "at least one row", "an empty file")
    return content


def decode(content: bytes, path: Path, skipped: int = 0) -> str:
    """Content as text, a byte order mark at its start left out.

    Args:
        content: Of the file, or its first line and what follows some that are skipped.
        path: The file, for messages.
        skipped: Lines left out after the first.

    Raises:
        InputError: It is not UTF-8 text.
    """
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1 + skipped
        raise InputError(f"{path}:{line}", "text in UTF-8", "a zero byte: binary content")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1 + skipped
        raise InputError(f"{path}:{line}", "text in UTF-8", f"the byte 0x{content[error.start]:02x}") from error


def read_rows(path: Path) -> tuple[list[str], list[int]]:
    """The rows of a text file that are not blank, and the line (from 1) that each stands on."""
    lines = decode(read_bytes(path), path).splitlines()
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    return [lines[number - 1] for number in numbers], numbers


def parse_numbers(
    rows: list[str], lines: list[int], names: tuple[str, ...], path: Path, delimiter: str | None
) -> Float[np.ndarray, "row column"]:
    """Rows of finite numbers.

    Args:
        rows: The text of each row.
        lines: The line that each stands on, for messages.
        names: What the columns are called; there must be exactly these.
        path: The file, for messages.
        delimiter: What stands between two numbers; None is any white space.

    Raises:
        InputError: No row, another number of columns, or something that is not a finite number.
    """
    if not rows:
        raise InputError(str(path), "at least one row", "none")
    try:
        values = np.loadtxt(rows, dtype=np.float64, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError as error:
        raise _first_fault(rows, lines, names, path, delimiter) or InputError(
            str(path), "rows of numbers", str(error)
        ) from error
    if values.shape[1] != len(names) or not np.isfinite(values).all():
        fault = _first_fault(rows, lines, names, path, delimiter)
        assert fault is not None
        raise fault
    return np.asarray(values, np.float64)


def check_whole(values: Float[np.ndarray, " row"], name: str, lines: list[int], path: Path) -> None:
    """Refuses what is not a whole number from 0 on.

    Raises:
        InputError: Naming the first line where one stands.
    """
    wrong = np.flatnonzero((values != np.floor(values)) | (values < 0) | (values > 2**53))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(f"{path}:{lines[row]}: {name}", "a whole number from 0 to 2^53", f"{values[row]:g}")


def _first_fault(
    rows: list[str], lines: list[int], names: tuple[str, ...], path: Path, delimiter: str | None
) -> InputError | None:
    """What is wrong with the first row that is."""
    for row, line in zip(rows, lines, strict=True):
        cells = row.split(delimiter)
        if len(cells) != len(names):
            between = {None: "white space", "\t": "tabs"}.get(delimiter, f"{delimiter!r}")
            expected = f"{len(names)} columns ({', '.join(names)}) with {between} between them"
            return InputError(f"{path}:{line}", expected, f"{len(cells)}")
        for name, cell in zip(names, cells, strict=True):
            try:
                is_finite = bool(np.isfinite(float(cell)))
            except ValueError:
                is_finite = False
            if not is_finite:
                return InputError(f"{path}:{line}: {name}", "a finite number", repr(cell.strip()[:40]))
    return None
