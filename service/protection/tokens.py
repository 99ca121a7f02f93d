"""Bearer tokens: 256 random bits each, of which a server keeps the SHA-256 alone.

A server's file has a line for each, `NAME SHA256`, in hexadecimal digits; empty lines and those that begin with # are
passed over. A plain hash is enough where nothing can be guessed; a name may have several tokens, so that one can follow
another without a pause.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from pathcast.errors import InputError
from pathcast.service.protection.reread import read_file

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NUM_BYTES = 32
_LONGEST = 512
"""Characters of what is taken for a token at all."""


def make_token() -> str:
    """A new token, from the machine's source of randomness."""
    return secrets.token_urlsafe(_NUM_BYTES)


def token_line(name: str, token: str) -> str:
    """The line that lets a token in, under a name.

    Raises:
        InputError: The name is not one.
    """
    if not _NAME.fullmatch(name):
        raise InputError("name", "1 to 64 letters, digits, points, dashes and underscores", repr(name))
    return f"{name} {_digest(token).hex()}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class TokenBook:
    """The tokens that are let in, by what each hashes to."""

    def __init__(self, lines: list[tuple[str, bytes]]) -> None:
        """Args:
        lines: Names and hashes.
        """
        self._lines = lines

    @classmethod
    def read(cls, path: Path) -> TokenBook:
        """The tokens of a file; an empty one lets nobody in.

        Raises:
            InputError: It cannot be read, or a line is none; what stands there is not repeated.
        """
        try:
            text = read_file(path).decode()
        except UnicodeDecodeError as error:
            raise InputError(str(path), "text in UTF-8", "other bytes") from error
        lines = []
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if len(words) != 2 or not _NAME.fullmatch(words[0]) or not _DIGEST.fullmatch(words[1]):
                raise InputError(f"{path}:{number}", "NAME SHA256, as `pathcast token` prints it", "another line")
            lines.append((words[0], bytes.fromhex(words[1])))
        return cls(lines)

    def name_of(self, token: str) -> str | None:
        """Whose token it is; None: nobody's. Takes as long for any token."""
        digest = _digest(token[:_LONGEST])
        found = None
        for name, known in self._lines:
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def has_name(self, name: str) -> bool:
        """Whether a name has any token."""
        return any(name == each for each, _ in self._lines)
