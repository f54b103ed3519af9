"""What a lab has on this machine, found without asking the code under test."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def processes(lab: str) -> list[int]:
    """Living processes with a word in their command line that ends in the name of the lab."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # A zombie has an empty command line.
            if f"{lab}\0".encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def namespaces() -> set[int]:
    """Every network namespace in which a process of this machine lives or of which one holds a descriptor."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        descriptors: list[Path] = []
        with suppress(OSError):  # a process may end while one looks
            descriptors += (folder / "fd").iterdir()
        for path in [folder / "ns" / "net", *descriptors]:
            with suppress(OSError):
                target = str(path.readlink())
                if target.startswith("net:["):
                    found.add(int(target[5:-1]))
    return found


def of_lab(lab: str, folder: Path, inodes: set[int]) -> list[str]:
    """Whatever is left of a lab, in words; empty when nothing is."""
    left = [f"process {pid}" for pid in processes(lab)]
    left += [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if lab in line]
    with suppress(FileNotFoundError):
        left += [f"name {path.name}" for path in Path("/run/netns").iterdir() if path.name.startswith(f"{lab}-")]
    left += [f"namespace {inode}" for inode in inodes & namespaces()]
    left += [str(folder)] if folder.exists() else []
    return left
