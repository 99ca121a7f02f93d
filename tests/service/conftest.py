"""A real server in a process of its own, shared by the tests of this folder, and real clients."""

import asyncio
import threading
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client.parser import text_string_to_metric_families

from pathcast.model.library import Library, load_library
from pathcast.service.client import Client, LocalServer
from pathcast.service.server import Server

CARDS = load_library().cards()
BASELINE = "constant-velocity-2d"


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    with LocalServer() as local:
        yield local


@pytest.fixture(scope="session")
def other_server() -> Iterator[LocalServer]:
    with LocalServer() as local:
        yield local


@pytest.fixture
def client(server: LocalServer) -> Iterator[Client]:
    with Client(server.address) as each:
        yield each


@pytest.fixture(params=CARDS, ids=lambda card: card.name)
def card(request: pytest.FixtureRequest):
    """Every model that ships, in turn."""
    return request.param


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


Samples = dict[tuple[str, frozenset], float]


class Page:
    """The page of metrics of a server that was started with one."""

    def __init__(self, server: LocalServer) -> None:
        assert server.process.stdout is not None
        line = server.process.stdout.readline().decode()
        assert line.startswith("metrics on http://127.0.0.1:") and line.endswith("/metrics\n")
        self._url = line.split()[-1]

    def text(self) -> str:
        with urllib.request.urlopen(self._url, timeout=20) as answer:
            return answer.read().decode()

    def read(self) -> Samples:
        families = text_string_to_metric_families(self.text())
        return {
            (each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples
        }

    @staticmethod
    def value(samples: Samples, name: str, **labels: str) -> float:
        return samples[name, frozenset(labels.items())]


@pytest.fixture(scope="session")
def page_of() -> type[Page]:
    return Page


class Authority:
    """Makes certificates, and the files that servers and clients read them from."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self._own = self._sign(name, None, is_authority=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._own[0].public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, days: int = 1) -> tuple[Path, Path]:
        """A certificate of this machine and its key; of before yesterday where days are less than 0."""
        certificate, key = self._sign(name, self._own, days)
        files = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    @staticmethod
    def _sign(name: str, issuer, days: int = 1, is_authority: bool = False):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        hosts = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if issuer is None else issuer[0].subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        return builder.sign(key if issuer is None else issuer[1], hashes.SHA256()), key


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


class Running:
    """A server in a thread of this process, so that a test can have it look at its files."""

    def __init__(self, library: Library, **options) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server = self._do(self._start(library, options))
        self.address = self.server.address

    @staticmethod
    async def _start(library: Library, options: dict) -> Server:
        server = Server(library, look_every_s=0.0, **options)
        await server.start()
        return server

    def look(self) -> None:
        self._do(self.server.look())

    def metric(self, name: str, **labels: str) -> float | None:
        return self.server.metrics.registry.get_sample_value(name, labels)

    def close(self) -> None:
        self._do(self.server.stop(0.0))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)


@pytest.fixture
def run_server() -> Iterator[Callable[..., Running]]:
    """Starts servers with options of `Server`; they end with the test."""
    running: list[Running] = []

    def run(library: Library | None = None, **options) -> Running:
        running.append(Running(load_library([BASELINE]) if library is None else library, **options))
        return running[-1]

    yield run
    for each in running:
        each.close()
