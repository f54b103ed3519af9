"""The lab's gateway: one router, linked to every bridge that has a gateway address and to the uplinks, and the rules in it.

Not a driver: it is made of the whole plan, after every network has its wiring. What goes where:

    node router     its size, and how it translates: flows, neighbors, mapping, filtering, strict, linux, timeouts
    link to bridge  the gateway's addresses and MAC there, what may pass (internal, isolated, modes), what sources become
    node uplink     a port; its addresses are those of the outside's own end; uplink.NETWORK the same, by which one network leaves
    link to uplink  our addresses there, `more` of them; `host4`, `host6`: the host, which reaches endpoints and serves the rest
    by              of links and rules: the uplink that a network leaves by, where that is its own; else there is no such setting
    rules           route, neighbor, publish, static, exclude (and local, which a running lab adds: addresses of the host)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface

from dataplane.drivers.bridge import ICC
from dataplane.drivers.ports import MTU
from dataplane.errors import UserError
from dataplane.gateways import Gateway, gateway
from dataplane.model import IPAddress, Network, Plan, Published
from dataplane.nat import Nat
from dataplane.options import boolean, integer
from dataplane.uplink import UPLINK, Uplink
from dataplane.wiring import Link, NodeSpec, RuleSpec, Settings, Wiring

ROUTER = "router"
MOST = 28  # what a router's interface has room for, less the uplink's own and link-local ones


def with_gateway(wiring: Wiring, plan: Plan, *, arp: bool) -> Wiring:
    """The bridges' wiring with the router; as it is where no network has a gateway and the lab no uplink.

    `arp`: neighbors are asked for; else the endpoints are permanent ones, and nobody is asked.
    """
    gateways = {key: gateway(network) for key, network in plan.networks.items() if f"bridge {key}" in wiring.nodes}
    linked = [key for key, one in gateways.items() if one.addresses]
    if not linked and not plan.uplinks:
        return wiring
    nodes = [*wiring.nodes.values(), NodeSpec(ROUTER, "router", _translation(plan))]
    links = [*wiring.links.values()]
    for key in linked:
        links.append(Link(ROUTER, f"bridge {key}", _member(plan, plan.networks[key], gateways[key], arp)))
    rules = [] if arp else [*_endpoints(plan, linked)]
    for port, uplink in plan.uplinks.items():
        nodes.append(NodeSpec(port, "port", _outside(uplink)))
        links.append(Link(ROUTER, port, _ours(plan, port, gateways, arp)))
        rules += _routes(port, uplink)
        rules += _neighbors(port, uplink, arp)
    rules += [rule for one in plan.published for rule in _published(one, plan)]
    rules += _one_to_one(plan.topology.nat)
    return Wiring.of(nodes, links, {rule.name: rule for rule in rules}.values())


def with_host_addresses(wiring: Wiring, local: Mapping[str, Iterable[str]]) -> Wiring:
    """With the addresses of the host that each uplink leads to: published ports are reached at those too."""
    rules = [_local(port, " ".join(addresses)) for port, addresses in local.items() if addresses and port in wiring.nodes]
    if ROUTER not in wiring.nodes or not rules:
        return wiring
    return Wiring.of(wiring.nodes.values(), wiring.links.values(), [*wiring.rules.values(), *rules])


def _local(port: str, addresses: str) -> RuleSpec:
    return RuleSpec(f"local{_behind(port)}", "local", {"addresses": addresses, **_by(port)})


def _translation(plan: Plan) -> Settings:
    nat = plan.topology.nat
    return {
        "flows": nat.flows,
        "neighbors": _room(sum(bool(e.ipv4) + bool(e.ipv6) for e in plan.endpoints())),
        "mapping": nat.mapping,
        "filtering": nat.filtering,
        "strict": nat.strict,
        "linux": nat.linux,
        "timeouts": ", ".join(f"{kind} {seconds}" for kind, seconds in nat.timeouts.items()),
        "mss": nat.mss or "",
        "icmp_rate": nat.icmp_rate,
    }


def _room(stations: int) -> int:
    """Twice as many as there are, in powers of two: the router is made anew where a change of the file needs more."""
    return max(4096, 1 << (2 * stations - 1).bit_length())


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
        "masquerade4": _sources(plan, network, one, 4),
        "masquerade6": _sources(plan, network, one, 6),
        "permanent": not arp,
        **_by(plan.way(network.key)),
    }


def _by(way: str) -> Settings:
    """Said only of a network's own: the usual needs no word."""
    return {} if way == UPLINK else {"by": way}


