"""``dataplane conntrack``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dataplane.cli import whose
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import Row, print_json, print_table
from dataplane.cli.units import seconds
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.looking.gateway_rows import FlowRow

COLUMNS = {
    "PROTOCOL": "left",
    "STATE": "left",
    "SOURCE": "left",
    "TARGET": "left",
    "REPLY FROM": "left",
    "REPLY TO": "left",
    "IDLE": "right",
    "EXPIRES IN": "right",
}
PORT = click.IntRange(0, 65535)
SHOWN = 1000


@click.command()
@lab_or_daemon
@click.option("-p", "--protocol", metavar="NAME", help="Of this protocol: tcp, udp, icmp, sctp or a number.")
@click.option("-s", "--source", metavar="ADDRESS", help="From this address, as who began it sees itself.")
@click.option("-d", "--target", metavar="ADDRESS", help="To this address, as who began it sees it.")
@click.option("--source-port", type=PORT, help="From this port.")
@click.option("--target-port", type=PORT, help="To this port.")
@click.option("--state", metavar="NAME", help="In this state.")
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show at most so many.")
@click.option("--count", is_flag=True, help="Say how many they are, and no more.")
@click.option("--delete", is_flag=True, help="Forget them: later packets begin anew, if they may.")
@click.option("--all", "every", is_flag=True, help="With --delete: all of them.")
@as_json
def command(
    *, lab: str | None, daemon: bool, limit: int, count: bool, delete: bool, every: bool, as_json: bool, **chosen: str | int | None
) -> None:
    """Show, count or forget the gateway's connections.

    Replies come from REPLY FROM to REPLY TO: where these differ from TARGET and SOURCE, addresses are translated. Options choose
    flows; several must all be true.
    """
    if delete and count:
        raise UserError("--count and --delete are two things", mend="do one of them: --delete says how many it forgot")
    if delete and every == any(value is not None for value in chosen.values()):
        what = "--delete --all means every flow" if every else "--delete needs to know which flows"
        raise UserError(what, mend="choose with --protocol, --source and the like, or say --all; not both")
    if every and not delete:
        raise UserError("--all means nothing without --delete", mend="leave it out: all flows are shown anyway")
    client = whose.tables(lab, daemon=daemon)
    if delete:
        deleted = client.forget_flows(**chosen)
        print_json({"deleted": deleted}) if as_json else click.echo(f"{deleted:,} forgotten.")
        return
    found = client.flows(limit=0 if count else limit, **chosen)
    if as_json:
        print_json(found if not count else {name: found[name] for name in ("count", "known", "limit")})
    elif count:
        click.echo(found["count"])
    else:
        print_table(COLUMNS, map(cells, found["flows"]), nothing="No flow is known." if not found["known"] else "No such flow.")
        if found["count"] > len(found["flows"]):
            click.echo(f"{found['count'] - len(found['flows']):,} more: --limit {found['count']} shows all.")


def cells(row: FlowRow) -> Row:
    """A row of the table."""
    return (
        row["protocol"],
        row["state"],
        _joined(row["source"], row["source_port"]),
        _joined(row["target"], row["target_port"]),
        _joined(row["reply_source"], row["reply_source_port"]),
        _joined(row["reply_target"], row["reply_target_port"]),
        seconds(row["idle"]),
        seconds(row["expires"]),
    )


def _joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
