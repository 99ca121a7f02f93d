"""What an import brings along, read from the modules of a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["torch", "numba", "onnxruntime", "pyarrow", "pydantic"]
HEAVIER_THAN_HELP = [*HEAVY, "scipy", "shapely", "matplotlib", "pandas", "grpc", "rich"]


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded once the code has run."""
    script = f"import sys\n{code}\nprint(chr(10).join({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


HELP = """
try:
    from pathcast.cli import main
    sys.argv = ["pathcast", "--help"]
    main()
except SystemExit as end:
    assert not end.code
"""


@pytest.mark.parametrize("code", ["import pathcast", "import pathcast.service.client"])
def test_importing_package_and_client_brings_nothing_heavy(code: str) -> None:
    assert not loaded_by(code) & set(HEAVY)


def test_importing_the_models_brings_no_torch() -> None:
    assert "torch" not in loaded_by(
        "import pathcast.model, pathcast.model.library; pathcast.model.library.load_library()"
    )


def test_formats_and_verbs_bring_no_geometry() -> None:
    assert "shapely" not in loaded_by(
        "import pathcast.formats, pathcast.cli.forecast, pathcast.cli.serve, pathcast.cli.simulate, pathcast.cli.watch"
    )


def test_help_brings_nothing_heavy() -> None:
    assert not loaded_by(HELP) & set(HEAVIER_THAN_HELP)
