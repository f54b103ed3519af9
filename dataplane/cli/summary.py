"""What a replay came to, as ``replay``, ``encap`` and ``decap`` print it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dataplane.cli.output import Columns, Row, print_json, print_table
from dataplane.cli.units import octets
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.capturefiles import PortTraffic, Summary

PORTS: Columns = {"PORT": "left", "IN": "right", "OCTETS": "right", "OUT": "right", "OCTETS ": "right", "FILE": "left"}
DROPPED: Columns = {"DROPPED": "right", "REASON": "left"}


def tell(summary: Summary, *, as_json: bool) -> None:
    """Print it. Errors: UserError, status 1, for a capture that could not be read to its end."""
    if as_json:
        print_json(summary.as_json())
    else:
        _print(summary)
    if summary.faults:
        raise UserError(
            "a capture could not be read to its end",
            where="\n".join(map(str, summary.faults)),
            mend="what stands before that was replayed; capture it again, or go on with what there is",
            status=1,
        )


def _print(summary: Summary) -> None:
    total = ("total", summary.frames_in, octets(summary.octets_in), summary.frames_out, octets(summary.octets_out), "")
    print_table(PORTS, [*map(_row, summary.ports), total])
    click.echo()
    print_table(DROPPED, [(count, reason) for reason, count in summary.dropped.items()], nothing="No frame was dropped.")
    if summary.steps_back:
        click.echo(f"{summary.steps_back:,} records had a time before the one in front of them, and were taken at that one's.")
    click.echo(f"{summary.records:,} records, {summary.ns_per_frame:,.0f} ns each with reading and writing; seed {summary.seed}.")


def _row(port: PortTraffic) -> Row:
    sent = (port.in_frames, octets(port.in_octets))
    return (port.port, *sent, port.out_frames, octets(port.out_octets), port.file)
