"""ETH/UCY: the leave-one-scene-out protocol behind nearly every published table of walkers.

8 positions are observed (3.2 s) and 12 asked for (4.8 s), 0.4 s apart; a model for one scene is trained on the other
four; an error is averaged over the windows of a scene and then over the five scenes (Pellegrini et al. 2009 and Lerner
et al. 2007 recorded the scenes; Gupta et al. 2018, "Social GAN", cut the windows). Two conventions are in use and give
different numbers, so each result must name its own:

- `min_people=2`: only runs through which two or more people are seen (Social GAN's `num_peds > min_ped`): 181 windows
  of scene ETH. Most tables.
- `min_people=1`: all runs: 364 windows of scene ETH.

Scene ETH's file says that 10 frames are 0.4 s where 6 are; its walkers seem 1.6 times as fast. That is part of the
protocol, and why scores on `eth_true_rate` must not be compared with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pathcast.errors import InputError
from pathcast.formats import read_tracks
from pathcast.model.evaluation.windows import Windows, cut_windows

SCENES: Final = ("eth", "hotel", "univ", "zara1", "zara2")
NUM_OBSERVED: Final = 8
NUM_FUTURE: Final = 12
STEP: Final = 0.4
"""Seconds."""


def eth_ucy_windows(
    data_dir: str | Path, scene: str, min_people: int = 2, part: Literal["train", "val", "test"] = "test"
) -> Windows:
    """The windows of one scene of the protocol.

    Args:
        data_dir: Where `pedestrian/eth_ucy/<scene>/<part>` is.
        scene: One of `SCENES`, the one that is left out of training.
        min_people: 2 or 1, as above.
        part: "test" is the scene itself; "train" and "val" are the earlier and later frames of the other scenes.

    Raises:
        InputError: Another scene, or files that are not there or not as they should be.
    """
    if scene not in SCENES:
        raise InputError("scene", f"one of {', '.join(SCENES)}", repr(scene))
    folder = Path(data_dir) / "pedestrian" / "eth_ucy" / scene / part
    tracks = read_tracks(folder, format="eth-ucy", pattern="*.txt")
    return cut_windows(tracks, NUM_OBSERVED, NUM_FUTURE, STEP, min_people)
