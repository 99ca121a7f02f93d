"""The neighbourhood: attention and pooling over the people around, any number of them.

Each neighbour's inputs beside the walker's own make one vector; four heads of attention say how much of each counts
(Vaswani et al. 2017, as Vemula, Muelling and Oh 2018 used it between walkers), and the greatest of each unit over all
neighbours stands beside them (pooling: Gupta et al. 2018). Alone, both are zero.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

NUM_HEADS = 4
ABSENT = -1e4
"""Score of a neighbour that is not there."""


class Neighbourhood(nn.Module):
    """Neighbours and the walker's own head inputs in, `2 num_units` numbers out."""

    def __init__(self, num_inputs: int, num_head_inputs: int, num_units: int) -> None:
        super().__init__()
        self.num_units = num_units
        self.of_neighbour = nn.Linear(num_inputs, num_units)
        self.of_own = nn.Linear(num_head_inputs, num_units)
        self.embed = nn.Linear(num_units, num_units)
        self.scores = nn.Linear(num_units, NUM_HEADS)
        self.values = nn.Linear(num_units, num_units)
        self.pooled = nn.Linear(num_units, num_units)

    def forward(
        self,
        neighbours: Float[Tensor, "track neighbour feature"],
        present: Float[Tensor, "track neighbour"],
        head: Float[Tensor, "track head_input"],
    ) -> Float[Tensor, "track double"]:
        """What the people around amount to."""
        each = torch.relu(self.of_neighbour(neighbours) + self.of_own(head)[:, None])
        each = torch.relu(self.embed(each))
        absent = ((1 - present) * ABSENT)[:, :, None]
        weights = torch.softmax(self.scores(each) + absent, 1) * present[:, :, None]
        values = self.values(each).unflatten(2, (NUM_HEADS, -1))
        attended = (weights[..., None] * values).sum(1).flatten(1)
        pooled = (torch.relu(self.pooled(each)) * present[:, :, None]).amax(1)
        return torch.cat([attended, pooled], 1)
