"""What crosses each port, and how fast; and what the kernel dropped at its queue before we could read it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from dataplane.looking.inside import Inside
from dataplane.looking.rows import StatsRow


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


async def sample(inside: Inside) -> Sample:
    """The counters now."""
    queues = await inside.queues()
    table = (await inside.call(lambda dataplane: dataplane.traffic())).tolist()
    ports = {row[0]: Port(row[1], row[2], row[3], row[4], row[5], queues.get(row[0])) for row in table}
    return Sample(time.monotonic(), ports)


def stats(before: Sample | None, after: Sample, names: Mapping[str, str]) -> list[StatsRow]:
    """Rows with rates over the time between two samples. ``names``: see ``Inside.names``."""
    rows: list[StatsRow] = []
    for name, now in after.ports.items():
        then = before.ports.get(name) if before else None
        seconds = after.seconds - before.seconds if before else 0.0
        rates = _rates(then, now, seconds)
        rows.append(
            {
                "port": names.get(name, name),
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
