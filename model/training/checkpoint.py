"""Checkpoints: a run's state after its newest whole epoch or so many steps, in one file that is replaced as a whole.

`checkpoint/state.safetensors` in the output folder holds weights, averages, best weights and the optimiser's moments
as tensors, and settings, schedule, all epochs' records and what is done of the next one as JSON in the file's metadata.
Nothing in it says how many processes there were. It is there while the run is unfinished, and is removed once the
bundle is in place.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from pathcast.errors import InputError
from pathcast.formats.atomic import replacing
from pathcast.model.training.fitting_settings import FittingSettings
from pathcast.model.training.state import TrainingState

FOLDER, FILE = "checkpoint", "state.safetensors"
FORMAT_NUMBER = 2
"""Since 2 a checkpoint may stand within an epoch; 1 is read too."""
MEANS = ("device", "micro_batch", "checkpoint_steps")
"""Settings that decide how a result is come by and not which; a run may go on with others."""


def has_checkpoint(folder: Path) -> bool:
    """Whether an unfinished run left one in its output folder."""
    return (folder / FOLDER / FILE).is_file()


def write_checkpoint(folder: Path, state: TrainingState) -> None:
    """Writes the state into a run's output folder, in place of the checkpoint before.

    Raises:
        InputError: The file cannot be written.
    """
    tensors, record = state.pack()
    text = json.dumps({"format": FORMAT_NUMBER, "settings": state.settings.model_dump(mode="json"), **record})
    (folder / FOLDER).mkdir(exist_ok=True)
    with replacing(folder / FOLDER / FILE) as part:
        # Clones, because the file's format has no tensors that share memory.
        save_file({name: value.detach().cpu().clone() for name, value in tensors.items()}, part, {"run": text})


def read_checkpoint(folder: Path, state: TrainingState) -> None:
    """Puts a run's state where it was when its checkpoint was written.

    Args:
        folder: The run's output folder.
        state: Of a run of the same settings that has not begun.

    Raises:
        InputError: The file is not a checkpoint of ours, or is that of other settings, which are named.
    """
    path = folder / FOLDER / FILE
    try:
        with safe_open(path, "pt") as file:
            record = json.loads((file.metadata() or {}).get("run", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.offset_keys()}
    except (OSError, SafetensorError, ValueError) as error:
        raise InputError(str(path), "a checkpoint", str(error)) from error
    if record.get("format") not in (FORMAT_NUMBER - 1, FORMAT_NUMBER):
        expected = f"a checkpoint of format {FORMAT_NUMBER - 1} or {FORMAT_NUMBER}"
        raise InputError(str(path), expected, str(record.get("format")))
    require_same(path, record["settings"], state.settings)
    state.unpack(tensors, record)


def require_same(path: Path, before: dict[str, Any], settings: FittingSettings) -> None:
    """Refuses to go on with a run whose settings were others.

    Args:
        path: Where they were found.
        before: The run's settings as plain values; what is missing has its default, and `MEANS` may differ.
        settings: Those asked for now.

    Raises:
        InputError: Some differ; they are named with both values.
    """
    default = type(settings).model_fields
    then = {name: before.get(name, field.default) for name, field in default.items()}
    now = settings.model_dump(mode="json")
    others = [name for name in now if then[name] != now[name] and name not in MEANS]
    if others:
        expected = "the settings of the run, " + ", ".join(f"{name} = {then[name]!r}" for name in others)
        raise InputError(str(path), expected, ", ".join(f"{name} = {now[name]!r}" for name in others))


def remove_checkpoint(folder: Path) -> None:
    """Removes a run's checkpoint, if there is one."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
