"""`pathcast token`: a new bearer token, and the line that lets it in."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command("token")
@click.argument("name")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File for the token, which only its owner may read; it must not be there yet.",
)
def command(name: str, out: Path) -> None:
    """Make a token for the client NAME, and print the server's line for it.

    The token is written to FILE, for `--token-file` of whoever connects. The line on standard output goes into the file
    that `pathcast serve --tokens` reads: append it there, also while the server runs. It holds a hash, not the token.
    """
    from pathcast.errors import InputError
    from pathcast.service.protection.tokens import make_token, token_line

    token = make_token()
    line = token_line(name, token)
    try:
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(str(out), "a new file that can be written", str(error.strerror)) from error
    with os.fdopen(file, "w") as sink:
        sink.write(f"{token}\n")
    click.echo(line)
