"""Library: the models that are here, by name and version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pathcast.errors import InputError, UnknownModelError
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.engine import Card, Engine
from pathcast.model.shelf import is_shelf, version_key

SHIPPED = Path(__file__).parent / "bundles"
"""Where the bundles that come with the package lie: name/version/."""


class Library:
    """Engines by name and version; the newest version is the one added last, until one is put in later.

    It may be read from any thread while another puts in and takes out: what it holds is exchanged as a whole.
    """

    def __init__(self, engines: Iterable[Engine]) -> None:
        self._engines: dict[str, dict[str, Engine]] = {}
        for engine in engines:
            self._engines.setdefault(engine.card.name, {})[engine.card.version] = engine

    def get(self, name: str, version: str | None = None) -> Engine:
        """The engine of that name and exact version, or of the newest.

        Raises:
            UnknownModelError: There is none.
        """
        versions = self._engines.get(name)
        if versions is None:
            raise UnknownModelError("model", f"one of {', '.join(sorted(self._engines))}", repr(name))
        if version is None:
            return list(versions.values())[-1]
        if version not in versions:
            raise UnknownModelError("version", f"one of {', '.join(versions)} of {name}", repr(version))
        return versions[version]

    def put(self, engine: Engine) -> None:
        """Adds an engine in the place that its version's number gives it among those of its name."""
        card, engines = engine.card, dict(self._engines)
        versions = {**engines.get(card.name, {}), card.version: engine}
        engines[card.name] = {version: versions[version] for version in sorted(versions, key=version_key)}
        self._engines = engines

    def remove(self, name: str, version: str) -> None:
        """Takes an engine out, for those who ask from now on."""
        left = {key: engine for key, engine in self._engines[name].items() if key != version}
        engines = {**self._engines, name: left}
        self._engines = {key: versions for key, versions in engines.items() if versions}

    def holds(self, name: str, version: str) -> bool:
        """Whether that version is here."""
        return version in self._engines.get(name, {})

    def cards(self) -> list[Card]:
        """What is here, by name, then version, oldest first."""
        engines = self._engines
        return [engine.card for name in sorted(engines) for engine in engines[name].values()]


def baseline_engines() -> list[Engine]:
    """The engines that need no bundle."""
    return [ConstantVelocityEngine(2), ConstantVelocityEngine(3)]


def shipped_bundles() -> list[Path]:
    """The folders of the bundles that come with the package, by name, then version, oldest first."""
    return bundles_within(SHIPPED)


def bundles_within(directory: Path) -> list[Path]:
    """The folders of the bundles in a directory, `NAME/VERSION/`, by name, then version, oldest first."""
    folders = [path.parent for path in directory.glob("*/*/config.json")]
    return sorted(folders, key=lambda folder: (folder.parent.name, version_key(folder.name)))


def load_engine(model: str, version: str | None = None) -> Engine:
    """One engine: a baseline or shipped bundle by name, or a bundle by its folder's path.

    Raises:
        UnknownModelError: No such model is here.
        BundleError: It is incomplete or altered.
    """
    library = load_library([model])
    return library.get(library.cards()[0].name, version)


def load_library(models: Iterable[str] | None = None) -> Library:
    """The library of the named models, or of everything that ships, baselines included.

    Args:
        models: Names, folders of bundles, or directories that hold such by name and version.

    Raises:
        UnknownModelError: No such model is here.
        InputError: Two of them are of the same name and version, so that one would hide the other.
        BundleError: One is incomplete or altered.
    """
    from pathcast.model.bundle.engine import load_bundle

    baselines = {engine.card.name: [engine] for engine in baseline_engines()}
    bundles: dict[str, list[Path]] = {}
    for folder in shipped_bundles():
        bundles.setdefault(folder.parent.name, []).append(folder)
    engines: list[Engine] = []
    for model in [*baselines, *bundles] if models is None else models:
        if model in baselines:
            engines += baselines[model]
        elif model in bundles:
            engines += [load_bundle(folder) for folder in bundles[model]]
        elif is_shelf(Path(model)):
            engines += [load_bundle(folder) for folder in bundles_within(Path(model))]
        elif "/" in model or Path(model).is_dir():
            engines.append(load_bundle(Path(model)))
        else:
            known = ", ".join(sorted([*baselines, *bundles]))
            raise UnknownModelError("model", f"one of {known}, or a bundle's folder", repr(model))
    for (name, version), times in Counter((each.card.name, each.card.version) for each in engines).items():
        if times > 1:
            raise InputError("models", "each name and version once", f"{name} {version} {times} times")
    return Library(engines)
