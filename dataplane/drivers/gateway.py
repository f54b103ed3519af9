"""The lab's gateway: one router, linked to every bridge that has a gateway address and to the uplink, and the rules in it.

Not a driver: it is made of the whole plan, after every network has its wiring. What goes where:

    node router     how it translates: flows, mapping, filtering, strict, linux, timeouts
    link to bridge  the gateway's addresses and MAC there, what may pass (internal, isolated, modes), what sources become
    node uplink     a port; its addresses are those of the outside's own end
    link to uplink  our addresses there; `host4`, `host6`: the host itself, which reaches endpoints and serves what we do not
    rules           route, neighbor, publish, static, exclude (and local, which a running lab adds: addresses of the host)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Interface, IPv6Interface

from dataplane.drivers.bridge import ICC, MTU
from dataplane.gateways import Gateway, gateway
from dataplane.model import IPAddress, Nat, Network, Plan, Published, Uplink
from dataplane.options import boolean, integer
from dataplane.wiring import Link, NodeSpec, RuleSpec, Settings, Wiring

ROUTER, UPLINK = "router", "uplink"
VERSIONS = (4, 6)


def with_gateway(wiring: Wiring, plan: Plan, *, arp: bool) -> Wiring:
    """The bridges' wiring with the router; as it is where no network has a gateway and the lab no uplink.

    `arp`: neighbors are asked for; else the endpoints are permanent ones, and nobody is asked.
    """
    gateways = {key: gateway(network) for key, network in plan.networks.items() if f"bridge {key}" in wiring.nodes}
    linked = [key for key, one in gateways.items() if one.addresses]
    if not linked and plan.uplink is None:
        return wiring
    nodes = [*wiring.nodes.values(), NodeSpec(ROUTER, "router", _translation(plan.topology.nat))]
    links = [*wiring.links.values()]
    for key in linked:
        links.append(Link(ROUTER, f"bridge {key}", _member(plan, plan.networks[key], gateways[key], arp)))
    rules = [] if arp else [*_endpoints(plan, linked)]
    if plan.uplink is not None:
        nodes.append(NodeSpec(UPLINK, "port", _outside(plan.uplink)))
        links.append(Link(ROUTER, UPLINK, _ours(plan.uplink, arp)))
        rules += _routes(plan.uplink)
        rules += _neighbors(plan.uplink, arp)
    rules += [rule for one in plan.published for rule in _published(one, plan.uplink)]
    rules += _one_to_one(plan.topology.nat)
    return Wiring.of(nodes, links, {rule.name: rule for rule in rules}.values())


def _translation(nat: Nat) -> Settings:
    return {
        "flows": nat.flows,
        "mapping": nat.mapping,
        "filtering": nat.filtering,
        "strict": nat.strict,
        "linux": nat.linux,
        "timeouts": ", ".join(f"{kind} {seconds}" for kind, seconds in nat.timeouts.items()),
    }


def _member(plan: Plan, network: Network, one: Gateway, arp: bool) -> Settings:
    return {
        "mac": network.gateway_mac or "",
        "ipv4": str(one.addresses.get(4, "")),
        "ipv6": str(one.addresses.get(6, "")),
        "mtu": integer(network.options, MTU, 1500, low=68, high=65535),
        "internal": network.internal,
        "isolated": not boolean(network.options, ICC, True),
        "mode4": one.modes[4] if 4 in one.addresses else "",
        "mode6": one.modes[6] if 6 in one.addresses else "",
        "masquerade4": _sources(plan, one, 4),
        "masquerade6": _sources(plan, one, 6),
        "permanent": not arp,
    }


def _sources(plan: Plan, one: Gateway, version: int) -> str:
    """What the sources of what leaves a network become, blank between addresses; "" for what they were.

    A TAP's host would not take its own address for a source: there it translates itself, and we leave the source as it is."""
    uplink = plan.uplink
    ours = (uplink.ipv4 if version == 4 else uplink.ipv6) if uplink else None
    if uplink is None or ours is None or not one.masquerade[version] or version not in one.addresses:
        return ""
    if version in one.sources:
        return str(one.sources[version]) if uplink.kind == "packet" else ""
    return " ".join(str(address) for address in plan.topology.nat.addresses if address.version == version) or str(ours.ip)


