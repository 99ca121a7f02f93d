"""Weights: the arrays of `model.safetensors`, read without torch.

The file is the length of a header, 8 bytes, little-endian; the header, JSON, with each array's type, shape and place;
then the arrays (https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json

import numpy as np
from numpy.typing import NDArray


def read_weights(data: bytes) -> dict[str, NDArray[np.float32]]:
    """All arrays by name, which are float32."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    arrays = {}
    for name, place in header.items():
        if name != "__metadata__":
            assert place["dtype"] == "F32"
            first, last = place["data_offsets"]
            arrays[name] = np.frombuffer(data[start + first : start + last], "<f4").reshape(place["shape"])
    return arrays
