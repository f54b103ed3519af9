"""A Wiring as a drawing: text for a terminal, Mermaid for a README, DOT for Graphviz. Pure.

In text each node that is not a port is a tree, with what it is linked to as branches:

    bridge front  ageing 300 s, fdb_limit 65536
    ├── web.front     eth0  10.10.0.2/24  02:42:0a:0a:00:02  mtu 1500
    └── client.front  eth0  10.10.0.3/24  02:42:0a:0a:00:03  mtu 1500  hairpin
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from dataplane.wiring import Link, NodeSpec, Wiring, shown, titled

ADDRESSES = ("interface", "ipv4", "ipv6", "mac")  # settings that say what they are by their looks


def text(wiring: Wiring) -> str:
    """Trees of lines, columns aligned over all of them; ends with a newline, empty for an empty wiring."""
    linked = {end for ends in wiring.links for end in ends}
    hubs = [node for node in wiring.nodes.values() if node.kind != "port"]
    branches = {
        hub.name: [(wiring.nodes[link.near], link) for link in wiring.links.values() if link.far == hub.name] for hub in hubs
    }
    loose = [node for node in wiring.nodes.values() if node.kind == "port" and node.name not in linked]
    rows = [_cells(node, link) for row in branches.values() for node, link in row] + [_cells(node, None) for node in loose]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(len(ADDRESSES) + 2)]
    lines = []
    for hub in hubs:
        lines.append(f"{titled(hub)}  {shown(hub.settings)}".rstrip())
        for number, (node, link) in enumerate(branches[hub.name], 1):
            lead = "└── " if number == len(branches[hub.name]) else "├── "
            lines.append(lead + _aligned(_cells(node, link), widths))
    if loose:
        lines += ["not linked", *(f"    {_aligned(_cells(node, None), widths)}" for node in loose)]
    return "".join(f"{line}\n" for line in lines)


def _cells(node: NodeSpec, link: Link | None) -> list[str]:
    """Name, addresses, then the rest as words; of the link what is switched on."""
    rest = shown({name: value for name, value in node.settings.items() if name not in ADDRESSES})
    flags = " ".join(name for name, value in (link.settings if link else {}).items() if value is True)
    return [node.name, *(str(node.settings.get(name, "")) for name in ADDRESSES), f"{rest}  {flags}".strip()]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Columns that are empty everywhere are left out."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True) if width).rstrip()


def mermaid(wiring: Wiring) -> str:
    """A Mermaid flowchart (``graph LR``): ports rounded, other nodes boxes."""
    ids = _ids(wiring)
    lines = ["graph LR"]
    for name, node in wiring.nodes.items():
        label = "<br/>".join(_escaped(line, {'"': "#quot;", "<": "#lt;", ">": "#gt;"}) for line in _label(node))
        lines.append(f'  {ids[name]}(["{label}"])' if node.kind == "port" else f'  {ids[name]}["{label}"]')
    for link in wiring.links.values():
        flags = _flags(link)
        lines.append(f"  {ids[link.near]} ---{f'|{flags}|' if flags else ''} {ids[link.far]}")
    return "".join(f"{line}\n" for line in lines)


def dot(wiring: Wiring) -> str:
    """An undirected graph for Graphviz."""
    ids = _ids(wiring)
    lines = ["graph wiring {", "  rankdir=LR"]
    for name, node in wiring.nodes.items():
        label = "\\n".join(_escaped(line, {"\\": "\\\\", '"': '\\"'}) for line in _label(node))
        lines.append(f'  {ids[name]} [shape={"ellipse" if node.kind == "port" else "box"} label="{label}"]')
    for link in wiring.links.values():
        flags = _flags(link)
        lines.append(f"  {ids[link.near]} -- {ids[link.far]}" + (f' [label="{flags}"]' if flags else ""))
    return "".join(f"{line}\n" for line in [*lines, "}"])


def _ids(wiring: Wiring) -> dict[str, str]:
    return {name: f"n{number}" for number, name in enumerate(wiring.nodes)}


def _label(node: NodeSpec) -> list[str]:
    addresses = " ".join(str(node.settings[name]) for name in ADDRESSES[:-1] if node.settings.get(name))
    return [node.name, addresses] if addresses else [node.name]


def _flags(link: Link) -> str:
    return " ".join(name for name, value in link.settings.items() if value is True)


def _escaped(line: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(letter, letter) for letter in line)


DRAWINGS: Mapping[str, Callable[[Wiring], str]] = MappingProxyType({"text": text, "mermaid": mermaid, "dot": dot})
