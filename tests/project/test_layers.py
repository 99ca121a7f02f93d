"""Imports point one way: errors, tracks, settings, formats <- simulator <- model <- service, batch <- live <- cli."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ["simulator", "model", "service"]
RANKS = {"errors": 0, "compiled": 0, "tracks": 0, "venue": 0, "settings": 0, "formats": 0, "v1": 0}
RANKS |= {"simulator": 1, "model": 2, "batch": 3, "service": 3, "live": 4, "cli": 5, "__main__": 6}
TORCH_ROOMS = ("pathcast.model.network", "pathcast.model.training", "pathcast.model.memory")
SIMULATOR_READERS = ("pathcast.model.training", "pathcast.model.evaluation")
CONTRACT_READERS = tuple(f"pathcast.service.{room}" for room in ("codec", "servicer", "stream", "server", "client"))


@dataclass(frozen=True)
class Arrow:
    """One import."""

    source: str
    target: str
    line: int
    is_lazy: bool
    """Inside a function."""
    is_for_types: bool
    """Read by type checkers alone."""

    def __str__(self) -> str:
        return f"{self.source} line {self.line} imports {self.target}"


def is_in(module: str, rooms: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its import name; the layers' folders once, by their name under pathcast."""
    found = {}
    for folder in ["pathcast", *LAYERS]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if len(parts) > 1 and parts[0] == "pathcast" and parts[1] in LAYERS:
                continue
            name = ".".join(parts if parts[0] == "pathcast" else ("pathcast", *parts))
            found[name.removesuffix(".__init__")] = path
    return found


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def targets(node: ast.Import | ast.ImportFrom, source: str) -> Iterator[str]:
    """What an import statement names: submodules of ours as such, anything else by the module it comes from."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    origin = node.module or ""
    if node.level:
        is_package = modules()[source].name == "__init__.py"
        parts = source.split(".")
        kept = len(parts) - node.level + is_package
        origin = ".".join([*parts[:kept], *([node.module] if node.module else [])])
    for alias in node.names:
        inner = f"{origin}.{alias.name}"
        yield inner if inner in modules() else origin


def walk(node: ast.AST, source: str, is_lazy: bool, is_for_types: bool) -> Iterator[Arrow]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            for target in targets(child, source):
                yield Arrow(source, target, child.lineno, is_lazy, is_for_types)
            continue
        inside_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from walk(child, source, is_lazy or inside_function, is_for_types or is_type_checking(child))


@cache
def arrows() -> tuple[Arrow, ...]:
    return tuple(
        arrow for name, path in modules().items() for arrow in walk(ast.parse(path.read_text()), name, False, False)
    )


def ours() -> list[Arrow]:
    """Arrows between two modules of ours; the root package, which shows what stands behind it, is not one."""
    return [arrow for arrow in arrows() if arrow.target.startswith("pathcast.") and arrow.source != "pathcast"]


def room(module: str) -> str:
    return module.split(".")[1]


def reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen, stack = {start}, [start]
    while stack:
        fresh = edges.get(stack.pop(), set()) - seen
        seen |= fresh
        stack += fresh
    return seen


def edges(chosen: list[Arrow]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for arrow in chosen:
        graph.setdefault(arrow.source, set()).add(arrow.target)
    return graph


def say(wrong: list[Arrow]) -> str:
    return "\n".join(map(str, wrong))


def test_every_layer_is_read() -> None:
    assert {room(name) for name in modules() if "." in name} >= {"simulator", "model", "service", "errors", "v1"}
    assert len(arrows()) > 100


def test_every_module_belongs_to_a_room_that_has_a_rank() -> None:
    assert {room(name) for name in modules() if "." in name} <= set(RANKS)


def test_imports_of_our_own_modules_are_written_in_full() -> None:
    assert not [arrow for arrow in arrows() if arrow.target.split(".")[0] in LAYERS]


def test_every_module_imported_from_us_exists() -> None:
    wrong = [arrow for arrow in ours() if arrow.target not in modules()]
    assert not wrong, say(wrong)


def test_imports_point_one_way() -> None:
    wrong = [arrow for arrow in ours() if RANKS[room(arrow.source)] < RANKS[room(arrow.target)]]
    assert not wrong, say(wrong)


def test_no_import_cycles() -> None:
    graph = edges([arrow for arrow in ours() if not arrow.is_for_types and arrow.source != arrow.target])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_torch_stays_in_its_rooms() -> None:
    heavy = ("torch", "safetensors.torch")
    wrong = [a for a in arrows() if is_in(a.target, heavy) and not is_in(a.source, TORCH_ROOMS)]
    assert not wrong, say(wrong)


def test_rooms_with_torch_are_entered_from_outside_inside_functions_only() -> None:
    wrong = [
        arrow
        for arrow in arrows()
        if is_in(arrow.target, TORCH_ROOMS)
        and not is_in(arrow.source, (*TORCH_ROOMS, "pathcast.model.evaluation"))
        and not (arrow.is_lazy or arrow.is_for_types)
    ]
    assert not wrong, say(wrong)


def test_the_service_never_enters_the_rooms_with_torch() -> None:
    wrong = [a for a in ours() if room(a.source) == "service" and is_in(a.target, (*TORCH_ROOMS, *SIMULATOR_READERS))]
    assert not wrong, say(wrong)


def test_models_take_only_flight_without_randomness_from_the_simulator() -> None:
    graph = edges(ours())
    wrong = [
        arrow
        for arrow in ours()
        if room(arrow.source) == "model"
        and room(arrow.target) == "simulator"
        and not is_in(arrow.source, SIMULATOR_READERS)
        and not (
            is_in(arrow.target, ("pathcast.simulator.ball",))
            and "pathcast.simulator.draws" not in reachable(arrow.target, graph)
        )
    ]
    assert not wrong, say(wrong)


def test_the_service_never_imports_the_simulator() -> None:
    wrong = [a for a in ours() if room(a.source) == "service" and room(a.target) == "simulator"]
    assert not wrong, say(wrong)


def test_batch_and_service_know_nothing_of_each_other() -> None:
    wrong = [a for a in ours() if {room(a.source), room(a.target)} == {"batch", "service"}]
    assert not wrong, say(wrong)


def test_batch_takes_only_the_names_of_shards_from_the_simulator() -> None:
    wrong = [
        a
        for a in ours()
        if room(a.source) == "batch" and room(a.target) == "simulator" and a.target != "pathcast.simulator.shards"
    ]
    assert not wrong, say(wrong)


def test_generated_code_is_touched_only_at_the_services_border() -> None:
    wrong = [
        arrow
        for arrow in ours()
        if room(arrow.target) == "v1" and room(arrow.source) != "v1" and not is_in(arrow.source, CONTRACT_READERS)
    ]
    assert not wrong, say(wrong)


def test_live_is_a_client_like_any_other() -> None:
    wrong = [
        arrow
        for arrow in ours()
        if room(arrow.source) == "live"
        and room(arrow.target) == "service"
        and not is_in(arrow.target, ("pathcast.service.client",))
    ]
    assert not wrong, say(wrong)
