"""The page as a program: whom it lets in, what it says over its websocket, and how its command ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from pathcast.cli import main, showing
from pathcast.errors import ServiceError
from pathcast.live.page.library import MOST_UPLOAD_BYTES
from pathcast.live.page.scenarios import shown_scenes
from pathcast.service.client import Client

SHOT = {"do": "start", "key": "scenario/three-pointer", "seed": 3}


def look(page: str, **more: object) -> ClientConnection:
    return connect(page.replace("http", "ws") + "live", **more)


def told(socket: ClientConnection, kind: str) -> dict:
    """The next record of a kind."""
    while True:
        record = json.loads(socket.recv(timeout=30))
        if record["kind"] == kind:
            return record


def wish(socket: ClientConnection, **wish: object) -> None:
    socket.send(json.dumps(wish))


def ask(page: str, path: str = "", data: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(
        page + path, data, {key.replace("_", "-"): value for key, value in headers.items()}
    )
    try:
        with closing(urllib.request.urlopen(request, timeout=30)) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_the_page_is_given_with_what_it_may_do(page):
    status, headers, body = ask(page)
    assert status == 200 and b"<title>pathcast" in body
    assert "default-src 'self'" in headers["content-security-policy"] and headers["content-type"].startswith(
        "text/html"
    )
    assert ask(page, "main.js")[1]["content-type"].startswith("text/javascript")
    for path in ("nothing", "..%2fviewer.py", "assets/main.js"):
        assert ask(page, path)[0] == 404


def test_foreign_names_and_pages_are_sent_away(page):
    assert ask(page, Host="rebound.example")[0] == 403
    assert (
        ask(page, "files", b"track,time,x,y\n1,0,0,0\n", Origin="http://foreign.example", x_file_name="a.csv")[0] == 403
    )
    port = urlsplit(page).port
    for name, more in (("127.0.0.1", {"origin": "http://foreign.example"}), ("rebound.example", {})):
        with socket.create_connection(("127.0.0.1", port)) as held, pytest.raises(InvalidStatus) as refused:
            connect(f"ws://{name}:{port}/live", sock=held, **more)
        assert refused.value.response.status_code == 403


def test_its_own_pages_are_let_in(page):
    with look(page, origin=page.rstrip("/")) as socket:
        assert told(socket, "programme")["takesUploads"]


def test_a_scenario_is_shown_with_the_probabilities_of_the_wire(page, forecasting):
    scene = next(shown_scenes("three-pointer", 3))
    with look(page) as socket:
        wish(socket, do="speed", value=8)
        wish(socket, **SHOT)
        begun = told(socket, "scene")
        answers = [told(socket, "answer") for _ in scene.frames]
    assert begun["outcomes"][0] == "made" and begun["model"]["name"] == "basketball" and begun["became"] == scene.became
    with Client(forecasting) as client, client.stream("basketball") as stream:
        replies = list(stream.forecasts(scene.frames))
    assert [answer["time"] for answer in answers] == [time for time, _, _ in scene.frames]
    for answer, reply in zip(answers, replies, strict=True):
        for track in answer["tracks"]:
            row = reply.track_ids.tolist().index(int(track["id"])) if "modes" in track else None
            if row is not None and reply.outcomes is not None:
                assert track["outcomes"] == pytest.approx(reply.outcomes[row].tolist(), abs=6e-7)
    assert all(0 < answer["ageMs"] < 5000 for answer in answers)


def test_a_paused_scene_stands_still_and_goes_on_where_it_was(page):
    with look(page) as socket:
        wish(socket, do="speed", value=8)
        wish(socket, **SHOT)
        told(socket, "answer")
        wish(socket, do="pause")
        last = 0
        with pytest.raises(TimeoutError):
            while True:
                record = json.loads(socket.recv(timeout=0.5))
                last = record.get("frame", last)
        wish(socket, do="play")
        assert told(socket, "answer")["frame"] == last + 1


def test_the_next_scene_comes_when_wished_for(page):
    with look(page) as socket:
        wish(socket, do="speed", value=0.05)
        wish(socket, **SHOT)
        assert told(socket, "scene")["number"] == 1
        wish(socket, do="next")
        assert not told(socket, "ended")["isWhole"]
        assert told(socket, "scene")["number"] == 2


def test_two_viewers_see_each_their_own(page):
    with look(page) as one, look(page) as other:
        wish(one, **SHOT)
        wish(other, do="start", key="scenario/corridor", seed=1)
        assert told(one, "scene")["axes"] == 3 and told(other, "scene")["axes"] == 2
        assert told(one, "answer") and told(other, "answer")


def test_what_is_not_there_is_told_and_the_page_goes_on(page):
    with look(page) as socket:
        wish(socket, do="start", key="scenario/nowhere")
        assert "expected one of the list" in told(socket, "failed")["words"]
        socket.send("{")
        assert told(socket, "failed")["words"] == "expected JSON, found something else"
        wish(socket, **SHOT)
        assert told(socket, "answer")["frame"] == 0


def test_a_long_wish_ends_the_connection(page):
    with look(page) as socket, pytest.raises(ConnectionClosed):
        socket.send("x" * (1 << 20))
        while True:
            socket.recv(timeout=30)


def test_an_upload_is_replayed_and_one_that_is_too_large_is_not(page):
    rows = "".join(f"1,{0.4 * n},{0.5 * n},0\n" for n in range(6)).encode()
    status, _, body = ask(page, "files", b"track,time,x,y\n" + rows, x_file_name="my%20walk.csv")
    assert status == 200 and json.loads(body)["title"] == "my walk.csv"
    with look(page) as socket:
        wish(socket, do="speed", value=8)
        wish(socket, do="start", key=json.loads(body)["key"])
        assert not told(socket, "scene")["hasTruth"]
        assert told(socket, "over")
    assert ask(page, "files", b"x", x_file_name="walk.csv")[0] == 400
    status, _, body = ask(page, "files", b"x" * (MOST_UPLOAD_BYTES + 1), x_file_name="walk.csv")
    assert status == 413 and "at most 4 MiB" in json.loads(body)["words"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Exit code, output and errors of `pathcast` with arguments."""

    def ran(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["pathcast", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return ran


def test_a_port_that_is_taken_ends_with_one(run, page, forecasting):
    port = str(urlsplit(page).port)
    code, _, errors = run("watch", "--web", "--server", forecasting, "--port", port)
    assert code == 1 and f"127.0.0.1:{port}: expected a free address" in errors


def test_a_server_that_is_gone_is_told_on_the_page(serve_page):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, and nobody listens
        with serve_page("--server", f"127.0.0.1:{held.getsockname()[1]}") as page, look(page) as viewer:
            wish(viewer, **SHOT)
            assert "could not be reached" in told(viewer, "failed")["words"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["watch"], "expected one FILE"),
        (["watch", "a.csv", "b.csv"], "expected one FILE"),
        (["watch", "--web", "nowhere.csv"], "expected a file or folder of tracks"),
        (["watch", "--web", "--scenario", "nowhere"], "expected one of"),
        (["watch", "--web", "--json"], "--json goes with printed forecasts"),
        (["watch", "--gif", "a.gif"], "expected a FILE or --scenario"),
        (["demo", "--quick"], "--quick goes with --once"),
    ],
    ids=str,
)
def test_wrong_use_ends_with_two(run, arguments, words):
    code, output, errors = run(*arguments)
    assert code == 2 and output == "" and words in errors


def test_what_is_not_installed_is_named_with_its_cure(monkeypatch):
    monkeypatch.setattr(showing, "find_spec", lambda name: None if name == "starlette" else name)
    with pytest.raises(ServiceError, match=r"the page needs starlette: pip install 'pathcast\[web\]'"):
        showing.check_installed()


def test_the_tour_says_where_it_is_and_ends_when_it_is_interrupted():
    command = [sys.executable, "-m", "pathcast", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tour:
        assert tour.stdout is not None and tour.stderr is not None
        page = tour.stdout.readline().removeprefix("watch at ").strip()
        with look(page) as viewer:
            wish(viewer, do="start", key=told(viewer, "programme")["entries"][0]["key"])
            assert told(viewer, "answer")["tracks"]
        tour.send_signal(2)
        assert tour.wait(20) == 0
        assert "Traceback" not in tour.stderr.read()
