"""Options of showing: a page or playback files in place of printed lines."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pathcast.errors import InputError, ServiceError

if TYPE_CHECKING:
    from pathcast.live.page.library import Entry
    from pathcast.live.page.scenes import ShownScene
    from pathcast.live.page.show import Source
    from pathcast.service.client.credentials import Credentials
    from pathcast.tracks import Tracks

_Result = TypeVar("_Result")
_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """Where the page listens."""

    host: str = "127.0.0.1"
    port: int = 0
    host_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Showing:
    """What is made of forecasts beside lines, and of which simulated scenes."""

    is_page: bool = False
    gif: Path | None = None
    html: Path | None = None
    scenario: str | None = None
    num_scenes: int = 1
    seed: int = 1

    @property
    def is_wanted(self) -> bool:
        """Whether anything is shown at all, so that nothing is printed."""
        return self.is_page or self.gif is not None or self.html is not None


def page_options(verb: Callable[..., _Result]) -> Callable[..., _Result]:
    """Gives a verb the options of where the page listens, as its argument `page`."""

    @wraps(verb)
    def with_page(*arguments: Any, host: str, port: int, host_name: tuple[str, ...], **options: Any) -> _Result:
        return verb(*arguments, page=PageOptions(host=host, port=port, host_names=host_name), **options)

    for decorate in (
        click.option(
            "--host-name",
            multiple=True,
            metavar="NAME",
            help="By which browsers may ask for the page, beside addresses; repeatable.",
        ),
        click.option(
            "--port",
            default=0,
            show_default=True,
            type=click.IntRange(0, 65535),
            help="Port of the page; 0 takes a free one.",
        ),
        click.option(
            "--host",
            default="127.0.0.1",
            show_default=True,
            help="Address at which the page listens; 0.0.0.0 lets other machines look.",
        ),
    ):
        with_page = decorate(with_page)
    return with_page


def showing_options(verb: Callable[..., _Result]) -> Callable[..., _Result]:
    """Gives a verb the options of what is shown, as its argument `showing`."""

    @wraps(verb)
    def with_showing(
        *arguments: Any,
        web: bool,
        gif: Path | None,
        html: Path | None,
        scenario: str | None,
        scenes: int,
        seed: int,
        **options: Any,
    ) -> _Result:
        showing = Showing(is_page=web, gif=gif, html=html, scenario=scenario, num_scenes=scenes, seed=seed)
        return verb(*arguments, showing=showing, **options)

    for decorate in (
        click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**63 - 1), help="Of --scenario."),
        click.option(
            "--scenes",
            default=1,
            show_default=True,
            type=click.IntRange(1, 20),
            help="Scenes in --gif and --html, the first.",
        ),
        click.option(
            "--scenario", metavar="NAME", help="Simulated scenes in place of FILE, such as three-pointer or plaza."
        ),
        click.option(
            "--html",
            type=_FILE,
            metavar="FILE",
            help="Write the page with all answers in one file that needs no server.",
        ),
        click.option("--gif", type=_FILE, metavar="FILE", help="Write a moving picture."),
        click.option("--web", is_flag=True, help="Show it on a page in the browser, beside scenarios to choose from."),
    ):
        with_showing = decorate(with_showing)
    return with_showing


@dataclass(frozen=True)
class Asked:
    """Which server is asked for what."""

    server: str | None
    credentials: Credentials
    model: str | None
    options: dict[str, Any]


@contextmanager
def asked_server(server: str | None, model: str | None) -> Iterator[tuple[str, str | None]]:
    """The address to ask, of the server that is named or of one started for as long as the block lasts, and the model.

    Args:
        server: HOST:PORT; None: one of its own.
        model: Its name, or without a server a bundle's folder, which alone is then served.
    """
    if server is not None:
        yield server, model
        return
    from pathcast.service.client import LocalServer

    is_folder = model is not None and Path(model).is_dir()
    with LocalServer([model] if model is not None and is_folder else ()) as local:
        yield local.address, None if is_folder else model


def refuse_unshown(**given: bool) -> None:
    """Refuses options of printed lines beside those of pages and files."""
    for name, is_given in given.items():
        if is_given:
            raise click.UsageError(f"--{name} goes with printed forecasts, not with --web, --gif or --html.")


def show(
    asked: Asked, files: Sequence[str], showing: Showing, page: PageOptions, read: Callable[[str], Tracks]
) -> None:
    """Shows files and scenarios as wished.

    Raises:
        PathcastError: Something is not there, cannot be written, or as the server answers.
    """
    from pathcast.live.page.library import file_entries, simulated_entries
    from pathcast.live.page.show import Source

    recorded = list(file_entries([Path(file) for file in files], read))
    if showing.is_page:
        check_installed()
    elif not files and showing.scenario is None:
        raise click.UsageError("expected a FILE or --scenario to make --gif or --html of.")
    simulated = list(simulated_entries())
    if showing.scenario is not None:
        from pathcast.live.playing import scenario_named

        chosen = f"scenario/{scenario_named(showing.scenario).name}"
        simulated.sort(key=lambda entry: entry.key != chosen)
    with asked_server(asked.server, asked.model) as (address, model):
        source = Source(address, asked.credentials, model, asked.options)
        if showing.gif is not None or showing.html is not None:
            entries = recorded if showing.scenario is None else simulated[:1]
            write_playback(source, chain.from_iterable(entry.scenes(showing.seed) for entry in entries), showing)
        if showing.is_page:
            show_page(source, [*recorded, *simulated] if showing.scenario is None else [*simulated, *recorded], page)


def check_installed() -> None:
    """Refuses where what the page needs is not there.

    Raises:
        ServiceError: As said.
    """
    missing = [name for name in ("starlette", "uvicorn", "websockets") if find_spec(name) is None]
    if missing:
        raise ServiceError(f"the page needs {', '.join(missing)}: pip install 'pathcast[web]'")


def show_page(source: Source, entries: Iterable[Entry], page: PageOptions) -> None:
    """Serves the page until it is stopped; its address is printed on standard output.

    Raises:
        ServiceError: A package that it needs is not installed, or the port is taken.
    """
    check_installed()
    from pathcast.live.page.application import application
    from pathcast.live.page.library import Library
    from pathcast.live.page.serving import listen, serve_page

    with ExitStack() as stack:
        held = stack.enter_context(listen(page.host, page.port))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pathcast-page-")))
        library = Library(entries, folder)
        serve_page(
            application(library, source, page.host_names),
            held,
            lambda address: click.echo(f"watch at {address}"),
        )


def write_playback(source: Source, scenes: Iterable[ShownScene], showing: Showing) -> None:
    """Writes the files that were asked for.

    Raises:
        InputError: A file cannot be written, or matplotlib, which the GIF needs, is not installed.
    """
    from pathcast.live.page.show import recorded

    if showing.gif is not None and (find_spec("matplotlib") is None or find_spec("PIL") is None):
        raise InputError("--gif", "matplotlib, as of pip install 'pathcast[train]'", "none")
    chosen = list(islice(scenes, showing.num_scenes))
    records = [list(recorded(source, scene, number)) for number, scene in enumerate(chosen, 1)]
    if showing.html is not None:
        from pathcast.live.page.playback import write_html

        write_html([record for each in records for record in each], showing.html)
    if showing.gif is not None:
        from pathcast.live.forecast_animation import animate_forecasts

        animate_forecasts(chosen, records, showing.gif)
    for path in (showing.html, showing.gif):
        if path is not None:
            click.echo(f"wrote {path}", err=True)