def _outside(uplink: Uplink) -> Settings:
    """The port's settings are the outside's own, as an endpoint's are those of its interface; of a network of others, none."""
    tap = uplink.kind == "tap"
    return {
        "interface": uplink.name or "",
        "mac": (uplink.gateway_mac or "") if tap else "",
        "ipv4": _beside(uplink.gateway4, uplink.ipv4) if tap else "",
        "ipv6": _beside(uplink.gateway6, uplink.ipv6) if tap else "",
        "kind": uplink.kind,
        "netns": uplink.netns or "",
        "mtu": uplink.mtu,
    }


def _beside(address: IPAddress | None, ours: IPv4Interface | IPv6Interface | None) -> str:
    return f"{address}/{ours.network.prefixlen}" if address is not None and ours is not None else ""


def _ours(uplink: Uplink, arp: bool) -> Settings:
    tap = uplink.kind == "tap"
    return {
        "mac": uplink.mac or "",
        "ipv4": str(uplink.ipv4 or ""),
        "ipv6": str(uplink.ipv6 or ""),
        "mtu": uplink.mtu,
        "host4": str(uplink.gateway4 or "") if tap else "",
        "host6": str(uplink.gateway6 or "") if tap else "",
        "permanent": not arp,
    }


def _routes(uplink: Uplink) -> Iterator[RuleSpec]:
    for destination, via in (("0.0.0.0/0", uplink.gateway4), ("::/0", uplink.gateway6)):
        if via is not None:
            yield RuleSpec(
                f"route {destination}", "route", {"destination": destination, "gateway": str(via)}, ROUTER, interface=UPLINK
            )


def _neighbors(uplink: Uplink, arp: bool) -> Iterator[RuleSpec]:
    """What the file says of others on the uplink always holds; a TAP's own end is known too, and asked for all the same."""
    known = dict(uplink.neighbors)
    for via in (uplink.gateway4, uplink.gateway6):
        if via is not None and uplink.gateway_mac is not None and not (arp and uplink.kind == "tap"):
            known.setdefault(via, uplink.gateway_mac)
    for address, mac in known.items():
        yield _neighbor(address, mac, UPLINK)


def _endpoints(plan: Plan, linked: Iterable[str]) -> Iterator[RuleSpec]:
    keys = set(linked)
    for endpoint in plan.endpoints():
        for address in (endpoint.ipv4, endpoint.ipv6):
            if address is not None and endpoint.network in keys:
                yield _neighbor(address, endpoint.mac, f"bridge {endpoint.network}")


def _neighbor(address: IPAddress, mac: str, interface: str) -> RuleSpec:
    return RuleSpec(f"neighbor {address}", "neighbor", {"address": str(address), "mac": mac}, ROUTER, interface=interface)


def _published(one: Published, uplink: Uplink | None) -> Iterator[RuleSpec]:
    """At the host's address for the lab itself; at our own on the uplink for what the host hands on, which then goes there."""
    bound = one.host_ip if one.host_ip is not None and not one.host_ip.is_unspecified else None
    for target in (one.ipv4, one.ipv6):
        if target is None:
            continue
        if bound is None:
            yield _publish(one, target, one.first, "")
            continue
        if not bound.is_loopback:
            yield _publish(one, target, one.first, str(bound))
        ours = (uplink.ipv4 if target.version == 4 else uplink.ipv6) if uplink is not None and uplink.kind == "tap" else None
        if ours is not None:
            yield _publish(one, target, one.transfer, str(ours.ip))
    for target in one.opened:
        yield _publish(one, target, one.target, str(target))


def _publish(one: Published, target: IPAddress, first: int, address: str) -> RuleSpec:
    last = first + one.count - 1
    ports = f"{first}-{last}" if last > first else str(first)
    place = f"[{address}]" if ":" in address else address or ("*" if target.version == 4 else "[*]")
    settings: Settings = {
        "protocol": one.protocol,
        "first": first,
        "last": last,
        "address": address,
        "target": str(target),
        "target_port": one.target,
    }
    return RuleSpec(f"publish {place}:{ports}/{one.protocol} {one.endpoint}", "publish", settings)


def _one_to_one(nat: Nat) -> Iterator[RuleSpec]:
    for outside, inside in nat.static:
        yield RuleSpec(f"static {outside}", "static", {"outside": str(outside), "inside": str(inside)})
    for prefix in nat.exclude:
        yield RuleSpec(f"exclude {prefix}", "exclude", {"prefix": str(prefix)})
