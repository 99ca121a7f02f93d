"""Pages stand in one of four parts, lead where they say, and name what there is."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections import Counter
from pathlib import Path

import click
import pytest

from pathcast.cli import group
from tests.project.documents import DOCUMENTS, ROOT, anchors, inline_commands, links, words_of

PARTS = ["Tutorial", "How-to", "Reference", "Explanation"]
PLACEHOLDER = re.compile(r"[A-Z/:]+|\.\.\.")


def test_the_index_has_the_four_parts() -> None:
    headings = re.findall(r"^## ([\w-]+):", (ROOT / "docs" / "README.md").read_text(), re.MULTILINE)
    assert headings == PARTS


def test_every_page_stands_in_one_part_and_once() -> None:
    before, *parts = re.split(r"^## ", (ROOT / "docs" / "README.md").read_text(), flags=re.MULTILINE)
    assert "](../README.md)" in before
    linked = Counter(link for part in parts for link in re.findall(r"\]\(([^)]+)\)", part))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert {page: linked[page] for page in pages} == dict.fromkeys(pages, 1)


def test_the_front_page_leads_to_the_index_and_each_part() -> None:
    assert {"docs/README.md", "docs/tutorial.md", "docs/live.md", "docs/reference/cli.md", "docs/architecture.md"} <= {
        *links("README.md")
    }


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_repository_leads_somewhere(document: str) -> None:
    wrong = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = ((ROOT / document).parent / path).resolve() if path else ROOT / document
        is_page = target.suffix == ".md" and target.exists()
        if not target.exists() or (is_page and anchor and anchor not in anchors(str(target.relative_to(ROOT)))):
            wrong.append(link)
    assert not wrong


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_named_in_the_documents_exists(document: str) -> None:
    named = re.findall(
        r"`((?:docs|tests|proto|tools|pathcast|model|service|simulator|configs)/[\w/]*\w(?:\.\w+)?)`",
        (ROOT / document).read_text(),
    )
    assert not [name for name in named if not (ROOT / name).exists()]


def options_below(command: click.Command) -> set[str]:
    """Options of a verb, or of any verb of a group."""
    found = {"--help", *(name for each in command.params for name in (*each.opts, *each.secondary_opts))}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            verb = command.get_command(context, name)
            assert verb is not None
            found |= options_below(verb)
    return found


def check_verb(words: list[str]) -> None:
    """Fails unless the verbs that words begin with exist, and have the options that follow."""
    command: click.Command = group
    while words and isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, words
        command, words = found, words[1:]
    named = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert named <= options_below(command), named


def check_script(words: list[str]) -> None:
    """Fails unless a script or module exists, and its folder knows the options that follow."""
    if words[0] == "-m":
        assert importlib.util.find_spec(words[1]) is not None, words
        path = ROOT / f"{words[1].replace('.', '/')}.py"
    else:
        path = ROOT / words[0]
        assert path.exists(), words
    sources = path.parent.glob("*.py") if path.suffix == ".py" else path.glob("*.py")
    text = "\n".join(source.read_text() for source in sources if source.exists())
    assert not [word for word in words[1:] if word.startswith("--") and f'"{word.split("=")[0]}"' not in text]


def check_extra(words: list[str]) -> None:
    """Fails unless the extras that are to be installed are the project's."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    wanted = {name for word in words for names in re.findall(r"\[([\w,]+)\]", word) for name in names.split(",")}
    assert wanted <= set(extras)


def make_verbs() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize(("document", "command"), inline_commands())
def test_every_command_within_a_sentence_exists(document: str, command: str) -> None:
    program = command.split(maxsplit=1)[0]
    words = [word for word in words_of(command) if not PLACEHOLDER.fullmatch(word)]
    if program == "make":
        assert words[0] in make_verbs()
    elif program == "pathcast":
        check_verb(words)
    elif program == "torchrun":
        check_verb(words[words.index("pathcast") + 1 :])
    elif program == "pip":
        check_extra(words)
    else:
        check_script(words)


def test_every_verb_of_the_makefile_is_listed_and_no_file() -> None:
    text = Path(ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == make_verbs()
