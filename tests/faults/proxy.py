"""Proxy: TCP passed on to a server, until it is cut, frozen or restarted."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from typing import Self

_LINGER_NONE = struct.pack("ii", 1, 0)
"""Closing then resets the connection, as the end of a machine would."""


class Proxy:
    """A proxy on a free port, which it keeps."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._ends: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self._port}"
        self.num_connections = 0
        self._accept()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def cut(self, is_reset: bool = False) -> None:
        """Ends all connections at once, both ways."""
        ends, self._ends = self._ends, []
        for end in ends:
            try:
                if is_reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
                end.shutdown(socket.SHUT_RD if is_reset else socket.SHUT_RDWR)  # which wakes who reads from it
            except OSError:
                pass  # the other side was quicker
            end.close()

    def freeze(self) -> None:
        """Swallows everything from here on, and closes nothing."""
        self._flows.clear()

    def stop(self) -> None:
        """Takes no connections any more and ends those there are."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()
        self._flows.set()

    def start(self) -> None:
        """Listens again where it did before it was stopped."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._accept()

    def _accept(self) -> None:
        listener = self._listener
        self._thread = threading.Thread(target=self._accept_from, args=(listener,), daemon=True)
        self._thread.start()

    def _accept_from(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self.num_connections += 1
            self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
