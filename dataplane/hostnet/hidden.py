"""Addresses of ipvlan's endpoints kept from the host's own stack, which has the same MAC address: as data, as nftables, taken back.

A packet socket has its copy before the ingress hook (net/core/dev.c, __netif_receive_skb_core); what is dropped there is nobody
else's any more. So the host neither forwards it, where it forwards, nor answers it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dataplane.hostnet import nft, place
from dataplane.model import IPAddress

FILE = "hidden"
"""In a lab's state folder: a line for each table of ours, its namespace's inode and its name."""


def table_of(lab: str, port: str) -> str:
    """The name of the table of a parent's port, of family netdev. No lab has a dot in its name."""
    return f"dataplane-{lab}.{port}"


def script(table: str, interface: str, addresses: Iterable[IPAddress]) -> str:
    """For ``nft -f -``: the table in the place of an older one, in one transaction; without addresses none."""
    lines = []
    for version, matches in ((4, ("ip daddr", "arp daddr ip")), (6, ("ip6 daddr",))):
        elements = ", ".join(sorted(str(one) for one in addresses if one.version == version))
        lines += [f"\t\t{match} {{ {elements} }} counter drop\n" for match in matches if elements]
    if not lines:
        return removal(table)
    head = f'\t\ttype filter hook ingress device "{interface}" priority filter; policy accept;\n'
    return f"{removal(table)}table netdev {table} {{\n\tchain hidden {{\n{head}{''.join(lines)}\t}}\n}}\n"


def removal(table: str) -> str:
    """Remove the table, whether it is there or not."""
    return f"table netdev {table}\ndelete table netdev {table}\n"


def note(folder: Path, tables: Iterable[tuple[int, str]]) -> None:
    """Write down which tables there are about to be, for whoever takes them back."""
    (folder / FILE).write_text("".join(f"{inode} {table}\n" for inode, table in tables), "utf-8")


def noted(folder: Path) -> list[tuple[int, str]]:
    """What was written down: (inode, table), also by who is no more."""
    try:
        rows = [line.split() for line in (folder / FILE).read_text("utf-8").splitlines()]
    except FileNotFoundError:
        return []
    return [(int(inode), table) for inode, table in rows]


def undo(folder: Path) -> list[str]:
    """Remove the tables of the lab of that state folder; what was done, in words. Again: no harm. UserError when nft refuses."""
    done = []
    for inode, table in noted(folder):
        path = place.find(inode)
        if path is not None:
            place.inside(path, lambda table=table: nft.load(removal(table)))  # type: ignore[misc]
            done.append(f"nft delete table netdev {table}")
    (folder / FILE).unlink(missing_ok=True)
    return done
