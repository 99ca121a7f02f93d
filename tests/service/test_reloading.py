"""Bundles come and go while the server answers: whole ones alone, one content a version, and open streams stay."""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from pathcast.errors import UnknownModelError
from pathcast.model.library import SHIPPED, Library, load_library
from pathcast.model.shelf import Place, Shelf, is_shelf
from pathcast.service.client import Client, Forecasts, LocalServer
from pathcast.service.reloading import Reloader
from pathcast.service.server import Server
from pathcast.service.telemetry.metrics import Metrics

NAME = "pedestrian"
SOURCE = SHIPPED / NAME / "1"


def put(directory: Path, version: str, summary: str = "Walkers", name: str = NAME, scale: float = 1.0) -> Path:
    """A bundle of that version, whole at once; its spreads are those that ship times a scale."""
    folder, part = directory / name / version, directory.parent / "part"
    shutil.copytree(SOURCE, part)
    write(part, name=name, version=version, summary=summary, scale=scale)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    return part.rename(folder)


def write(folder: Path, scale: float = 1.0, **fields: object) -> None:
    config = json.loads((SOURCE / "config.json").read_text())
    config["spread_scale"] = [scale * each for each in config["spread_scale"]]
    (folder / "config.json").write_text(json.dumps(config | fields))


@pytest.fixture
def models(tmp_path: Path) -> Path:
    directory = tmp_path / "models"
    put(directory, "1")
    return directory


@pytest.fixture
def running(run_server, models: Path):
    """A server of that directory, which takes files for whole as soon as it sees them."""
    return run_server(Library([]), shelves=[Shelf(models, settle_s=0.0)])


@pytest.fixture
def client(running) -> Iterator[Client]:
    with Client(running.address) as each:
        yield each


def versions(client: Client) -> list[str]:
    return [model.version for model in client.models() if model.name == NAME]


def ask(stream, first: int, count: int = 3) -> list[Forecasts]:
    replies, answers = iter(stream), []
    for number in range(first, first + count):
        stream.send(number, 0.4 * number, [1], [[0.5 * number, 0.1 * number]])
        answer = next(replies)
        assert isinstance(answer, Forecasts)
        answers.append(answer)
    return answers


def test_a_new_version_is_served_to_new_streams_and_old_ones_keep_theirs(running, client, models):
    old, undisturbed = client.stream(NAME), client.stream(NAME)
    ask(old, 0)
    put(models, "2", scale=2.0)
    ask(undisturbed, 0)
    running.look()
    assert versions(client) == ["1", "2"]
    with client.stream(NAME) as new:
        assert new.opened.model.version == "2"
        theirs = ask(new, 0)[-1]
    with client.stream(NAME, version="1") as asked:
        assert asked.opened.model.version == "1"
        ours = ask(asked, 0)[-1]
    np.testing.assert_allclose(theirs.covariances, 4 * ours.covariances, rtol=1e-3)
    kept, before = ask(old, 3), ask(undisturbed, 3)
    for first, second in zip(kept, before, strict=True):
        np.testing.assert_array_equal(first.means, second.means)
    old.close()
    undisturbed.close()
    assert running.metric("pathcast_model_info", model=NAME, version="2", axes="2") == 1


def test_versions_are_ordered_by_their_numbers_and_not_by_when_they_came(running, client, models):
    for version in ("10", "9"):
        put(models, version)
        running.look()
    assert versions(client) == ["1", "9", "10"]
    with client.stream(NAME) as stream:
        assert stream.opened.model.version == "10"


BREAK = {
    "a graph that was cut short": lambda folder: (folder / "forecast.onnx").write_bytes(b"onnx"),
    "a graph that is missing": lambda folder: (folder / "encode.onnx").unlink(),
    "a config that is no JSON": lambda folder: (folder / "config.json").write_text("{"),
    "no config": lambda folder: (folder / "config.json").unlink(),
    "another name": lambda folder: write(folder, name="walkers", version="2"),
    "another version": lambda folder: write(folder, version="3"),
    "scores that are none": lambda folder: (folder / "metrics.json").write_text("[1]"),
    "a spread that is not finite": lambda folder: write(folder, version="2", scale=1e300),
}


