"""The contract as a page: what is there comes from its descriptor, what it means from the comments of its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from pathcast.v1.forecast_pb2 import DESCRIPTOR

SOURCE = Path(__file__).parents[2] / "proto" / "pathcast" / "v1" / "forecast.proto"
DECLARED = re.compile(r"(?:service|message|enum|rpc|oneof) (\w+)|(?:[\w.]+ |map<[^>]*> )*(\w+) = \d+;")
INTRODUCTION = """# The contract

Every message, field and value of `proto/{name}`, package `{package}`, with its comments."""


def page() -> Iterator[str]:
    """The lines of the page."""
    comments = read_comments(SOURCE.read_text(encoding="utf-8"))
    yield INTRODUCTION.format(name=DESCRIPTOR.name, package=DESCRIPTOR.package)
    yield "\n```text"
    yield comments[""]
    yield "```"
    for service in DESCRIPTOR.services_by_name.values():
        yield f"\n## {service.name}\n\n{_prose(comments[service.name])}"
        yield "\n| call | takes | gives | what |\n|---|---|---|---|"
        for method in service.methods:
            takes, gives = _sides(method)
            yield f"| `{method.name}` | {takes} | {gives} | {_cell(comments[f'{service.name}.{method.name}'])} |"
    yield "\n## Messages"
    for message in DESCRIPTOR.message_types_by_name.values():
        yield f"\n### {message.name}\n\n{_prose(comments[message.name])}"
        if message.fields:
            yield "\n| number | field | type | what |\n|---|---|---|---|"
        for field in message.fields:
            text = _cell(comments[f"{message.name}.{field.name}"])
            yield f"| {field.number} | `{field.name}` | {_type(field)} | {text} |"
    yield "\n## Enumerations"
    for kind in DESCRIPTOR.enum_types_by_name.values():
        yield from _of_enum(kind, comments)


def _of_enum(kind: EnumDescriptor, comments: dict[str, str]) -> Iterator[str]:
    yield f"\n### {kind.name}\n\n{_prose(comments[kind.name])}"
    yield "\n| number | value | what |\n|---|---|---|"
    for value in kind.values:
        yield f"| {value.number} | `{value.name}` | {_cell(comments[f'{kind.name}.{value.name}'])} |"


def read_comments(source: str) -> dict[str, str]:
    """The comment above each declaration, by its name within the file; that of the file itself by none.

    A oneof's fields are named as those of its message, as in the descriptor.
    """
    found: dict[str, str] = {}
    scope: list[str] = []
    lines: list[str] = []
    for line in source.splitlines():
        text = line.strip()
        if text.startswith("//"):
            lines.append(text.removeprefix("//").removeprefix(" "))
            continue
        declared = DECLARED.match(text)
        if declared:
            name = declared[1] or declared[2]
            found[".".join([*filter(None, scope), name])] = "\n".join(lines)
            if text.endswith("{"):
                scope.append("" if text.startswith("oneof") else name)
        elif text == "}":
            scope.pop()
        elif text.startswith("syntax"):
            found[""] = "\n".join(lines)
        lines = []
    return found


def _sides(method: MethodDescriptor) -> tuple[str, str]:
    """What a call takes and gives, as cells."""
    takes = f"{'a stream of ' * method.client_streaming}{_link(method.input_type.name)}"
    gives = f"{'a stream of ' * method.server_streaming}{_link(method.output_type.name)}"
    return takes, gives


def _type(field: FieldDescriptor) -> str:
    """The type of a field as a cell, with what is said of how often it is there."""
    other = field.message_type or field.enum_type
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields
        return f"map of {_type(key)} to {_type(value)}"
    name = _link(other.name) if other else FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    oneof = field.containing_oneof
    if field.is_repeated:
        return f"repeated {name}"
    if oneof is None or oneof.name.startswith("_"):
        return f"optional {name}" if oneof else name
    return f"{name}, one of `{oneof.name}`"


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _prose(comment: str) -> str:
    """A comment as a paragraph."""
    return " ".join(comment.split())


def _cell(comment: str) -> str:
    """A comment as a table's cell."""
    return _prose(comment).replace("|", "\\|")
