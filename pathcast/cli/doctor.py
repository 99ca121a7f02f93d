"""`pathcast doctor`: whether a server can be used from here, and what to do where it cannot."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pathcast.cli.protection import credential_options

if TYPE_CHECKING:
    from pathcast.service.client.checkup import Finding
    from pathcast.service.client.credentials import Credentials


@click.command("doctor")
@click.argument("address", metavar="HOST:PORT")
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Model to forecast with, again for more; default: all."
)
@click.option(
    "--timeout", default=10.0, show_default=True, type=click.FloatRange(0.1), metavar="SECONDS", help="Of each call."
)
@click.option("--quick", is_flag=True, help="Only ask whether it is ready, as a container's health check does.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@credential_options
def command(
    address: str, models: tuple[str, ...], timeout: float, quick: bool, as_json: bool, credentials: Credentials
) -> None:
    """Check the server at HOST:PORT: that it is reached, ready, of this contract, and forecasts with every model.

    Exit code 0: all is well; 1: something is not; 2: wrong use.
    """
    import json

    from pathcast.service.client.checkup import examine

    findings = []
    for finding in examine(address, models, timeout, quick, credentials):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        click.echo(json.dumps([_record(finding) for finding in findings], indent=2))
    if not all(finding.is_ok for finding in findings):
        sys.exit(1)


def _print(finding: Finding) -> None:
    """One row of the table, as soon as it is known."""
    verdict = "ok" if finding.is_ok else "failed"
    seconds = finding.round_trip_s
    spent = "" if seconds is None else f"{1e3 * seconds:.2f} ms"
    click.echo(f"{finding.check:<34} {verdict:<6} {spent:>10}  {finding.detail}")
    if finding.advice:
        click.echo(f"{'':<34} -> {finding.advice}")


def _record(finding: Finding) -> dict[str, object]:
    seconds = finding.round_trip_s
    return {
        "check": finding.check,
        "ok": finding.is_ok,
        "detail": finding.detail,
        "advice": finding.advice,
        "round_trip_ms": None if seconds is None else round(1e3 * seconds, 3),
    }