def _sources(plan: Plan, network: Network, one: Gateway, version: int) -> str:
    """What the sources of what leaves a network become, blank between addresses; "" for what they were.

    A TAP's host would not take its own address for a source: there it translates itself, and we leave the source as it is."""
    way = plan.way(network.key)
    uplink = plan.uplinks.get(way)
    ours = uplink.ours(version) if uplink else None
    if uplink is None or ours is None or not one.masquerade[version] or version not in one.addresses:
        return ""
    if version in one.sources:
        return str(one.sources[version]) if uplink.kind == "packet" else ""
    shared = plan.topology.nat.addresses if way == UPLINK else ()
    return " ".join(str(address) for address in shared if address.version == version) or str(ours.ip)


def _outside(uplink: Uplink) -> Settings:
    """The port's settings are the outside's own, as an endpoint's are those of its interface; of a network of others, none."""
    tap = uplink.kind == "tap"
    return {
        "interface": uplink.name or "",
        "mac": (uplink.gateway_mac or "") if tap else "",
        "ipv4": _beside(uplink.gateway4, uplink.ipv4) if tap else "",
        "ipv6": _beside(uplink.gateway6, uplink.ipv6) if tap else "",
        "kind": uplink.kind,
        "accepts": "" if tap else uplink.mac or "",
        "netns": uplink.netns or "",
        "mtu": uplink.mtu,
    }


def _beside(address: IPAddress | None, ours: IPv4Interface | IPv6Interface | None) -> str:
    return f"{address}/{ours.network.prefixlen}" if address is not None and ours is not None else ""


def _ours(plan: Plan, port: str, gateways: Mapping[str, Gateway], arp: bool) -> Settings:
    uplink = plan.uplinks[port]
    tap = uplink.kind == "tap"
    return {
        "mac": uplink.mac or "",
        "ipv4": str(uplink.ipv4 or ""),
        "ipv6": str(uplink.ipv6 or ""),
        "mtu": uplink.mtu,
        "host4": str(uplink.gateway4 or "") if tap else "",
        "host6": str(uplink.gateway6 or "") if tap else "",
        "more": "" if tap else " ".join(_more(plan, port, gateways)),
        "permanent": not arp,
        **_by(port),
    }


def _more(plan: Plan, port: str, gateways: Mapping[str, Gateway]) -> list[str]:
    """Addresses that are ours there too, as what leaves has them for its source, or what comes in for its target."""
    nat = plan.topology.nat
    asked = [*nat.addresses, *(outside for outside, _ in nat.static)] if port == UPLINK else []
    asked += [address for key, one in gateways.items() if plan.way(key) == port for address in one.sources.values()]
    own = {interface.ip for interface in plan.uplinks[port].addresses}
    more = [str(address) for address in dict.fromkeys(asked) if address not in own]
    if len(more) > MOST:
        raise UserError(
            f"{port} would have {len(more)} addresses besides its own, and {MOST} is the most",
            where=f"{plan.topology.source}: x-dataplane.nat",
            mend="fewer under addresses and static",
        )
    return more


def _routes(port: str, uplink: Uplink) -> Iterator[RuleSpec]:
    for destination, via in (("0.0.0.0/0", uplink.gateway4), ("::/0", uplink.gateway6)):
        if via is not None:
            settings: Settings = {"destination": destination, "gateway": str(via), **_by(port)}
            yield RuleSpec(f"route {destination}{_behind(port)}", "route", settings, ROUTER, interface=port)


def _behind(way: str) -> str:
    """The end of the name of a rule that others have too, each for an uplink of theirs."""
    return "" if way == UPLINK else f" {way}"


