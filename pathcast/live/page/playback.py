"""Playback: the page with everything that it shows in one file, which needs neither server nor network."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from pathcast.formats.atomic import replacing
from pathcast.live.page.files import page_files
from pathcast.live.page.records import Record

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)


def write_html(records: Sequence[Record], path: Path) -> None:
    """Writes a page that plays the records of scenes.

    Raises:
        InputError: It cannot be written.
    """
    with replacing(path) as part:
        part.write_text(playback(records), "utf-8")


def playback(records: Sequence[Record]) -> str:
    """The page as one text: styles, script and records inside."""
    files = {name: content.decode() for name, content in page_files().items()}
    data = json.dumps(records, separators=(",", ":")).replace("<", "\\u003c")  # no name of a scene ends the element
    page = files["index.html"]
    page = _replaced(page, '<link rel="icon" href="icon.svg">', "")
    page = _replaced(page, '<link rel="stylesheet" href="style.css">', f"<style>\n{files['style.css']}</style>")
    page = _replaced(page, '<script type="module" src="main.js"></script>', "")
    recording = f'<script type="application/json" id="recording">{data}</script>'
    script = f'<script type="module">\n{one_script(files)}</script>'
    return _replaced(page, "</body>", f"{recording}\n{script}\n</body>")


def one_script(files: dict[str, str]) -> str:
    """The page's modules as one script, each after those that it imports: browsers load no modules from files.

    The modules share one scope then, so that no name stands in two of them.
    """
    modules = {name: text for name, text in files.items() if name.endswith(".js")}
    order = TopologicalSorter({name: set(_IMPORT.findall(text)) for name, text in modules.items()}).static_order()
    bare = [re.sub(r"^export ", "", _IMPORT.sub("", modules[name]), flags=re.MULTILINE) for name in order]
    return "\n".join(bare)


def _replaced(text: str, old: str, new: str) -> str:
    """The text with what stands in it once replaced."""
    assert text.count(old) == 1, old
    return text.replace(old, new)
