"""What a container uses, for `stats`: its processes' share from /proc, its interfaces' from the engine."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from dataplane.daemon.container.members import members, memory
from dataplane.daemon.face import Usage
from dataplane.desired.records import EndpointRecord

Row = tuple[str, int, int, int, int, int]
"""Of the engine's table: port, frames and octets in by it, frames and octets out by it, frames in and dropped."""


def usage(shim: int, endpoints: Iterable[EndpointRecord], rows: Iterable[Row]) -> Usage:
    """Of the processes under ``shim``, itself included; blocking. CPU time of those that have ended is in it too."""
    found = members(shim)
    alive = [one for one in found if one.state not in "ZX"]
    networks = interfaces(endpoints, rows, queues(shim))
    return Usage(sum(one.cpu for one in found), sum(memory(one.pid) for one in alive), max(0, len(alive) - 1), networks)


def interfaces(endpoints: Iterable[EndpointRecord], rows: Iterable[Row], queued: dict[str, int]) -> dict[str, dict[str, int]]:
    """Per interface, as the container sees it: what the engine sent to it is received. ``queued``: what the kernel dropped before
    the engine could read it."""
    by_port = {row[0]: row for row in rows}
    found = {}
    for one in endpoints:
        row = by_port.get(one.endpoint.port)
        if row is not None:
            name = one.endpoint.interface
            found[name] = {
                "rx_bytes": row[4],
                "rx_packets": row[3],
                "rx_dropped": 0,
                "tx_bytes": row[2],
                "tx_packets": row[1],
                "tx_dropped": row[5] + queued.get(name, 0),
            }
    return found


def queues(shim: int) -> dict[str, int]:
    """Frames that the kernel dropped at each TAP's queue: its tx_dropped (proc(5), /proc/net/dev), seen inside the namespace."""
    found = {}
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{shim}/net/dev").read_text("ascii").splitlines()[2:]:
            name, _, numbers = line.partition(":")
            found[name.strip()] = int(numbers.split()[11])
    return found
