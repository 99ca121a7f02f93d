"""Settings of the training loop, whatever it trains."""

from __future__ import annotations

from pydantic import Field

from pathcast.settings import Settings


class FittingSettings(Settings):
    """How weights are fitted to examples."""

    num_train: int = Field(20_000, ge=1, description="Examples per epoch")
    seed: int = Field(1, ge=0, description="Of the world, the examples, the weights and their order")
    epochs: int = Field(20, ge=1, description="Passes over the examples")
    steps: int = Field(0, ge=0, description="Optimiser steps, to whole epochs; 0 for as many as epochs makes")
    batch: int = Field(512, ge=1, description="Examples per step")
    checkpoint_steps: int = Field(
        0, ge=0, description="Steps from one checkpoint to the next within an epoch; 0: after whole epochs alone"
    )
    learning_rate: float = Field(2e-3, gt=0, description="Greatest rate of AdamW under OneCycle")
    weight_decay: float = Field(1e-2, ge=0, description="Of AdamW")
    clip_norm: float = Field(1.0, ge=0, description="Greatest norm of the gradient, 0 for any")
    clip_value: float = Field(0.0, ge=0, description="Greatest size of each of its components, 0 for any")
    ema_decay: float = Field(
        0.0, ge=0, lt=1, description="Share that the averaged weights keep of themselves at each step, 0 for no average"
    )

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps of one pass over the examples."""
        return -(-self.num_train // self.batch)

    @property
    def num_epochs(self) -> int:
        """Passes over the examples: as many as hold `steps`, where they are given."""
        return -(-self.steps // self.steps_per_epoch) or self.epochs
