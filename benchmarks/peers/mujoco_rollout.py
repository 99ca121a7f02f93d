"""MuJoCo's rollout of the throws of `ball_simulation.py`, in the venv of `make bench-tools`; not run by hand.

Reads an npz of throws, then a line on standard input for each round; answers each with a line of JSON. Each throw is a
model of its own (MuJoCo keeps coefficients in the model): a sphere on a free joint over a plane, in a fluid. MuJoCo's
ellipsoid drag has no factor 1/2, so its blunt coefficient is Cd / 2; its added mass, which cannot be switched off,
takes rho V / 2 w x v from the lift, so its Magnus coefficient is the wanted one + 1/2. Contact is its own soft one.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import perf_counter, process_time

import mujoco
import numpy as np
from mujoco import rollout

MODEL = """
<mujoco>
  <option timestep="{timestep}" gravity="0 0 {gravity}" density="{density}" viscosity="0" integrator="{integrator}"/>
  <worldbody>
    <geom type="plane" size="0 0 1" pos="0 0 {floor}" friction="{friction} 0 0" condim="3" solref="0.02 0.075"/>
    <body>
      <freejoint/>
      <geom type="sphere" size="{radius}" mass="{mass}" friction="{friction} 0 0" condim="3" solref="0.02 0.075"
            fluidshape="ellipsoid" fluidcoef="{blunt} 0 0 0 {magnus}"/>
      <inertial pos="0 0 0" mass="{mass}" diaginertia="{inertia} {inertia} {inertia}"/>
    </body>
  </worldbody>
</mujoco>
"""


def model_of(row: dict[str, float], timestep: float, integrator: str) -> mujoco.MjModel:
    """One throw's world. `drag` is k in 1/m, `lift` is c, as of pathcast's parameter rows."""
    volume = 4 / 3 * np.pi * row["radius"] ** 3
    return mujoco.MjModel.from_xml_string(
        MODEL.format(
            timestep=timestep,
            integrator=integrator,
            gravity=-row["gravity"],
            density=row["density"],
            floor=row["floor"],
            friction=row["friction"],
            radius=row["radius"],
            mass=row["mass"],
            inertia=row["inertia"] * row["mass"] * row["radius"] ** 2,
            blunt=row["drag"] * row["mass"] / (row["density"] * np.pi * row["radius"] ** 2),
            magnus=row["lift"] * row["mass"] / (row["density"] * volume) + 0.5,
        )
    )


def main() -> None:
    given = np.load(sys.argv[1], allow_pickle=False)
    rows = [dict(zip(given["names"].tolist(), values, strict=True)) for values in given["rows"].tolist()]
    states, rate, num_samples = given["states"], float(given["rate_hz"]), int(given["num_samples"])
    every = round(rate / float(given["sample_hz"]))
    models = [model_of(row, 1.0 / rate, str(given["integrator"])) for row in rows]
    data = mujoco.MjData(models[0])
    kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
    initial = np.zeros((len(rows), mujoco.mj_stateSize(models[0], kind)))
    initial[:, 1:4] = states[:, :3]
    initial[:, 4] = 1.0
    initial[:, 8:11] = states[:, 3:6]
    initial[:, 11:14] = states[:, 6:9]
    found = np.empty((len(rows), every * num_samples, initial.shape[1]))
    print(json.dumps({"mujoco": version("mujoco"), "numpy": version("numpy")}), flush=True)
    for line in sys.stdin:
        wall, cpu = perf_counter(), process_time()
        rollout.rollout(models, data, initial, nstep=found.shape[1], state=found)
        taken = {"wall_s": perf_counter() - wall, "cpu_s": process_time() - cpu, "throws": len(rows)}
        if line.strip():
            np.save(line.strip(), found[:, every - 1 :: every, 1:4])
        print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    main()
