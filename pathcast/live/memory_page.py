"""The study of memories as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from pathcast.formats.atomic import replacing
from pathcast.live.memory_tables import Study, StudyTable, study_tables

STYLE = """body { font: 15px/1.5 sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }
img { max-width: 100% } table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: .25em .8em; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left }
caption { text-align: left; font-weight: bold }"""
TEXTS = (
    "Small networks with the cells that forecast, a linear map of their output as the answer. Copy: three letters of "
    "four, blanks, the letters again. Adding: the mean of two marked numbers, right within 0.04. Recall: which of two "
    "symbols stood first, after distractors. Embedded Reber: at every letter of a string the likeliest next letters "
    "must be those that are possible. A sequence counts as right only as a whole.",
    "The gradient is that of the loss at the last step T with respect to the whole state at step t, over its norm at "
    "T. It falls by a constant factor a step in a plain network, and survives where a gate or a trace keeps the state. "
    "Clipping is tried on a plain network whose recurrent weights begin too large.",
)


def write_page(study: Study, picture: Path, path: Path) -> None:
    """Writes the page, the picture within it.

    Raises:
        InputError: The file cannot be written.
    """
    image = base64.b64encode(picture.read_bytes()).decode()
    sizes = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in study["sizes"].items())
    body = [
        "<h1>What memories remember</h1>",
        *(f"<p>{escape(text)}</p>" for text in TEXTS),
        f'<img alt="curves of all tables below" src="data:image/png;base64,{image}">',
        *map(_table, study_tables(study)),
        f"<p>Study: {escape(study['scale'])}; {escape(sizes)}. Processor time {study['seconds']:.0f} s, "
        f"torch {escape(study['torch'])}, seed {study['seed']}.</p>",
    ]
    head = f'<meta charset="utf-8"><title>What memories remember</title><style>{STYLE}</style>'
    with replacing(path) as part:
        part.write_text(
            f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>', "utf-8"
        )


def _table(table: StudyTable) -> str:
    header = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return f"<table><caption>{escape(table.title)}</caption><tr>{header}</tr>{rows}</table>"
