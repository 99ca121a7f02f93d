"""The same servicer, which answers every frame with a prebuilt reply and computes nothing: what gRPC alone costs.

Opening a stream is as ever; frames are read and parsed as ever. Replies are files named after their number of tracks.

    python benchmarks/peers/prebuilt_stream.py MODEL FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import uvloop
from grpc import aio

from pathcast.model.library import load_library
from pathcast.service.batcher import Batcher
from pathcast.service.limits import Limits
from pathcast.service.server import configure_logs
from pathcast.service.servicer import ForecastServicer


class PrebuiltServicer(ForecastServicer):
    replies: dict[int, bytes]

    async def stream(self, _requests: Any, context: Any) -> None:
        with self._reception.opened(context) as allowance:
            stream = await self._open(context, allowance)
        assert stream is not None
        await context.write(await stream.mailbox.take())
        while (request := await context.read()) is not aio.EOF:  # type: ignore[attr-defined]
            if request.WhichOneof("message") == "frame":
                await context.write(self.replies[len(request.frame.track_ids)])
        stream.close("ended")


async def main() -> None:
    configure_logs()  # to standard error: nobody reads more of standard output than the address
    limits = Limits()
    servicer = PrebuiltServicer(load_library([sys.argv[1]]), Batcher(monotonic), limits)
    servicer.replies = {int(file.name): file.read_bytes() for file in Path(sys.argv[2]).iterdir()}
    server = aio.server(options=[("grpc.max_receive_message_length", limits.bytes_in), ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((servicer.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    uvloop.run(main())
