"""A capture through `encap`, file to file, beside tcprewrite, which changes MAC addresses: the nearest thing that is packaged.

Both read a capture and write one; a frame of ours leaves 50 octets longer. Real seconds of the whole work, less
what the same takes for an empty capture. A capture that is over at once is repeated, so that there is something to measure.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.measure import Samples
from bench.ovs import write_capture
from bench.settings import Settings
from bench.table import Table
from bench.traffic import IMIX, frames
from dataplane.encapsulation import decap, encap
from dataplane.outer import outer
from fastpath import Capture

CAPTURES = {"64": (64,), "IMIX": IMIX, "1500": (1500,)}
FLOWS, CYCLES, ROUNDS = 1000, 40, 5
MEMORY = "/dev/shm"
"""A file system in memory: what disks do is not asked."""
LEAST = 16 << 20
"""Octets of a capture that is worth measuring."""
HEADER = outer(vni=7348, local="192.0.2.1", remote="192.0.2.2")
REWRITE = ("--enet-smac=02:42:c0:00:02:01", "--enet-dmac=02:42:c0:00:02:02")
COLUMNS = (
    "capture",
    "frames",
    "encap\nns",
    "encap\nGbit/s",
    "quartiles\nGbit/s",
    "tcprewrite\nGbit/s",
    "quartiles\nGbit/s",
    "times",
)


def seconds(work: Callable[[], object]) -> float:
    """Real time."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def rewrite(source: Path, out: Path) -> None:
    """tcprewrite. Errors: subprocess.CalledProcessError."""
    subprocess.run(["tcprewrite", f"--infile={source}", f"--outfile={out}", *REWRITE], check=True, capture_output=True)


def verify(source: Path, folder: Path) -> tuple[int, int]:
    """Every frame once more, out of the tunnel again: the same capture. Frames and octets. Errors: RuntimeError."""
    done = encap(source, folder / "verify.pcap", HEADER)
    back = decap(folder / "verify.pcap", folder / "back.pcap")
    again = encap(folder / "back.pcap", folder / "again.pcap", HEADER)
    same = (folder / "again.pcap").read_bytes() == (folder / "verify.pcap").read_bytes()
    if done.dropped or back.dropped or again.frames_out != done.records or back.octets_out != done.octets_in or not same:
        raise RuntimeError(f"{source.name}: {done.records} records went in, {back.frames_out} came back {done.dropped}")
    return done.records, done.octets_in


def repeated(source: Path, folder: Path) -> Path:
    """One with the frames of the capture, so many times that it is long enough. Errors: RuntimeError for an empty one."""
    with source.open("rb", buffering=0) as file:
        traffic = [octets for _, octets, _ in Capture(file, source.name)]
    if not traffic:
        raise RuntimeError(f"{source}: the capture is empty")
    path = folder / "repeated.pcap"
    with path.open("wb") as out:
        write_capture(out, traffic * -(-LEAST // sum(map(len, traffic))))
    return path


def table(settings: Settings = Settings()) -> Table:  # noqa: B008 frozen
    """A row a capture: one that was given, or some made of 1 k flows."""
    shown = Table("Replay of a capture through encap, file to file, beside tcprewrite (MAC addresses)", COLUMNS)
    with tempfile.TemporaryDirectory(prefix="bench-vxlan-", dir=MEMORY if Path(MEMORY).is_dir() else None) as name:
        folder = Path(name)
        if settings.pcap is not None:
            _add(shown, Path(settings.pcap).name, repeated(Path(settings.pcap), folder), folder)
        else:
            for octets, sizes in CAPTURES.items():
                path = folder / f"{octets}.pcap"
                with path.open("wb") as file:
                    write_capture(file, frames(FLOWS, sizes, one_flow=True) * CYCLES)
                _add(shown, octets, path, folder)
    shown.notes.append(f"{ROUNDS} rounds, one after the other; Gbit/s of what is read, record headers not counted")
    shown.notes.append("verified: every frame taken out again and compared")
    if not shutil.which("tcprewrite"):
        shown.notes.append("tcprewrite is not installed (package tcpreplay)")
    return shown


def _add(shown: Table, name: str, source: Path, folder: Path) -> None:
    count, octets = verify(source, folder)
    empty = folder / "empty.pcap"
    with empty.open("wb") as file:
        write_capture(file, [])
    out = folder / "out.pcap"
    works: dict[str, Callable[[], object]] = {
        "encap": lambda: encap(source, out, HEADER),
        "encap, empty": lambda: encap(empty, out, HEADER),
    }
    if shutil.which("tcprewrite"):
        works["tcprewrite"] = lambda: rewrite(source, out)
        works["tcprewrite, empty"] = lambda: rewrite(empty, out)
    spent = {what: Samples() for what in works}
    for _ in range(ROUNDS):
        for what, work in works.items():
            spent[what].ticks.append(seconds(work))
    worked: dict[str, Samples] = {
        what: spent[what].minus(spent[f"{what}, empty"]) for what in ("encap", "tcprewrite") if what in spent
    }
    rates = {what: [octets * 8e-9 / each for each in samples.ticks] for what, samples in worked.items()}
    cells: list[str] = []
    for what in ("encap", "tcprewrite"):
        if what not in rates:
            cells += ["not run", ""]
            continue
        low, middle, high = Samples(rates[what]).spread()
        cells += [f"{middle:.2f}", f"{low:.2f}–{high:.2f}"]
    ours = Samples(rates["encap"]).spread()[1]
    times = f"{ours / Samples(rates['tcprewrite']).spread()[1]:.1f}" if "tcprewrite" in rates else ""
    shown.rows.append((name, f"{count:,}", f"{worked['encap'].spread()[1] / count * 1e9:.0f}", *cells, times))
    shown.raw[name] = {"octets": octets, "seconds": {what: samples.ticks for what, samples in spent.items()}}
