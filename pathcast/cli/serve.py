"""`pathcast serve`: a server in this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pathcast.cli.protection import protection_options

if TYPE_CHECKING:
    from pathcast.service.protection.files import Protection


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
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
def command(
    host: str,
    port: int,
    models: tuple[str, ...],
    look_every: float,
    record: Path | None,
    grace: float,
    metrics_port: int | None,
    metrics_host: str,
    score_every: float,
    snapshot_every: float,
    idle_stream: float,
    keepalive: float,
    keepalive_timeout: float,
    connection_age: float,
    health_port: int | None,
    health_host: str,
    stop_with_stdin: bool,
    protection: Protection,
    quotas: dict[str, Any],
) -> None:
    """Answer forecasts over gRPC until told to stop.

    Prints one line on standard output when ready: listening on HOST:PORT; with --metrics-port another one: metrics on
    http://HOST:PORT/metrics; with --health-port: health on HOST:PORT. Logs go to standard error.

    Without --cert it speaks plain text, without --tokens or --client-ca it answers everybody. Files of certificates and
    tokens are read again when they change.
    """
    from pathcast.model.library import Library, load_library
    from pathcast.model.shelf import Shelf, is_shelf
    from pathcast.service.limits import Limits
    from pathcast.service.server import serve
    from pathcast.service.telemetry.self_scoring import Sampling

    shelves = [Shelf(Path(model)) for model in models if is_shelf(Path(model))]
    named = [model for model in models if not is_shelf(Path(model))]
    serve(
        Library([]) if shelves and not named else load_library(named or None),
        host=host,
        port=port,
        record=record,
        grace_s=grace,
        on_ready=lambda address: click.echo(f"listening on {address}"),
        metrics_at=None if metrics_port is None else (metrics_host, metrics_port),
        on_metrics=lambda address: click.echo(f"metrics on http://{address}/metrics"),
        limits=Limits(
            snapshot_every_s=snapshot_every,
            idle_stream_s=idle_stream,
            keepalive_s=keepalive,
            keepalive_timeout_s=keepalive_timeout,
            connection_age_s=connection_age,
            **quotas,
        ),
        sampling=Sampling(every_s=score_every),
        stops_with_stdin=stop_with_stdin,
        protection=protection,
        shelves=shelves,
        look_every_s=look_every,
        health_at=None if health_port is None else (health_host, health_port),
        on_health=lambda address: click.echo(f"health on {address}"),
    )
