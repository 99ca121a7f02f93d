"""Application: the page's addresses: its files, its websocket, and where files are uploaded to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from pathcast.errors import InputError, LimitError
from pathcast.live.page.files import page_files
from pathcast.live.page.guards import SECURITY_HEADERS, is_known
from pathcast.live.page.library import MOST_UPLOAD_BYTES, Library
from pathcast.live.page.show import Source
from pathcast.live.page.viewer import Viewer

MOST_VIEWERS = 16
"""At a time; each has a stream at the server and a thread here."""
FULL = 4003
MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def application(library: Library, source: Source, host_names: Collection[str] = ()) -> Starlette:
    """The page.

    Args:
        library: What can be chosen.
        source: Where forecasts come from.
        host_names: By which browsers may ask, beside addresses and `localhost`.
    """
    contents = page_files()
    num_viewers = 0

    async def give_file(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        if name not in contents:
            return Response("not here\n", 404, media_type="text/plain")
        suffix = name[name.rfind(".") :]
        return Response(contents[name], media_type=MEDIA_TYPES[suffix])

    async def take_file(request: Request) -> Response:
        try:
            content = await _read_bounded(request.stream())
            name = unquote(request.headers.get("x-file-name", ""))
            entry = await run_in_threadpool(library.add_upload, name, content)
        except InputError as error:
            return JSONResponse({"words": str(error)}, 413 if isinstance(error, LimitError) else 400)
        return JSONResponse(entry.as_record())

    async def show(socket: WebSocket) -> None:
        nonlocal num_viewers
        await socket.accept()
        if num_viewers >= MOST_VIEWERS:
            await socket.close(FULL, f"{MOST_VIEWERS} are looking already")
            return
        num_viewers += 1
        try:
            await Viewer(socket, library, source).attend()
        finally:
            num_viewers -= 1

    routes = [
        Route("/", give_file),
        Route("/files", take_file, methods=["POST"]),
        WebSocketRoute("/live", show),
        Route("/{name}", give_file),
    ]
    page = Starlette(routes=routes)
    page.add_middleware(Guarded, host_names=host_names)
    return page


class Guarded:
    """Refuses whoever asks by a foreign name or from a foreign page, and says to browsers what a page may do."""

    def __init__(self, app: ASGIApp, host_names: Collection[str]) -> None:
        self._app = app
        self._host_names = host_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = WebSocket(scope, receive, send) if scope["type"] == "websocket" else Request(scope)
        if not is_known(request.headers, self._host_names):
            if isinstance(request, WebSocket):
                await request.close(1008)
            else:
                await Response("not for this host or page\n", 403, media_type="text/plain")(scope, receive, send)
            return
        if isinstance(request, WebSocket):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *more]}  # type: ignore[misc]
            await send(message)

        await self._app(scope, receive, send_guarded)  # type: ignore[arg-type]


async def _read_bounded(pieces: AsyncIterator[bytes]) -> bytes:
    """A body.

    Raises:
        LimitError: It is larger than an upload may be; the rest is not read.
    """
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > MOST_UPLOAD_BYTES:
            raise LimitError("upload", f"at most {MOST_UPLOAD_BYTES >> 20} MiB", "more")
    return bytes(content)
