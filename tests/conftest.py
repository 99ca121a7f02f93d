"""What all tests share: where real data is, hypothesis without a clock, and shapes that are checked.

The annotated shapes cost nothing at run time; here jaxtyping's import hook has beartype check them in every module of
ours that it can handle. It cannot where numba compiles the functions, nor where a type is imported for the type checker
alone.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial, wraps
from itertools import count
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
from beartype import BeartypeConf, beartype
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

ROOT = Path(__file__).resolve().parents[1]

# Examples are the same on every run: a test fails because of a change. `--hypothesis-profile=anew` draws new ones.
settings.register_profile("pathcast", deadline=None, derandomize=True)
settings.register_profile("anew", deadline=None)
settings.load_profile("pathcast")


def checked_modules() -> list[str]:
    """The modules whose annotations the import hook checks."""
    found = []
    for folder in ("pathcast", "simulator", "model", "service"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            source = file.read_text()
            handled = "from jaxtyping import" in source and not re.search(r"njit|TYPE_CHECKING", source)
            parts = file.relative_to(ROOT).with_suffix("").parts
            if handled and file.name != "__init__.py":
                found.append(".".join(parts if folder == "pathcast" else ("pathcast", *parts)))
    return found


checker = types.ModuleType("pathcast_shape_checks")
checker.check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # type: ignore[attr-defined]
sys.modules[checker.__name__] = checker
check_shapes = jaxtyping.jaxtyped
CHECKED_CALLS = 16
"""Of each function in each test: the thousandth call of a loop has the shapes of those before it."""
SHAPED = re.compile(r"\b(Bool|Float|Int|UInt)\d*\[")
number_of_test = count()
this_test = next(number_of_test)


def check_some(function: Any, *, typechecker: Any) -> Any:
    """A function whose first calls in each test are checked, if shapes are annotated; a class as the hook has it."""
    if isinstance(function, type):
        return check_shapes(function, typechecker=typechecker)
    if not any(SHAPED.search(str(each)) for each in function.__annotations__.values()):
        return function
    checked, calls, test = None, 0, -1

    @wraps(function)
    def call(*positional: Any, **named: Any) -> Any:
        nonlocal checked, calls, test
        if test != this_test:
            calls, test = 0, this_test
        calls += 1
        if calls > CHECKED_CALLS:
            return function(*positional, **named)
        if checked is None:  # made when it is called: most functions of a module are not, in one test's process
            checked = check_shapes(function, typechecker=typechecker)
        return checked(*positional, **named)

    return call


def pytest_runtest_setup() -> None:
    """Functions count their calls anew."""
    global this_test
    this_test = next(number_of_test)


def checks_some(*, typechecker: Any) -> Any:
    """In the place of `jaxtyping.jaxtyped`, as its import hook calls it."""
    return partial(check_some, typechecker=typechecker)


jaxtyping.jaxtyped = checks_some
jaxtyping.install_import_hook(checked_modules(), f"{checker.__name__}.check")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; whoever asks for it is skipped where there is none."""
    named = os.environ.get("PATHCAST_DATA")
    folder = Path(named) if named else ROOT / "data"
    if not folder.is_dir():
        pytest.skip("real data: set PATHCAST_DATA")
    return folder


@pytest.fixture(scope="session")
def any_tracks() -> SearchStrategy[object]:
    """Any `Tracks` that `from_rows` accepts: some scenes of some tracks, clocks irregular, some points unseen."""
    from pathcast.tracks import Tracks

    metres = st.floats(-1e6, 1e6)

    @st.composite
    def build(draw: DrawFn) -> Tracks:
        num_axes = draw(st.sampled_from([2, 3]))
        keys = draw(st.lists(st.tuples(st.integers(-5, 2**62), st.integers(0, 2**64 - 1)), max_size=5, unique=True))
        scene, track, time = [], [], []
        for key in keys:
            clock = sorted(draw(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6, unique=True)))
            scene += [key[0]] * len(clock)
            track += [key[1]] * len(clock)
            time += clock
        points = draw(
            st.lists(st.lists(metres, min_size=num_axes, max_size=num_axes), min_size=len(time), max_size=len(time))
        )
        valid = draw(st.lists(st.booleans(), min_size=len(time), max_size=len(time)))
        named = draw(st.dictionaries(st.sampled_from(scene), st.text("abc ,;é'0", min_size=1))) if scene else {}
        return Tracks.from_rows(
            np.array(scene, np.int64),
            np.array(track, np.uint64),
            np.array(time, np.float64),
            np.array(points, np.float64).reshape(len(time), num_axes),
            np.array(valid, np.bool_),
            named,
        )

    return build()


