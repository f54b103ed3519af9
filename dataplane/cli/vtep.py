"""``dataplane vtep``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dataplane.cli import whose
from dataplane.cli.candidates import completer, overlays
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import print_json, print_table
from dataplane.cli.units import octets, seconds

if TYPE_CHECKING:
    from dataplane.cli.output import Row
    from dataplane.looking.vtep_rows import OverlayRow, PeerRow, StationRow

OVERLAYS = {
    "NETWORK": "left", "VNI": "right", "VTEP": "left", "UNDERLAY": "left", "GROUP": "left", "MTU": "right", "PEERS": "right",
    "FLOODED": "right", "LIMITED": "right",
}  # fmt: skip
PEERS = {
    "NETWORK": "left", "PEER": "left", "KNOWN BY": "left", "STATIONS": "right", "LAST HEARD": "right", "RECEIVED": "right",
    "OCTETS": "right", "SENT": "right", "OCTETS ": "right",
}  # fmt: skip
STATIONS = {"STATION": "left", "BEHIND": "left", "KNOWN BY": "left", "ADDRESSES": "left", "AGE": "right"}
SHOWN = 1000


@click.command()
@lab_or_daemon
@click.option("--limit", type=click.IntRange(0), default=SHOWN, show_default=True, help="Show at most so many stations.")
@as_json
@click.argument("network", required=False, shell_complete=completer(overlays))
def command(lab: str | None, daemon: bool, limit: int, as_json: bool, network: str | None) -> None:
    """Show overlays, the VTEPs they reach, and who is behind those.

    With NETWORK also the stations behind each VTEP. Octets are those of inner frames. What looks wrong is said last: stations that
    keep moving, addresses that two claim, MTUs that cannot work.
    """
    found = whose.tables(lab, daemon=daemon).vteps(network, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = found["overlays"]
    print_table(OVERLAYS, map(overlay_cells, rows), nothing="There is no overlay.")
    _show(PEERS, [peer_cells(row, peer) for row in rows for peer in row["peers"]])
    if network is not None:
        _show(STATIONS, [station_cells(station) for row in rows for station in row["stations"]])
    for name, counters in found["counters"].items():
        words = ", ".join(f"{count:,} {what}" for what, count in counters.items() if count)
        click.echo(f"\n{name}: {words or 'nothing yet'}")
    for sentence in (*(each for row in rows for each in reports(row)), *found["warnings"]):
        click.echo(f"warning: {sentence}")


def _show(columns: dict[str, str], rows: list[Row]) -> None:
    """A table below another."""
    if rows:
        click.echo()
        print_table(columns, rows)


def overlay_cells(row: OverlayRow) -> Row:
    """A row of the first table."""
    underlay = f"{row['underlay']} ({row['kind']}, port {row['port']})"
    peers, floods = len(row["peers"]), row["floods"]
    return row["network"], row["vni"], row["local"], underlay, row["group"], row["mtu"], peers, floods, row["limited"]


def peer_cells(row: OverlayRow, peer: PeerRow) -> Row:
    """A row of the second."""
    heard = "never" if peer["silent"] is None else f"{seconds(peer['silent'])} ago"
    sent = (peer["out_frames"], octets(peer["out_octets"]))
    known = (row["network"], peer["peer"], peer["kind"], peer["stations"], heard)
    return *known, peer["in_frames"], octets(peer["in_octets"]), *sent


def station_cells(row: StationRow) -> Row:
    """A row of the third."""
    addresses = " ".join(row["addresses"]) or None
    return row["mac"], row["peer"], "file" if row["given"] else "learning", addresses, None if row["given"] else seconds(row["age"])


def reports(row: OverlayRow) -> list[str]:
    """What looks wrong in an overlay, in sentences."""
    found = [
        f"{each['mac']} on {row['network']} keeps moving, {each['moves']:,} times so far, just now from {each['source']} to "
        f"{each['target']}: a loop, or two stations with one MAC"
        for each in row["moving"]
    ]
    found += [
        f"{each['address']} on {row['network']} is claimed by {each['mac']} and by {each['other']}, by turns "
        f"({each['changes']:,} times): one of the two has another's address"
        for each in row["claims"]
    ]
    return found
