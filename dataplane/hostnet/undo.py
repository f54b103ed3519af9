"""Take back what a lab changed on the host, from what it wrote down: whoever calls, and whatever of the lab was killed."""

from __future__ import annotations

from pathlib import Path

from dataplane.hostnet import nft, place, record, shared
from dataplane.hostnet.script import removal


def undo(folder: Path) -> list[str]:
    """Remove the table of the lab of that state folder, let go of its sysctls; what was done, in words. Again: no harm.

    The TAP, its routes and its own sysctls have ended with the lab process. UserError when the host refuses.
    """
    found = record.read(folder)
    done: list[str] = []
    if found is None:
        return done
    path = place.find(found.inode)
    try:
        if path is not None and found.table:
            place.inside(path, lambda: nft.load(removal(found.table)))
            done.append(f"nft delete table inet {found.table}")
    finally:  # whatever becomes of the table
        done += [f"sysctl -w {write.key[1]}={write.new}" for write in shared.release(folder.name)]
    (folder / record.FILE).unlink(missing_ok=True)
    return done
