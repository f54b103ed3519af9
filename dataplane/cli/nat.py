"""``dataplane nat``."""

from __future__ import annotations

import click

from dataplane.cli import whose
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import print_json, print_table

COLUMNS = {"KIND": "left", "PROTOCOL": "left", "INSIDE": "left", "OUTSIDE": "left", "FLOWS": "right"}
SHOWN = 1000


@click.command()
@lab_or_daemon
@click.option("--kind", type=click.Choice(["snat", "dnat"]), help="Of this kind.")
@click.option("-p", "--protocol", metavar="NAME", help="Of this protocol: tcp, udp, icmp, sctp or a number.")
@click.option("--inside", metavar="ADDRESS", help="Of this address inside.")
@click.option("--outside", metavar="ADDRESS", help="Of this address outside.")
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show at most so many.")
@as_json
def command(*, lab: str | None, daemon: bool, limit: int, as_json: bool, **chosen: str | None) -> None:
    """Show which addresses are being translated.

    snat: what INSIDE sends leaves as OUTSIDE. dnat: what comes to OUTSIDE goes to INSIDE. Options choose translations; several must
    all be true. `dataplane conntrack` shows each flow.
    """
    found = whose.tables(lab, daemon=daemon).nat(limit=limit, **chosen)
    rows = found["translations"]
    if as_json:
        print_json(rows)
    else:
        cells = ((row["kind"], row["protocol"], row["inside"], row["outside"], row["flows"]) for row in rows)
        wanted = any(value is not None for value in chosen.values())
        print_table(COLUMNS, cells, nothing="No such translation." if wanted else "Nothing is being translated.")
    if found["more"]:
        click.echo(f"{found['more']:,} flows have other translations: choose some, or raise --limit.", err=as_json)
