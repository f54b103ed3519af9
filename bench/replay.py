"""Replay of a capture: read, turn, and out again, one record a turn, as `dataplane replay` does it."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Samples, clock
from bench.ovs import write_capture
from bench.table import Table, add_overhead, overhead_table
from bench.traffic import IMIX, announcements, frames
from fastpath import Bridge, Capture, Engine, PcapPort, PcapWriter, Replay

SIZES = {"64": (64,), "IMIX": IMIX, "1500": (1500,)}
PAIRS = 1000
CYCLES = 20
ROUNDS = 11


def replay(stations: bytes, capture: bytes, *, bridged: bool, out: Path | None = None) -> float:
    """Processor nanoseconds a record, reading and, with `out`, writing included. Errors: RuntimeError if a frame was lost."""
    engine = Engine()
    writer = PcapWriter(out) if out else None
    sender, receiver = PcapPort(engine, "sender"), PcapPort(engine, "receiver", writer=writer)
    if bridged:
        bridge = Bridge(engine, "bridge")
        for port in (sender, receiver):
            port.lead_to(bridge, bridge.add_member(port))
    else:
        sender.lead_to(receiver)
        receiver.lead_to(sender)
    run = Replay(engine)
    run.add(Capture(io.BytesIO(stations), "stations"), receiver)
    run.add(Capture(io.BytesIO(capture), "capture"), sender)
    before = time.thread_time_ns()
    faults = run.run()
    spent = time.thread_time_ns() - before
    if writer is not None:
        writer.close()
    traffic = engine.traffic()
    if faults or traffic["out_frames"].sum() != run.records or traffic["dropped"].sum():
        raise RuntimeError(f"{run.records} records went in, {traffic['out_frames'].sum()} frames came out {faults}")
    return spent / run.records


def verify(stations: bytes, capture: bytes, wanted: Sequence[bytes]) -> int:
    """Replay into a file and compare every record; how many. Errors: RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="bench-replay-") as folder:
        out = Path(folder) / "out.pcap"
        replay(stations, capture, bridged=True, out=out)
        with out.open("rb") as file:
            found = [octets for _, octets, _ in Capture(file, out.name)]
    if found != list(wanted):
        raise RuntimeError("the replay changed a frame, or their order")
    return len(found)


def captured(traffic: Sequence[bytes]) -> bytes:
    """The frames as a pcap file."""
    file = io.BytesIO()
    write_capture(file, traffic)
    return file.getvalue()


def table() -> Table:
    """Rows by frame size; the capture lies in memory, what comes out is counted."""
    shown = overhead_table(
        f"Replay of a capture through the bridge (1 k pairs, one record a turn, {CYCLES} × 5,000 records)", "octets"
    )
    stations = captured(announcements(PAIRS))
    captures = {name: frames(PAIRS, sizes) * CYCLES for name, sizes in SIZES.items()}
    files = {name: captured(traffic) for name, traffic in captures.items()}
    samples = {(name, bridged): Samples() for name in SIZES for bridged in (False, True)}
    for _ in range(ROUNDS):
        for (name, bridged), ticks in samples.items():
            ticks.ticks.append(replay(stations, files[name], bridged=bridged) / clock.ns_per_tick)
    for name in SIZES:
        add_overhead(shown, name, samples[name, False], samples[name, True])
    checked = sum(verify(stations, files[name], captures[name]) for name in SIZES)
    shown.notes.append(f"reading the file is part of both; verified: {checked:,} records written and compared")
    return shown
