"""The network in torch, and its twin as an ONNX graph. Training and export need it; nothing that serves does."""
