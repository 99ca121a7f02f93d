"""Clearance: paths that keep clear of where the people around are expected to go.

Attention over the people around says that somebody comes near, and leaves it to the decoder to make room; what it
learns of that from displacements alone is little. Here room is made by construction, as social forces do it (Helbing
and Molnar 1995), but once for each path and person rather than by stepping a differential equation: where path and
course come nearest, the miss between them is widened to about a learned radius, the path bends there over a learned
stretch of time, and what had to bend becomes less probable. Nobody there: nothing is changed.

    miss = sum_k w_k (path_k - course_k),  w = softmax(-|path - course|^2 / focus^2) over the knots
    short = softness log(1 + exp((radius - |miss|) / softness))
    path += profile w short miss / |miss|,  logit -= aversion short

The miss is a mean over the knots around the nearest, so that of two who would meet head-on it points across the line
on which they approach each other: a push along it makes room between the knots, too.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

RADIUS_M, SOFTNESS_M, FOCUS_M, AVERSION = 0.6, 0.15, 0.6, 4.0
"""What the learned measures begin at; the aversion is in nats per metre."""
LEAST_M = 0.05
"""Below about this a miss has no direction."""
SHARES = (0.4, 0.2, 0.2, 0.2)
"""How much of each velocity of a course its first guess takes."""
AFTER_S = 2.4
"""For about how long a first guess of a bent path stays bent."""


class Clearance(nn.Module):
    """Paths and courses in; the paths as they keep clear, and how much less probable each has become, out."""

    offsets: Tensor
    bend: Tensor

    def __init__(self, num_knots: int) -> None:
        super().__init__()
        self.register_buffer("offsets", torch.zeros(num_knots))
        """Of the knots, seconds."""
        self.register_buffer("bend", torch.zeros(num_knots, num_knots))
        """First guess of how far a path is bent at each knot (rows) where it is to make room at another (columns)."""
        self.shares = nn.Parameter(torch.zeros(num_knots, len(SHARES)))
        self.profile = nn.Parameter(torch.zeros(num_knots, num_knots))
        self.measures = nn.Parameter(torch.zeros(4))
        """Logarithms of radius, softness, focus and aversion, each over its first guess."""

    def set_offsets(self, offsets: Float[Tensor, " knot"]) -> None:
        """Tells the knots' offsets, seconds: a path bends evenly until the place where it makes room, then back."""
        self.offsets.copy_(offsets)
        before = offsets[:, None] / offsets[None, :]
        after = torch.exp(-torch.relu(offsets[:, None] - offsets[None, :]) / AFTER_S)
        self.bend.copy_(before.clamp(max=1.0) * after)

    def ahead(self) -> Float[Tensor, "knot velocity"]:
        """Seconds that people are expected to go at each of their velocities until each knot."""
        return self.offsets[:, None] * (torch.tensor(SHARES, device=self.offsets.device) + self.shares)

    def guesses(self) -> Float[Tensor, " measure"]:
        """Radius, softness, focus (metres) and aversion (nats per metre)."""
        first = torch.tensor([RADIUS_M, SOFTNESS_M, FOCUS_M, AVERSION], device=self.offsets.device)
        return first * self.measures.exp()

    def forward(
        self,
        paths: Float[Tensor, "track path knot 2"],
        courses: Float[Tensor, "track neighbour course"],
        present: Float[Tensor, "track neighbour"],
        scale: Float[Tensor, " track"],
    ) -> tuple[Float[Tensor, "track path knot 2"], Float[Tensor, "track path"]]:
        """The paths, pushed, and nats by which each has become less probable.

        Args:
            paths: In the track's frame and unit, which is its scale times the knots' offsets.
            courses: As the front end gives them, metres in the track's frame.
            present: 1 where there is somebody.
            scale: Metres per second.
        """
        radius, softness, focus, aversion = self.guesses().unbind()
        place, velocities = courses[:, :, :2], courses[:, :, 2:].reshape(*courses.shape[:2], len(SHARES), 2)
        expected = place[:, :, None] + torch.matmul(self.ahead(), velocities)
        unit = scale[:, None] * self.offsets
        apart_x, apart_y = (
            (paths[..., axis] * unit[:, None])[:, :, None] - expected[:, None, :, :, axis] for axis in range(2)
        )
        weights = torch.softmax(-(apart_x.square() + apart_y.square()) / focus.square(), 3)
        miss_x, miss_y = (weights * apart_x).sum(3), (weights * apart_y).sum(3)
        distance = (miss_x.square() + miss_y.square() + LEAST_M**2).sqrt()
        short = softness * nn.functional.softplus((radius - distance) / softness) * present[:, None]
        push = torch.stack([miss_x, miss_y], 3) * (short / distance)[..., None]
        room = torch.matmul(self.bend + self.profile, torch.matmul(weights.transpose(2, 3), push))
        return paths + room / unit[:, None, :, None], aversion * short.sum(2)
