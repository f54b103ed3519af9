"""A network as data: nodes, links, and the rules of nodes that have some.

Drivers make a Wiring, `drawing` shows it, `actions` finds the difference between two, `apply` carries it out. Nothing here
knows what a node does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = int | str
Settings = Mapping[str, Value]
NOTHING: Settings = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node: ``port`` is where frames come in and go out, other kinds are named after what they do."""

    name: str
    kind: str
    settings: Settings = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Link:
    """Two nodes that send to each other. The settings are those of `near` as a member of `far`."""

    near: str
    far: str
    settings: Settings = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """An entry in a table of `node`; `kind` is route, neighbor, publish, static, exclude or local. A change disturbs no flow.

    `interface`: the far end of the link of `node` that the entry belongs to, and without which it cannot be; "" for none."""

    name: str
    kind: str
    settings: Settings = field(default_factory=lambda: NOTHING)
    node: str = "router"
    interface: str = ""

    def needs(self) -> tuple[str, str]:
        """The ends of its link; of an entry without one (node, "")."""
        return self.node, self.interface


@dataclass(frozen=True, slots=True)
class Wiring:
    """Nodes and rules by name, links by (near, far). Order is kept (it numbers things), equality does not look at it."""

    nodes: Mapping[str, NodeSpec] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[tuple[str, str], Link] = field(default_factory=lambda: MappingProxyType({}))
    rules: Mapping[str, RuleSpec] = field(default_factory=lambda: MappingProxyType({}))

    @staticmethod
    def of(nodes: Iterable[NodeSpec], links: Iterable[Link] = (), rules: Iterable[RuleSpec] = ()) -> Wiring:
        """From plain sequences. Errors: ValueError for a name used twice, and for what its node or link is not there."""
        by_name: dict[str, NodeSpec] = {}
        for node in nodes:
            if node.name in by_name:
                raise ValueError(f"two nodes are called {node.name!r}")
            by_name[node.name] = node
        by_ends: dict[tuple[str, str], Link] = {}
        for link in links:
            if link.near not in by_name or link.far not in by_name:
                raise ValueError(f"a link without its nodes: {link.near} -- {link.far}")
            if (link.near, link.far) in by_ends:
                raise ValueError(f"two links from {link.near} to {link.far}")
            by_ends[link.near, link.far] = link
        by_rule: dict[str, RuleSpec] = {}
        for rule in rules:
            if rule.node not in by_name or (rule.interface and rule.needs() not in by_ends):
                raise ValueError(f"a rule without its node or link: {rule.name}")
            if rule.name in by_rule:
                raise ValueError(f"two rules are called {rule.name!r}")
            by_rule[rule.name] = rule
        return Wiring(MappingProxyType(by_name), MappingProxyType(by_ends), MappingProxyType(by_rule))


def joined(parts: Iterable[Wiring]) -> Wiring:
    """Several wirings side by side. Errors: ValueError if they share a name."""
    parts = tuple(parts)
    return Wiring.of(
        (node for part in parts for node in part.nodes.values()),
        (link for part in parts for link in part.links.values()),
        (rule for part in parts for rule in part.rules.values()),
    )


def without(wiring: Wiring, names: Collection[str]) -> Wiring:
    """The wiring less some nodes, all their links, and the rules that need them."""
    gone = set(names)
    return Wiring.of(
        (node for name, node in wiring.nodes.items() if name not in gone),
        (link for ends, link in wiring.links.items() if not set(ends) & gone),
        (rule for rule in wiring.rules.values() if not set(rule.needs()) & gone),
    )


def said(name: str, value: Value | None) -> tuple[str, str]:
    """A setting's name and value as people say them: ("ageing", "300 s"), ("hairpin", "on")."""
    if isinstance(value, bool):
        return name, "on" if value else "off"
    if name.endswith("_ns") and isinstance(value, int):
        return name.removesuffix("_ns"), f"{value / 1e9:g} s"
    return name, "none" if value in (None, "") else str(value)


def shown(settings: Settings) -> str:
    """Settings in a line: ``mtu 1500, ageing 300 s``; flags by name when set, what is empty or off left out."""
    words = []
    for name, value in settings.items():
        if value is True:
            words.append(name)
        elif value is not False and value != "":
            words.append(" ".join(said(name, value)))
    return ", ".join(words)


def titled(node: NodeSpec) -> str:
    """The node's name, with its kind in front unless the name begins with it."""
    return node.name if f"{node.name} ".startswith(f"{node.kind} ") else f"{node.kind} {node.name}"
