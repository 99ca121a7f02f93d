"""The committed code of pathcast/v1 is what the contract compiles to, with the compiler that `make proto` uses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER = ROOT / ".venv-proto" / "bin"
GENERATED = [f"forecast_pb2{suffix}" for suffix in (".py", ".pyi", "_grpc.py", "_grpc.pyi")]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (COMPILER / "python").exists():
        pytest.skip("the contract's compiler is not installed (make proto installs it)")
    out = tmp_path_factory.mktemp("contract")
    kinds = ["python", "grpc_python", "mypy", "mypy_grpc"]
    command = [
        str(COMPILER / "python"),
        "-m",
        "grpc_tools.protoc",
        "-Iproto",
        *(f"--{kind}_out={out}" for kind in kinds),
    ]
    environment = os.environ | {"PATH": f"{COMPILER}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([*command, "pathcast/v1/forecast.proto"], cwd=ROOT, env=environment, check=True, capture_output=True)
    return out / "pathcast" / "v1"


@pytest.mark.parametrize("name", GENERATED)
def test_generated_code_is_fresh(compiled: Path, name: str) -> None:
    assert (ROOT / "pathcast" / "v1" / name).read_text() == (compiled / name).read_text(), "stale: run make proto"


def test_nothing_else_is_generated(compiled: Path) -> None:
    assert sorted(path.name for path in compiled.iterdir()) == sorted(GENERATED)
