"""mosec serving one observation's step of a bundle's graphs: encoder, then forecast, the state kept in a table.

The network alone: no filter stands before it, nothing is turned into metres, one thread as ours has. It runs in the
venv of `make bench-tools`, which holds mosec, numpy and onnxruntime. A request is a track's row, uint64, and x, y, z,
float32; the answer is probabilities, paths and spreads of all modes, float32.

    BUNDLE=FOLDER MOST_BATCH=64 MOSEC_PORT=N python benchmarks/peers/mosec_step.py
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
from mosec import Server, Worker

ROWS = 4096
MOST_BATCH = int(os.environ.get("MOST_BATCH", "1"))
WAIT_MS = 1
"""For a batch to fill; mosec's least."""


def session(file: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


class Step(Worker):
    def __init__(self) -> None:
        super().__init__()
        folder = Path(os.environ["BUNDLE"])
        self.encoder, self.forecaster = session(folder / "encode.onnx"), session(folder / "forecast.onnx")
        shapes = {each.name: each.shape for each in (*self.encoder.get_inputs(), *self.forecaster.get_inputs())}
        self.num_inputs = shapes["steps"][2]
        self.head_size, self.knots_shape = shapes["head"][1], shapes["knots"]
        self.memory = np.zeros((ROWS, shapes["memory"][1]), np.float32)
        self.outputs = ["logits", "paths", "spreads"]

    def deserialize(self, data: bytes) -> tuple[int, np.ndarray]:
        return int.from_bytes(data[:8], "little"), np.frombuffer(data, np.float32, 3, 8)

    def serialize(self, data: np.ndarray) -> bytes:
        return data.tobytes()

    def forward(self, data):
        return self.step(data) if MOST_BATCH > 1 else self.step([data])[0]

    def step(self, requests: list[tuple[int, np.ndarray]]) -> list[np.ndarray]:
        num = len(requests)
        rows = np.array([row for row, _ in requests])
        steps = np.zeros((1, num, self.num_inputs), np.float32)
        steps[0, :, :3] = [position for _, position in requests]
        feed = {"steps": steps, "lengths": np.ones(num, np.int32), "memory": self.memory[rows]}
        memory = self.encoder.run(None, feed)[0]
        self.memory[rows] = memory
        knots = np.zeros((self.knots_shape[0], num, self.knots_shape[2]), np.float32)
        feed = {"memory": memory, "head": np.zeros((num, self.head_size), np.float32), "knots": knots}
        logits, paths, spreads = self.forecaster.run(self.outputs, feed)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return list(np.concatenate([shares, paths.reshape(num, -1), spreads.reshape(num, -1)], axis=1))


if __name__ == "__main__":
    server = Server()
    server.append_worker(Step, num=1, max_batch_size=MOST_BATCH, max_wait_time=WAIT_MS if MOST_BATCH > 1 else 0)
    server.run()
