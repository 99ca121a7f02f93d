"""The command line: `pathcast VERB`. A verb's module is imported only when the verb is used."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import click

from pathcast import __version__
from pathcast.errors import InputError, PathcastError

VERBS: Final = {
    "simulate": "Make tracks of balls and people whose truth is known.",
    "train": "Train a forecaster on tracks.",
    "evaluate": "Score forecasters beside baselines.",
    "study": "See what an RNN, a trace, a GRU and an LSTM remember.",
    "forecast": "Forecast the tracks of files, any number of them.",
    "serve": "Answer forecasts over gRPC.",
    "watch": "Stream tracks to a server; print or show forecasts.",
    "doctor": "Check a server: reached, ready, forecasting.",
    "token": "Make a token that a server lets in.",
    "models": "List the models that are here.",
    "demo": "Watch balls and people being forecast, in a browser.",
}
"""Verbs in the order of `pathcast --help`; each is `command` in the module `pathcast.cli.VERB`."""


class LazyGroup(click.Group):
    """A group whose verbs are imported when used, and listed without being imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = import_module(f"pathcast.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "PATHCAST",
        "max_content_width": 100,
    },
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """Forecasts where balls and people are going, from where they have been seen."""


def main() -> None:
    """Runs the command line; wrong input ends with exit code 2, any other failure with 1."""
    try:
        group(prog_name="pathcast")
    except PathcastError as error:
        click.echo(f"pathcast: {error}", err=True)
        sys.exit(2 if isinstance(error, InputError) else 1)
