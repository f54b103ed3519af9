"""Our bridge and Open vSwitch's on DPDK, the same frames in the same run, one after the other round by round."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bench.measure import Samples, sample
from bench.ovs import OvsDpdk, UnavailableError
from bench.paths import Bridged, Path
from bench.table import Table
from bench.traffic import announcements, frames

PAIRS = {"1": 1, "1 k": 1000}
ROUNDS = 15
SECONDS = 0.25
GOAL = 0.15


def table() -> Table:
    """One row a number of pairs; a row says why where the peer cannot run."""
    shown = empty("Bridge beside Open vSwitch on DPDK (64 octets, one flow a pair)", "pairs")
    for name, pairs in PAIRS.items():
        traffic = frames(pairs, (64,), one_flow=True)
        ours = {"wire": Path(traffic), "bridge": Bridged(traffic, pairs=pairs)}
        add_row(shown, name, f"≤ {GOAL}", ours, stations=[frame[6:12] for frame in announcements(pairs)])
    shown.notes.append(
        "OVS-DPDK: ticks per packet of its polling thread, as it counts them, pcap device in and null device out included"
    )
    return shown


def empty(title: str, first: str) -> Table:
    """A table for `add_row`."""
    columns = ("wire\ncycles", "with it\ncycles", "overhead\ncycles", "OVS-DPDK\ncycles", "quartiles\ncycles", "overhead\n/ OVS")
    return Table(title, (first, *columns, "goal"))


def add_row(shown: Table, row: str, goal: str, ours: Mapping[str, Path], **words: Any) -> None:
    """`ours`: the wire and one other path, measured `beside` the peer; or why the peer cannot run."""
    try:
        samples, peer, misses = beside(ours, **words)
    except UnavailableError as reason:
        shown.rows.append((row, "", "", "", "not run", "", "", goal))
        shown.notes.append(f"{row}: {reason}")
        return
    wire, path = (samples[name] for name in ours)
    overhead = path.minus(wire).spread()[1]
    low, theirs, high = peer.spread()
    ticks = (f"{value:.0f}" for value in (wire.spread()[1], path.spread()[1], overhead, theirs))
    shown.rows.append((row, *ticks, f"{low:.0f}–{high:.0f}", f"{overhead / theirs:.3f}", goal))
    shown.raw[row] = {"wire_ticks": wire.ticks, "with_ticks": path.ticks, "peer_ticks": peer.ticks, "peer_misses": misses}


def beside(ours: Mapping[str, Path], *, kind: type[OvsDpdk] = OvsDpdk, **words: Any) -> tuple[dict[str, Samples], Samples, int]:
    """Ticks per frame of our paths and of an `OvsDpdk` of these words, which gets the wire's frames. Errors: UnavailableError."""
    samples, peer = {name: Samples() for name in ours}, Samples()
    for path in ours.values():
        path.start()
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    with kind(ours["wire"].frames, core=core, **words) as ovs:
        if len(allowed) > 1:
            # Its polling thread never sleeps: keep out of its way.
            os.sched_setaffinity(0, allowed - {core})
        try:
            ovs.ticks(1.0)
            for _ in range(ROUNDS):
                peer.ticks.append(ovs.ticks(SECONDS))
                for name, path in ours.items():
                    path.spin(1 << 14)
                    samples[name].ticks.append(sample(path, 1 << 16))
            misses = ovs.misses()
        finally:
            os.sched_setaffinity(0, allowed)
    for path in ours.values():
        if problems := path.problems():
            raise RuntimeError("; ".join(problems))
    return samples, peer, misses
