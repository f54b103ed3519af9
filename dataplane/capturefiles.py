"""Captures as the command line names them: opened, kept apart from what is written, and what went wrong with them in words."""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.apply.captures import CaptureError

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


class Done(Protocol):
    """What a replay counts: records read, how often their times stepped back, nanoseconds spent."""

    records: int
    steps_back: int
    spent: int


def summed(
    traffic: Iterable[Mapping[str, Any]],
    files: Callable[[str], str],
    drops: Iterable[Mapping[str, Any]],
    faults: tuple[Fault, ...],
    *,
    done: Done,
    seed: int,
) -> Summary:
    """The summary of a replay. `traffic`, `drops`: rows of an engine's tables; `files`: a port's."""
    ports = tuple(
        PortTraffic(
            port=str(row["port"]),
            file=files(str(row["port"])),
            in_frames=int(row["in_frames"]),
            in_octets=int(row["in_octets"]),
            out_frames=int(row["out_frames"]),
            out_octets=int(row["out_octets"]),
        )
        for row in traffic
    )
    dropped: Counter[str] = Counter()
    for row in drops:
        if row["scope"] == "node":
            dropped[str(row["reason"])] += int(row["count"])
    return Summary(
        records=done.records,
        frames_in=sum(port.in_frames for port in ports),
        octets_in=sum(port.in_octets for port in ports),
        frames_out=sum(port.out_frames for port in ports),
        octets_out=sum(port.out_octets for port in ports),
        dropped=dict(dropped.most_common()),
        steps_back=done.steps_back,
        ns_per_frame=done.spent / done.records if done.records else 0.0,
        seed=seed,
        ports=ports,
        faults=faults,
    )


def read_to_end(run: Callable[[], Iterable[CaptureError]]) -> tuple[Fault, ...]:
    """Why inputs ended early, if they did. Errors: UserError if one is no capture."""
    from dataplane.apply.captures import CaptureError

    try:
        ended = run()
    except CaptureError as error:
        raise UserError(error.what, where=error.name, mend=KINDS) from None
    return tuple(Fault(fault.name, fault.what, fault.record, fault.offset) for fault in ended)


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
