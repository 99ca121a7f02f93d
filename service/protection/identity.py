"""Identity: whom a call's quotas are counted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Identity:
    """A client: the name of its token, else the subject of its certificate, else the address it comes from.

    It is kept in memory only, and only while it matters: no log, metric or answer names it.
    """

    kind: Literal["token", "certificate", "address"]
    name: str


def identify(context: Any, token_name: str | None) -> Identity:
    """Whose call it is.

    Args:
        context: grpc.aio.ServicerContext.
        token_name: Name of the token that came with the call; None: there was none, or none is needed.
    """
    if token_name is not None:
        return Identity("token", token_name)
    shown = context.auth_context()
    for field in ("x509_subject", "x509_subject_alternative_name", "x509_common_name"):
        if subject := b"".join(shown.get(field, ())[:1]):
            return Identity("certificate", subject.decode(errors="replace"))
    return Identity("address", host_of(context.peer()))


def host_of(peer: str) -> str:
    """The host of gRPC's word for a peer: `ipv4:10.0.0.1:4711` without the port, which is another each time."""
    kind, _, rest = peer.partition(":")
    return rest.rpartition(":")[0] if kind in ("ipv4", "ipv6") else peer
