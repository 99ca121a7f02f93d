"""Writing: what a caller gives, as the contract's messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pathcast.errors import InputError
from pathcast.model.given import Given
from pathcast.model.goals import Goals, Places
from pathcast.model.regions import Areas, Regions
from pathcast.service.codec.given import write_given
from pathcast.service.codec.goals import write_goals
from pathcast.service.codec.regions import write_regions
from pathcast.v1 import forecast_pb2 as pb

Prefixes = Mapping[int, tuple[ArrayLike, ArrayLike]]
"""By track id: times in seconds [time] and positions in metres [time, axis]."""
_OUTPUTS = {name.removeprefix("OUTPUT_").lower(): value for name, value in pb.Output.items() if value}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a stream or a unary forecast may ask for beside the model; None and 0 stand for the model's own."""

    axes: int | None = None
    version: str | None = None
    allow_newer_version: bool = False
    origin: Sequence[float] | None = None
    """Metres in the caller's world, one number per axis."""
    offsets: Sequence[float] | None = None
    """Seconds."""
    horizon_s: float | None = None
    """Seconds; with `step_s` instead of `offsets`."""
    step_s: float | None = None
    num_modes: int = 0
    outputs: Sequence[str] = ()
    """Some of "means", "covariances", "regions", "goals", "outcomes", "surprise", "contacts" and "points" (one best
    path), as the model has them; empty: all but the last two."""
    goals: Places | None = None
    """Candidate destinations in the caller's world, for models that take goals: points or segments by name."""
    regions: Areas | None = None
    """Areas on the ground whose entry is asked for, in the caller's world: corners of simple polygons by name."""
    forecast_every: int = 0
    latency_budget_s: float | None = None
    """Seconds that a frame may wait at the server before its tracks are answered by a baseline (`Status.BASELINE`)."""
    coast_s: float | None = None
    noise_m: float | Sequence[float] | None = None
    """Standard deviation of observed positions, metres: one for all axes or one for each; for models with
    `Model.takes_noise`."""
    clock_s: float | None = None
    """Standard deviation of capture times, seconds; as `noise_m`."""
    radius_m: float | None = None
    """Of what moves, metres; for models with `Model.takes_object`."""
    mass_kg: float | None = None
    """Of what moves, kilograms; as `radius_m`."""
    level_m: float | None = None
    """Height of a level floor that stands for everything solid, in place of the model's venue; minus infinity: nothing
    is solid. As `radius_m`."""

    def given(self, axes: int) -> Given:
        """What is known of sensor and object.

        Raises:
            InputError: As of `Given`, or noise of other axes.
        """
        noise = None if self.noise_m is None else np.asarray(self.noise_m, np.float64).ravel().tolist()
        given = Given(
            noise_m=None if noise is None else tuple(noise),
            clock_s=self.clock_s,
            radius_m=self.radius_m,
            level_m=self.level_m,
            mass_kg=self.mass_kg,
        )
        given.deviations(axes)
        return given


def write_open(model: str, options: Options, axes: int) -> pb.Open:
    """What a stream, or a unary request, asks for.

    Raises:
        InputError: An output of another name, an origin of other axes, a horizon without a step, goals as of
            `Goals.of`, regions as of `Regions.of`, or sensor and object as of `Given`.
    """
    message = pb.Open(
        model=model,
        version=options.version,
        axes=axes,
        num_modes=options.num_modes,
        forecast_every=options.forecast_every,
        latency_budget_s=options.latency_budget_s,
        coast_s=options.coast_s,
        allow_newer_version=options.allow_newer_version,
    )
    for name in options.outputs:
        if name not in _OUTPUTS:
            raise InputError("outputs", f"some of {', '.join(_OUTPUTS)}", repr(name))
        message.outputs.append(_OUTPUTS[name])
    if options.goals:
        message.goals.extend(write_goals(Goals.of(options.goals, options.origin or (0.0, 0.0))))
    if options.regions:
        message.regions.extend(write_regions(Regions.of(options.regions, options.origin or (0.0, 0.0))))
    write_given(options.given(axes).seen_from(() if options.origin is None else options.origin), message)
    if options.origin is not None:
        if len(options.origin) != axes:
            raise InputError("origin", f"{axes} numbers", str(len(options.origin)))
        message.origin.CopyFrom(pb.Origin(**dict(zip("xyz", map(float, options.origin), strict=False))))
    if options.offsets is not None:
        message.offsets.seconds.extend(options.offsets)
    elif options.horizon_s is not None:
        if options.step_s is None:
            raise InputError("step_s", "seconds, with horizon_s", "none")
        message.horizon.CopyFrom(pb.Horizon(horizon_s=options.horizon_s, step_s=options.step_s))
    return message


def write_frame(frame_number: int, time: float, ids: ArrayLike, positions: ArrayLike, opening: pb.Open) -> pb.Frame:
    """What was seen at one instant, positions from the stream's origin.

    Raises:
        InputError: As of `read_ids`.
    """
    return pb.Frame(
        frame_number=frame_number,
        capture_time_s=time,
        track_ids=read_ids(ids),
        positions=narrow(positions, opening).tolist(),
    )


def write_update(goals: Places | None, regions: Areas | None, opening: pb.Open) -> pb.Update:
    """Goals and regions that replace those in force; None: as they are.

    Raises:
        InputError: As of `Goals.of` and `Regions.of`.
    """
    origin = (opening.origin.x, opening.origin.y)
    update = pb.Update()
    if goals is not None:
        update.goals.CopyFrom(pb.GoalList(goals=write_goals(Goals.of(goals, origin))))
    if regions is not None:
        update.regions.CopyFrom(pb.RegionList(regions=write_regions(Regions.of(regions, origin))))
    return update


def write_prefixes(prefixes: Prefixes, opening: pb.Open) -> list[pb.Prefix]:
    """Whole prefixes, positions from the stream's origin."""
    return [
        pb.Prefix(
            track_id=track_id,
            times_s=np.asarray(times, np.float64).tolist(),
            positions=narrow(positions, opening).tolist(),
        )
        for track_id, (times, positions) in prefixes.items()
    ]


def read_ids(ids: ArrayLike) -> list[int]:
    """Track ids.

    Raises:
        InputError: They are not whole numbers from 0.
    """
    array = np.asarray(ids)
    if array.size and array.dtype.kind not in "iu":
        raise InputError("ids", "whole numbers from 0", f"{array.dtype}")
    if array.dtype.kind == "i" and (array < 0).any():
        raise InputError("ids", "whole numbers from 0", f"{array.min()}")
    return [int(each) for each in array.ravel()]


def narrow(positions: ArrayLike, opening: pb.Open) -> NDArray[np.float32]:
    """Positions from the origin, flat: subtracted in double precision, then narrowed."""
    array = np.asarray(positions, np.float64).reshape(-1)
    axes = opening.axes
    if array.size % max(axes, 1) == 0 and axes in (2, 3):
        origin = np.array((opening.origin.x, opening.origin.y, opening.origin.z)[:axes])
        array = (array.reshape(-1, axes) - origin).reshape(-1)
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
