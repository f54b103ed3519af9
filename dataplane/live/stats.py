"""What crosses each port, and how fast; and what the kernel dropped at its queue before we could read it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dataplane.live.rows import StatsRow

if TYPE_CHECKING:
    from dataplane.live.lab import Lab


@dataclass(frozen=True, slots=True)
class Port:
    """Counters of a port at one time, as the engine sees them: in is what its service sent."""

    in_frames: int
    in_octets: int
    out_frames: int
    out_octets: int
    dropped: int
    kernel_queue: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """All ports at one time."""

    seconds: float
    ports: dict[str, Port]


async def sample(lab: Lab) -> Sample:
    """The counters now."""
    queues = await asyncio.to_thread(_kernel_queues, lab)
    table = (await lab.engine.call(lambda dataplane: dataplane.traffic())).tolist()
    ports = {row[0]: Port(row[1], row[2], row[3], row[4], row[5], queues.get(row[0])) for row in table}
    return Sample(time.monotonic(), ports)


def _kernel_queues(lab: Lab) -> dict[str, int]:
    """Frames that each TAP dropped because its queue was full: its tx_dropped, read inside its namespace."""
    found: dict[str, int] = {}
    if lab.plan is None:
        return found
    for name, sandbox in list(lab.sandboxes.items()):
        instance = lab.plan.instances.get(name)
        if instance is None or not instance.endpoints:
            continue
        with lab.helper.netlink(sandbox.namespace) as ip:
            by_name = {link.get("IFLA_IFNAME"): link.get("IFLA_STATS64") for link in ip.get_links()}
        for endpoint in instance.endpoints:
            counters = by_name.get(endpoint.interface)
            if counters is not None:
                found[endpoint.port] = int(counters["tx_dropped"])
    return found


def stats(before: Sample | None, after: Sample) -> list[StatsRow]:
    """Rows with rates over the time between two samples."""
    rows: list[StatsRow] = []
    for name, now in after.ports.items():
        then = before.ports.get(name) if before else None
        seconds = after.seconds - before.seconds if before else 0.0
        rates = _rates(then, now, seconds)
        rows.append(
            {
                "port": name,
                "sent_frames": now.in_frames,
                "sent_octets": now.in_octets,
                "received_frames": now.out_frames,
                "received_octets": now.out_octets,
                "sent_frames_rate": rates[0],
                "sent_octets_rate": rates[1],
                "received_frames_rate": rates[2],
                "received_octets_rate": rates[3],
                "dropped": now.dropped,
                "kernel_queue": now.kernel_queue,
            }
        )
    return rows


def _rates(then: Port | None, now: Port, seconds: float) -> tuple[float | None, ...]:
    if then is None or seconds <= 0:
        return (None,) * 4
    return (
        (now.in_frames - then.in_frames) / seconds,
        (now.in_octets - then.in_octets) / seconds,
        (now.out_frames - then.out_frames) / seconds,
        (now.out_octets - then.out_octets) / seconds,
    )