@pytest.mark.parametrize("fault", BREAK)
def test_a_broken_bundle_is_refused_with_the_reason_and_mended_later(running, client, models, capfd, fault):
    """Whatever is wrong with it, nothing else changes."""
    folder = put(models, "2")
    BREAK[fault](folder)
    with client.stream(NAME) as stream:
        ask(stream, 0)
        running.look()
        ask(stream, 3)
    assert versions(client) == ["1"]
    assert running.metric("pathcast_bundles_refused") == 1
    said = "".join(capfd.readouterr())
    assert "bundle_refused" in said and "model=pedestrian" in said and "version=2" in said
    with pytest.raises(UnknownModelError) as caught:
        client.stream(NAME, version="2")
    assert str(models) not in str(caught.value)
    put(models, "2")
    running.look()
    assert versions(client) == ["1", "2"] and running.metric("pathcast_bundles_refused") == 0


def test_a_graph_that_is_none_though_its_hash_is_right_is_refused(running, client, models):
    folder = put(models, "2")
    config = json.loads((folder / "config.json").read_text())
    (folder / "forecast.onnx").write_bytes(b"no graph")
    config["files"]["forecast.onnx"] = hashlib.sha256(b"no graph").hexdigest()
    (folder / "config.json").write_text(json.dumps(config))
    running.look()
    assert versions(client) == ["1"] and running.metric("pathcast_bundles_refused") == 1


def test_a_deleted_version_is_not_found_any_more_and_open_streams_keep_it(running, client, models):
    put(models, "2")
    running.look()
    old = client.stream(NAME)
    ask(old, 0)
    shutil.rmtree(models / NAME / "2")
    running.look()
    assert versions(client) == ["1"]
    with pytest.raises(UnknownModelError) as caught:
        client.stream(NAME, version="2")
    assert caught.value.__cause__.code() is grpc.StatusCode.NOT_FOUND
    ask(old, 3)
    with client.stream(NAME, version="2", allow_newer_version=True, axes=2) as other:
        assert other.opened.is_other_version and other.opened.model.version == "1"
    assert running.metric("pathcast_model_info", model=NAME, version="2", axes="2") is None
    assert running.metric("pathcast_streams", model=NAME, version="2") == 1
    old.close()
    shutil.rmtree(models / NAME)
    running.look()
    assert client.models() == []
    put(models, "2")
    running.look()
    assert versions(client) == ["2"]


def test_a_version_replaced_in_place_is_refused_and_the_old_one_kept(running, client, models):
    """Also where it was away in between: a version has one content for as long as the server runs."""
    with client.stream(NAME) as stream:
        ask(stream, 0)
        put(models, "1", summary="Other walkers")
        running.look()
        ask(stream, 3)
    assert client.model(NAME).summary == "Walkers"
    assert running.metric("pathcast_bundles_refused") == 1
    shutil.rmtree(models / NAME / "1")
    running.look()
    assert versions(client) == [] and running.metric("pathcast_bundles_refused") == 0
    put(models, "1", summary="Other walkers")
    running.look()
    assert versions(client) == [] and running.metric("pathcast_bundles_refused") == 1
    put(models, "1")
    running.look()
    assert versions(client) == ["1"] and running.metric("pathcast_bundles_refused") == 0


def test_files_that_were_copied_again_change_nothing(running, client, models):
    engine = running.server._library.get(NAME)
    put(models, "1")
    running.look()
    assert running.server._library.get(NAME) is engine
    assert running.metric("pathcast_bundles_refused") == 0


def test_what_is_served_from_elsewhere_is_not_served_twice(run_server, models):
    running = run_server(load_library([NAME]), shelves=[Shelf(models, settle_s=0.0)])
    with Client(running.address) as client:
        assert versions(client) == ["1"]
    assert running.metric("pathcast_bundles_refused") == 1


