"""Names that a caller gives to places, such as goals and regions."""

from __future__ import annotations

from collections.abc import Sequence

from pathcast.errors import InputError, LimitError


def check_names(names: Sequence[str], where: str, most: int, kind: str) -> None:
    """Refuses too many names, and such as are empty or stand twice.

    Args:
        names: In the order of their list.
        where: What messages call the list.
        most: As many as there may be.
        kind: What messages call that which is named, in the plural.

    Raises:
        InputError, LimitError: With the name's place in the list after `where`.
    """
    if len(names) > most:
        raise LimitError(where, f"at most {most} {kind}", str(len(names)))
    for index, name in enumerate(names):
        if not name:
            raise InputError(f"{where}[{index}].name", "a name", "none")
        if name in names[:index]:
            raise InputError(f"{where}[{index}].name", "names that are unique", f"{name!r} twice")
