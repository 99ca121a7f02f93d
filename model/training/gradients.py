"""Gradients of a whole batch's loss: made at once, or of a few tracks at a time where memory is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pathcast.model.training.batches import Batch
from pathcast.model.training.examples import Examples
from pathcast.model.training.forward import Rows
from pathcast.model.training.loss import LossWeights, forecast_loss
from pathcast.model.training.ranks import Ranks
from pathcast.model.training.settings import TrainingSettings


def decode(forward: Callable[..., Rows], own: Examples, device: torch.device) -> Rows:
    """What the network says after each end of some examples."""
    names = ("steps", "ends", "head", "knots", "neighbours", "present")
    return forward(*(_tensor(own, name, device) for name in names), own.filters, own.truth)


def batch_loss(
    decoded: Sequence[Tensor | None], batch: Batch, weights: LossWeights, ranks: Ranks
) -> tuple[Float[Tensor, ""], dict[str, float]]:
    """The loss of a whole batch, of which this process decoded its own rows, and its parts."""
    truth = [_tensor(batch.own, name, ranks.device).flatten(0, 1) for name in ("target", "unit", "beside")]
    known = _tensor(batch.own, "is_known", ranks.device).flatten(0, 1).to(truth[0].dtype)
    joined = ranks.join([*decoded, *truth, known], batch.num_rows, batch.own.ends.shape[1])
    logits, paths, spreads, point, moved, moved_unit, target, unit, beside, known_of_all = joined
    assert logits is not None and paths is not None and spreads is not None
    assert target is not None and unit is not None and known_of_all is not None
    is_known = known_of_all > 0.5
    if moved is not None and moved_unit is not None:  # a flight that was lost has no unit, and counts for nothing
        is_known = is_known & (moved_unit > 0)
        target, unit = moved, torch.where(moved_unit > 0, moved_unit, 1.0)
    return forecast_loss(logits, paths, spreads, target, unit, is_known, weights, point, beside)


class Gradients:
    """Adds the gradients of batches to a network's parameters."""

    def __init__(self, module: nn.Module, weights: LossWeights, ranks: Ranks, settings: TrainingSettings) -> None:
        """The gradients of one run.

        Args:
            module: `Forward`, as `Ranks.together` gave it.
            weights: Of the loss' parts.
            ranks: Processes that train together.
            settings: Of the run, for `compile` and `micro_batch`.
        """
        self._module = module
        self._forward: Callable[..., Rows] = torch.compile(module) if settings.compile else module
        self._weights = weights
        self._ranks = ranks
        self._most = settings.micro_batch

    def add(self, batch: Batch) -> dict[str, float]:
        """Adds a whole batch's gradients; gives the parts of its loss."""
        num_own = batch.own.num_tracks
        if not self._most or num_own <= self._most:
            loss, parts = batch_loss(self._decode(batch.own), batch, self._weights, self._ranks)
            (loss * self._ranks.count).backward()  # type: ignore[no-untyped-call]
            return parts
        slices = [slice(start, start + self._most) for start in range(0, num_own, self._most)]
        return self._add_slices(batch, [batch.own.take(rows) for rows in slices])

    def _add_slices(self, batch: Batch, slices: list[Examples]) -> dict[str, float]:
        """The same by slices: their outputs first, then the loss' gradients at these, then those of the parameters.

        The loss need not be a sum over tracks for that, and it is known before any backward pass; the price is a second
        forward pass (Gao et al. 2021, "Scaling deep contrastive learning batch size under memory limited setup").
        """
        with torch.no_grad():
            outputs = [self._decode(each) for each in slices]
        joined = [None if each[0] is None else torch.cat(each).requires_grad_() for each in zip(*outputs, strict=True)]
        loss, parts = batch_loss(joined, batch, self._weights, self._ranks)
        given = [tensor for tensor in joined if tensor is not None]
        slopes = iter(torch.autograd.grad(loss * self._ranks.count, given, allow_unused=True))
        at_outputs = [None if tensor is None else next(slopes) for tensor in joined]
        num_ends, start = batch.own.ends.shape[1], 0
        for each in slices[:-1]:
            with self._ranks.apart(self._module):
                start = self._add_slice(each, at_outputs, start, num_ends)
        self._add_slice(slices[-1], at_outputs, start, num_ends)
        return parts

    def _add_slice(self, own: Examples, at_outputs: list[Tensor | None], start: int, num_ends: int) -> int:
        """One slice's gradients; gives the row at which the next begins."""
        end = start + own.num_tracks * num_ends
        pairs = [
            (output, slope[start:end])
            for output, slope in zip(self._decode(own), at_outputs, strict=True)
            if output is not None and slope is not None and output.requires_grad
        ]
        torch.autograd.backward([output for output, _ in pairs], [slope for _, slope in pairs])
        return end

    def _decode(self, own: Examples) -> Rows:
        return decode(self._forward, own, self._ranks.device)


def _tensor(own: Examples, name: str, device: torch.device) -> Tensor:
    return torch.from_numpy(getattr(own, name)).to(device)
