"""`pathcast serve`: a server in this process, or in several on one port."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pathcast.cli.protection import protection_options
from pathcast.errors import InputError


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that share the port; each counts limits for itself, and has a page of metrics, from that port on.",
)
@click.option(
    "--models",
    multiple=True,
    metavar="NAME_OR_DIR",
    help="Model to serve: its name, its bundle's folder, or a directory of bundles, NAME/VERSION/, which is watched. "
    "Again for more; default: all that ship.",
)
@click.option(
    "--look-every",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="How often directories of bundles are looked at for what is new or gone; 0: at the start alone.",
)
@click.option(
    "--record",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write every stream's observations and forecasts there; clients are told.",
)
@click.option(
    "--grace",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Time that open streams have when the server is told to stop.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Port of a page of metrics for Prometheus; 0 takes a free one; default: none.",
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address of that page.")
@click.option(
    "--score-every",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="How often a stream's forecasts are kept and scored once their truth has arrived; 0: never.",
)
@click.option(
    "--snapshot-every",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="How often a stream that goes on is sent its state, to resume from elsewhere; 0: never.",
)
@click.option(
    "--idle-stream",
    default=1800.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="End streams on which nothing came in for so long; 0: never.",
)
@click.option(
    "--keepalive",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Ping silent connections so often, and end those that do not answer; 0: never.",
)
@click.option(
    "--keepalive-timeout",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    help="How long a ping may stay unanswered.",
)
@click.option(
    "--connection-age",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Send clients of older connections elsewhere, to spread them over replicas; 0: any age.",
)
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    help="Port that answers health checks in plain text and nothing else, for probes without TLS; default: none.",
)
@click.option("--health-host", default="127.0.0.1", show_default=True, help="Address of that port.")
@protection_options
@click.option("--stop-with-stdin", is_flag=True, help="Also stop when standard input ends, as a child should.")
def command(processes: int, **options: Any) -> None:
    """Answer forecasts over gRPC until told to stop.

    Prints one line on standard output when ready: listening on HOST:PORT; with --metrics-port another one: metrics on
    http://HOST:PORT/metrics; with --health-port: health on HOST:PORT. Logs go to standard error.

    Without --cert it speaks plain text, without --tokens or --client-ca it answers everybody. Files of certificates and
    tokens are read again when they change.
    """
    # Rows are batched instead, and servers share a machine's cores; read as numpy and scipy are imported, further down.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if processes == 1:
        stdin = sys.stdin.fileno() if options["stop_with_stdin"] else None
        _serve(options, options["port"], click.echo, stops_with=stdin)
        return
    for name in ("health_port", "stop_with_stdin"):
        if options[name] not in (None, False):
            raise InputError(
                f"--{name.replace('_', '-')}", "not to be given with several processes", f"{options[name]}"
            )
    from pathcast.service.processes import serve_in_processes

    serve_in_processes(processes, _serve_child, options, options["host"], options["port"], click.echo)


def _serve_child(options: dict[str, Any], index: int, port: int, say: Callable[[list[str]], None]) -> None:
    """One of several processes, which ends with its parent."""
    from multiprocessing import parent_process

    parent, metrics_port = parent_process(), options["metrics_port"]
    assert parent is not None
    lines: list[str] = []

    def collect(line: str) -> None:
        lines.append(line)
        if len(lines) == 1 + (metrics_port is not None):
            say(lines)

    own = options | {"metrics_port": metrics_port + index if metrics_port else metrics_port}
    _serve(own, port, collect, stops_with=int(parent.sentinel), is_port_shared=True)


def _serve(
    options: dict[str, Any],
    port: int,
    say: Callable[[str], None],
    stops_with: int | None,
    is_port_shared: bool = False,
) -> None:
    from pathcast.model.library import Library, load_library
    from pathcast.model.shelf import Shelf, is_shelf
    from pathcast.service.limits import Limits
    from pathcast.service.server import serve
    from pathcast.service.telemetry.self_scoring import Sampling

    shelves = [Shelf(Path(model)) for model in options["models"] if is_shelf(Path(model))]
    named = [model for model in options["models"] if not is_shelf(Path(model))]
    serve(
        Library([]) if shelves and not named else load_library(named or None),
        host=options["host"],
        port=port,
        record=options["record"],
        grace_s=options["grace"],
        on_ready=lambda address: say(f"listening on {address}"),
        metrics_at=_address(options, "metrics"),
        on_metrics=lambda address: say(f"metrics on http://{address}/metrics"),
        limits=Limits(
            snapshot_every_s=options["snapshot_every"],
            idle_stream_s=options["idle_stream"],
            keepalive_s=options["keepalive"],
            keepalive_timeout_s=options["keepalive_timeout"],
            connection_age_s=options["connection_age"],
            **options["quotas"],
        ),
        sampling=Sampling(every_s=options["score_every"]),
        stops_with=stops_with,
        is_port_shared=is_port_shared,
        protection=options["protection"],
        shelves=shelves,
        look_every_s=options["look_every"],
        health_at=_address(options, "health"),
        on_health=lambda address: say(f"health on {address}"),
    )


def _address(options: dict[str, Any], name: str) -> tuple[str, int] | None:
    """Host and port of a page or a probe; None where there is none."""
    port = options[f"{name}_port"]
    return None if port is None else (options[f"{name}_host"], port)
