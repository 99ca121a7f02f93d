"""Memory: how the C library keeps what tables leave behind when they grow or end."""

from __future__ import annotations

import ctypes

_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of glibc's malloc.h."""
_LARGE_BYTES = 4 << 20


def give_large_blocks_back() -> None:
    """Has freed blocks of 4 MiB and more leave the process at once; does nothing where the C library is not glibc.

    glibc raises that size to as much as 32 MiB once such blocks are freed, and what tables of tracks leave when they
    double then stays as holes: of 18 thousand balls in six streams some 1.1 KB each. A smaller size saves no more, and
    has the arrays of large batches mapped anew for each.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
