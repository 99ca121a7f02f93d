"""Writes docs/reference from what it describes: the verbs, the contract and the public names.

`python tools/reference [--out FOLDER]`, or `make reference`. The same code gives the same bytes; nothing is loaded
that trains or draws.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import command_line
import contract
import interface

ROOT = Path(__file__).parents[2]
PAGES = {"cli.md": command_line.page, "contract.md": contract.page, "python.md": interface.page}


def main() -> None:
    """Writes every page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reference")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        text = "\n".join(["<!-- Written by tools/reference: make reference. -->", *page(), ""])
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
