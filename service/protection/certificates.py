"""Certificates: what a server shows of itself, and whose it wants to see; read again when its files change."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from pathcast.errors import InputError
from pathcast.service.protection.reread import Reread, read_file


def server_credentials(certificate: Path, key: Path, client_ca: Path | None) -> grpc.ServerCredentials:
    """What a TLS port is bound with. Connections that are open keep what they began with.

    Args:
        certificate: PEM: the server's own, then those between it and its authority.
        key: PEM, without a password.
        client_ca: PEM: authorities of clients, each of which has to show a certificate of theirs; None: none has to.

    Raises:
        InputError: A file cannot be read, or certificate and key do not belong together.
    """
    paths = [certificate, key, *([] if client_ca is None else [client_ca])]
    files = Reread(paths, lambda: _read(certificate, key, client_ca))
    return grpc.dynamic_ssl_server_credentials(  # type: ignore[no-any-return]
        files.get(), files.get, require_client_authentication=client_ca is not None
    )


def _read(certificate: Path, key: Path, client_ca: Path | None) -> grpc.ServerCertificateConfiguration:
    """The files' content, tried by OpenSSL first: half of a new pair is not taken.

    Raises:
        InputError: It is not of use.
    """
    pair = read_file(key), read_file(certificate)
    authorities = None if client_ca is None else read_file(client_ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ValueError) as error:
        raise InputError(str(certificate), f"a certificate in PEM, and its key in {key}", _say(error)) from error
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except OSError as error:
            raise InputError(str(client_ca), "certificates of authorities in PEM", _say(error)) from error
    return grpc.ssl_server_certificate_configuration([pair], authorities)


def _say(error: Exception) -> str:
    """What OpenSSL found, in its own words."""
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else "neither"
