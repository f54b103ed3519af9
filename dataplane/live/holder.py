"""Who has a UDP port of a namespace: a process by its name, or a device of the kernel. Blocking."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dataplane.hostnet import place
from dataplane.live.site import Site

TABLES = ("udp", "udp6")


def holder(site: Site, port: int) -> str:
    """In a few words."""
    inodes = set(place.inside(site.path, lambda: list(_inodes(port))))
    for inode in inodes - {0}:
        process = _process(inode)
        if process is not None:
            return process
    device = _device(site, port)
    if device is not None:
        return f"the kernel's vxlan device {device}"
    return "a process of another user" if inodes - {0} else "the kernel"


def _inodes(port: int) -> Iterator[int]:
    """Of sockets that are bound to it, 0 for the kernel's own (proc(5): /proc/net/udp)."""
    for table in TABLES:
        with suppress(OSError):
            for line in Path(f"/proc/thread-self/net/{table}").read_text("ascii").splitlines()[1:]:
                words = line.split()
                if int(words[1].rpartition(":")[2], 16) == port:
                    yield int(words[9])


def _process(inode: int) -> str | None:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with suppress(OSError):
            for entry in (folder / "fd").iterdir():
                with suppress(OSError):
                    if os.readlink(entry) == f"socket:[{inode}]":  # noqa: PTH115 - one readlink(2)
                        name = (folder / "comm").read_text("utf-8").strip()
                        return f"process {folder.name} ({name})"
    return None


def _device(site: Site, port: int) -> str | None:
    with site.helper.netlink(site.namespace) as ip:
        for link in ip.get_links():
            info = link.get("linkinfo")
            if info is None or info.get("kind") != "vxlan":
                continue
            data = info.get("data")
            if data is not None and data.get("vxlan_port") == port:
                return str(link.get("ifname"))
    return None
