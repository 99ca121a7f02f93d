"""Files of the page, as they ship."""

from __future__ import annotations

from importlib.resources import files


def page_files() -> dict[str, bytes]:
    """The content of each by its name."""
    folder = files("pathcast.live.page").joinpath("assets")
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}
