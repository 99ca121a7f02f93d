"""The page answers whoever asks it by an address or a known name, from its own pages or from none."""

import pytest
from starlette.datastructures import Headers

from pathcast.live.page.guards import is_known


def headers(host: str | None, origin: str | None = None) -> Headers:
    named = {"host": host, "origin": origin}
    return Headers({name: value for name, value in named.items() if value is not None})


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "192.168.1.7", "camera.lan:80"])
def test_addresses_and_known_names_are_answered(host):
    assert is_known(headers(host), ["camera.lan"])
    assert is_known(headers(host, f"http://{host}"), ["camera.lan"])


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (None, None),
        ("rebound.example:8000", None),
        ("rebound.example:8000", "http://rebound.example:8000"),
        ("localhost.example", None),
        ("[::1", None),
        ("127.0.0.1:8000", "http://foreign.example"),
        ("127.0.0.1:8000", "http://127.0.0.1:9000"),
        ("127.0.0.1:8000", "null"),
        ("127.0.0.1:8000", ""),
    ],
    ids=str,
)
def test_foreign_hosts_and_origins_are_not(host, origin):
    assert not is_known(headers(host, origin), ["camera.lan"])


def test_two_hosts_or_origins_are_none():
    assert not is_known(Headers(raw=[(b"host", b"127.0.0.1"), (b"host", b"127.0.0.1")]), [])
    twice = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1"), (b"origin", b"http://127.0.0.1")]
    assert not is_known(Headers(raw=twice), [])
