"""Options of protected servers: what `serve` is protected by, and what the verbs that connect to one show it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathcast.service.client.credentials import Credentials

_Result = TypeVar("_Result")
_FILE = click.Path(dir_okay=False, path_type=Path)

_SHOWN = {
    "ca": "Authorities that the server's certificate is of, PEM; speaks TLS.",
    "cert": "A certificate of one's own, PEM, for servers that want to see one.",
    "key": "Its key, PEM.",
    "token_file": "A file with the token to show; it is never given on the command line.",
}
_PROTECTING = {
    "cert": "The server's certificate and those above it, PEM: speak TLS, and nothing else.",
    "key": "Its key, PEM.",
    "client_ca": "Authorities of clients, PEM: each has to show a certificate of theirs.",
    "tokens": "Tokens that are let in, a line each, as `pathcast token` prints it.",
}
_QUOTAS = {
    "streams": (1024, click.IntRange(1), "N", "Streams and requests open at once."),
    "client_streams": (0, click.IntRange(0), "N", "Of these, those of one client; 0: any number."),
    "client_frames": (0.0, click.FloatRange(0), "HZ", "Messages that one client may send a second; 0: any number."),
    "client_observations": (0.0, click.FloatRange(0), "HZ", "Observations in them a second; 0: any number."),
}


def credential_options(verb: Callable[..., _Result]) -> Callable[..., _Result]:
    """Gives a verb the options of what it shows a server, as its argument `credentials`.

    Each can also be set for all verbs, such as PATHCAST_CA.
    """

    @wraps(verb)
    def with_credentials(
        *arguments: Any,
        ca: Path | None,
        cert: Path | None,
        key: Path | None,
        token_file: Path | None,
        tls: bool,
        **options: Any,
    ) -> _Result:
        from pathcast.service.client.credentials import Credentials

        shown = Credentials(ca=ca, certificate=cert, key=key, token_file=token_file, is_tls=tls)
        return verb(*arguments, credentials=shown, **options)

    text = "Speak TLS with a server whose certificate the public authorities know."
    decorated = click.option("--tls", is_flag=True, help=text)(with_credentials)
    for name, words in reversed(_SHOWN.items()):
        option = click.option(
            f"--{name.replace('_', '-')}", type=_FILE, metavar="FILE", envvar=f"PATHCAST_{name.upper()}", help=words
        )
        decorated = option(decorated)
    return decorated


def protection_options(verb: Callable[..., _Result]) -> Callable[..., _Result]:
    """Gives `serve` the options of its protection, as its arguments `protection` and `quotas`, fields of `Limits`."""

    @wraps(verb)
    def protected(
        *arguments: Any,
        cert: Path | None,
        key: Path | None,
        client_ca: Path | None,
        tokens: Path | None,
        streams: int,
        client_streams: int,
        client_frames: float,
        client_observations: float,
        **options: Any,
    ) -> _Result:
        from pathcast.service.protection.files import Protection

        protection = Protection(certificate=cert, key=key, client_ca=client_ca, tokens=tokens)
        quotas = {
            "streams": streams,
            "client_streams": client_streams,
            "client_frames_hz": client_frames,
            "client_observations_hz": client_observations,
        }
        return verb(*arguments, protection=protection, quotas=quotas, **options)

    decorated: Callable[..., _Result] = protected
    for name, (default, kind, unit, words) in reversed(_QUOTAS.items()):
        option = click.option(
            f"--{name.replace('_', '-')}", default=default, show_default=True, type=kind, metavar=unit, help=words
        )
        decorated = option(decorated)
    for name, words in reversed(_PROTECTING.items()):
        decorated = click.option(f"--{name.replace('_', '-')}", type=_FILE, metavar="FILE", help=words)(decorated)
    return decorated


def refuse_unused(credentials: Credentials) -> None:
    """Refuses credentials where no server is named that they could be shown to."""
    if credentials.speaks_tls or credentials.token_file is not None:
        raise click.UsageError("--ca, --cert, --key, --token-file and --tls go with --server.")
