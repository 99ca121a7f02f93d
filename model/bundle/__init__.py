"""Bundles: trained models as folders of plain files, read and run without torch.

config.json         what the model is, its front end, knots, calibration, and the other files' hashes
encode.onnx         carries the memory over observations
forecast.onnx       reads the memory and gives the modes
goals.onnx          weighs named goals; only in bundles that take any
model.safetensors   the same weights, for training on
metrics.json        measured scores
README.md           the model card
"""
