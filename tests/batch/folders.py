"""Folders compared by what their files hold."""

import hashlib
from pathlib import Path


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder, by the hash of what it holds."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
