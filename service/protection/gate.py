"""Gate: lets no call in without a token that the server knows; to others it says that, and nothing else.

It stands before the look-up of methods, so that a stranger learns neither which methods, models or paths there are nor
what is wrong with a request: reflection is answered to those who are let in, and an unknown method to nobody else. One
call passes without a token: `grpc.health.v1.Health/Check`, because the probes of Kubernetes, Envoy and containers send
none; it tells whether the service of the public contract is up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc
from grpc import aio

from pathcast.errors import AccessError
from pathcast.service.faults import to_code, to_status
from pathcast.service.protection.reread import Reread
from pathcast.service.protection.tokens import TokenBook

OPEN_TO_ALL = frozenset({"/grpc.health.v1.Health/Check"})
_KEY = "authorization"
_SCHEME = "bearer "


class Gate(aio.ServerInterceptor):  # type: ignore[type-arg]
    """Asks every call for a bearer token."""

    def __init__(self, tokens: Path, count: Callable[[str], None]) -> None:
        """Args:
        tokens: The file of tokens, read again when it changes.
        count: Told the code of every call that was not let in.

        Raises:
            InputError: The file is not one.
        """
        self._book = Reread([tokens], lambda: TokenBook.read(tokens))
        self._count = count

    def name_of(self, metadata: Sequence[tuple[str, str | bytes]]) -> str:
        """Name of the token that a call came with.

        Raises:
            AccessError: There is none, or nobody knows it.
        """
        values = [value for key, value in metadata if key == _KEY]
        if not values:
            raise AccessError("none")
        text = values[0] if isinstance(values[0], str) else ""
        if len(values) > 1 or not text.lower().startswith(_SCHEME):
            raise AccessError("something else than one bearer token")
        name = self._book.get().name_of(text[len(_SCHEME) :].strip())
        if name is None:
            raise AccessError("another one")
        return name

    def knows(self, name: str) -> bool:
        """Whether that name is still let in."""
        return self._book.get().has_name(name)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        if handler_call_details.method in OPEN_TO_ALL:
            return await continuation(handler_call_details)
        try:
            self.name_of(handler_call_details.invocation_metadata)
        except AccessError as error:
            return _refusal(error, self._count)
        return await continuation(handler_call_details)


def _refusal(error: AccessError, count: Callable[[str], None]) -> grpc.RpcMethodHandler[Any, Any]:
    """Answers any kind of call with an error, at once: as a stream it waits for no request."""
    status = to_status(error)

    async def refuse(_requests: Any, context: Any) -> None:
        count(to_code(error).name)
        await context.abort(status.code, status.details, status.trailing_metadata)

    return grpc.stream_stream_rpc_method_handler(refuse)  # type: ignore[arg-type]
