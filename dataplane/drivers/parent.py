"""The parents of macvlan and ipvlan networks: made of the whole plan, after every network has its wiring. What goes where:

node parent.NETWORK       a port on a real interface; `stations`: the MACs that it takes frames in for;
                              of `shared`, which is the host's too, what is for `addresses`
node vlan parent.NETWORK  where a network has a VLAN of its own; its link to a segment says which
a segment                 the node of the first network of its parent and VLAN; others' endpoints are linked to it too
link to a segment         of ipvlan in mode l3 what it must know of the parent's host, to find next hops
"""

from __future__ import annotations

from collections.abc import Iterator

from dataplane.model import Plan
from dataplane.parent import Parent
from dataplane.parents import wish
from dataplane.wiring import Link, NodeSpec, Settings, Wiring


def with_parents(wiring: Wiring, plan: Plan, *, arp: bool) -> Wiring:
    """The wiring with the plan's parents. `arp`: next hops are asked for."""
    if not plan.parents:
        return wiring
    segments = {key: segment for parent in plan.parents.values() for key, segment in _segments(parent, plan).items()}
    renamed = {f"{plan.networks[key].driver} {key}": segment for key, segment in segments.items()}
    gone = {name for name, segment in renamed.items() if name != segment}
    nodes = [node for name, node in wiring.nodes.items() if name not in gone]
    links = [Link(link.near, renamed.get(link.far, link.far), link.settings) for link in wiring.links.values()]
    for port, parent in plan.parents.items():
        nodes.append(NodeSpec(port, "port", _outside(parent)))
        vlans = {segments[key]: vlan for key, vlan in zip(parent.networks, parent.vlans, strict=True)}
        hub = port
        if any(vlans.values()):
            hub = f"vlan {port}"
            nodes.append(NodeSpec(hub, "vlan"))
            links.append(Link(port, hub))
        for segment, vlan in vlans.items():
            tag: Settings = {"vlan": vlan} if hub != port else {}
            links.append(Link(hub, segment, {**tag, **_host(parent, segment, plan, arp)}))
    return Wiring.of(nodes, links, wiring.rules.values())


def _segments(parent: Parent, plan: Plan) -> dict[str, str]:
    """The node that each of its networks is on."""
    first: dict[int, str] = {}
    return {
        key: first.setdefault(vlan, f"{plan.networks[key].driver} {key}")
        for key, vlan in zip(parent.networks, parent.vlans, strict=True)
    }


def _outside(parent: Parent) -> Settings:
    """The port's settings are the outside's own; an interface of others, so it has no address to show."""
    return {
        "interface": parent.interface,
        "kind": "packet",
        "stations": "" if parent.everything else " ".join(parent.stations),
        **({"shared": parent.mac, "addresses": " ".join(map(str, parent.shared))} if parent.shared else {}),
        "netns": parent.netns or "",
        "mtu": parent.mtu,
    }


def _host(parent: Parent, segment: str, plan: Plan, arp: bool) -> Settings:
    driver, _, key = segment.partition(" ")
    if driver != "ipvlan" or not wish(plan.networks[key]).l3:
        return {}
    return {
        "host": " ".join(map(str, parent.addresses)),
        "gateways": " ".join(map(str, parent.gateways)),
        "neighbors": " ".join(_neighbors(parent)),
        "permanent": not arp,
    }


def _neighbors(parent: Parent) -> Iterator[str]:
    yield from (f"{address}={mac}" for address, mac in parent.neighbors)
