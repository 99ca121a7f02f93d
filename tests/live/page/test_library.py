"""What can be chosen: scenarios, files that were named, and uploads within bounds."""

from pathlib import Path

import pytest

from pathcast.errors import InputError, LimitError
from pathcast.formats import read_tracks
from pathcast.live.page.library import MOST_UPLOAD_BYTES, MOST_UPLOADS, Library, file_entries, simulated_entries
from pathcast.live.page.scenarios import FEATURED
from pathcast.live.page.viewer import MOST_WISH_CHARACTERS, read_wish
from pathcast.live.playing import SCENARIOS

WALK = b"track,time,x,y\n1,0,0,0\n1,0.4,0.5,0\n"


def test_every_scenario_is_listed_once_those_featured_first():
    entries = list(simulated_entries())
    assert sorted(entry.key for entry in entries) == sorted(f"scenario/{name}" for name in SCENARIOS)
    assert {entry.group for entry in entries[:2]} == {next(iter(FEATURED))}


def test_files_and_those_in_folders_are_listed_and_read_when_chosen(tmp_path):
    for name in ("b.csv", "a.csv", "notes.md"):
        (tmp_path / name).write_bytes(WALK)
    entries = list(file_entries([tmp_path, tmp_path / "b.csv"], read_tracks))
    assert [entry.title for entry in entries] == ["a.csv", "b.csv", "b.csv"]
    (scene,) = entries[0].scenes(0)
    assert [time for time, _, _ in scene.frames] == [0.0, 0.4] and scene.truth is None
    assert scene.bounds == ([0.0, 0.0], [0.5, 0.0])


@pytest.mark.parametrize("name", ["nowhere.csv", "empty"])
def test_a_path_that_is_not_there_or_empty_is_named(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=name):
        list(file_entries([tmp_path / name], read_tracks))


def test_an_upload_can_be_chosen_and_the_oldest_gives_way(tmp_path):
    library = Library(folder=tmp_path)
    added = [library.add_upload(f"../{number}.csv", WALK) for number in range(MOST_UPLOADS + 1)]
    assert [entry["title"] for entry in library.records()] == [f"{number}.csv" for number in range(1, MOST_UPLOADS + 1)]
    assert len(list(tmp_path.iterdir())) == MOST_UPLOADS and not list(tmp_path.parent.glob("*.csv"))
    assert library.entry(added[-1].key) is added[-1]
    with pytest.raises(InputError, match="one of the list"):
        library.entry(added[0].key)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("walk.exe", WALK, "a name that ends with"),
        ("walk", WALK, "a name that ends with"),
        ("walk.csv", b"nothing", "walk.csv"),
        ("walk.csv", b"track,time,x,y\n", "at least one observation"),
        ("walk.csv", b"x" * (MOST_UPLOAD_BYTES + 1), "at most 4 MiB"),
    ],
    ids=["other kind", "no kind", "no tracks", "empty", "too large"],
)
def test_what_cannot_be_replayed_is_refused_and_not_kept(tmp_path, name, content, words):
    library = Library(folder=tmp_path)
    with pytest.raises(InputError, match=words) as refused:
        library.add_upload(name, content)
    assert str(tmp_path) not in str(refused.value)
    assert isinstance(refused.value, LimitError) == (len(content) > MOST_UPLOAD_BYTES)
    assert not list(tmp_path.iterdir()) and not library.records()


def test_without_a_folder_nothing_is_uploaded():
    library = Library()
    assert not library.takes_uploads
    with pytest.raises(InputError, match="a page that takes files"):
        library.add_upload("walk.csv", WALK)


@pytest.mark.parametrize(
    "text",
    [
        '{"do":"pause"}',
        '{"do":"start","key":"scenario/plaza"}',
        '{"do":"start","key":"scenario/plaza","seed":3}',
        '{"do":"speed","value":0.5}',
    ],
)
def test_wishes_are_read(text):
    assert read_wish(text)["do"] in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"do":"format"}',
        '{"do":"start"}',
        '{"do":"start","key":1}',
        '{"do":"start","key":"a","seed":-1}',
        '{"do":"start","key":"a","seed":1.5}',
        '{"do":"start","key":"a","seed":true}',
        '{"do":"speed","value":0}',
        '{"do":"speed","value":"1"}',
        '{"do":"speed","value":true}',
        '{"do":"speed","value":NaN}',
        '{"do":"speed","value":Infinity}',
        "[" * MOST_WISH_CHARACTERS,
        "[" * (MOST_WISH_CHARACTERS + 1),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_wish_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        read_wish(text)


def test_the_pages_files_are_all_there():
    from pathcast.live.page.files import page_files

    folder = Path(__file__).parents[3] / "pathcast" / "live" / "page" / "assets"
    assert set(page_files()) == {path.name for path in folder.iterdir()} >= {"index.html", "style.css", "main.js"}
