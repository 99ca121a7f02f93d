"""nginx before replicas, configured by `deploy/nginx.conf` with their addresses and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"
LISTED = ("127.0.0.1:50051", "127.0.0.1:50052")
"""The replicas that it names."""
PATIENCE_S = 60.0


def find_nginx() -> str | None:
    """Where the program is; None: it is not installed."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


def render(addresses: Sequence[str], port: int) -> str:
    """The configuration in deploy/ with the addresses replaced."""
    text = CONFIGURATION.read_text()
    replaced = {_listing(LISTED): _listing(addresses), "listen 127.0.0.1:50050": f"listen 127.0.0.1:{port}"}
    for old, new in replaced.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _listing(addresses: Sequence[str]) -> str:
    return "".join(f"        server {each} fail_timeout=1s;\n" for each in addresses)


class Nginx:
    """A proxy on a free port, until the `with` block ends.

    It is handed a listening socket, so no port is fixed or raced for.
    """

    def __init__(self, program: str, folder: Path, addresses: Sequence[str]) -> None:
        """Starts it.

        Args:
            program: Where nginx is.
            folder: For its files.
            addresses: Of the replicas.
        """
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            (folder / "nginx.conf").write_text(render(addresses, port))
            command = [program, "-p", str(folder), "-c", "nginx.conf", "-e", "nginx.log", "-g", "daemon off;"]
            environment = os.environ | {"NGINX": f"{listening.fileno()};"}
            self.process = subprocess.Popen(
                command, env=environment, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL, cwd=folder
            )
        self.address = f"127.0.0.1:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def worker_ids(self) -> list[int]:
        """Processes that pass messages on."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text().split()]
