"""The network: a causal encoder over observations and one decoder shared by all modes.

Encoder: a linear layer with ReLU, then the memory. Decoder: an LSTM run once over the knots (not once per mode), which
emits at each knot, for each mode, a residual on that mode's anchor and the spread around it; the context gives the
modes' log-probabilities. Beside the modes it may emit one best path, a residual on constant velocity. People around
are looked at by the decoder only (`Neighbourhood`), so the encoder's state stays the track's own. Everything is in the
track's own frame and unit (`Base`). The modes' anchors and the min-over-modes training follow EigenTrajectory (Bae, Oh
and Jeon 2023) and SingularTrajectory; the shared decoder was measured in docs/decisions/0004-streaming-encoder.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from pathcast.model.memory.choice import build_memory
from pathcast.model.memory.trace import TraceOf
from pathcast.model.network.clearance import Clearance
from pathcast.model.network.goal_head import GoalHead
from pathcast.model.network.neighbourhood import Neighbourhood
from pathcast.model.network.outcome_head import OutcomeHead

MOST_SHIFT = 3.0
"""Standard deviations by which an estimate may differ from the filter's, along each whitened direction."""


@dataclass(frozen=True, kw_only=True)
class NetworkSizes:
    """What decides the shapes of all weights."""

    num_inputs: int
    num_head_inputs: int
    num_knot_inputs: int
    num_axes: int
    num_modes: int
    num_knots: int
    memory: str = "lstm"
    trace_of: TraceOf = "input"
    """What the memory traces, where it is a trace."""
    is_decay_fixed: bool = False
    """Whether such a memory's decays are those that it began with."""
    is_bidirectional: bool = False
    """Whether the memory reads whole prefixes from both ends."""
    num_units: int = 64
    num_layers: int = 1
    num_context: int = 64
    num_decoder_units: int = 64
    moving_input: int | None = None
    """The head input, in [0, 1], that says how much of the anchors for moving tracks to take; None: all."""
    has_point: bool = False
    """Whether one best path stands beside the modes; the first head inputs are then the newest velocity."""
    is_point_steady: bool = False
    """Whether that path is a residual on a learned mean of the head inputs' velocities, not on the newest alone: at
    fast rates noise is most of a single step's."""
    num_neighbour_inputs: int = 0
    """Inputs of each of the people around; 0 where nobody is looked at."""
    num_neighbours: int = 0
    """Most people around a track that are looked at."""
    num_neighbour_units: int = 64
    course_input: int | None = None
    """The neighbour input from which on the rest are courses, of which paths keep clear; None where none are."""
    scale_input: int | None = None
    """The head input that is the logarithm of a track's scale (m/s), where paths keep clear of others."""
    num_goal_inputs: int = 0
    """Inputs of each named goal; 0 where none are taken."""
    num_goal_units: int = 64
    num_outcome_inputs: int = 0
    """Inputs of the outcome head; 0 where there is none."""
    num_outcome_classes: int = 4
    num_outcome_units: int = 64
    num_estimated: int = 0
    """Numbers by which the filter's mean is moved before a forecast; 0 where it is not."""
    spread_inputs: int | None = None
    """Where, among the knot inputs, the base's own spread stands, on which the decoder's is a residual."""

    @property
    def num_spreads(self) -> int:
        """Numbers that say a Gaussian's spread."""
        return self.num_axes * (self.num_axes + 1) // 2

    @property
    def num_emitted(self) -> int:
        """Numbers that the decoder emits at a knot."""
        return self.num_modes * (self.num_axes + self.num_spreads) + self.has_point * self.num_axes


Decoded = tuple[
    Float[Tensor, "track mode"],
    Float[Tensor, "track mode knot axis"],
    Float[Tensor, "track mode knot spread"],
    Float[Tensor, "track knot axis"] | None,
]
"""The modes' logits, their paths, their spreads (see `spread`), and the best path where there is one."""


