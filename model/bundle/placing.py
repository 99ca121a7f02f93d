"""From what the decoder says at its knots, in the track's own frame and unit, to metres in the world.

Between knots everything is interpolated linearly, and is constant before the first: it is in units that already grow
with the offset (`Base.unit`), so a path starts at the newest observation whatever stands at the first knot.

A Gaussian's spread is written as in `pathcast.model.network.spread`: the lower factor of its covariance is
diag(exp(a)) (I + B), B strictly lower; a first, then B by rows. All in single precision but for the last sum, which
adds a path to where the track is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends import Base

MIN_LOG, MAX_LOG, MAX_MIX = -7.0, 4.0, 6.0


@dataclass(frozen=True, eq=False)
class Said:
    """What the decoder said of the modes at its knots, in each track's frame and unit."""

    paths: Float[np.ndarray, "track mode knot axis"]
    """float32."""
    spreads: Float[np.ndarray, "track mode knot spread"]
    """float32."""
    knots: Float[np.ndarray, " knot"]
    """Seconds, increasing."""
    spread_scale: Float[np.ndarray, "*track knot"]
    """What standard deviations are multiplied by; each track's own only for `placing_kernel`."""


def rank(
    logits: Float[np.ndarray, "track mode"], temperature: float
) -> tuple[Float[np.ndarray, "track mode"], Int[np.ndarray, "track mode"]]:
    """Probabilities, falling, and the modes in that order."""
    shifted = np.exp((logits.astype(np.float64) - logits.max(axis=1, keepdims=True)) / temperature)
    order = (-shifted).argsort(axis=1, kind="stable")
    ranked = shifted[np.arange(len(order))[:, None], order]
    return (ranked / ranked.sum(axis=1, keepdims=True)).astype(np.float32), order


def place(
    order: Int[np.ndarray, "track mode"],
    said: Said,
    offsets: Float[np.ndarray, "track time"],
    base: Base,
    heading: Float[np.ndarray, "track two"],
) -> tuple[Float[np.ndarray, "track mode time axis"], Float[np.ndarray, "track mode time triangle"]]:
    """Means (m) and packed covariances (m²) in the world's axes, float32.

    Args:
        order: The modes in the order in which they are wanted.
        said: What the decoder said.
        offsets: Seconds, increasing along each row, at most the last knot.
        base: At those offsets.
        heading: Cosine and sine.
    """
    tracks = np.arange(len(order))[:, None]
    numbers = np.concatenate([said.paths, said.spreads], axis=3)[tracks, order]
    numbers, scale = _at_offsets(numbers, said.spread_scale.astype(np.float32), said.knots, offsets)
    num_axes = said.paths.shape[3]
    unit = base.unit.astype(np.float32)[:, None]
    cosine, sine = _turn(heading)
    means = _in_world(numbers[..., :num_axes], base, unit, cosine, sine)
    return means, _covariances(numbers[..., num_axes:], unit * scale[:, None], cosine, sine)


def place_path(
    path: Float[np.ndarray, "track knot axis"],
    knots: Float[np.ndarray, " knot"],
    offsets: Float[np.ndarray, "track time"],
    base: Base,
    heading: Float[np.ndarray, "track two"],
) -> Float[np.ndarray, "track time axis"]:
    """One path of each track in the world's axes, metres, float32; arguments as of `place`."""
    numbers, _ = _at_offsets(path[:, None], np.ones(len(knots), np.float32), knots, offsets)
    return _in_world(numbers, base, base.unit.astype(np.float32)[:, None], *_turn(heading))[:, 0]


def _turn(heading: Float[np.ndarray, "track two"]) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine. Shape: [track, 1, 1]."""
    return heading[:, 0].astype(np.float32)[:, None, None], heading[:, 1].astype(np.float32)[:, None, None]


def _in_world(
    paths: Float[np.ndarray, "track mode time axis"],
    base: Base,
    unit: Float[np.ndarray, "track 1 time"],
    cosine: Float[np.ndarray, "track 1 1"],
    sine: Float[np.ndarray, "track 1 1"],
) -> Float[np.ndarray, "track mode time axis"]:
    """Metres in the world's axes."""
    means = np.empty(paths.shape, np.float32)
    ahead, aside = paths[..., 0] * unit, paths[..., 1] * unit
    means[..., 0] = base.path[:, None, :, 0] + (cosine * ahead - sine * aside)
    means[..., 1] = base.path[:, None, :, 1] + (sine * ahead + cosine * aside)
    if paths.shape[3] == 3:
        means[..., 2] = base.path[:, None, :, 2] + paths[..., 2] * unit
    return means


def _at_offsets(
    said: Float[np.ndarray, "track mode knot value"],
    spread_scale: Float[np.ndarray, " knot"],
    knots: Float[np.ndarray, " knot"],
    offsets: Float[np.ndarray, "track time"],
) -> tuple[Float[np.ndarray, "track mode time value"], Float[np.ndarray, "#track time"]]:
    """What was said at the knots and the scale of spreads, both at the offsets."""
    is_same = bool((offsets == offsets[:1]).all())
    asked = offsets[:1] if is_same else offsets
    place = np.interp(asked, knots, np.arange(len(knots), dtype=np.float64))
    low = np.minimum(place.astype(np.int64), len(knots) - 2)
    share = (place - low).astype(np.float32)
    scale = spread_scale[low] * (1 - share) + spread_scale[low + 1] * share
    if is_same:
        along = share[0][:, None]
        if not along.any():
            return said[:, :, low[0]], scale
        return said[:, :, low[0]] * (1 - along) + said[:, :, low[0] + 1] * along, scale
    at, along = low[:, None, :, None], share[:, None, :, None]
    below, above = np.take_along_axis(said, at, axis=2), np.take_along_axis(said, at + 1, axis=2)
    return below * (1 - along) + above * along, scale


def _covariances(
    spreads: Float[np.ndarray, "track mode time spread"],
    scale: Float[np.ndarray, "#track #mode time"],
    cosine: Float[np.ndarray, "track 1 1"],
    sine: Float[np.ndarray, "track 1 1"],
) -> Float[np.ndarray, "track mode time spread"]:
    """Packed covariances in the world's axes: L Lᵀ, multiplied out and turned about the vertical."""
    num_axes = 2 if spreads.shape[3] == 3 else 3
    length = np.exp(np.clip(spreads[..., :num_axes], MIN_LOG, MAX_LOG)) * scale[..., None]
    mix = np.clip(spreads[..., num_axes:], -MAX_MIX, MAX_MIX)
    xx = length[..., 0] ** 2
    xy = length[..., 0] * length[..., 1] * mix[..., 0]
    yy = length[..., 1] ** 2 * (1 + mix[..., 0] ** 2)
    packed = np.empty_like(spreads)
    last = 2 if num_axes == 2 else 3  # where yy stands
    cc, ss, cs = cosine * cosine, sine * sine, cosine * sine
    packed[..., 0] = cc * xx - 2 * cs * xy + ss * yy
    packed[..., 1] = cs * (xx - yy) + (cc - ss) * xy
    packed[..., last] = ss * xx + 2 * cs * xy + cc * yy
    if num_axes == 3:
        xz = length[..., 0] * length[..., 2] * mix[..., 1]
        yz = length[..., 1] * length[..., 2] * (mix[..., 0] * mix[..., 1] + mix[..., 2])
        packed[..., 2] = cosine * xz - sine * yz
        packed[..., 4] = sine * xz + cosine * yz
        packed[..., 5] = length[..., 2] ** 2 * (1 + mix[..., 1] ** 2 + mix[..., 2] ** 2)
    return packed
