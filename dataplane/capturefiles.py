"""Captures as the command line names them: opened, kept apart from what is written, and what went wrong with them in words."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from dataplane.errors import UserError

STDIN = "-"
SPARE_DESCRIPTORS = 64
KINDS = "give a pcap or pcapng file of Ethernet, raw IP or Linux cooked frames"
"""What can be read."""


@dataclass(frozen=True, slots=True)
class PortTraffic:
    """One port: frames and octets that came in from its captures and went out to its file."""

    port: str
    file: str
    in_frames: int
    in_octets: int
    out_frames: int
    out_octets: int


@dataclass(frozen=True, slots=True)
class Fault:
    """An input that could not be read to its end: all records before `record`, which begins at `offset`, were replayed."""

    file: str
    what: str
    record: int
    offset: int

    def __str__(self) -> str:
        return f"{self.file}: {self.what} (record {self.record}, offset {self.offset})"


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a replay. `dropped`: frames by reason. `ns_per_frame`: real time a record, reading and writing included."""

    records: int
    frames_in: int
    octets_in: int
    frames_out: int
    octets_out: int
    dropped: Mapping[str, int]
    steps_back: int
    ns_per_frame: float
    seed: int
    ports: tuple[PortTraffic, ...]
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return asdict(self)


def summed(
    ports: Sequence[PortTraffic],
    drops: Iterable[Mapping[str, Any]],
    faults: tuple[Fault, ...],
    *,
    records: int,
    steps_back: int,
    spent: int,
    seed: int,
) -> Summary:
    """The summary of a replay that took `spent` nanoseconds. `drops`: rows of an engine's table of drops."""
    dropped: Counter[str] = Counter()
    for row in drops:
        if row["scope"] == "node":
            dropped[str(row["reason"])] += int(row["count"])
    return Summary(
        records=records,
        frames_in=sum(port.in_frames for port in ports),
        octets_in=sum(port.in_octets for port in ports),
        frames_out=sum(port.out_frames for port in ports),
        octets_out=sum(port.out_octets for port in ports),
        dropped=dict(dropped.most_common()),
        steps_back=steps_back,
        ns_per_frame=spent / records if records else 0.0,
        seed=seed,
        ports=tuple(ports),
        faults=faults,
    )


@contextmanager
def opened(path: str, mend: str) -> Iterator[FileIO]:
    """The capture, unbuffered, since the reader has a buffer of its own. Errors: UserError if it cannot be opened."""
    try:
        file = FileIO(0 if path == STDIN else path, closefd=path != STDIN)
    except OSError as error:
        raise UserError(f"cannot read the capture: {error.strerror}", where=path, mend=mend) from None
    with file:
        yield file


def require_apart(inputs: Iterable[str], written: Sequence[Path], what: str, mend: str) -> None:
    """No input may be written over. Errors: UserError."""
    existing = [path for path in written if path.exists()]
    for name in inputs:
        path = Path(name)
        if name != STDIN and path.exists() and any(path.samefile(other) for other in existing):
            raise UserError(f"the {what} would write over its own input", where=name, mend=mend)


@contextmanager
def telling_write_errors(target: Path, mend: str) -> Iterator[None]:
    """Errors: UserError for what an operating system says against writing."""
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write: {error.strerror}", where=str(error.filename or target), mend=mend, status=1) from None


def allow_descriptors(files: int) -> None:
    """So many files are open at once: ask for as many descriptors as that takes, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files + SPARE_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
