"""Playback: one file that needs nothing else, and a moving picture."""

import json
import re

import pytest

from pathcast.live.page.files import page_files
from pathcast.live.page.playback import one_script, playback, write_html
from pathcast.live.page.scenarios import shown_scenes
from pathcast.live.page.show import Source, recorded
from pathcast.service.client import Client, LocalServer

DECLARED = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)


@pytest.fixture(scope="module")
def told():
    """A shot and what was said of it."""
    scene = next(shown_scenes("three-pointer", 3))
    with LocalServer(["basketball"]) as server:
        return scene, list(recorded(Source(server.address), scene)), server.address


def test_the_page_asks_for_nothing_but_itself(told):
    page = playback(told[1])
    assert not re.search(r'(?:src|href)="|@import|url\(', re.sub(r'href="#', "", page))
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"^(?:import|export) ", page, re.MULTILINE)


def test_its_records_are_those_of_the_server_whatever_a_scene_is_called(told):
    _, records, _ = told
    named = [{**records[0], "title": "</script><b>"}, *records[1:]]
    page = playback(named)
    (data,) = re.findall(r'id="recording">(.*?)</script>', page)
    assert json.loads(data) == json.loads(json.dumps(named))


def test_modules_share_no_name_and_stand_after_what_they_import():
    files = {name: content.decode() for name, content in page_files().items()}
    names = DECLARED.findall(one_script(files))
    assert len(names) == len(set(names))
    assert names.index("colour") < names.index("drawAbove") < names.index("Panel") < names.index("onRecord")


def test_answers_hold_the_probabilities_of_the_wire(told):
    scene, records, _ = told
    kinds = [record["kind"] for record in records]
    assert kinds == ["scene", *["answer"] * len(scene.frames), "ended"]
    with (
        LocalServer(["basketball"]) as server,
        Client(server.address) as client,
        client.stream("basketball") as stream,
    ):
        replies = list(stream.forecasts(scene.frames))
    for record, reply in zip(records[1:-1], replies, strict=True):
        if reply.outcomes is None or not len(reply.track_ids):
            continue
        (track,) = record["tracks"]
        assert track["outcomes"] == pytest.approx(reply.outcomes[0].tolist(), abs=6e-7)
        assert track["modes"] == pytest.approx(reply.probabilities[0].tolist(), abs=6e-7)


def test_files_are_written_whole(told, tmp_path):
    from PIL import Image

    from pathcast.live.forecast_animation import animate_forecasts

    scene, records, _ = told
    write_html(records, tmp_path / "shot.html")
    assert (tmp_path / "shot.html").read_text() == playback(records)
    animate_forecasts([scene], [records], tmp_path / "shot.gif")
    with Image.open(tmp_path / "shot.gif") as picture:
        assert 20 <= picture.n_frames <= len(scene.frames) and picture.size[0] > 400
    assert {path.name for path in tmp_path.iterdir()} == {"shot.gif", "shot.html"}
