"""The difference between two Wirings as named actions, in an order that is safe to carry out; each prints as one line.

Rules go before their links, links before their nodes, and they come after them, so that every step leaves a graph without loose
ends. A node or a link whose change cannot be made in place is taken out and put in again, with all that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dataplane.wiring import Link, NodeSpec, RuleSpec, Settings, Wiring, said, shown, titled

# By kind of node: what may change in place.
CHANGEABLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "bridge": frozenset({"ageing_ns"}),
        "port": frozenset({"mtu", "stations", "shared", "addresses"}),
        "router": frozenset({"mss", "icmp_rate"}),
    }
)
# What may not, of a link.
FIXED = frozenset({"mac", "permanent", "vni", "local", "peer_limit", "vlan"})
# Rules that take the place of what they say anew: nothing is forgotten meanwhile.
IN_PLACE = frozenset({"peer", "station"})


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


@dataclass(frozen=True, slots=True)
class AddRule:
    """An entry more in a table of a node that is there."""

    rule: RuleSpec

    def __str__(self) -> str:
        return f"+ {self.rule.name}{_with(self.rule.settings)}"


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """An entry less. Flows that it let through go on."""

    rule: RuleSpec

    def __str__(self) -> str:
        return f"- {self.rule.name}"


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """The entry says something else from now on. Flows that it let through go on."""

    old: RuleSpec
    new: RuleSpec

    def __str__(self) -> str:
        return f"~ {self.new.name}: {_change(self.old.settings, self.new.settings)}"


Action = AddNode | RemoveNode | ChangeNode | AddLink | RemoveLink | ChangeLink | AddRule | RemoveRule | ChangeRule


def diff(old: Wiring, new: Wiring) -> tuple[Action, ...]:
    """What to do, in order, to turn `old` into `new`; nothing if they are equal."""
    twins = ((name, node, new.nodes.get(name)) for name, node in old.nodes.items())
    replaced = {name for name, node, twin in twins if twin is not None and twin is not node and _must_replace(node, twin)}

    def stays(link: Link, other: Wiring) -> bool:
        twin = other.links.get((link.near, link.far))
        if twin is None or link.near in replaced or link.far in replaced:
            return False
        return twin is link or not _changed(link, twin) & FIXED

    def holds(rule: RuleSpec, other: Wiring) -> bool:
        twin, link = other.rules.get(rule.name), old.links.get(rule.needs())
        if twin is None or (twin.kind, twin.needs()) != (rule.kind, rule.needs()) or rule.node in replaced:
            return False
        return not rule.interface or (link is not None and stays(link, new))

    actions: list[Action] = []
    actions += [RemoveRule(rule) for rule in old.rules.values() if not holds(rule, new)]
    actions += [RemoveLink(link) for link in old.links.values() if not stays(link, new)]
    actions += [RemoveNode(node) for name, node in old.nodes.items() if name not in new.nodes or name in replaced]
    actions += [
        ChangeNode(old.nodes[name], node)
        for name, node in new.nodes.items()
        if name in old.nodes and name not in replaced and old.nodes[name] is not node and old.nodes[name] != node
    ]
    actions += [AddNode(node) for name, node in new.nodes.items() if name not in old.nodes or name in replaced]
    actions += [
        ChangeLink(old.links[ends], link)
        for ends, link in new.links.items()
        if old.links.get(ends) is not link and stays(link, old) and old.links[ends] != link
    ]
    actions += [AddLink(link) for link in new.links.values() if not stays(link, old)]
    actions += [
        ChangeRule(old.rules[name], rule) for name, rule in new.rules.items() if holds(rule, old) and old.rules[name] != rule
    ]
    actions += [AddRule(rule) for rule in new.rules.values() if not holds(rule, old)]
    return tuple(actions)


def _changed(old: NodeSpec | Link, new: NodeSpec | Link) -> set[str]:
    return {name for name in {**old.settings, **new.settings} if old.settings.get(name) != new.settings.get(name)}


def _must_replace(old: NodeSpec, new: NodeSpec) -> bool:
    if old.kind != new.kind:
        return True
    return not _changed(old, new) <= CHANGEABLE.get(new.kind, frozenset())


def applied(wiring: Wiring, actions: Iterable[Action]) -> Wiring:
    """The wiring after the actions. Errors: ValueError if one does not fit (a link to nowhere, a node that is still needed)."""
    nodes, links, rules = dict(wiring.nodes), dict(wiring.links), dict(wiring.rules)
    for action in actions:
        match action:
            case AddNode() | RemoveNode() | ChangeNode():
                _apply_node(action, nodes, links, rules)
            case AddLink() | RemoveLink() | ChangeLink():
                _apply_link(action, nodes, links, rules)
            case AddRule() | RemoveRule() | ChangeRule():
                _apply_rule(action, nodes, links, rules)
    return Wiring(MappingProxyType(nodes), MappingProxyType(links), MappingProxyType(rules))


_Nodes = dict[str, NodeSpec]
_Links = dict[tuple[str, str], Link]
_Rules = dict[str, RuleSpec]


def _apply_node(action: AddNode | RemoveNode | ChangeNode, nodes: _Nodes, links: _Links, rules: _Rules) -> None:
    match action:
        case AddNode(node):
            if node.name in nodes:
                raise ValueError(f"there already: {action}")
            nodes[node.name] = node
        case RemoveNode(node):
            if any(node.name in ends for ends in links) or any(rule.node == node.name for rule in rules.values()):
                raise ValueError(f"still needed: {action}")
            del nodes[node.name]
        case ChangeNode(old, new):
            if nodes.get(old.name) != old:
                raise ValueError(f"not so before: {action}")
            nodes[new.name] = new


def _apply_link(action: AddLink | RemoveLink | ChangeLink, nodes: _Nodes, links: _Links, rules: _Rules) -> None:
    match action:
        case AddLink(link):
            if link.near not in nodes or link.far not in nodes or (link.near, link.far) in links:
                raise ValueError(f"cannot link: {action}")
            links[link.near, link.far] = link
        case RemoveLink(link):
            if any(rule.needs() == (link.near, link.far) for rule in rules.values()):
                raise ValueError(f"still needed: {action}")
            del links[link.near, link.far]
        case ChangeLink(old, new):
            if links.get((old.near, old.far)) != old:
                raise ValueError(f"not so before: {action}")
            links[new.near, new.far] = new


def _apply_rule(action: AddRule | RemoveRule | ChangeRule, nodes: _Nodes, links: _Links, rules: _Rules) -> None:
    match action:
        case AddRule(rule):
            if rule.name in rules or rule.node not in nodes or (rule.interface and rule.needs() not in links):
                raise ValueError(f"cannot rule: {action}")
            rules[rule.name] = rule
        case RemoveRule(rule):
            del rules[rule.name]
        case ChangeRule(old, new):
            if rules.get(old.name) != old:
                raise ValueError(f"not so before: {action}")
            rules[new.name] = new
