"""A Wiring as a drawing: text for a terminal, Mermaid for a README, DOT for Graphviz. Pure.

In text each node that others link to is a tree, with these as branches; a router, which links to others, has its rules instead:

    bridge front  ageing 300 s, fdb_limit 65536
    ├── web.front     eth0  10.10.0.2/24  02:42:0a:0a:00:02  mtu 1500
    ├── client.front  eth0  10.10.0.3/24  02:42:0a:0a:00:03  mtu 1500  hairpin
    └── router              10.10.0.1/24  02:42:0a:0a:00:01  mtu 1500, mode4 nat
    router  flows 65536
    └── route 0.0.0.0/0  gateway 172.31.255.1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from dataplane.wiring import Link, NodeSpec, RuleSpec, Wiring, shown, titled

ADDRESSES = ("interface", "ipv4", "ipv6", "mac")  # settings that say what they are by their looks

# What rules are called after.
NAMED = frozenset({"network", "protocol", "first", "last", "address", "destination", "outside", "prefix"})


def text(wiring: Wiring) -> str:
    """Trees of lines, columns aligned over all of them; ends with a newline, empty for an empty wiring."""
    linked = {end for ends in wiring.links for end in ends}
    aims = {link.far for link in wiring.links.values()}
    hubs = [node for node in wiring.nodes.values() if node.kind != "port" or node.name in aims]
    branches = {
        hub.name: [(wiring.nodes[link.near], link) for link in wiring.links.values() if link.far == hub.name] for hub in hubs
    }
    loose = [node for node in wiring.nodes.values() if node.kind == "port" and node.name not in linked]
    rows = [_cells(node, link) for row in branches.values() for node, link in row] + [_cells(node, None) for node in loose]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(len(ADDRESSES) + 2)]
    lines = []
    for hub in hubs:
        lines.append(f"{titled(hub)}  {shown(hub.settings)}".rstrip())
        twigs = [_aligned(_cells(node, link), widths) for node, link in branches[hub.name]]
        twigs += [_ruled(rule) for rule in wiring.rules.values() if rule.node == hub.name]
        lines += [f"{'└' if number == len(twigs) else '├'}── {twig}" for number, twig in enumerate(twigs, 1)]
    if loose:
        lines += ["not linked", *(f"    {_aligned(_cells(node, None), widths)}" for node in loose)]
    return "".join(f"{line}\n" for line in lines)


def _cells(node: NodeSpec, link: Link | None) -> list[str]:
    """Name, addresses, then the rest as words; of the link what is switched on. What is no port has its addresses at the link,
    a VTEP its own at its underlay."""
    if link is not None and node.kind != "port":
        own = {name: node.settings[name] for name in ADDRESSES if name in node.settings} if not link.settings else {}
        flags, settings = "", MappingProxyType({**own, **link.settings})
    else:
        flags, settings = _flags(link) if link else "", MappingProxyType({**node.settings})
    rest = shown({name: value for name, value in settings.items() if name not in ADDRESSES})
    return [node.name, *(str(settings.get(name, "")) for name in ADDRESSES), f"{rest}  {flags}".strip()]


def _ruled(rule: RuleSpec) -> str:
    """Its name, and what the name does not say."""
    rest = shown({name: value for name, value in rule.settings.items() if name not in NAMED})
    return f"{rule.name}  {rest}".rstrip()


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
    """What is switched on, the address that a router has there, and the VNI of an overlay."""
    addresses = [str(link.settings[name]) for name in ADDRESSES[1:3] if link.settings.get(name)]
    if "vni" in link.settings:
        return f"VNI {link.settings['vni']}"
    return " ".join([*addresses, *(name for name, value in link.settings.items() if value is True)])


def _escaped(line: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(letter, letter) for letter in line)


DRAWINGS: Mapping[str, Callable[[Wiring], str]] = MappingProxyType({"text": text, "mermaid": mermaid, "dot": dot})
