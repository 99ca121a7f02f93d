"""From what the decoder says at its knots, in the track's own frame and unit, to metres in the world.

Between knots everything is interpolated linearly, and is constant before the first: it is in units that already grow
with the offset (`Base.unit`), so a path starts at the newest observation whatever stands at the first knot.

A Gaussian's spread is written as in `pathcast.model.network.spread`: the lower factor of its covariance is
diag(exp(a)) (I + B), B strictly lower; a first, then B by rows. All in single precision but for the last sum, which
adds a path to where the track is.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from pathcast.model.frontends import Base

MIN_LOG, MAX_LOG, MAX_MIX = -7.0, 4.0, 6.0


def place(
    order: Int[np.ndarray, "track mode"],
    paths: Float[np.ndarray, "track mode knot axis"],
    spreads: Float[np.ndarray, "track mode knot spread"],
    knots: Float[np.ndarray, " knot"],
    spread_scale: Float[np.ndarray, " knot"],
    offsets: Float[np.ndarray, "track time"],
    base: Base,
    heading: Float[np.ndarray, "track two"],
) -> tuple[Float[np.ndarray, "track mode time axis"], Float[np.ndarray, "track mode time triangle"]]:
    """Means (m) and packed covariances (m²) in the world's axes, float32.

    Args:
        order: The modes in the order in which they are wanted.
        paths: In the track's frame and unit. float32.
        spreads: Likewise. float32.
        knots: Seconds, increasing.
        spread_scale: What standard deviations are multiplied by, at each knot.
        offsets: Seconds, increasing along each row, at most the last knot.
        base: At those offsets.
        heading: Cosine and sine.
    """
    tracks = np.arange(len(order))[:, None]
    said = np.concatenate([paths, spreads], axis=3)[tracks, order]
    said, scale = _at_offsets(said, spread_scale.astype(np.float32), knots, offsets)
    unit = base.unit.astype(np.float32)[:, None]
    cosine, sine = (heading[:, part].astype(np.float32)[:, None, None] for part in range(2))
    num_axes = paths.shape[3]
    means = np.empty((*said.shape[:3], num_axes), np.float32)
    ahead, aside = said[..., 0] * unit, said[..., 1] * unit
    means[..., 0] = base.path[:, None, :, 0] + (cosine * ahead - sine * aside)
    means[..., 1] = base.path[:, None, :, 1] + (sine * ahead + cosine * aside)
    if num_axes == 3:
        means[..., 2] = base.path[:, None, :, 2] + said[..., 2] * unit
    return means, _covariances(said[..., num_axes:], unit * scale[:, None], cosine, sine)


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
