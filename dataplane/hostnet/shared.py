"""The ledger on disk and the sysctls themselves. One file for all labs of this machine, read and written under a lock.

The file is written before a value is changed and after it is restored: killed in between, the next ``down`` finds what to do.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dataplane.errors import UserError
from dataplane.hostnet import place
from dataplane.hostnet.ledger import Book, Entry, Key, Write, released, taken
from dataplane.proc import pids
from dataplane.proc.registry import base_folder, made_base
from dataplane.proc.sysctls import sysctl_path

FILE = ".host.json"


def take(lab: str, wanted: Mapping[Key, str]) -> list[Write]:
    """Have the sysctls for ``lab`` as ``wanted`` and no others; what was changed for it. UserError when the kernel refuses."""
    with _locked(made_base()) as folder:
        book, writes = taken(_load(folder), lab, wanted, _read)
        if writes:
            _keep(folder, book)
        _write(writes)
        after, back = released(book, lab, wanted, _read)
        _write(back)
        _keep(folder, after)
        return [*writes, *back]


def release(lab: str) -> list[Write]:
    """Let go of all that ``lab`` needed; what was restored."""
    if not (base_folder() / FILE).exists():
        return []
    with _locked(base_folder()) as folder:
        book, writes = released(_load(folder), lab, {}, _read)
        _write(writes)
        _keep(folder, book)
        return writes


@contextmanager
def _locked(folder: Path) -> Iterator[Path]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(fd)


def _load(folder: Path) -> Book:
    entries = (pids.read_json(str(folder / FILE)) or {}).get("sysctls", [])
    return {(e["namespace"], e["key"]): Entry(e["old"], e["new"], tuple(e["labs"])) for e in entries}


def _keep(folder: Path, book: Book) -> None:
    if not book:
        with suppress(FileNotFoundError):
            (folder / FILE).unlink()
        return
    entries = [
        {"namespace": inode, "key": key, "old": entry.old, "new": entry.new, "labs": list(entry.labs)}
        for (inode, key), entry in book.items()
    ]
    pids.write_json(str(folder / FILE), {"sysctls": entries})


def _read(key: Key) -> str | None:
    inode, name = key
    path = place.find(inode)
    if path is None:
        return None
    try:
        return place.inside(path, lambda: Path(sysctl_path(name)).read_text("ascii").strip())
    except OSError:
        return None


def _write(writes: list[Write]) -> None:
    for write in writes:
        inode, name = write.key
        path = place.find(inode)
        if path is None:
            continue

        def put(name: str = name, value: str = write.new) -> None:
            Path(sysctl_path(name)).write_text(f"{value}\n", "ascii")

        try:
            place.inside(path, put)
        except FileNotFoundError:  # its interface has gone
            continue
        except OSError as error:
            mend = f"mount /proc/sys writable, or by hand: sysctl -w {name}={write.new}; or up --no-host-rules"
            raise UserError(f"the host's {name} cannot be set: {error.strerror}", where=name, mend=mend, status=1) from None
