"""The command line as a page: every verb with its arguments and options, from click's own help."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from pathcast.cli import group

INTRODUCTION = """# Command line

Every verb with its options, as `pathcast VERB --help` prints them. Data goes to standard output, everything else to
standard error; the exit code is 0, 1 for what failed, 2 for wrong use. An option can also be given by a variable:
`--port` of `serve` by `PATHCAST_SERVE_PORT`, and so on; what the command line says comes first."""


def page() -> Iterator[str]:
    """The lines of the page."""
    yield INTRODUCTION
    context = click.Context(group, info_name="pathcast", **group.context_settings)
    yield from _of_group(group, context)


def _of_group(command: click.Group, context: click.Context) -> Iterator[str]:
    for name in command.list_commands(context):
        verb = command.get_command(context, name)
        assert verb is not None
        inner = click.Context(verb, parent=context, info_name=name, **verb.context_settings)
        yield from _of_verb(verb, inner)
        if isinstance(verb, click.Group):
            yield from _of_group(verb, inner)


def _of_verb(verb: click.Command, context: click.Context) -> Iterator[str]:
    depth = context.command_path.count(" ")
    yield f"\n{'#' * (depth + 1)} {context.command_path}"
    yield _paragraphs(verb.help or "")
    yield f"\n    {context.command_path} {' '.join(verb.collect_usage_pieces(context))}"
    records = [record for each in verb.params if (record := each.get_help_record(context)) is not None]
    if records:
        yield "\n| option | what |\n|---|---|"
        for names, text in records:
            yield f"| `{_cell(names)}` | {_cell(_plain(text))} |"


def _paragraphs(text: str) -> str:
    """Help text with each paragraph on a line."""
    return "\n" + "\n\n".join(" ".join(part.split()) for part in _plain(text).split("\n\n"))


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return re.sub(r"([<*])", r"\\\1", text)


def _cell(text: str) -> str:
    """Text as a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")
