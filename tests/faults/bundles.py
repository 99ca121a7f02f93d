"""Bundles that come half, are replaced, or go, while the server looks at them and streams are open."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from log import Log
from rig import Rig
from scene import walk

from pathcast.errors import UnknownModelError
from pathcast.model.library import SHIPPED
from pathcast.service.client import Client, Forecasts

SOURCE = SHIPPED / "pedestrian" / "1"
NEEDED = ["config.json", "encode.onnx", "forecast.onnx", "goals.onnx"]
"""What a server reads; without the other files a bundle is whole."""
TOGETHER = 10
"""Bundles to which the same happens at once: what is copied has to settle first, which takes seconds."""
HOLD_S = 5.0
"""Longer than files take to settle and to be looked at."""
PATIENCE_S = 60.0
_PACE_S = 0.2
_FRAMES = walk(3, 2000)


class Case:
    """A bundle, an open stream of its first version, and what their client saw."""

    def __init__(self, name: str, directory: Path, client: Client, expected: list[Forecasts]) -> None:
        self.name = name
        self.folder = directory / name
        self.log = Log()
        self._client = client
        self._expected = expected
        self._stream = client.stream(name, version="1")
        self._replies = iter(self._stream)

    def step(self) -> None:
        """One more frame of the open stream."""
        number = len(self.log.sent)
        self.log.send(number, _FRAMES[number][1])
        self._stream.send(number, *_FRAMES[number])
        self.log.got(next(self._replies), self._expected)

    def try_anew(self, version: str) -> None:
        """A new stream of a version is answered as it should be."""
        with self._client.stream(self.name, version=version) as stream:
            self.log.expect(stream.opened.model.version == version, f"{stream.opened.model.version}, not {version}")
            beside = Log()
            for number, answer in enumerate(stream.forecasts(_FRAMES[:5])):
                beside.send(number, [])
                beside.got(answer, self._expected)
        self.log.complaints += beside.complaints

    def expect_unknown(self, version: str) -> None:
        """A new stream of a version is not found."""
        try:
            self._client.stream(self.name, version=version).cancel()
        except UnknownModelError:
            return
        self.log.complaints.append(f"version {version} was opened")

    def summary(self, version: str) -> str:
        """What a version says of itself."""
        return self._client.model(self.name, version).summary

    def close(self) -> None:
        """Ends the open stream."""
        self._stream.close()


class Cases:
    """Those to which the same happens at once."""

    def __init__(self, cases: list[Case], client: Client) -> None:
        self.cases = cases
        self._client = client
        self._pause = threading.Event()

    def hold(self, seconds: float, model_list: dict[str, list[str]] | None = None) -> None:
        """Goes on with all streams; the list of models must stay as it is given, if it is."""
        end = monotonic() + seconds
        while monotonic() < end:
            self._step()
            if model_list is not None:
                self._expect(model_list)

    def until(self, model_list: dict[str, list[str]]) -> None:
        """Goes on with all streams until the list of models is that one."""
        end = monotonic() + PATIENCE_S
        while monotonic() < end and any(self.versions()[name] != model_list[name] for name in model_list):
            self._step()
        self._expect(model_list)

    def close(self) -> None:
        """Ends all streams."""
        for case in self.cases:
            case.close()

    def versions(self) -> dict[str, list[str]]:
        """Of every name."""
        models = self._client.models()
        return {case.name: [each.version for each in models if each.name == case.name] for case in self.cases}

    def _expect(self, model_list: dict[str, list[str]]) -> None:
        found = self.versions()
        for case in self.cases:
            wanted = model_list[case.name]
            case.log.expect(found[case.name] == wanted, f"versions {found[case.name]}, not {wanted}")

    def _step(self) -> None:
        for case in self.cases:
            case.step()
        self._pause.wait(_PACE_S)


def write(folder: Path, name: str, version: str, summary: str = "Walkers") -> None:
    """The bundle that ships under another name."""
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    config = json.loads((SOURCE / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"name": name, "version": version, "summary": summary}))


def bundle_half_copied(rig: Rig, times: int) -> Iterator[Log]:
    """Part of a new version, for longer than files take to settle: not listed, then whole and served."""
    yield from _happen(rig, times, _half_copy)


def bundle_replaced(rig: Rig, times: int) -> Iterator[Log]:
    """Other content under a version that is served: refused, and the old one is kept."""
    yield from _happen(rig, times, _replace)


def bundle_deleted(rig: Rig, times: int) -> Iterator[Log]:
    """A served version, or one that is just being taken in: not listed any more, and open streams keep theirs."""
    yield from _happen(rig, times, _delete)


def _happen(rig: Rig, times: int, happen: Callable[[Cases, Random], None]) -> Iterator[Log]:
    """The fault to every bundle of some, again and again on new ones."""
    expected = rig.expected("pedestrian", _FRAMES[:400])
    for first in range(0, times, TOGETHER):
        names = [f"walkers-{index}" for index in range(first, min(first + TOGETHER, times))]
        with TemporaryDirectory() as scratch:
            directory = Path(scratch) / "models"
            for name in names:
                write(directory / name / "1", name, "1")
            server = rig.serve(str(directory), "pedestrian", arguments=["--look-every", "0.2"])
            with rig.witness(server) as witness, Client(server.address) as client, rig.injection(server) as shared:
                cases = Cases([Case(name, directory, client, expected) for name in names], client)
                cases.hold(_PACE_S)
                happen(cases, Random(first))
                cases.hold(_PACE_S)
                witness.vouch(shared)
                cases.close()
            rig.end(server)
        for case in cases.cases:
            case.log.witnessed, case.log.longest_wait_s = shared.witnessed, shared.longest_wait_s
            case.log.complaints += shared.complaints
            yield case.log


def _half_copy(cases: Cases, random: Random) -> None:
    before = cases.versions()
    others = sorted(path.name for path in SOURCE.iterdir() if path.name not in NEEDED)
    for case in cases.cases:
        scratch = case.folder / ".whole"  # hidden folders are passed over
        write(scratch, case.name, "2")
        part = case.folder / "2"
        part.mkdir()
        needed = random.sample(NEEDED, random.randrange(1, len(NEEDED) + 1))
        for name in needed[:-1] + random.sample(others, random.randrange(len(others) + 1)):
            shutil.copy(scratch / name, part / name)
        content = (scratch / needed[-1]).read_bytes()
        (part / needed[-1]).write_bytes(content[: len(content) // 2])
    cases.hold(HOLD_S, before)
    for case in cases.cases:
        case.expect_unknown("2")
        shutil.copytree(case.folder / ".whole", case.folder / "2", dirs_exist_ok=True)
    cases.until({name: ["1", "2"] for name in before})
    for case in cases.cases:
        case.try_anew("2")


def _replace(cases: Cases, random: Random) -> None:
    before = cases.versions()
    for case in cases.cases:
        if random.random() < 0.5:
            shutil.rmtree(case.folder / "1")
        write(case.folder / "1", case.name, "1", summary="Others")
        damaged = case.folder / "1" / random.choice(["forecast.onnx", "encode.onnx", "README.md"])
        damaged.write_bytes(damaged.read_bytes()[::-1])
    cases.hold(HOLD_S, before)
    for case in cases.cases:
        case.log.expect(case.summary("1") == "Walkers", "another content was served")
        case.try_anew("1")


def _delete(cases: Cases, random: Random) -> None:
    """In turn the version that the open stream has, and a new one while it settles or is read."""
    before = cases.versions()
    for case in cases.cases[1::2]:
        write(case.folder / "2", case.name, "2")
    cases.hold(random.uniform(2.5, 4.0))
    for index, case in enumerate(cases.cases):
        shutil.rmtree(case.folder / ("2" if index % 2 else "1"))
    after = {case.name: before[case.name] if index % 2 else [] for index, case in enumerate(cases.cases)}
    cases.hold(HOLD_S)
    cases.until(after)
    for index, case in enumerate(cases.cases):
        case.expect_unknown("2" if index % 2 else "1")
