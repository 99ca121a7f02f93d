"""nginx and Envoy before replicas, configured as in `deploy/` with their addresses and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
LISTED = ("127.0.0.1:50051", "127.0.0.1:50052")
"""The replicas that it names."""
PATIENCE_S = 60.0


PLACES = (Path("/usr/sbin"), ROOT / ".system" / "envoy" / "envoy" / "_bin")


def find_program(name: str) -> str | None:
    """Where nginx or Envoy is; None: it is not installed."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, PLACES)]))


def render(addresses: Sequence[str], port: int) -> str:
    """nginx's configuration in deploy/ with the addresses replaced."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
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


class Envoy:
    """A proxy on a free port, until the `with` block ends."""

    def __init__(self, program: str, folder: Path, addresses: Sequence[str]) -> None:
        """Starts it and waits until it takes connections.

        Args:
            program: Where Envoy is.
            folder: For its files.
            addresses: Of the replicas.
        """
        admin = folder / "admin"
        (folder / "envoy.json").write_text(json.dumps(render_envoy(addresses)))
        command = [program, "-c", str(folder / "envoy.json"), "--admin-address-path", str(admin)]
        command += [
            "--use-dynamic-base-id",
            "--concurrency",
            "2",
            "--log-level",
            "error",
            "--parent-shutdown-time-s",
            "1",
        ]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=folder)
        self.address = _wait_for(lambda: _listener(admin))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def worker_ids(self) -> list[int]:
        """Processes that pass messages on."""
        return [self.process.pid]


def render_envoy(addresses: Sequence[str]) -> dict[str, Any]:
    """Envoy's configuration in deploy/ with free ports and the replicas' addresses."""
    import yaml

    whole: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "envoy.yaml").read_text())
    (listener,), (cluster,) = whole["static_resources"]["listeners"], whole["static_resources"]["clusters"]
    whole["admin"]["address"]["socket_address"]["port_value"] = 0
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": 0}
    hosts = [address.split(":") for address in addresses]
    places = [{"socket_address": {"address": host, "port_value": int(port)}} for host, port in hosts]
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [{"endpoint": {"address": each}} for each in places]
    return whole


def _listener(admin: Path) -> str | None:
    """Where Envoy listens, once all replicas were found well."""
    try:
        url = f"http://{admin.read_text().strip()}"
        with urllib.request.urlopen(f"{url}/clusters?format=json", timeout=5) as answer:
            (cluster,) = json.load(answer)["cluster_statuses"]
        with urllib.request.urlopen(f"{url}/listeners?format=json", timeout=5) as answer:
            (listener,) = json.load(answer)["listener_statuses"]
    except (OSError, ValueError, KeyError):
        return None
    is_well = all(
        host["health_status"].get("eds_health_status") and len(host["health_status"]) == 1
        for host in cluster["host_statuses"]
    )
    place = listener["local_address"]["socket_address"]
    return f"{place['address']}:{place['port_value']}" if is_well else None


def _wait_for(look: Callable[[], str | None]) -> str:
    end = monotonic() + PATIENCE_S
    while (found := look()) is None:
        if monotonic() > end:
            raise SystemExit("Envoy was not ready within a minute")
        sleep(0.05)
    return found
