"""What a bundle says of itself beside its config: scores and card."""

from __future__ import annotations

import json
from pathlib import Path

from pathcast.errors import BundleError


def read_metrics(path: Path) -> dict[str, float]:
    """A bundle's scores; none where it has no such file.

    Raises:
        BundleError: They are not a JSON object.
    """
    text = read_text(path, "JSON")
    try:
        metrics = json.loads(text or "{}")
    except ValueError as error:
        raise BundleError(f"{path}: expected JSON, found {error}") from error
    if not isinstance(metrics, dict):
        raise BundleError(f"{path}: expected a JSON object of scores, found {text.strip()[:40]!r}")
    return metrics


def read_text(path: Path, expected: str) -> str:
    """What a file that may be left out says.

    Raises:
        BundleError: It cannot be read as text.
    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: expected {expected}, found {error}") from error
