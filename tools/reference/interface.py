"""The public names of Python as a page: signatures and docstrings, from the source of what is imported."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

MODULES: Final = {
    "pathcast": ("load",),
    "pathcast.model.forecaster": ("Forecaster",),
    "pathcast.model.forecast": ("Forecast",),
    "pathcast.model.track_answers": (
        "TrackForecasts",
        "TrackGoals",
        "TrackRegions",
        "TrackOutcomes",
        "TrackContacts",
        "TrackSurprises",
    ),
    "pathcast.model.given": ("Given",),
    "pathcast.model.engine": ("Card",),
    "pathcast.service.client": (),
    "pathcast.tracks": ("Tracks",),
    "pathcast.formats": (),
    "pathcast.formats.anything": ("as_tracks",),
    "pathcast.batch.job": ("Job",),
    "pathcast.batch.wanted": ("Wanted",),
    "pathcast.batch.forecasting": ("BatchForecaster",),
    "pathcast.batch.running": ("run_unit", "Written"),
    "pathcast.errors": (),
}
"""Names of each module in the order of the page; without any, those of its `__all__`."""
INTRODUCTION = """# Python

What programs call, with its signatures and docstrings. Everything else may change without notice. SI units; arrays are
in the order track, mode, time, axis, and their shapes stand in the annotations."""
SECTION = re.compile(r"(Args|Returns|Yields|Raises):$")
ENTRY = re.compile(r"([\w.*, ]+): (.*)")


def page() -> Iterator[str]:
    """The lines of the page."""
    yield INTRODUCTION
    for name, chosen in MODULES.items():
        module = import_module(name)
        yield f"\n## {name}\n{prose(module.__doc__ or '')}"
        for each in chosen or public_names(module):
            yield from _of_name(each, getattr(module, each))


def public_names(module: Any) -> list[str]:
    """Names that a module declares, or the classes that it defines."""
    declared: list[str] | None = getattr(module, "__all__", None)
    if declared is not None:
        return declared
    return [name for name, each in vars(module).items() if inspect.isclass(each) and each.__module__ == module.__name__]


def _of_name(name: str, thing: Any) -> Iterator[str]:
    yield f"\n### {name}"
    if inspect.isclass(thing) or inspect.isfunction(thing):
        node = ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]
        yield from _of_class(node) if isinstance(node, ast.ClassDef) else _of_function(node)
    elif isinstance(thing, dict):
        yield "\n" + ", ".join(f"`{each}`" for each in thing)
    else:
        yield f"\n`{thing!r}`"


def _of_class(node: ast.ClassDef) -> Iterator[str]:
    """A class: its docstring, then its fields, then what it does."""
    made_from = ", ".join(ast.unparse(each) for each in node.bases)
    yield f"\n```text\nclass {node.name}{f'({made_from})' if made_from else ''}\n```"
    yield prose(ast.get_docstring(node) or "")
    fields = [(each, _text_after(node.body, index)) for index, each in enumerate(node.body) if _is_field(each)]
    if fields:
        yield "\n| field | what |\n|---|---|"
        for each, text in fields:
            yield f"| `{_cell(ast.unparse(each))}` | {_cell(_plain(text))} |"
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            is_shown = not each.name.startswith("_") or (each.name == "__init__" and ast.get_docstring(each))
            if is_shown:
                yield f"\n#### {node.name}.{each.name}"
                yield from _of_function(each)


def _of_function(node: ast.AST) -> Iterator[str]:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    marks = [f"@{ast.unparse(each)}" for each in node.decorator_list]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    yield "\n```text"
    yield "\n".join([*marks, f"{kind} {node.name}({_arguments(node.args)}){returns}"])
    yield "```"
    yield prose(ast.get_docstring(node) or "")


def _arguments(arguments: ast.arguments) -> str:
    """Arguments, each on a line of its own where they are long."""
    text = ast.unparse(arguments)
    if len(text) < 80:
        return text
    parts = re.split(r", (?=\*|\w+(?::|=))", text)
    return "\n    " + ",\n    ".join(parts) + ",\n"


def _is_field(node: ast.stmt) -> bool:
    """Whether a statement of a class declares a public field or value."""
    target = node.target if isinstance(node, ast.AnnAssign) else None
    if isinstance(node, ast.Assign):
        target = node.targets[0]
    return isinstance(target, ast.Name) and not target.id.startswith("_")


def _text_after(body: list[ast.stmt], index: int) -> str:
    """The docstring that follows a field."""
    after = body[index + 1] if index + 1 < len(body) else None
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
        return inspect.cleandoc(after.value.value)
    return ""


def prose(docstring: str) -> str:
    """A docstring as Markdown: its sections as lists."""
    lines: list[str] = []
    is_listed = False
    for line in inspect.cleandoc(docstring).splitlines():
        section, entry = SECTION.match(line), ENTRY.fullmatch(line[4:])
        if section:
            is_listed = True
            lines += [f"*{section[1]}*", ""]
        elif is_listed and line.startswith("    ") and line[4:5] != " " and entry:
            lines.append(f"- `{entry[1]}`: {_plain(entry[2])}")
        else:
            is_listed = is_listed and (not line or line.startswith(" "))
            lines.append(f"  {_plain(line.strip())}" if is_listed and line else _plain(line))
    text = "\n".join(lines).strip("\n")
    return f"\n{text}" if text else ""


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands, code aside."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([<*_])", r"\\\1", part) for part in parts)


def _cell(text: str) -> str:
    """Text as a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")
