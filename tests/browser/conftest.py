"""A real browser, driven from outside, at a real page that asks a real server."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".venv-browser"
SERVE = [sys.executable, "-m", "pathcast", "serve"]
WATCH = [sys.executable, "-m", "pathcast", "watch", "--web"]
PATIENCE_S = 60.0

sys.path += [str(path) for path in TOOLS.glob("lib/python3*/site-packages")]


class Server:
    """A server that can be killed and started again at the same address."""

    def __init__(self, record: Path) -> None:
        self.record = record
        self.address = "127.0.0.1:0"
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        port = self.address.rpartition(":")[2]
        command = [*SERVE, "--port", port, "--record", str(self.record), "--grace", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().removeprefix("listening on ").strip()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("playwright is not installed (make test-browser)")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("recorded"))
    yield started
    started.kill()


@pytest.fixture(scope="session")
def address(server: Server) -> Iterator[str]:
    """Of the page."""
    with subprocess.Popen([*WATCH, "--server", server.address], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("watch at ").strip()
        finally:
            process.terminate()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens an address in a window of its own; at the end no page may have complained in its console."""
    complaints: list[str] = []
    contexts = []

    def open_page(url: str, width: int = 1280, height: int = 800, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def until(page: Any, expression: str) -> Any:
    """What an expression is on the page once it is true; the page's own policy forbids to wait for it there."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = page.evaluate(expression)
        if value:
            return value
    raise AssertionError(f"not within {PATIENCE_S:g} s: {expression}")


@pytest.fixture
def shown(opened: Callable[..., Any], address: str) -> Callable[..., Any]:
    """Opens the page and starts a scenario of a seed."""

    def show(key: str, seed: int, **window: Any) -> Any:
        page = opened(address, **window)
        until(page, "Boolean(window.pathcast?.scene)")
        page.evaluate("([key, seed]) => window.pathcast.start(key, seed)", [f"scenario/{key}", seed])
        until(page, f"document.querySelector('#entry').value === 'scenario/{key}'")
        until(page, f"window.pathcast.scene?.title.startsWith('{key} ')")
        until(page, "Boolean(window.pathcast.answer?.tracks.some((track) => track.paths))")
        return page

    return show
