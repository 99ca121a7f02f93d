"""Several processes that serve one port."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from pathcast.service.client import Client

MODEL = "constant-velocity-2d"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Two processes with a page of metrics each, and their parent."""
    command = [sys.executable, "-m", "pathcast", "serve", "--models", MODEL, "--processes", "2", "--metrics-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        yield parent
        parent.kill()


def _address(process: subprocess.Popen[bytes]) -> str:
    """Once both answer."""
    assert process.stdout is not None
    said = [process.stdout.readline().decode() for _ in range(3)]
    assert [line.split()[0] for line in said] == ["listening", "metrics", "metrics"]
    return said[0].split()[-1]


def _servers(process: subprocess.Popen[bytes], port: int) -> list[psutil.Process]:
    """The children that listen on the port."""
    return [
        child
        for child in psutil.Process(process.pid).children()
        if any(each.laddr.port == port and each.status == "LISTEN" for each in child.net_connections())
    ]


def _is_connected(server: psutil.Process) -> bool:
    return any(each.status == "ESTABLISHED" for each in server.net_connections())


def _walk(address: str) -> np.ndarray:
    frames = [(0.1 * step, [1], np.full((1, 2), 0.1 * step)) for step in range(4)]
    with Client(address) as client, client.stream(MODEL) as stream:
        *_, last = stream.forecasts(frames)
    assert last.means is not None
    return last.means


def test_two_processes_answer_on_one_port_alike_and_stop_as_one(process: subprocess.Popen[bytes]) -> None:
    address = _address(process)
    port = int(address.split(":")[-1])
    servers = _servers(process, port)
    assert len(servers) == 2
    first = _walk(address)
    answering: set[int] = set()
    while len(answering) < 2:  # the kernel deals each connection to either
        with Client(address) as client:
            client.models()
            answering |= {each.pid for each in servers if _is_connected(each)}
            np.testing.assert_array_equal(_walk(address), first)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not any(server.is_running() for server in servers)


def test_where_one_process_ends_all_do_and_the_parent_says_so(process: subprocess.Popen[bytes]) -> None:
    address = _address(process)
    servers = _servers(process, int(address.split(":")[-1]))
    servers[0].kill()
    assert process.wait(30) == 1
    assert not any(server.is_running() for server in servers)


def test_no_child_outlives_its_parent(process: subprocess.Popen[bytes]) -> None:
    servers = _servers(process, int(_address(process).split(":")[-1]))
    process.kill()
    psutil.wait_procs(servers, 30)
    assert not any(server.is_running() for server in servers)
