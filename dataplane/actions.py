"""The difference between two Wirings as named actions, in an order that is safe to carry out; each prints as one line.

Links go before their nodes and come after them, so that every step leaves a graph without loose ends. A node whose change
cannot be made in place is taken out and put in again, with all its links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dataplane.wiring import Link, NodeSpec, Settings, Wiring, said, shown, titled

# By kind of node: what may change in place. Every setting of a link may.
CHANGEABLE: Mapping[str, frozenset[str]] = MappingProxyType({"bridge": frozenset({"ageing_ns"}), "port": frozenset({"mtu"})})


def _change(old: Settings, new: Settings) -> str:
    words = []
    for name in (name for name in {**old, **new} if old.get(name) != new.get(name)):
        label, after = said(name, new.get(name))
        words.append(f"{label} {said(name, old.get(name))[1]} -> {after}")
    return ", ".join(words)


def _with(settings: Settings) -> str:
    return f" ({shown(settings)})" if shown(settings) else ""


@dataclass(frozen=True, slots=True)
class AddNode:
    """Make the node; nothing leads to it yet."""

    node: NodeSpec

    def __str__(self) -> str:
        return f"+ {titled(self.node)}{_with(self.node.settings)}"


@dataclass(frozen=True, slots=True)
class RemoveNode:
    """Take the node out; its links are gone already."""

    node: NodeSpec

    def __str__(self) -> str:
        return f"- {titled(self.node)}"


@dataclass(frozen=True, slots=True)
class ChangeNode:
    """Settings that can change in place do."""

    old: NodeSpec
    new: NodeSpec

    def __str__(self) -> str:
        return f"~ {titled(self.new)}: {_change(self.old.settings, self.new.settings)}"


@dataclass(frozen=True, slots=True)
class AddLink:
    """Join two nodes that are there."""

    link: Link

    def __str__(self) -> str:
        return f"+ {self.link.near} -- {self.link.far}{_with(self.link.settings)}"


@dataclass(frozen=True, slots=True)
class RemoveLink:
    """Part two nodes; what was learned there is forgotten."""

    link: Link

    def __str__(self) -> str:
        return f"- {self.link.near} -- {self.link.far}"


@dataclass(frozen=True, slots=True)
class ChangeLink:
    """The link stays, what was learned there too."""

    old: Link
    new: Link

    def __str__(self) -> str:
        return f"~ {self.new.near} -- {self.new.far}: {_change(self.old.settings, self.new.settings)}"


Action = AddNode | RemoveNode | ChangeNode | AddLink | RemoveLink | ChangeLink


def diff(old: Wiring, new: Wiring) -> tuple[Action, ...]:
    """What to do, in order, to turn `old` into `new`; nothing if they are equal."""
    replaced = {name for name, node in old.nodes.items() if name in new.nodes and _must_replace(node, new.nodes[name])}

    def stays(link: Link, other: Wiring) -> bool:
        return (link.near, link.far) in other.links and link.near not in replaced and link.far not in replaced

    actions: list[Action] = []
    actions += [RemoveLink(link) for link in old.links.values() if not stays(link, new)]
    actions += [RemoveNode(node) for name, node in old.nodes.items() if name not in new.nodes or name in replaced]
    actions += [
        ChangeNode(old.nodes[name], node)
        for name, node in new.nodes.items()
        if name in old.nodes and name not in replaced and old.nodes[name] != node
    ]
    actions += [AddNode(node) for name, node in new.nodes.items() if name not in old.nodes or name in replaced]
    actions += [
        ChangeLink(old.links[ends], link) for ends, link in new.links.items() if stays(link, old) and old.links[ends] != link
    ]
    actions += [AddLink(link) for link in new.links.values() if not stays(link, old)]
    return tuple(actions)


def _must_replace(old: NodeSpec, new: NodeSpec) -> bool:
    if old.kind != new.kind:
        return True
    changed = {name for name in {**old.settings, **new.settings} if old.settings.get(name) != new.settings.get(name)}
    return not changed <= CHANGEABLE.get(new.kind, frozenset())


def applied(wiring: Wiring, actions: Iterable[Action]) -> Wiring:
    """The wiring after the actions. Errors: ValueError if one does not fit (a link to nowhere, a node still linked)."""
    nodes, links = dict(wiring.nodes), dict(wiring.links)
    for action in actions:
        match action:
            case AddNode(node):
                if node.name in nodes:
                    raise ValueError(f"there already: {action}")
                nodes[node.name] = node
            case RemoveNode(node):
                if any(node.name in ends for ends in links):
                    raise ValueError(f"still linked: {action}")
                del nodes[node.name]
            case ChangeNode(old, new):
                if nodes.get(old.name) != old:
                    raise ValueError(f"not so before: {action}")
                nodes[new.name] = new
            case AddLink(link):
                if link.near not in nodes or link.far not in nodes or (link.near, link.far) in links:
                    raise ValueError(f"cannot link: {action}")
                links[link.near, link.far] = link
            case RemoveLink(link):
                del links[link.near, link.far]
            case ChangeLink(before, after):
                if links.get((before.near, before.far)) != before:
                    raise ValueError(f"not so before: {action}")
                links[after.near, after.far] = after
    return Wiring(MappingProxyType(nodes), MappingProxyType(links))