@pytest.fixture(scope="session")
def small_eth_ucy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as ETH/UCY is, of a few invented walkers: two side by side, some about, and one alone later."""
    root = tmp_path_factory.mktemp("data") / "pedestrian"

    def write(path: Path, seed: int, starts: list[int], step: int) -> None:
        random = np.random.default_rng(seed)
        lines = []
        for person in range(6 * len(starts)):
            pace = random.normal(0, 0.4, 2) if person % 6 != 1 else pace
            place = random.uniform(-4, 4, 2) if person % 6 != 1 else place + np.array([0.15, 0.0])
            first = 40 if person % 6 == 5 else int(random.integers(0, 3))
            walk = place + np.cumsum(pace + random.normal(0, 0.02, (25, 2)), axis=0)
            lines += [
                f"{starts[person // 6] + (first + frame) * step}\t{person}\t{x:.3f}\t{y:.3f}"
                for frame, (x, y) in enumerate(walk)
            ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")

    scenes = ("eth", "hotel", "univ", "zara1", "zara2")
    for number, scene in enumerate(scenes):
        write(root / "eth_ucy" / scene / "test" / f"{scene}.txt", number, [0], 10)
        for part in ("train", "val"):
            for other in scenes:
                if other != scene:
                    seed = scenes.index(other) + (10 if part == "val" else 20)
                    write(root / "eth_ucy" / scene / part / f"{other}_{part}.txt", seed, [0], 10)
    write(root / "eth_true_rate" / "biwi_eth_2p5hz.txt", 9, [780, 2001], 6)
    return root.parent


@pytest.fixture(scope="session")
def looking_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained bundle that looks at the people around, gives one best path and takes goals."""
    return _write_looking_bundle(tmp_path_factory.mktemp("bundles") / "looking", keeps_clear=False)


@pytest.fixture(scope="session")
def yielding_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, its paths keeping clear of where the people around are expected."""
    return _write_looking_bundle(tmp_path_factory.mktemp("bundles") / "yielding", keeps_clear=True)


def _write_looking_bundle(folder: Path, keeps_clear: bool) -> Path:
    import torch

    from pathcast.model.bundle.config import HeadingConfig
    from pathcast.model.training.build import build_network
    from pathcast.model.training.goal_fitting import add_goal_head
    from pathcast.model.training.settings import TrainingSettings
    from pathcast.model.training.write_bundle import write_bundle

    small = {"num_units": 8, "num_context": 8, "num_decoder_units": 8, "num_goal_units": 8}
    chosen = TrainingSettings(
        name=folder.name,
        summary="Untrained",
        num_modes=4,
        num_offsets=6,
        has_point=True,
        num_neighbours=8,
        keeps_clear=keeps_clear,
        num_goals=4,
        **small,
    )
    front_end = HeadingConfig(sees_courses=keeps_clear)
    network = build_network(chosen, front_end.build())
    add_goal_head(network, front_end.build(), chosen)
    with torch.random.fork_rng(devices=()), torch.no_grad():
        torch.manual_seed(4)
        for values in network.parameters():
            values.normal_(0, 0.3)
    write_bundle(folder, network.eval(), front_end, chosen)
    return folder


FALLING = ROOT / "tests" / "falling_engine.py"


@pytest.fixture(scope="session")
def falling() -> types.ModuleType:
    """The module of an engine that offers outcomes, contacts and surprise, and takes sensor and object."""
    spec = importlib.util.spec_from_file_location("falling_engine", FALLING)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def serve_falling() -> Callable[..., AbstractContextManager[str]]:
    """A server of that engine in a process of its own, for as long as a `with` block lasts: its address."""

    @contextmanager
    def served(record: Path | None = None, stderr: object = subprocess.DEVNULL) -> Iterator[str]:
        command = [sys.executable, str(FALLING), *([] if record is None else [str(record)])]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, env=environment
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            yield process.stdout.readline().decode().removeprefix("listening on ").strip()
            process.stdin.close()
            assert process.wait(20) == 0

    return served


@pytest.fixture(scope="session")
def falling_address(serve_falling: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    with serve_falling() as address:
        yield address
