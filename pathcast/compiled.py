"""How kernels are compiled by numba, everywhere alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.core import types
from numba.extending import intrinsic

_Function = TypeVar("_Function", bound=Callable[..., Any])

njit: Callable[[_Function], _Function] = numba.njit(cache=True, error_model="numpy", nogil=True)
"""Compiles a kernel: cached on disk, x / 0 is infinite as in numpy, the interpreter's lock released while it runs."""
parallel_njit: Callable[[_Function], _Function] = numba.njit(cache=True, error_model="numpy", nogil=True, parallel=True)
"""The same, with `numba.prange` loops spread over threads."""
inlined: Callable[[_Function], _Function] = numba.njit(cache=True, error_model="numpy", nogil=True, forceinline=True)
"""The same as `njit`, but put into its callers, so that a loop over it can become one of vector instructions."""


@intrinsic  # type: ignore[untyped-decorator]
def uncounted(typing_context: Any, array: types.Array) -> Any:
    """In a kernel: the same array without the count of its references, which cost more than a loop's own work.

    Somebody else must hold the array as long, as a caller does that hands it in.
    """

    def view(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = context.make_array(array)(context, builder, arguments[0])
        found.meminfo = found.meminfo.type(None)
        return found._getvalue()

    return array(array), view


inlined_njit: Callable[[_Function], _Function] = numba.njit(
    cache=True, error_model="numpy", nogil=True, inline="always"
)
"""The same, written into its caller: for inner parts of a kernel that need many arrays, since handing over a tuple of
arrays costs more than such a part does."""
