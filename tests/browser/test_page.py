"""The page in a browser shows what the server says and what is true, does as it is told, and mends."""

from __future__ import annotations

import json
from itertools import count, islice
from typing import Any

import numpy as np
import pytest

from pathcast.live.page.playback import write_html
from pathcast.live.page.scenarios import shown_scenes
from pathcast.live.page.scenes import ShownScene
from pathcast.live.page.show import Source, recorded

from .conftest import Server, until

OUTLINE = """(() => {
  const focused = document.activeElement;
  return getComputedStyle(focused.id === "upload" ? focused.nextElementSibling ?? focused : focused).outlineStyle;
})()"""
"""Of what has the focus, or of the label that stands for it."""
IN = ("swish", "rim", "board")
BALL = """name => {
  const canvas = document.getElementById(name);
  const probe = document.createElement("i");
  probe.style.color = "var(--ball)";
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let [x, y, found] = [0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) {
      x += (at / 4) % width;
      y += Math.floor(at / 4 / width);
      found += 1;
    }
  }
  return [x / found + 0.5, y / found + 0.5, found];
}"""


@pytest.fixture(scope="module")
def made(browser) -> tuple[int, ShownScene]:
    """The first seed whose first three-pointer goes in, and that shot."""
    shots = ((seed, next(shown_scenes("three-pointer", seed))) for seed in count(1))
    return next((seed, shot) for seed, shot in shots if shot.became in IN)


def pause(page: Any) -> None:
    page.keyboard.press("Space")
    until(page, "document.querySelector('#play').dataset.playing === 'false'")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_scenario_is_started_from_the_list_and_its_futures_move(opened, address) -> None:
    page = opened(address)
    until(page, "document.querySelector('#entry').options.length > 10")
    page.select_option("#entry", "scenario/free-throw")
    page.get_by_role("button", name="Start").click()
    until(page, "window.pathcast.scene?.title.startsWith('free-throw')")
    paths = [
        until(page, f"window.pathcast.answers.find((each) => each.frame >= {frame})?.tracks[0]?.paths")
        for frame in (5, 15)
    ]
    pictures = []
    for frame in (18, 24):
        until(page, f"window.pathcast.answer?.frame >= {frame}")
        pictures.append(page.evaluate("document.getElementById('side').toDataURL()"))
    assert np.abs(np.array(paths[0][0]) - np.array(paths[1][0])).max() > 0.1
    assert pictures[0] != pictures[1]


def test_the_probability_of_in_rises_before_a_made_shot_falls(shown, made) -> None:
    seed, shot = made
    page = shown("three-pointer", seed)
    page.select_option("#speed", "0.25")  # slow enough for a busy machine to look before the next shot
    is_decided = "window.pathcast.scene.number === 1 && window.pathcast.answer?.time > window.pathcast.scene.becameAt"
    answers = until(page, f"{is_decided} && window.pathcast.answers")
    told = [(each["time"], each["tracks"][0]["outcomes"][0]) for each in answers if "outcomes" in each["tracks"][0]]
    before = [probability for time, probability in told if time < shot.became_at_s]
    assert before[-1] > 0.7 and before[-1] > before[0] + 0.2


def test_the_probability_shown_is_that_of_the_reply_on_the_wire(shown, made, server: Server) -> None:
    page = shown("three-pointer", made[0])
    until(page, "window.pathcast.answer?.frame >= 12")
    pause(page)
    figure = "document.querySelector('#probability')"
    text, exact, frame = page.evaluate(f"[{figure}.textContent, {figure}.dataset.probability, {figure}.dataset.frame]")
    answers = page.evaluate("window.pathcast.answers")
    page.evaluate(
        "window.pathcast.start('scenario/plaza', 1)"
    )  # the stream of the shot ends, and its recording is whole
    until(page, "window.pathcast.scene.title.startsWith('plaza')")
    file = max(
        server.record.glob("*.forecasts.ndjson"), key=lambda path: (path.read_text().count('"made"') > 10, path.name)
    )
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    wire = {
        line["frame"]: line["tracks"][0]["outcomes"]["made"]
        for line in lines
        if line.get("tracks") and "outcomes" in line["tracks"][0]
    }
    assert float(exact) == wire[int(frame)] and text == f"{int(100 * float(exact) + 0.5)} %"
    shown_too = {each["frame"]: each["tracks"][0]["outcomes"][0] for each in answers if "outcomes" in each["tracks"][0]}
    assert len(shown_too) > 8 and {number: wire[number] for number in shown_too} == shown_too


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_ball_is_drawn_where_the_truth_is_to_a_pixel(shown, made, ratio: int) -> None:
    seed, shot = made
    page = shown("three-pointer", seed, device_scale_factor=ratio)
    until(page, "window.pathcast.answer?.frame >= 10")
    pause(page)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        frame = page.evaluate("window.pathcast.answer.frame")
        (true,) = shot.truth[frame].values()
        for name in ("side", "above"):
            x, y, found = page.evaluate(BALL, name)
            expected = page.evaluate("([name, at]) => window.pathcast.pixel(name, at)", [name, true.tolist()])
            assert np.abs(np.array([x, y]) / ratio - expected).max() < 1.0
            radius = max(4.0, shot.radius_m * page.evaluate("name => window.pathcast.scale(name)", name))
            edge = 1.0  # pixels of the rim are blended with what is behind
            assert np.pi * (radius * ratio - edge) ** 2 < found < np.pi * (radius * ratio + edge) ** 2


