"""Ranks: the processes that train one network together, one by default.

`torchrun --nproc-per-node N -m pathcast train ...` starts N of them and says in the environment which is which. Each
runs the network over its own share of every batch and shares what came out and the truth, so that the loss of the whole
batch is known to all, whatever it is made of; DistributedDataParallel then means the gradients. What a batch holds does
not depend on how many they are. Only the first writes and prints. Processes of several machines need one folder that
all of them see.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from pathcast.errors import InputError

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this one is, and what it computes on."""

    number: int = 0
    count: int = 1
    device: torch.device = CPU

    @property
    def is_first(self) -> bool:
        """Whether it writes and prints."""
        return self.number == 0

    def share(self, num_rows: int, number: int | None = None) -> slice:
        """The rows of a batch that are a process' own; by default this one's."""
        number = self.number if number is None else number
        return slice(num_rows * number // self.count, num_rows * (number + 1) // self.count)

    def join(self, own: Sequence[Tensor | None], num_rows: int, per_row: int) -> list[Tensor | None]:
        """All processes' outputs, in the batch's order; gradients flow through this one's own alone.

        With the loss of the joined outputs times the number of processes, the mean of the gradients over processes is
        the gradient of the whole batch.

        Args:
            own: This process' outputs, `per_row` for each of its rows of the batch; None stays None.
            num_rows: Rows of the whole batch.
            per_row: Outputs of a row.
        """
        if self.count == 1:
            return list(own)
        mine = self.share(num_rows)
        first, last = mine.start * per_row, mine.stop * per_row
        given = [tensor for tensor in own if tensor is not None]
        flat = torch.cat([tensor.detach().flatten(1) for tensor in given], 1)
        whole = flat.new_zeros(num_rows * per_row, flat.shape[1])
        whole[first:last] = flat
        torch.distributed.all_reduce(whole)
        pieces = iter(torch.split(whole, [tensor.shape[1:].numel() for tensor in given], 1))
        return [None if tensor is None else _put(next(pieces), tensor, first, last) for tensor in own]

    def apart(self, module: nn.Module) -> AbstractContextManager[None]:
        """Inside it the gradients of what `together` gave stay this process' own, and add up until they are meant."""
        if isinstance(module, DistributedDataParallel):
            return module.no_sync()
        return nullcontext()

    def together(self, module: nn.Module) -> nn.Module:
        """The module, with gradients that are means over all processes and the first one's weights."""
        if self.count == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices)


def _put(whole: Tensor, own: Tensor, first: int, last: int) -> Tensor:
    """The own rows in the place that they have among all."""
    others = whole.reshape(len(whole), *own.shape[1:])
    return torch.cat([others[:first], own, others[last:]])


@contextmanager
def joined_ranks(device: str = "auto") -> Iterator[Ranks]:
    """The processes that torchrun started, or this one alone; they part when the block ends.

    Args:
        device: "cpu", "cuda", or "auto" for CUDA where there is any. Processes on CUDA speak over NCCL, others over
            gloo.

    Raises:
        InputError: CUDA is asked for and not there, or has fewer devices than this machine has processes.
    """
    count, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
    chosen = _device(device, local)
    if count == 1:
        yield Ranks(device=chosen)
        return
    is_cuda = chosen.type == "cuda"
    torch.distributed.init_process_group("nccl" if is_cuda else "gloo", device_id=chosen if is_cuda else None)
    try:
        yield Ranks(torch.distributed.get_rank(), torch.distributed.get_world_size(), chosen)
    finally:
        torch.distributed.destroy_process_group()


def _device(name: str, local: int) -> torch.device:
    num_found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not num_found):
        return CPU
    if local >= num_found:
        raise InputError("device", f"a CUDA device for each process, {local + 1} or more", str(num_found))
    device = torch.device("cuda", local)
    torch.cuda.set_device(device)
    return device
