"""What a lab has on the host, written down in its state folder before it is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from dataplane.hostnet.sockets import Port
from dataplane.proc import pids
from dataplane.uplink import UPLINK

FILE = "host.json"


def folders(lab: Path) -> list[Path]:
    """Where the records of a lab are: its state folder, and in it one folder for each uplink that is a network's own."""
    return [lab, *sorted(lab.glob(f"{UPLINK}.*"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``inode``: of the network namespace; ``table``: "" when the lab has none; ``ports``: held ones, as text.

    ``stays``: the TAP outlives its process, a daemon's, and has to be deleted."""

    inode: int
    table: str = ""
    tap: str = ""
    ports: tuple[str, ...] = ()
    stays: bool = False


def write(folder: Path, record: Record) -> None:
    """Keep it in a lab's state folder, or in that of one of its uplinks."""
    folder.mkdir(mode=0o700, exist_ok=True)
    pids.write_json(str(folder / FILE), asdict(record))


def read(folder: Path) -> Record | None:
    """What a lab's state folder says; None when it has nothing on the host."""
    body = pids.read_json(str(folder / FILE))
    if body is None:
        return None
    stays = body.get("stays", False)  # missing in what an earlier version wrote
    return Record(inode=body["inode"], table=body["table"], tap=body["tap"], ports=tuple(body["ports"]), stays=stays)


def texts(ports: Iterable[Port]) -> tuple[str, ...]:
    """Ports as a record has them: protocol, address ("" for every one), number."""
    return tuple(f"{port.protocol} {port.address or ''} {port.number}" for port in ports)


def owner(labs: Iterable[Path], port: Port, inode: int) -> str | None:
    """Which other lab publishes that port in the same namespace."""
    for lab in labs:
        for folder in folders(lab):
            found = read(folder)
            if found is not None and found.inode == inode and any(_meets(text, port) for text in found.ports):
                return lab.name
    return None


def _meets(text: str, port: Port) -> bool:
    protocol, address, number = text.split(" ")
    same = (protocol, number) == (port.protocol, str(port.number))
    return same and (not address or port.address is None or port.address.is_unspecified or address == str(port.address))
