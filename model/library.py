"""Library: the models that are here, by name and version."""

from __future__ import annotations

from collections.abc import Iterable

from pathcast.errors import UnknownModelError
from pathcast.model.constant_velocity import ConstantVelocityEngine
from pathcast.model.engine import Card, Engine


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


def load_engine(model: str, version: str | None = None) -> Engine:
    """One engine: a baseline or shipped bundle by name, or a bundle by its folder's path.

    Raises:
        UnknownModelError: No such model is here.
        BundleError: It is incomplete or altered.
    """
    return load_library([model]).get(model, version)


def load_library(models: Iterable[str] | None = None) -> Library:
    """The library of the named models (names or bundle folders), or of everything that ships, baselines included.

    Raises:
        UnknownModelError: No such model is here.
        BundleError: One is incomplete or altered.
    """
    wanted = None if models is None else list(models)
    engines = [engine for engine in baseline_engines() if wanted is None or engine.card.name in wanted]
    library = Library(engines)
    for name in wanted or ():
        library.get(name)
    return library