class Clock:
    """Seconds that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_half_a_copy_is_waited_for(tmp_path, capfd):
    """File by file, with a second between them: nothing is judged, then the whole is served."""
    clock, library, metrics, directory = Clock(), Library([]), Metrics(), tmp_path / "models"
    folder = directory / NAME / "1"
    folder.mkdir(parents=True)
    reloader = Reloader(library, [Shelf(directory, settle_s=3.0)], metrics, clock)
    for path in sorted(SOURCE.iterdir()):
        content = path.read_bytes()
        for half in (content[: len(content) // 2], content):
            (folder / path.name).write_bytes(half)
            clock.now_s += 1.0
            asyncio.run(reloader.look())
            assert not library.cards()
    for _ in range(2):
        clock.now_s += 1.0
        asyncio.run(reloader.look())
        assert not library.cards()
    clock.now_s += 1.0
    asyncio.run(reloader.look())
    assert [card.name for card in library.cards()] == [NAME]
    assert "bundle_refused" not in "".join(capfd.readouterr())


def test_a_copy_that_stops_half_way_is_refused_once_and_served_when_it_goes_on(tmp_path, capfd):
    clock, library, metrics, directory = Clock(), Library([]), Metrics(), tmp_path / "models"
    folder = put(directory, "1")
    (folder / "forecast.onnx").unlink()
    reloader = Reloader(library, [Shelf(directory, settle_s=3.0)], metrics, clock)
    for _ in range(10):
        asyncio.run(reloader.look())
        clock.now_s += 1.0
    assert "".join(capfd.readouterr()).count("bundle_refused") == 1 and not library.cards()
    shutil.copy(SOURCE / "forecast.onnx", folder)
    for _ in range(5):
        asyncio.run(reloader.look())
        clock.now_s += 1.0
    assert len(library.cards()) == 1 and "bundle_refused" not in "".join(capfd.readouterr())


def test_what_changes_while_it_is_read_is_told_again(models):
    shelf = Shelf(models, settle_s=0.0)
    (place,) = shelf.look(0.0)
    assert shelf.confirm(place)
    assert shelf.look(1.0) == []
    (place.folder / "README.md").write_text("changed while it was read")
    assert not shelf.confirm(place)
    assert shelf.look(2.0) == [place]


def test_a_disk_that_is_away_takes_no_model_with_it(models):
    shelf = Shelf(models, settle_s=0.0)
    assert [each.version for each in shelf.look(0.0)] == ["1"]
    away = models.rename(models.parent / "away")
    assert shelf.look(1.0) == []
    away.rename(models)
    assert shelf.look(2.0) == []


def test_hidden_folders_and_loose_files_are_no_bundles(models):
    (models / ".sync" / "1").mkdir(parents=True)
    (models / ".sync" / "1" / "config.json").write_text("{}")
    (models / NAME / ".2.part").mkdir()
    (models / NAME / ".2.part" / "config.json").write_text("{}")
    (models / "README.md").write_text("models")
    (models / NAME / "3").mkdir()
    assert Shelf(models).look(0.0, is_first=True) == [Place(models / NAME / "1", NAME, "1")]
    assert is_shelf(models) and not is_shelf(models / NAME / "1") and not is_shelf(models / "nothing")


def test_serving_a_directory_from_the_command_line(models):
    """A broken bundle does not keep the others from being served, not even at the start."""
    (put(models, "2") / "encode.onnx").unlink()
    with LocalServer([str(models)]) as server, Client(server.address) as client:
        assert [(model.name, model.version) for model in client.models()] == [(NAME, "1")]
    (models / NAME / "1" / "encode.onnx").unlink()
    command = [sys.executable, "-m", "pathcast", "serve", "--models", str(models)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1 and done.stdout == "" and "expected a bundle that can be served" in done.stderr
    assert done.stderr.count("bundle_refused") == 2 and "Traceback" not in done.stderr


def test_a_server_looks_by_itself(models):
    """Every so often, without being told."""

    async def wait_for_second() -> None:
        server = Server(Library([]), shelves=[Shelf(models, settle_s=0.0)], look_every_s=0.01)
        await server.start()
        put(models, "2")
        while not server._library.holds(NAME, "2"):
            await asyncio.sleep(0)
        await server.stop(0.0)

    asyncio.run(asyncio.wait_for(wait_for_second(), 120))
