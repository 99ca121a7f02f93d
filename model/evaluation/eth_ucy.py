"""ETH/UCY: the leave-one-scene-out protocol behind nearly every published table of walkers.

8 positions are observed (3.2 s) and 12 asked for (4.8 s), 0.4 s apart; a model for one scene is trained on the other
four; an error is averaged over the windows of a scene and then over the five scenes (Pellegrini et al. 2009 and Lerner
et al. 2007 recorded the scenes; Gupta et al. 2018, "Social GAN", cut the windows). Two conventions are in use and give
different numbers, so each result must name its own:

- `min_people=2`: only runs through which two or more people are seen (Social GAN's `num_peds > min_ped`): 181 windows
  of scene ETH. Most tables.
- `min_people=1`: all runs: 364 windows of scene ETH.

Scene ETH's file says that 10 frames are 0.4 s where 6 are; its walkers seem 1.6 times as fast. That is part of the
protocol, and why scores on `eth_true_rate` must not be compared with it. That file is scene ETH at its true rate:
whoever is scored on it was trained as for scene ETH, so on neither of its two files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import numpy as np

from pathcast.errors import InputError
from pathcast.formats import read_tracks
from pathcast.model.evaluation.windows import Windows, cut_windows
from pathcast.tracks import Tracks

SCENES: Final = ("eth", "hotel", "univ", "zara1", "zara2")
NUM_OBSERVED: Final = 8
NUM_FUTURE: Final = 12
STEP: Final = 0.4
"""Seconds."""
TRUE_RATE: Final = "eth_true_rate"
"""What the scene of the file below is called; its fold is that of `eth`."""
TRUE_RATE_FILE: Final = Path("pedestrian") / "eth_true_rate" / "biwi_eth_2p5hz.txt"
TRUE_RATE_FRAMES_PER_SECOND: Final = 15.0
TRUE_RATE_STEP_FRAMES: Final = 6
"""Its frame numbers are the video's: 6 of them are 0.4 s."""

Part = Literal["train", "val", "test"]


def eth_ucy_windows(data_dir: str | Path, scene: str, min_people: int = 2, part: Part = "test") -> Windows:
    """The windows of one scene of the protocol.

    Args:
        data_dir: Where `pedestrian/eth_ucy/<scene>/<part>` is.
        scene: One of `SCENES`, the one that is left out of training.
        min_people: 2 or 1, as above.
        part: "test" is the scene itself; "train" and "val" are the earlier and later frames of the other scenes.

    Raises:
        InputError: Another scene, or files that are not there or not as they should be.
    """
    return protocol_windows(eth_ucy_tracks(data_dir, scene, part), min_people)


def eth_ucy_tracks(data_dir: str | Path, scene: str, part: Part = "test") -> Tracks:
    """All tracks of one part of the protocol, a scene for each of its files; as of `eth_ucy_windows`."""
    if scene not in SCENES:
        raise InputError("scene", f"one of {', '.join(SCENES)}", repr(scene))
    folder = Path(data_dir) / "pedestrian" / "eth_ucy" / scene / part
    return read_tracks(folder, format="eth-ucy", pattern="*.txt")


def eth_true_rate_tracks(data_dir: str | Path) -> Tracks:
    """All tracks of scene ETH at its true rate, a scene for each stretch of its annotation.

    The annotation pauses twice and goes on at frames that are no multiples of 6 after those before; nobody is seen on
    both sides.

    Raises:
        InputError: A file that is not there or not as it should be.
    """
    path = Path(data_dir) / TRUE_RATE_FILE
    tracks = read_tracks(path, format="eth-ucy", frames_per_second=TRUE_RATE_FRAMES_PER_SECOND)
    frame = np.rint(tracks.time * TRUE_RATE_FRAMES_PER_SECOND).astype(np.int64)
    phase, stretch = np.unique(frame % TRUE_RATE_STEP_FRAMES, return_inverse=True)
    names = {
        number: f"{path.stem}, frames {each} + {TRUE_RATE_STEP_FRAMES} n" for number, each in enumerate(phase.tolist())
    }
    return Tracks.from_rows(
        stretch.reshape(-1), tracks.track, tracks.time, tracks.position, tracks.valid, names, where=str(path)
    )


def protocol_windows(tracks: Tracks, min_people: int = 2) -> Windows:
    """The protocol's windows of any tracks at its rate.

    Raises:
        InputError: Another rate.
    """
    return cut_windows(tracks, NUM_OBSERVED, NUM_FUTURE, STEP, min_people)
