"""The goal head: which of the named destinations a walker is heading for, or none of them.

Every candidate goes through the same layers beside the walker's context, and each looks at what all of them amount to
(attention and pooling over the candidates, as in Deep Sets: Zaheer et al. 2017, equation 4), so the order of the
candidates does not matter and there may be any number. The logit of none sees the context and the same pooling. The
head reads the encoder and never writes to it: paths are forecast without knowing what goals were named.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

ABSENT = -1e4
"""Logit of a candidate that is not there."""


class GoalHead(nn.Module):
    """Encoder output, head inputs and candidates in; a logit for each candidate and, last, for none of them."""

    def __init__(self, num_context: int, num_goal_inputs: int, num_units: int) -> None:
        super().__init__()
        self.context = nn.Linear(num_context, num_units)
        self.of_goal = nn.Linear(num_goal_inputs, num_units)
        self.of_context = nn.Linear(num_units, num_units)
        self.embed = nn.Linear(num_units, num_units)
        self.attention = nn.Linear(num_units, 1)
        self.of_each = nn.Linear(num_units, num_units)
        self.of_all = nn.Linear(2 * num_units, num_units)
        self.score = nn.Linear(num_units, 1)
        self.direct = nn.Linear(num_goal_inputs, 1)
        self.none = nn.Linear(3 * num_units, num_units)
        self.score_none = nn.Linear(num_units, 1)

    def forward(
        self,
        hidden: Float[Tensor, "track unit"],
        head: Float[Tensor, "track head_input"],
        goals: Float[Tensor, "track goal feature"],
        present: Float[Tensor, "track goal"],
    ) -> Float[Tensor, "track choice"]:
        """The logits; those of candidates that are not there are as good as minus infinity."""
        context = torch.relu(self.context(torch.cat([hidden, head], 1)))
        each = torch.relu(self.of_goal(goals) + self.of_context(context)[:, None])
        each = torch.relu(self.embed(each))
        absent = (1 - present) * ABSENT
        weights = torch.softmax(self.attention(each)[:, :, 0] + absent, 1) * present
        attended = (weights[:, :, None] * each).sum(1)
        greatest = (each * present[:, :, None]).amax(1)
        everything = torch.cat([attended, greatest], 1)
        compared = torch.relu(self.of_each(each) + self.of_all(everything)[:, None])
        scores = (self.score(compared) + self.direct(goals))[:, :, 0] + absent
        none = self.score_none(torch.relu(self.none(torch.cat([context, everything], 1))))
        return torch.cat([scores, none], 1)
