"""A real server in a process of its own, shared by the tests of this folder, and real clients."""

from collections.abc import Iterator

import numpy as np
import pytest

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