def _neighbors(port: str, uplink: Uplink, arp: bool) -> Iterator[RuleSpec]:
    """What the file says of others on the uplink always holds; a TAP's own end is known too, and asked for all the same."""
    known = dict(uplink.neighbors)
    for via in (uplink.gateway4, uplink.gateway6):
        if via is not None and uplink.gateway_mac is not None and not (arp and uplink.kind == "tap"):
            known.setdefault(via, uplink.gateway_mac)
    for address, mac in known.items():
        yield _neighbor(address, mac, port)


def _endpoints(plan: Plan, linked: Iterable[str]) -> Iterator[RuleSpec]:
    keys = set(linked)
    for endpoint in plan.endpoints():
        for address in (endpoint.ipv4, endpoint.ipv6):
            if address is not None and endpoint.network in keys:
                yield _neighbor(address, endpoint.mac, f"bridge {endpoint.network}")


def _neighbor(address: IPAddress, mac: str, interface: str) -> RuleSpec:
    return RuleSpec(f"neighbor {address}", "neighbor", {"address": str(address), "mac": mac}, ROUTER, interface=interface)


def _published(one: Published, plan: Plan) -> Iterator[RuleSpec]:
    """At the host's address for the lab itself; at our own on the uplink for what the host hands on, which then goes there.

    The latter is for nobody else: a container would get past the address that the file binds the port to."""
    uplink = plan.uplinks.get(one.uplink)
    bound = one.host_ip if one.host_ip is not None and not one.host_ip.is_unspecified else None
    for target in (one.ipv4, one.ipv6):
        if target is None:
            continue
        relayed = one.host_ip is not None and one.host_ip.version != target.version
        if relayed:
            bound = one.host_ip  # of the other family: nothing but what the host itself sends comes here
        elif bound is None or not bound.is_loopback:
            # Those of other uplinks of one host reach the host's ports as well: at their gateways, or at its addresses.
            for way in _neighbors_of(one.uplink, plan):
                resumes = plan.topology.nat.resumes and bound is None  # else clients outside come to the address below
                yield _publish(plan, one, target, way, address=str(bound or ""), resumes=resumes)
        ours = uplink.ours(target.version) if bound is not None and uplink is not None and uplink.kind == "tap" else None
        if ours is not None:
            clients = "trusted" if relayed or (bound is not None and bound.is_loopback) else "uplink"
            lasts = plan.topology.nat.resumes and not relayed  # who relays died with the gateway, and its connections
            yield _publish(plan, one, target, one.uplink, address=str(ours.ip), first=one.transfer, clients=clients, resumes=lasts)
    for target in one.opened:
        for way in dict.fromkeys([UPLINK, *map(plan.way, plan.networks)]):
            resumes = plan.topology.nat.resumes
            yield _publish(plan, one, target, way, address=str(target), first=one.target, resumes=resumes)


def _neighbors_of(way: str, plan: Plan) -> list[str]:
    """The uplink, and all others that lead to the same host."""
    here = plan.uplinks.get(way)
    if here is None or here.kind != "tap":
        return [way]
    return [port for port, other in plan.uplinks.items() if other.kind == "tap" and other.netns == here.netns]


def _publish(
    plan: Plan,
    one: Published,
    target: IPAddress,
    way: str,
    *,
    address: str,
    first: int | None = None,
    clients: str = "",
    resumes: bool = False,
) -> RuleSpec:
    first = one.first if first is None else first
    last = first + one.count - 1
    ports = f"{first}-{last}" if last > first else str(first)
    place = f"[{address}]" if ":" in address else address or ("*" if target.version == 4 else "[*]")
    settings: Settings = {
        "network": next(key for key, network in plan.networks.items() if any(target in pool.subnet for pool in network.pools)),
        "protocol": one.protocol,
        "first": first,
        "last": last,
        "address": address,
        "target": str(target),
        "target_port": one.target,
        "clients": clients,
        **({"resumes": True} if resumes else {}),
        **_by(way),
    }
    return RuleSpec(f"publish {place}:{ports}/{one.protocol} {one.endpoint}{_behind(way)}", "publish", settings)


def _one_to_one(nat: Nat) -> Iterator[RuleSpec]:
    for outside, inside in nat.static:
        yield RuleSpec(f"static {outside}", "static", {"outside": str(outside), "inside": str(inside)})
    for prefix in nat.exclude:
        yield RuleSpec(f"exclude {prefix}", "exclude", {"prefix": str(prefix)})
