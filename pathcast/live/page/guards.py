"""Guards: whom the page answers. A page on this machine is asked by every site that its browser has open."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def is_known(headers: Headers, names: Collection[str]) -> bool:
    """Whether a request names a host that is this one, and comes from a page of that host or from none.

    A foreign site's script names its own site as the origin. One whose name was made to point at this machine names
    itself as the host as well, which is why that must be an address or a known name.

    Args:
        headers: Of the request.
        names: Of hosts that are known beside addresses and `localhost`.
    """
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_ours(hosts[0], names):
        return False
    origins = headers.getlist("origin")
    return not origins or (len(origins) == 1 and urlsplit(origins[0]).netloc == hosts[0])


def _is_ours(host: str, names: Collection[str]) -> bool:
    """Whether HOST or HOST:PORT is an address, `localhost` or among the names."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost" or name in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
