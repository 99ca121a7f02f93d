"""A real server in a process of its own, shared by the tests of this folder, and real clients."""

import urllib.request
from collections.abc import Iterator

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pathcast.model.library import load_library
from pathcast.service.client import Client, LocalServer

CARDS = load_library().cards()


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
