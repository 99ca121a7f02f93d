"""Takes the pictures of the live page in docs/pictures: court and plaza, on a desk in light, on a phone in the dark."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
LARGEST_BYTES = 200_000
DESK = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "device_scale_factor": 1.5,
    "is_mobile": True,
}
TAKEN: tuple[tuple[str, dict[str, Any], str, int, float], ...] = (
    ("court", DESK, "three-pointer", 2, 0.85),
    ("plaza", DESK, "plaza", 4, 9.0),
    ("court-phone", PHONE, "three-pointer", 2, 0.85),
    ("plaza-phone", PHONE, "plaza", 4, 9.0),
)
"""Name, window, scenario, seed, and seconds of the scene."""

sys.path += [str(path) for path in (ROOT / ".venv-browser").glob("lib/python3*/site-packages")]


def main() -> None:
    """Starts a page with a server of its own and takes them all."""
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pathcast", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tour, sync_playwright() as playwright:
        assert tour.stdout is not None
        address = tour.stdout.readline().removeprefix("watch at ").strip()
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, window, scenario, seed, seconds in TAKEN:
            context = browser.new_context(**window)
            page = context.new_page()
            page.goto(address)
            _until(page, "Boolean(window.pathcast?.scene)")
            page.evaluate("([key, seed]) => window.pathcast.start(key, seed)", [f"scenario/{scenario}", seed])
            _until(page, f"window.pathcast.scene?.title.startsWith('{scenario}')")
            _until(page, f"window.pathcast.answer?.time >= {seconds}")
            page.keyboard.press("Space")
            page.evaluate("(at) => window.pathcast.seek(at)", seconds)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            path = PICTURES / f"{name}.png"
            page.screenshot(path=path)
            assert path.stat().st_size < LARGEST_BYTES, path
            context.close()
        browser.close()
        tour.terminate()


def _until(page: Any, expression: str) -> None:
    """Waits until an expression is true on the page."""
    end = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression


if __name__ == "__main__":
    main()
