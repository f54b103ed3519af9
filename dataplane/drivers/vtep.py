"""The lab's VTEPs: one for each underlay, linked to it and to the bridge of every overlay that it carries.

Not a driver: made of the whole plan, after every network has its wiring. What goes where:

    node vtep         its MAC and addresses on the underlay, its size; permanent: it asks nobody; any_hop: the host routes (sockets)
    link to a bridge  an overlay: VNI, our address, and what becomes of frames on their way out and in
    node underlay     a port; its addresses are those of the outside's own end
    rules             peer, station (an endpoint behind a peer), neighbor, route
"""

from __future__ import annotations

from collections.abc import Iterator

from dataplane.drivers.bridge import MOST_STATIONS
from dataplane.errors import UserError
from dataplane.model import IPAddress, Network, Plan
from dataplane.options import integer
from dataplane.overlays import Overlay, is_overlay, overlay, stations
from dataplane.underlay import UNDERLAY, Underlay
from dataplane.wiring import Link, NodeSpec, RuleSpec, Settings, Wiring

VTEP = "vtep"
FEWEST_TUNNELS, MOST_TUNNELS = 4096, 65534


def with_vteps(wiring: Wiring, plan: Plan, *, arp: bool) -> Wiring:
    """The bridges' wiring with a VTEP for each underlay. `arp`: next hops are asked for; else the file's are permanent ones.

    Errors: UserError for options that cannot be, and where two overlays of an underlay have one VNI."""
    if not plan.underlays:
        return wiring
    nodes, links, rules = [*wiring.nodes.values()], [*wiring.links.values()], [*wiring.rules.values()]
    networks = [network for network in plan.networks.values() if is_overlay(network)]
    overlays = {network.key: overlay(network, plan.topology) for network in networks}
    for port, below in plan.underlays.items():
        carried = [network for network in networks if overlays[network.key].port == port]
        name = f"{VTEP}{port.removeprefix(UNDERLAY)}"
        _require_distinct(plan, carried, overlays)
        tunnels = _tunnels(plan, carried, overlays)
        nodes += [
            NodeSpec(name, VTEP, _vtep(below, tunnels, any(overlays[n.key].strict for n in carried), arp)),
            NodeSpec(port, "port", _outside(below, [overlays[n.key] for n in carried])),
        ]
        links += [Link(name, port), *(Link(name, f"bridge {n.key}", _carried(overlays[n.key], n)) for n in carried)]
        rules += [*_ways(name, port, below, arp)]
        for network in carried:
            rules += _peers(name, network, overlays[network.key], plan)
    return Wiring.of(nodes, links, rules)


def _require_distinct(plan: Plan, networks: list[Network], overlays: dict[str, Overlay]) -> None:
    owners: dict[int, str] = {}
    for network in networks:
        vni = overlays[network.key].vni
        other = owners.setdefault(vni, network.key)
        if other != network.key:
            raise UserError(
                f"the networks {other!r} and {network.key!r} have one VNI, {vni}, on one underlay",
                where=f"{plan.topology.source}: networks.{network.key}.driver_opts",
                mend="give one of them another: VXLAN keeps overlays apart by it alone",
            )


def _tunnels(plan: Plan, networks: list[Network], overlays: dict[str, Overlay]) -> int:
    """Room for twice as many as there are, in powers of two: the VTEP is made anew where a change of the file needs more."""
    ends = sum(len(overlays[network.key].peers) + overlays[network.key].peer_limit + 1 for network in networks)
    if ends > MOST_TUNNELS:
        raise UserError(
            f"the overlays of one underlay would reach {ends:,} VTEPs, and {MOST_TUNNELS:,} is the most",
            where=f"{plan.topology.source}: networks.{networks[-1].key}",
            mend="write a smaller dataplane.peer_limit, or an underlay of its own for some of them",
        )
    return min(MOST_TUNNELS, max(FEWEST_TUNNELS, 1 << (2 * ends - 1).bit_length()))


