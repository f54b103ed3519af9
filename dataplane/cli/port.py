"""``dataplane port``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from dataplane.cli.candidates import completer, services
from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import Row, print_json, print_table
from dataplane.errors import UserError
from dataplane.uplink import UPLINK

if TYPE_CHECKING:
    from dataplane.looking.gateway_rows import PublishedRow

COLUMNS = {"SERVICE": "left", "PORT": "left", "PUBLISHED AT": "left", "LEADS TO": "left"}
BY = {"BY": "left"}
"""Where a network has an uplink of its own: that by which it is reached."""


@click.command()
@one_lab
@as_json
@click.argument("service", required=False, shell_complete=completer(services))
def command(lab: str | None, as_json: bool, service: str | None) -> None:
    """Show published ports.

    Of SERVICE, or of all. What is published at no address is open to those who reach the service's network (gateway mode routed).
    """
    from dataplane import live

    with live.find(service, lab=lab) as client:
        rows = [row for row in client.published() if service in {None, row["instance"], row["instance"].rpartition("-")[0]}]
        known = {instance["name"] for instance in client.ps()} if service is not None and not rows else set()
    if service is not None and not rows and not any(service in {name, name.rpartition("-")[0]} for name in known):
        raise UserError(f"there is no service {service}", mend=f"services: {', '.join(sorted(known))}", status=1)
    if as_json:
        print_json(rows)
        return
    several = any(row["uplink"] != UPLINK for row in rows)
    cells = ((*cells, row["uplink"]) if several else cells for row in rows for cells in lines([row]))
    print_table(COLUMNS | (BY if several else {}), cells, nothing="No port is published.")


def lines(rows: Iterable[PublishedRow]) -> Iterator[Row]:
    """A line for each address that a port is published at."""
    for row in rows:
        head = (row["instance"], f"{row['container']}/{row['protocol']}")
        for address in row["addresses"]:
            host_ip = row["host_ip"] or ("::" if ":" in address else "0.0.0.0")
            yield (*head, _joined(host_ip, row["host"]), _joined(address, row["container"]))
        for address in row["opened"]:
            yield (*head, None, _joined(address, row["container"]))


def _joined(address: str, ports: str) -> str:
    return f"[{address}]:{ports}" if ":" in address else f"{address}:{ports}"