def test_both_views_are_to_scale(shown, made) -> None:
    page = shown("three-pointer", made[0])
    until(page, "window.pathcast.answer?.frame >= 3")
    pause(page)
    for name, apart in (("side", ([0, 0, 0], [0, 0, 3.05])), ("above", ([0, 0, 0], [4.6, 3.2, 1.0]))):
        low, high = (
            np.array(page.evaluate("([name, at]) => window.pathcast.pixel(name, at)", [name, at])) for at in apart
        )
        metres = np.linalg.norm(np.subtract(*apart)[2 if name == "side" else slice(0, 2)])
        assert np.linalg.norm(high - low) / metres == pytest.approx(
            page.evaluate("name => window.pathcast.scale(name)", name)
        )


def test_a_pause_holds_the_page_and_the_server(shown, server: Server) -> None:
    page = shown("plaza", 2)
    pause(page)
    settled = page.evaluate("() => new Promise((done) => setTimeout(() => done(window.pathcast.answers.length), 400))")
    later = page.evaluate("() => new Promise((done) => setTimeout(() => done(window.pathcast.answers.length), 1000))")
    assert settled == later
    page.keyboard.press("Space")
    until(page, f"window.pathcast.answers.length > {later}")


def test_steps_and_replays_of_what_was_seen_meet_the_present_again(shown) -> None:
    page = shown("plaza", 2)
    until(page, "window.pathcast.answer?.frame >= 8")
    pause(page)
    page.keyboard.press("Home")
    assert page.evaluate("window.pathcast.answer.frame") == 0
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.pathcast.answer.frame") == 1
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert page.evaluate("document.querySelector('#speed').value") == "4"
    newest = page.evaluate("window.pathcast.answers.length")
    page.keyboard.press("Space")
    until(page, f"window.pathcast.answer?.frame >= {newest + 2}")
    pause(page)
    page.keyboard.press("Home")
    page.keyboard.press("n")
    until(page, "window.pathcast.scene.number === 2 && window.pathcast.answers.length > 2")


def test_a_server_that_is_restarted_under_it_goes_on_with_nothing_lost(shown, server: Server) -> None:
    page = shown("corridor", 1)
    until(page, "window.pathcast.answer?.frame >= 6")
    server.kill()
    until(page, "document.querySelector('#status').dataset.mood === 'waiting'")
    stuck = page.evaluate("window.pathcast.answers.length")
    server.start()
    until(page, "document.querySelector('#status').textContent.includes('the stream went on')")
    assert "nothing lost" in page.text_content("#status")
    until(page, f"window.pathcast.answers.length >= {stuck + 5}")
    frames = page.evaluate("window.pathcast.answers.map((each) => each.frame)")
    assert frames == list(range(len(frames)))


def test_everything_is_reached_by_the_keyboard_and_has_a_name(shown) -> None:
    page = shown("plaza", 3)
    pause(page)
    seen = []
    page.evaluate("document.activeElement.blur()")
    for _ in range(10):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert page.evaluate(OUTLINE) == "solid"
    assert {"entry", "Start", "upload", "theme", "back", "play", "forth", "scrub", "speed", "next"} <= set(seen)
    names = page.evaluate(
        "[...document.querySelectorAll('button, select, input, canvas')].filter((each) => each.checkVisibility())"
        ".map((each) => each.ariaLabel || each.labels?.[0]?.textContent || each.textContent)"
    )
    assert all(name.strip() for name in names)
    before = page.evaluate("window.pathcast.selected")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("window.pathcast.selected") != before


def test_a_phone_shows_all_of_it_in_the_colours_of_the_system(shown, made) -> None:
    for key, seed in (("three-pointer", made[0]), ("plaza", 2)):
        page = shown(key, seed, width=360, height=740, color_scheme="dark", has_touch=True, is_mobile=True)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        page.locator("#theme").click()
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        sizes = page.evaluate(
            "[...document.querySelectorAll('footer button')].map((a) => [a.offsetWidth, a.offsetHeight])"
        )
        assert np.min(sizes) >= 44


def test_two_windows_show_each_their_own(shown) -> None:
    one, other = shown("plaza", 2), shown("free-throw", 2)
    assert one.evaluate("window.pathcast.scene.axes") == 2 and other.evaluate("window.pathcast.scene.axes") == 3
    newest = one.evaluate("window.pathcast.answers.length")
    until(one, f"window.pathcast.answers.length > {newest}")


def test_a_file_is_opened_and_one_that_is_none_is_told(opened, address, tmp_path) -> None:
    rows = [f"{track},{0.4 * n:.1f},{0.5 * n:.2f},{track}" for n in range(40) for track in (1, 2)]
    (tmp_path / "walk.csv").write_text("\n".join(["track,time,x,y", *rows, ""]))
    (tmp_path / "other.csv").write_text("nothing")
    page = opened(address)
    until(page, "Boolean(window.pathcast?.scene)")
    page.set_input_files("#upload", tmp_path / "walk.csv")
    until(page, "window.pathcast.scene?.title === 'walk.csv'")
    until(page, "Boolean(window.pathcast.answer?.tracks[0]?.paths)")


def test_playback_needs_no_server(opened, made, server: Server, tmp_path) -> None:
    shots = list(islice(shown_scenes("three-pointer", made[0]), 2))
    records = [each for number, shot in enumerate(shots, 1) for each in recorded(Source(server.address), shot, number)]
    write_html(records, tmp_path / "shots.html")
    page = opened((tmp_path / "shots.html").as_uri())
    until(page, "window.pathcast?.answer?.frame >= 5")
    pause(page)
    page.keyboard.press("End")
    assert page.evaluate("window.pathcast.answer.frame") == len(shots[0].frames) - 1
    page.keyboard.press("n")
    assert page.evaluate("window.pathcast.scene.number") == 2
    page.locator("#scrub").fill("7")
    assert page.evaluate("window.pathcast.answer.frame") == 7
    page.keyboard.press("Space")
    until(page, "window.pathcast.answer?.frame > 9")
