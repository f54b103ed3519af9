"""``dataplane logs``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer, services
from dataplane.cli.log_lines import LogLines
from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import print_json


@click.command()
@one_lab
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("-n", "--tail", type=click.IntRange(min=0), metavar="N", help="Only the last N lines of each service.")
@as_json
@click.argument("services", nargs=-1, metavar="[SERVICE]…", shell_complete=completer(services))
def command(lab: str | None, follow: bool, tail: int | None, as_json: bool, services: tuple[str, ...]) -> None:
    """Show what services wrote.

    All services, or those named. With --json one object a line: instance, time (ns since 1970), stream, text.
    """
    from dataplane import live

    with live.find(services[0] if services else None, lab=lab) as client:
        lines = client.logs(*services, follow=follow, tail=tail)
        shown = LogLines(instance["name"] for instance in client.ps() if not services or instance["service"] in services)
        for row in lines:
            if as_json:
                print_json(row)
            else:
                shown.show(row)
