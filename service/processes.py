"""Processes: one port served by several of them, each with a loop of its own.

The parent reserves the port, spawns the children before there is any object of gRPC, which does not survive a fork,
passes signals on, and ends them all where one ends unasked. The kernel deals connections out among them (SO_REUSEPORT);
a stream stays where it was opened, and any of them can go on with it (`Replay.snapshot`).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from pathcast.errors import ServiceError

Serve = Callable[[dict[str, Any], int, int, Callable[[list[str]], None]], None]
"""Serves with these options, as this one of the processes, at this port, until it is told to stop; says once, when it
answers, the lines that the parent is to print."""


def serve_in_processes(
    num: int, serve: Serve, options: dict[str, Any], host: str, port: int, say: Callable[[str], None]
) -> None:
    """Serves until SIGTERM or SIGINT, which every child is sent as often as the parent gets it.

    Args:
        num: Processes.
        serve: What each does; a function of a module, called in a fresh interpreter.
        options: Its first argument.
        host: Address to bind.
        port: Port to bind, 0 for a free one.
        say: Told each line once all of them answer; what several say alike, such as their one address, once.

    Raises:
        ServiceError: The address cannot be bound, or a process ended unasked.
    """
    context = multiprocessing.get_context("spawn")
    with _reserved(host, port) as bound:
        pipes = [context.Pipe(duplex=False) for _ in range(num)]
        children = [
            context.Process(target=_run, args=(serve, options, index, bound, pipes[index][1])) for index in range(num)
        ]
        is_told, is_started = False, False

        def tell(number: int, _frame: object) -> None:
            nonlocal is_told
            is_told = True
            if is_started:
                _signal(children, number)

        before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for child, (_, ours) in zip(children, pipes, strict=True):
                child.start()
                ours.close()
            is_started = True
            if is_told:  # while some were not there to be told
                _signal(children, signal.SIGTERM)
            lines = [line for pipe, _ in pipes for line in _heard(pipe)]
            if not is_told and all(child.is_alive() for child in children):
                for line in dict.fromkeys(lines):
                    say(line)
            wait([child.sentinel for child in children])
            if not is_told:
                _signal(children, signal.SIGTERM)
            for child in children:
                child.join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    if not is_told:
        raise ServiceError("processes: expected all of them to go on, found one that ended; its log says why")


def _signal(children: Sequence[BaseProcess], number: int) -> None:
    for child in children:
        if child.pid is not None and child.is_alive():
            os.kill(child.pid, number)


def _heard(pipe: Connection) -> list[str]:
    """What a child has to say once it answers; nothing if it ended before."""
    try:
        lines: list[str] = pipe.recv()
    except EOFError:
        return []
    return lines


@contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """A port that no other program is given meanwhile; nobody listens on it here."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind(address)
            yield held.getsockname()[1]
    except OSError as error:
        raise ServiceError(f"{host}:{port}: expected a free address of this machine, could not bind it") from error


def _run(serve: Serve, options: dict[str, Any], index: int, port: int, pipe: Connection) -> None:
    """A child: in a group of its own, so that a terminal's interrupt reaches it through its parent alone."""
    os.setpgid(0, 0)
    serve(options, index, port, pipe.send)
