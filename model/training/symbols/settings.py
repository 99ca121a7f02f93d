"""Settings of a symbol forecaster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pathcast.model.training.fitting_settings import FittingSettings


class SymbolSettings(FittingSettings):
    """Everything that decides a symbol forecaster beside its sequences."""

    memory: Literal["lstm", "gru", "rnn", "trace"] = Field("lstm", description="What reads the symbols")
    trace_of: Literal["input", "state", "output"] = Field("input", description="What a trace is of (trace)")
    num_embedded: int = Field(16, ge=1, description="Numbers that stand for a symbol")
    num_units: int = Field(32, ge=1, description="Units of the memory")
    num_layers: int = Field(1, ge=1, description="Layers of the memory")

    num_train: int = Field(512, ge=1, description="Sequences per epoch, drawn from those that are there")
    epochs: int = Field(25, ge=1, description="Passes over as many sequences")
    batch: int = Field(32, ge=1, description="Sequences per step")
    learning_rate: float = Field(2e-2, gt=0, description="Greatest rate of AdamW under OneCycle")
    weight_decay: float = Field(1e-3, ge=0, description="Of AdamW")
