"""Take back what a lab changed on the host, from what it wrote down: whoever calls, and whatever of the lab was killed."""

from __future__ import annotations

from pathlib import Path

from dataplane.hostnet import nft, place, record, shared
from dataplane.hostnet.script import removal
from dataplane.hostnet.wire import HostWire

UNDERLAY_FILE = "underlay"
"""In a lab's state folder while the host forwards for an underlay of it."""


def underlay_owner(lab: str) -> str:
    """Who needs what underlays need, in the ledger: apart from what the uplink needs. No lab can be called so."""
    return f"{lab}/underlay"


def undo(lab: Path) -> list[str]:
    """Take back what every uplink of the lab of that state folder has on the host; what was done, in words. Again: no harm.

    UserError when the host refuses."""
    return [words for folder in record.folders(lab) for words in undo_uplink(lab, folder)]


def undo_uplink(lab: Path, folder: Path) -> list[str]:
    """The same of one uplink, whose record is in `folder`: remove its table, let go of its sysctls.

    The TAP, its routes and its own sysctls have ended with the lab process; a daemon's, which stays, is deleted."""
    done: list[str] = []
    if (found := record.read(folder)) is not None:
        path = place.find(found.inode)
        try:
            if path is not None and found.stays:
                place.inside(path, lambda: _delete(found.tap))
                done.append(f"ip link delete {found.tap}")
            if path is not None and found.table:
                place.inside(path, lambda: nft.load(removal(found.table)))
                done.append(f"nft delete table inet {found.table}")
        finally:  # whatever becomes of the table
            done += _released(lab.name if folder == lab else f"{lab.name}/{folder.name}")
        (folder / record.FILE).unlink(missing_ok=True)
    return done


def undo_underlays(folder: Path) -> list[str]:
    """The same of what the host does for underlays."""
    if not (folder / UNDERLAY_FILE).exists():
        return []
    done = _released(underlay_owner(folder.name))
    (folder / UNDERLAY_FILE).unlink(missing_ok=True)
    return done


def _delete(tap: str) -> None:
    wire = HostWire()
    try:
        wire.delete_link(tap)
    finally:
        wire.close()


def _released(owner: str) -> list[str]:
    return [f"sysctl -w {write.key[1]}={write.new}" for write in shared.release(owner)]
