"""The graph `forecast.onnx` of plain networks as compiled loops: the same numbers, in half the time.

The runtime's LSTM multiplies the context's part of its gates again at every knot, and turns to its activations gate by
gate. Here that part is computed once, and a step is one product of matrices and loops of vector instructions. Networks
that look at others, estimate, emit a best path or read from both ends are the runtime's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from pathcast.compiled import njit

_PLAIN = {
    "num_layers": 1,
    "has_point": False,
    "num_neighbour_inputs": 0,
    "num_estimated": 0,
    "course_input": None,
    "spread_inputs": None,
}
"""The sizes of networks that are decoded here."""


def is_plain(sizes: Mapping[str, Any]) -> bool:
    """Whether `Decoder` knows all that such a network has."""
    is_streamed = not sizes.get("is_bidirectional")  # else the memory's output is not what its state begins with
    return is_streamed and all(name in sizes and sizes[name] == value for name, value in _PLAIN.items())


class Decoder:
    """Reads the memory and gives the modes, as `ForecastNetwork.decode`."""

    def __init__(self, sizes: Mapping[str, Any], weights: Mapping[str, NDArray[np.float32]]) -> None:
        """Args:
        sizes: Of the network, which is plain.
        weights: By their names in it.
        """
        self._num_modes, self._num_axes = sizes["num_modes"], sizes["num_axes"]
        self._num_units, self._num_context = sizes["num_units"], sizes["num_context"]
        anchors, moving = weights["anchors"], sizes["moving_input"]
        standing = anchors[0] if moving is None else anchors[1]
        self._anchors = np.ascontiguousarray(np.stack([standing, anchors[0] - standing]), np.float32)
        self._moving = 0 if moving is None else moving
        gates = _halved(weights["decoder.weight_ih_l0"])
        bias = _halved(weights["decoder.bias_ih_l0"] + weights["decoder.bias_hh_l0"])
        matrices = (
            *(weights[f"{name}.{part}"] for name in ("context1", "context2", "logits") for part in ("weight", "bias")),
            gates[:, : self._num_context],
            gates[:, self._num_context :],
            bias,
            _halved(weights["decoder.weight_hh_l0"]),
            weights["emit.weight"],
            weights["emit.bias"],
        )
        self._weights = tuple(np.ascontiguousarray(matrix.T, np.float32) for matrix in matrices)

    def run(
        self,
        memory: Float[np.ndarray, "track unit"],
        head: Float[np.ndarray, "track head_input"],
        knots: Float[np.ndarray, "track knot knot_input"],
    ) -> dict[str, NDArray[np.float32]]:
        """The graph's outputs by name; arguments are float32."""
        num_tracks, num_knots, modes, axes = len(memory), knots.shape[1], self._num_modes, self._num_axes
        logits = np.empty((num_tracks, modes), np.float32)
        paths = np.empty((num_tracks, modes, num_knots, axes), np.float32)
        spreads = np.empty((num_tracks, modes, num_knots, axes * (axes + 1) // 2), np.float32)
        read = np.concatenate([memory[:, : self._num_units], head], axis=1)
        _decode(read, np.ascontiguousarray(knots), logits, paths, spreads, *self._weights)
        _add_anchors(head, self._moving, self._anchors, paths)
        return {"logits": logits, "paths": paths, "spreads": spreads}


def _halved(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of input, forget, cell and output gates, halved but for the cell's: logistic(x) = (1 + tanh(x / 2)) / 2."""
    size = len(gates) // 4
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), size)
    return gates * scale.reshape(-1, *[1] * (gates.ndim - 1))


@njit
def _decode(
    read: Any,
    knots: Any,
    logits: Any,
    paths: Any,
    spreads: Any,
    context1: Any,
    bias1: Any,
    context2: Any,
    bias2: Any,
    logit: Any,
    logit_bias: Any,
    of_context: Any,
    of_knot: Any,
    gate_bias: Any,
    recurrent: Any,
    emit: Any,
    emit_bias: Any,
) -> None:
    num_tracks, num_knots, num_inputs = knots.shape
    num_units = len(recurrent)
    context = np.dot(read, context1)
    _rectify(context, bias1)
    context = np.dot(context, context2)
    _rectify(context, bias2)
    logits[:] = np.dot(context, logit)
    logits += logit_bias
    same = np.dot(context, of_context)
    same += gate_bias
    gates = np.zeros_like(same)
    cells, squashed = np.zeros((num_tracks, num_units), np.float32), np.empty((num_tracks, num_units), np.float32)
    hidden = np.zeros((num_tracks, num_units), np.float32)
    num_modes, num_axes, num_spreads = paths.shape[1], paths.shape[3], spreads.shape[3]
    for knot in range(num_knots):
        if knot > 0:
            np.dot(hidden, recurrent, gates)
        for track in range(num_tracks):
            for column in range(len(gate_bias)):
                gates[track, column] += same[track, column]
            for number in range(num_inputs):
                value = knots[track, knot, number]
                for column in range(len(gate_bias)):
                    gates[track, column] += value * of_knot[number, column]
        _squash(gates.reshape(-1))
        for track in range(num_tracks):
            for unit in range(num_units):
                kept = (np.float32(1.0) + gates[track, num_units + unit]) * cells[track, unit]
                new = (np.float32(1.0) + gates[track, unit]) * gates[track, 2 * num_units + unit]
                cells[track, unit] = squashed[track, unit] = np.float32(0.5) * (kept + new)
        _squash(squashed.reshape(-1))
        for track in range(num_tracks):
            for unit in range(num_units):
                opened = np.float32(0.5) * (np.float32(1.0) + gates[track, 3 * num_units + unit])
                hidden[track, unit] = opened * squashed[track, unit]
        said = np.dot(hidden, emit)
        said += emit_bias
        for track in range(num_tracks):
            for mode in range(num_modes):
                first = mode * (num_axes + num_spreads)
                for axis in range(num_axes):
                    paths[track, mode, knot, axis] = said[track, first + axis]
                for number in range(num_spreads):
                    spreads[track, mode, knot, number] = said[track, first + num_axes + number]


@njit
def _add_anchors(head: Any, moving: int, anchors: Any, paths: Any) -> None:
    """Adds those of standing tracks, and of the difference to those of moving ones the square of a head input."""
    for track in range(len(paths)):
        share = head[track, moving] * head[track, moving]
        for mode in range(paths.shape[1]):
            for knot in range(paths.shape[2]):
                for axis in range(paths.shape[3]):
                    there = anchors[0, mode, knot, axis] + share * anchors[1, mode, knot, axis]
                    paths[track, mode, knot, axis] += there


@njit
def _rectify(values: Any, bias: Any) -> None:
    """Adds the bias and cuts what is negative; what is not a number stays so."""
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = values[row, column] + bias[column]
            values[row, column] = np.float32(0.0) if value < 0.0 else value


@njit
def _squash(values: Any) -> None:
    """tanh in place, to 2e-7, by the quotient of polynomials of Eigen's `ptanh`; what is not a number stays so."""
    for index in range(len(values)):
        x = values[index]
        x = np.float32(7.905) if x > np.float32(7.905) else x
        x = np.float32(-7.905) if x < np.float32(-7.905) else x
        square = x * x
        above = np.float32(2.00018790482477e-13) + square * np.float32(-2.76076847742355e-16)
        above = np.float32(-8.60467152213735e-11) + square * above
        above = np.float32(5.12229709037114e-08) + square * above
        above = np.float32(1.48572235717979e-05) + square * above
        above = np.float32(6.37261928875436e-04) + square * above
        above = np.float32(4.89352455891786e-03) + square * above
        below = np.float32(1.18534705686654e-04) + square * np.float32(1.19825839466702e-06)
        below = np.float32(2.26843463243900e-03) + square * below
        below = np.float32(4.89352518554385e-03) + square * below
        values[index] = x * above / below
