"""Settings: frozen models, read from flags over environment over a TOML file over defaults.

Environment variables are `PATHCAST_` and the field's name in capitals. An unknown key in a file is an error that
names the nearest known one. This module needs pydantic; the client does not import it.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pathcast.errors import InputError


class Settings(BaseModel):
    """Root of all settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


AnySettings = TypeVar("AnySettings", bound=Settings)


def load_settings(
    kind: type[AnySettings],
    path: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> AnySettings:
    """Reads settings from all their sources.

    Args:
        kind: The settings' class.
        path: A TOML file.
        flags: Values from the command line; None means not given.
        environment: By default the process' own.

    Raises:
        InputError: The file cannot be read, a key is unknown, or a value is out of its range.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values |= _read(kind, path)
    for name, text in (os.environ if environment is None else environment).items():
        field = name.removeprefix("PATHCAST_").lower()
        if name.startswith("PATHCAST_") and field in kind.model_fields:
            values[field] = text
    values |= {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, InputError):  # raised by a validator of ours
            raise InputError(f"settings: {cause.where}", cause.expected, cause.found) from error
        where = ".".join(str(part) for part in first["loc"])
        expected = first["msg"].removeprefix("Input should be ")
        raise InputError(f"settings: {where}", expected, repr(first["input"])) from error


def _read(kind: type[AnySettings], path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise InputError(str(path), "a TOML file", str(error.strerror)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), "a TOML file", str(error)) from error
    for key in content:
        if key not in kind.model_fields:
            near = difflib.get_close_matches(key, kind.model_fields, 1, 0.0)
            raise InputError(f"{path}: {key}", f"a known key, such as {near[0]}", "an unknown one")
    return content
