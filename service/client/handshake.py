"""Handshake: why a connection does not come about, found by shaking hands once with Python's own TLS."""

from __future__ import annotations

import socket
import ssl

from pathcast.service.client.credentials import Credentials


def explain(host: str, port: int, credentials: Credentials, timeout_s: float) -> str:
    """What to do where a port answers, but gRPC does not come about.

    Args:
        host: Name or address.
        port: Port.
        credentials: What the client shows.
        timeout_s: Seconds that the attempt may take.
    """
    if not credentials.speaks_tls:
        return _explain_plain(host, port, timeout_s)
    try:
        is_heard = _shake(host, port, _context(credentials), timeout_s)
    except ssl.SSLCertVerificationError as error:
        return (
            f"The server's certificate is not believed: {error.verify_message}. Look at --ca, dates, the host's name."
        )
    except (OSError, ValueError) as error:
        if not (isinstance(error, ssl.SSLError) and "CERTIFICATE" in str(error.reason)):
            return f"No TLS there ({_say(error)}): a server in plain text wants no --ca, --cert or --tls."
        is_heard = False
    if not is_heard:
        return (
            "The server hangs up on the certificate that it is shown, or on none: look at --cert, --key and its dates."
        )
    return "TLS works, gRPC does not: something else listens, or a proxy before it does not speak HTTP/2 (grpc_pass)."


def _explain_plain(host: str, port: int, timeout_s: float) -> str:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: whether it speaks TLS at all is the question
    try:
        _shake(host, port, context, timeout_s)
    except ssl.SSLError as error:
        if "CERTIFICATE" not in str(error.reason):
            return _OTHER
    except OSError:
        return _OTHER
    return "It wants TLS: --ca FILE, or --tls where a public authority knows it."


_OTHER = "Something else listens there, or it wants TLS, or a proxy before it does not speak HTTP/2 (grpc_pass)."


def _context(credentials: Credentials) -> ssl.SSLContext:
    """TLS as the client speaks it."""
    context = ssl.create_default_context(cafile=credentials.ca)
    context.set_alpn_protocols(["h2"])
    if credentials.certificate is not None and credentials.key is not None:
        context.load_cert_chain(credentials.certificate, credentials.key, password=lambda: b"")
    return context


def _shake(host: str, port: int, context: ssl.SSLContext, timeout_s: float) -> bool:
    """One handshake. Returns whether the server stays: in TLS 1.3 it refuses a client's certificate only afterwards.

    Raises:
        OSError: It failed; `ssl.SSLError` where TLS did.
    """
    with (
        socket.create_connection((host, port), timeout_s) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        try:
            return bool(secured.recv(1))
        except TimeoutError:
            return True


def _say(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason).lower().replace("_", " ") if reason else type(error).__name__
