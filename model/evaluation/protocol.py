"""Protocol: how scores on ETH/UCY came about, in words and by the hash of the files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pathcast.model.evaluation.eth_ucy import SCENES, TRUE_RATE_FILE, Part


def protocol_in_words(num_sampled: int, seed: int) -> str:
    """Which windows, what K means, and what stands in no average."""
    return (
        "Leave-one-scene-out files as cut by Social GAN: 8 positions observed (3.2 s), 12 forecast (4.8 s), every"
        " window of consecutive frames; scores are means over windows, then unweighted over the five scenes (eth,"
        " hotel, univ, zara1, zara2). Windows through which two or more people are seen, or one or more, as each "
        "table says. K is the number of modes, at most 20: one forecast per window, every mode of it counted, "
        "nothing drawn again, clustered or sought at test time, no map and no scene image, unless a row's note "
        "says otherwise. The notes also say what each was trained, chosen and fitted on. minADE and minFDE are "
        "minimised separately, per person, unless a table says that both are of one path; joint means one k for "
        "all people of a window's frames. K = 1 is the forecast's single path. Prefixes are the last n "
        "observations of the same windows. Coverage is of highest-density regions of the whole mixture at each "
        f"step; coverage, energy and kernel likelihood are of at most {num_sampled} windows a scene, drawn with "
        f"seed {seed}, the same for all rows. Collisions: discs of 0.1 m, half steps; Col-I with the other "
        "forecasts, Col-II with what the others did, among people seen through the whole window. Scene "
        "eth_true_rate is scene ETH at 2.5 Hz instead of the protocol's wrong rate: forecast by what was made for"
        " scene ETH, and in no average."
    )


def data_hash(data_dir: str | Path, part: Part = "test") -> str:
    """SHA-256 over the files of one part of all five scenes, by scene and name."""
    digest = hashlib.sha256()
    for scene in SCENES:
        for file in sorted((Path(data_dir) / "pedestrian" / "eth_ucy" / scene / part).glob("*.txt")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def data_hashes(data_dir: str | Path) -> dict[str, str]:
    """SHA-256 of everything that scores depend on: each part, and the file of scene ETH at its true rate if there."""
    parts: tuple[Part, ...] = ("test", "train", "val")
    hashes: dict[str, str] = {part: data_hash(data_dir, part) for part in parts}
    true_rate = Path(data_dir) / TRUE_RATE_FILE
    if true_rate.is_file():
        hashes["eth_true_rate"] = hashlib.sha256(true_rate.read_bytes()).hexdigest()
    return hashes
