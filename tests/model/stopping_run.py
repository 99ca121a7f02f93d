"""`pathcast` that ends as if killed after the optimiser's step with the number of the first argument.

Run by test_training_ranks.py, also in several processes under torchrun.
"""

import os
import sys
from typing import Any

from torch.optim.optimizer import register_optimizer_step_post_hook

from pathcast.cli import main


def stop_after(last: int) -> None:
    """Ends this process within that step, before anything is written of it."""
    done = 0

    def count(*_: Any) -> None:
        nonlocal done
        done += 1
        if done == last:
            os._exit(9)

    register_optimizer_step_post_hook(count)


if __name__ == "__main__":
    stop_after(int(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    main()
