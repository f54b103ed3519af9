"""``dataplane rules``."""

from __future__ import annotations

import click

from dataplane.cli import whose
from dataplane.cli.candidates import completer, networks
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import print_json, print_table

COLUMNS = {"NETWORK": "left", "KIND": "left", "RULE": "left", "HITS": "right"}


@click.command()
@lab_or_daemon
@as_json
@click.argument("network", required=False, shell_complete=completer(networks))
def command(lab: str | None, daemon: bool, as_json: bool, network: str | None) -> None:
    """Show what may pass between networks, and as what.

    Isolation keeps networks apart, snat gives what leaves another source, dnat leads published ports to their services. HITS are
    connections that the rule decided; packets of established ones pass without asking.
    """
    rows = whose.tables(lab, daemon=daemon).rules(network)
    if as_json:
        print_json(rows)
        return
    cells = ((row["network"], row["kind"], row["rule"], row["hits"]) for row in rows)
    print_table(COLUMNS, cells, nothing="No rule is in force.")
