"""Library: the models that are here, by name and version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pathcast.errors import InputError, UnknownModelError
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.engine import Card, Engine

SHIPPED = Path(__file__).parent / "bundles"
"""Where the bundles that come with the package lie: name/version/."""


class Library:
    """Engines by name and version; the newest version is the one added last."""

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

    def cards(self) -> list[Card]:
        """What is here, by name, then version, oldest first."""
        return [engine.card for name in sorted(self._engines) for engine in self._engines[name].values()]


def baseline_engines() -> list[Engine]:
    """The engines that need no bundle."""
    return [ConstantVelocityEngine(2), ConstantVelocityEngine(3)]


def shipped_bundles() -> list[Path]:
    """The folders of the bundles that come with the package, by name, then version, oldest first."""
    folders = [path.parent for path in SHIPPED.glob("*/*/config.json")]
    return sorted(folders, key=lambda folder: (folder.parent.name, _version_key(folder.name)))


def _version_key(version: str) -> list[tuple[int, str]]:
    """Orders 10 after 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in version.replace("-", ".").split(".")]


def load_engine(model: str, version: str | None = None) -> Engine:
    """One engine: a baseline or shipped bundle by name, or a bundle by its folder's path.

    Raises:
        UnknownModelError: No such model is here.
        BundleError: It is incomplete or altered.
    """
    library = load_library([model])
    return library.get(library.cards()[0].name, version)


def load_library(models: Iterable[str] | None = None) -> Library:
    """The library of the named models (names or bundle folders), or of everything that ships, baselines included.

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
        elif "/" in model or Path(model).is_dir():
            engines.append(load_bundle(Path(model)))
        else:
            known = ", ".join(sorted([*baselines, *bundles]))
            raise UnknownModelError("model", f"one of {known}, or a bundle's folder", repr(model))
    for (name, version), times in Counter((each.card.name, each.card.version) for each in engines).items():
        if times > 1:
            raise InputError("models", "each name and version once", f"{name} {version} {times} times")
    return Library(engines)
