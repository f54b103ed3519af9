"""``dataplane stats``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import Row, page, print_json, print_table, rendered
from dataplane.cli.units import bit_rate, frame_rate, octets

if TYPE_CHECKING:
    from dataplane.looking.asking import Tables
    from dataplane.looking.rows import StatsRow

TOTALS = {"PORT": "left", "SENT": "right", "OCTETS": "right", "RECEIVED": "right", "OCTETS ": "right"}
LOSSES = {"DROPPED": "right", "KERNEL QUEUE": "right"}
RATES = {"SENDING": "right", "RATE": "right", "RECEIVING": "right", "RATE ": "right"}


@click.command()
@one_lab
@click.option("-w", "--watch", is_flag=True, help="Again and again, with rates, until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.1, 3600), default=1.0, show_default=True, help="Seconds from look to look.")
@as_json
def command(lab: str | None, watch: bool, interval: float, as_json: bool) -> None:
    """Count frames and bytes, port by port.

    SENT is what a service sent into its network, RECEIVED what it was given. DROPPED counts frames of this port that the engine
    dropped (`dataplane drops` says why), KERNEL QUEUE those that the kernel dropped before the engine could read them.
    """
    from dataplane import live

    show(live.find(lab=lab), watch=watch, interval=interval, as_json=as_json)


def show(tables: Tables, *, watch: bool, interval: float = 1.0, as_json: bool, names: Sequence[str] = ()) -> None:
    """Print it, of the ports of all or of ``names``; ``watch``: with rates, for ever."""

    def chosen(rows: Iterable[StatsRow]) -> list[StatsRow]:
        return [row for row in rows if not names or any(row["port"].startswith(f"{name}.") for name in names)]

    if not watch:
        rows = chosen(tables.stats(interval=0))
        if as_json:
            print_json(rows)
        else:
            print_table(TOTALS | LOSSES, map(totals, rows), nothing="There are no ports.")
        return
    for rows in map(chosen, tables.watch_stats(interval=interval)):
        if as_json:
            print_json(rows)
        else:
            page(rendered({"PORT": "left"} | RATES | LOSSES, map(rates, rows)))


def totals(row: StatsRow) -> Row:
    """A row of the table since the lab began."""
    sent = (row["sent_frames"], octets(row["sent_octets"]))
    received = (row["received_frames"], octets(row["received_octets"]))
    return (row["port"], *sent, *received, row["dropped"], row["kernel_queue"])


def rates(row: StatsRow) -> Row:
    """A row of the table of the last interval; losses are counted since the lab began."""
    sending = (frame_rate(row["sent_frames_rate"]), bit_rate(row["sent_octets_rate"]))
    receiving = (frame_rate(row["received_frames_rate"]), bit_rate(row["received_octets_rate"]))
    return (row["port"], *sending, *receiving, row["dropped"], row["kernel_queue"])