def _vtep(below: Underlay, tunnels: int, strict: bool, arp: bool) -> Settings:
    return {
        "mac": below.mac or "",
        "ipv4": str(below.ipv4 or ""),
        "ipv6": str(below.ipv6 or ""),
        "mtu": below.mtu,
        "udp_port": below.port,
        "tunnels": tunnels,
        "strict": strict,
        "any_hop": below.kind == "udp",
        "permanent": not arp,
    }


def _outside(below: Underlay, overlays: list[Overlay]) -> Settings:
    """The port's settings are the outside's own; of a network of others, none. Of sockets: what they are bound to."""
    tap, udp = below.kind == "tap", below.kind == "udp"
    return {
        "interface": below.name or "",
        "mac": (below.gateway_mac or "") if tap else "",
        "ipv4": f"{below.gateway4}/{below.ipv4.network.prefixlen}" if tap and below.ipv4 and below.gateway4 else "",
        "ipv6": f"{below.gateway6}/{below.ipv6.network.prefixlen}" if tap and below.ipv6 and below.gateway6 else "",
        "kind": below.kind,
        "accepts": "" if tap else below.mac or "",
        "sockets": " ".join(str(one.ip) for one in (below.ipv4, below.ipv6) if one is not None) if udp else "",
        "udp_port": below.port if udp else "",
        "groups": " ".join(sorted({str(one.group) for one in overlays if one.group is not None})) if udp else "",
        "netns": below.netns or "",
        "mtu": below.mtu,
    }


def _carried(one: Overlay, network: Network) -> Settings:
    """An overlay, as a member of its bridge. What is as RFC 7348 has it by default goes without a word in a drawing."""
    return {
        "vni": one.vni,
        "local": str(one.local),
        "group": str(one.group or ""),
        "learning": one.learning,
        "unknown": "flood" if one.unknown else "drop",
        "permitted_only": one.permitted_only,
        "inner_vlan": "keep" if one.keep_vlan else "strip",
        "ttl": _word(one.ttl),
        "dscp": _word(one.dscp),
        "checksum": "" if one.checksum is None else one.checksum,
        "flood_rate": one.flood_rate,
        "peer_limit": one.peer_limit,
        "fdb_limit": _stations(network),
        "mss": one.mss or "",
    }


def _word(number: int) -> int | str:
    return "inherit" if number < 0 else number


def _stations(network: Network) -> int:
    """How many are learned behind one VTEP: as many as the bridge learns at all."""
    return integer(network.options, "dataplane.fdb_limit", 65536, low=1, high=MOST_STATIONS)


def _ways(vtep: str, port: str, below: Underlay, arp: bool) -> Iterator[RuleSpec]:
    """Routes and known neighbors. A TAP's own end is known too, and asked for all the same."""
    for destination, via in (("0.0.0.0/0", below.gateway4), ("::/0", below.gateway6)):
        if via is not None:
            settings: Settings = {"destination": destination, "gateway": str(via)}
            yield RuleSpec(f"{vtep} route {destination}", "route", settings, vtep, interface=port)
    known: dict[IPAddress, str] = dict(below.neighbors)
    for via in (below.gateway4, below.gateway6):
        if via is not None and below.gateway_mac is not None and not (arp and below.kind == "tap"):
            known.setdefault(via, below.gateway_mac)
    for address, mac in known.items():
        yield RuleSpec(f"{vtep} neighbor {address}", "neighbor", {"address": str(address), "mac": mac}, vtep, interface=port)


def _peers(vtep: str, network: Network, one: Overlay, plan: Plan) -> Iterator[RuleSpec]:
    """Peers first: a station is behind one that is there. With a group, what is flooded goes there, once."""
    bridge = f"bridge {network.key}"
    for peer in one.peers:
        settings: Settings = {"address": str(peer.address), "flood": one.group is None}
        yield RuleSpec(f"peer {peer.address} of {network.key}", "peer", settings, vtep, interface=bridge)
    for peer, station in stations(network, plan.topology):
        yield RuleSpec(
            f"station {station.mac} of {network.key}",
            "station",
            {"mac": station.mac, "peer": str(peer.address), "addresses": " ".join(map(str, station.addresses))},
            vtep,
            interface=bridge,
        )
