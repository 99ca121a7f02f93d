"""How kernels are compiled by numba, everywhere alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

njit: Callable[[_Function], _Function] = numba.njit(cache=True, error_model="numpy", nogil=True)
"""Compiles a kernel: cached on disk, x / 0 is infinite as in numpy, the interpreter's lock released while it runs."""
parallel_njit: Callable[[_Function], _Function] = numba.njit(cache=True, error_model="numpy", nogil=True, parallel=True)
"""The same, with `numba.prange` loops spread over threads."""
inlined_njit: Callable[[_Function], _Function] = numba.njit(
    cache=True, error_model="numpy", nogil=True, inline="always"
)
"""The same, written into its caller: for inner parts of a kernel that need many arrays, since handing over a tuple of
arrays costs more than such a part does."""
