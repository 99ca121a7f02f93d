"""Reads a bundle's network back, to train it on or to look into it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load

from pathcast.errors import BundleError
from pathcast.model.bundle.config import WEIGHTS, read_config
from pathcast.model.network.network import ForecastNetwork, NetworkSizes


def read_network(folder: Path) -> ForecastNetwork:
    """The network of a bundle, as it was when the bundle was written.

    Raises:
        BundleError: A file is missing, altered or of another format.
    """
    config, path = read_config(folder), folder / WEIGHTS
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: expected weights, found {error.strerror}") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != config.files.get(WEIGHTS):
        raise BundleError(f"{path}: expected SHA-256 {config.files.get(WEIGHTS)}, found {digest}")
    try:
        network = ForecastNetwork(TypeAdapter(NetworkSizes).validate_python(config.network))
        network.load_state_dict(load(data))
    except (RuntimeError, SafetensorError, ValidationError) as error:
        raise BundleError(f"{path}: expected the weights of the network in config.json, found {error}") from error
    return network.eval()