class ForecastNetwork(nn.Module):
    """Encoder steps and head inputs in, modes out."""

    anchors: Tensor

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embed = nn.Linear(sizes.num_inputs, sizes.num_units)
        self.memory = build_memory(
            sizes.memory,
            sizes.num_units,
            sizes.num_units,
            sizes.num_layers,
            trace_of=sizes.trace_of,
            is_decay_fixed=sizes.is_decay_fixed,
            is_bidirectional=sizes.is_bidirectional,
        )
        num_read = sizes.num_units + sizes.num_head_inputs
        self.neighbourhood: Neighbourhood | None = None
        if sizes.num_neighbour_inputs:
            units = sizes.num_neighbour_units
            num_each = sizes.num_neighbour_inputs if sizes.course_input is None else sizes.course_input
            self.neighbourhood = Neighbourhood(num_each, sizes.num_head_inputs, units)
            num_read += 2 * units
        self.estimate1: nn.Linear | None = None
        self.estimate2: nn.Linear | None = None
        if sizes.num_estimated:
            self.estimate1 = nn.Linear(num_read, sizes.num_context)
            self.estimate2 = nn.Linear(sizes.num_context, sizes.num_estimated)
            with torch.no_grad():
                self.estimate2.weight *= 0.1
                self.estimate2.bias.zero_()
            num_read += sizes.num_estimated
        self.context1 = nn.Linear(num_read, sizes.num_context)
        self.context2 = nn.Linear(sizes.num_context, sizes.num_context)
        self.logits = nn.Linear(sizes.num_context, sizes.num_modes)
        self.decoder = nn.LSTM(sizes.num_context + sizes.num_knot_inputs, sizes.num_decoder_units, batch_first=True)
        self.emit = nn.Linear(sizes.num_decoder_units, sizes.num_emitted)
        with torch.no_grad():
            self.emit.weight *= 0.1
        self.steady: nn.Linear | None = None
        if sizes.has_point and sizes.is_point_steady:
            self.steady = nn.Linear(sizes.num_head_inputs, sizes.num_axes, bias=False)
            with torch.no_grad():
                self.steady.weight.copy_(torch.eye(sizes.num_axes, sizes.num_head_inputs))
        self.register_buffer("anchors", torch.zeros(2, sizes.num_modes, sizes.num_knots, sizes.num_axes))
        """Paths in the track's frame and unit: for moving tracks, then for standing ones."""
        self.outcome_head: OutcomeHead | None = None
        """Fitted after the rest (`training.outcome_fitting`)."""
        if sizes.num_outcome_inputs:
            self.outcome_head = OutcomeHead(
                sizes.num_outcome_inputs, sizes.num_outcome_classes, sizes.num_outcome_units
            )
        self.clearance = None if sizes.course_input is None else Clearance(sizes.num_knots)
        self.goal_head: GoalHead | None = None
        if sizes.num_goal_inputs:
            num_goal_context = sizes.num_units + sizes.num_head_inputs
            self.goal_head = GoalHead(num_goal_context, sizes.num_goal_inputs, sizes.num_goal_units)

    def encode(self, steps: Float[Tensor, "track time input"]) -> Float[Tensor, "track time unit"]:
        """The memory's output after every step, from an empty state."""
        outputs: Tensor = self.memory(torch.relu(self.embed(steps)))[0]
        return outputs

    def read(
        self, steps: Float[Tensor, "track time input"], lengths: Int[Tensor, "track end"]
    ) -> Float[Tensor, "track end unit"]:
        """The memory's output after each of some numbers of steps, from an empty state."""
        return self.memory.read(torch.relu(self.embed(steps)), lengths)

    def estimate(
        self, hidden: Float[Tensor, "track unit"], head: Float[Tensor, "track head_input"]
    ) -> Float[Tensor, "track quantity"]:
        """Whitened numbers, each under `MOST_SHIFT`, that move the filter's mean within its own covariance."""
        assert self.estimate1 is not None and self.estimate2 is not None
        context = torch.relu(self.estimate1(torch.cat([hidden, head], 1)))
        return MOST_SHIFT * torch.tanh(self.estimate2(context) / MOST_SHIFT)

    def decode(
        self,
        hidden: Float[Tensor, "track unit"],
        head: Float[Tensor, "track head_input"],
        knots: Float[Tensor, "track knot knot_input"],
        neighbours: tuple[Float[Tensor, "track neighbour feature"], Float[Tensor, "track neighbour"]] | None = None,
        shifts: Float[Tensor, "track quantity"] | None = None,
    ) -> Decoded:
        """What may come after each track's newest observation.

        Args:
            hidden: The memory's output.
            head: The front end's head inputs.
            knots: Its knot inputs.
            neighbours: Its inputs of the people around and whether they are there, where the network looks at them.
            shifts: What `estimate` gave, where the network estimates; the knot inputs are then of the base so moved.
        """
        sizes = self.sizes
        read = [hidden, head] if shifts is None else [hidden, head, shifts]
        if self.neighbourhood is not None:
            assert neighbours is not None
            each, present = neighbours
            read.append(self.neighbourhood(each[:, :, : sizes.course_input], present, head))
        context = torch.relu(self.context1(torch.cat(read, 1)))
        context = torch.relu(self.context2(context))
        repeated = context[:, None].expand(-1, knots.shape[1], -1)
        outputs, _ = self.decoder(torch.cat([repeated, knots], 2))
        emitted = self.emit(outputs)
        point = None
        if sizes.has_point:
            emitted, point = emitted.split([sizes.num_emitted - sizes.num_axes, sizes.num_axes], 2)
            velocity = head[:, : sizes.num_axes] if self.steady is None else self.steady(head)
            point = point + velocity[:, None]
        emitted = emitted.unflatten(2, (sizes.num_modes, -1)).transpose(1, 2)
        paths, spreads = emitted.split([sizes.num_axes, sizes.num_spreads], -1)
        if sizes.spread_inputs is not None:
            spreads = spreads + knots[:, None, :, sizes.spread_inputs : sizes.spread_inputs + sizes.num_spreads]
        logits, paths = self.logits(context), self.anchors_of(head) + paths
        if self.clearance is not None:
            assert neighbours is not None
            logits, paths, point = self._keep_clear(logits, paths, point, head, neighbours)
        return logits, paths, spreads, point

    def _keep_clear(
        self,
        logits: Float[Tensor, "track mode"],
        paths: Float[Tensor, "track mode knot axis"],
        point: Float[Tensor, "track knot axis"] | None,
        head: Float[Tensor, "track head_input"],
        neighbours: tuple[Float[Tensor, "track neighbour feature"], Float[Tensor, "track neighbour"]],
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Logits, paths and best path after `Clearance`."""
        assert self.clearance is not None and self.sizes.scale_input is not None
        scale = head[:, self.sizes.scale_input].exp()
        every = paths if point is None else torch.cat([paths, point[:, None]], 1)
        every, loss = self.clearance(every, neighbours[0][:, :, self.sizes.course_input :], neighbours[1], scale)
        num_modes = self.sizes.num_modes
        return logits - loss[:, :num_modes], every[:, :num_modes], None if point is None else every[:, num_modes]

    def anchors_of(self, head: Float[Tensor, "track head_input"]) -> Float[Tensor, "#track mode knot axis"]:
        """Each track's anchors, between those of moving and of standing tracks."""
        if self.sizes.moving_input is None:
            return self.anchors[:1]
        share = head[:, self.sizes.moving_input, None, None, None] ** 2
        return share * self.anchors[0] + (1 - share) * self.anchors[1]

    def forward(
        self,
        steps: Float[Tensor, "track time input"],
        lengths: Int[Tensor, " track"],
        head: Float[Tensor, "track head_input"],
        knots: Float[Tensor, "track knot knot_input"],
        neighbours: tuple[Float[Tensor, "track neighbour feature"], Float[Tensor, "track neighbour"]] | None = None,
    ) -> Decoded:
        """`decode` after each track's own last step."""
        return self.decode(self.read(steps, lengths[:, None])[:, 0], head, knots, neighbours)
