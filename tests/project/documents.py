"""What is written in the repository's Markdown: its pages, and the blocks, commands and links in them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *(name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/golden/README.md")),
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "model" / "bundles").rglob("*.md")),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = ("pathcast", "make", "python", ".venv/bin/python", "torchrun", "pip")


def blocks(language: str, document: str = "README.md") -> list[str]:
    """The fenced blocks of a language."""
    return [text for name, text in FENCE.findall((ROOT / document).read_text()) if name == language]


def shell_lines() -> list[str]:
    """Every line of a shell block, once."""
    lines = [line for document in DOCUMENTS for block in blocks("sh", document) for line in block.splitlines()]
    return sorted(set(lines))


def commands(program: str) -> list[str]:
    """Every line of a shell block that runs a program."""
    return [line for line in shell_lines() if line.split(" ", 1)[0] == program]


def prose(document: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", (ROOT / document).read_text())


def inline_commands() -> list[tuple[str, str]]:
    """Commands that stand within sentences, perhaps cut short, each with its page."""
    found = set()
    for document in DOCUMENTS:
        for text in re.findall(r"`([^`]+)`", prose(document)):
            words = text.split()
            if len(words) > 1 and words[0] in PROGRAMS:
                found.add((document, " ".join(words)))
    return sorted(found)


def words_of(command: str) -> list[str]:
    """The words as a shell would split them, the program left out."""
    return shlex.split(command)[1:]


def links(document: str) -> list[str]:
    """Where a page links to within the repository."""
    text = re.sub(r"`[^`]*`", "", prose(document))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"\w+:", link)]


def anchors(document: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        num = found.get(slug, 0)
        found[slug] = num + 1
        result.add(f"{slug}-{num}" if num else slug)
    return result
