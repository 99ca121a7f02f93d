"""Every error that pathcast raises on purpose.

    PathcastError
    ├── InputError (also a ValueError)   something given to us is wrong: a file, a value, a frame
    │   ├── LimitError                   well-formed, but larger or more than is allowed
    │   └── UnknownModelError            no bundle of that name or version
    ├── NotServedError                   part of the contract that this server does not answer yet
    ├── BundleError                      a model bundle on disk is incomplete, altered or of another format
    ├── AccessError                      the service does not let the caller in
    └── ServiceError                     the service could not be reached, or failed

A message says what was expected, what was found and where. `InputError` carries the three apart as well,
so that the service can put them into a status' details and the command line can end with exit code 2.
"""

from __future__ import annotations


class PathcastError(Exception):
    """Root of all errors raised on purpose."""


class InputError(PathcastError, ValueError):
    """Something given to us is wrong.

    Args:
        where: What the message is about: a field (`open.axes`), or a file with its row (`walk.csv:17`).
        expected: What would have been right, with its unit and range.
        found: What was there instead.
    """

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {found}")
        self.where = where
        self.expected = expected
        self.found = found


class LimitError(InputError):
    """A well-formed request for more than the limits allow.

    Args:
        where: As of every `InputError`.
        expected: Likewise.
        found: Likewise.
        retry_s: Seconds after which the same may be asked for again; None: it is too much at any time.
    """

    def __init__(self, where: str, expected: str, found: str, retry_s: float | None = None) -> None:
        super().__init__(where, expected, found)
        self.retry_s = retry_s


class UnknownModelError(InputError):
    """No bundle of that name and version is here."""


class NotServedError(PathcastError):
    """A field of the contract that is not served yet, or not by the model that was asked for.

    Args:
        field: Its full name in the contract, such as `open.goals`.
    """

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: part of the contract, but not served by this model or version")
        self.field = field


class BundleError(PathcastError):
    """A model bundle is incomplete, altered or of another format."""


class AccessError(PathcastError):
    """The service does not let the caller in; it says no more to strangers.

    Args:
        found: What stood in the place of a bearer token that the server knows.
    """

    def __init__(self, found: str) -> None:
        super().__init__(f"authorization: expected a bearer token that the server knows, found {found}")
        self.found = found


class ServiceError(PathcastError):
    """The service could not be reached, or failed to answer."""
