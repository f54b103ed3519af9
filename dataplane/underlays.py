"""The underlays of a lab, decided: which are used, their MACs and next hops, clear of all that is routed already. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from types import MappingProxyType

from dataplane.errors import UserError
from dataplane.ipam import overlapping
from dataplane.model import IPAddress, Network, Topology
from dataplane.overlays import is_overlay, overlay, underlay_of
from dataplane.underlay import UNDERLAY, Underlay
from dataplane.uplink import Uplink
from dataplane.uplinks import LONGEST, NOTHING, mac_of

PREFIX = "dpu-"


def underlays(
    topology: Topology, networks: Mapping[str, Network], uplinks: Mapping[str, Uplink] = NOTHING
) -> Mapping[str, Underlay]:
    """Those that carry an overlay, by the name of their port. Errors: UserError where two are in each other's way."""
    found: dict[str, Underlay] = {}
    for network in filter(is_overlay, networks.values()):
        port, written = underlay_of(network, topology)
        if port not in found:
            found[port] = _decided(topology, port, written)
            _require_clear(topology, port, found[port], networks, uplinks)
    _require_apart(topology, found)
    _require_ways(topology, found, networks)
    return MappingProxyType({port: found[port] for port in sorted(found)})


def _decided(topology: Topology, port: str, written: Underlay) -> Underlay:
    """Its addresses are the file's: peers know them. A TAP's other end is the host's, with the other address of the network."""
    ours = str(written.ipv4.ip if written.ipv4 else written.ipv6.ip if written.ipv6 else port)
    mac = written.mac or mac_of(written.ipv4.ip if written.ipv4 else None, f"underlay {ours}")
    if written.kind != "tap":
        return replace(written, mac=mac)
    own = [network.peers or () for network in topology.networks.values()]
    others = {peer.address for row in (written.peers, *own) for peer in row}
    gateway4, gateway6 = written.gateway4, written.gateway6
    if gateway4 is None and written.ipv4 is not None:
        gateway4 = IPv4Address(_other(written.ipv4, others))
    if gateway6 is None and written.ipv6 is not None:
        gateway6 = IPv6Address(_other(written.ipv6, others))
    return replace(
        written,
        name=written.name or _tap_name(topology.name, port),
        gateway4=gateway4,
        gateway6=gateway6,
        mac=mac,
        gateway_mac=written.gateway_mac or mac_of(gateway4 or gateway6, f"underlay gateway {ours}"),
    )


def _tap_name(lab: str, port: str) -> str:
    """``dpu-LAB``, ``dpu-LAB-NETWORK``, or as much of it as an interface's name holds, and a mark that tells it from others."""
    name = f"{PREFIX}{lab}{port.removeprefix(UNDERLAY).replace('.', '-')}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 5]}-{hashlib.sha256(f'{lab} {port}'.encode()).hexdigest()[:4]}"


def _other(ours: IPv4Interface | IPv6Interface, others: set[IPAddress]) -> int:
    """The lowest address of the network that a host may have and that is neither ours nor a peer's; where there is none, the host
    itself is the peer."""
    small = ours.network.prefixlen >= ours.max_prefixlen - 1
    first, last = int(ours.network.network_address) + (not small), int(ours.network.broadcast_address) - (not small)
    taken = {int(each) for each in others if each.version == ours.version}
    rest = [number for number in range(first, min(last, first + len(taken) + 1) + 1) if number != int(ours)]
    return next((number for number in rest if number not in taken), rest[0])


def _place(topology: Topology, port: str) -> str:
    network = port.removeprefix(UNDERLAY).removeprefix(".")
    return f"{topology.source}: {f'networks.{network}.' if network else ''}x-dataplane.{UNDERLAY}"


def _require_clear(
    topology: Topology, port: str, one: Underlay, networks: Mapping[str, Network], uplinks: Mapping[str, Uplink]
) -> None:
    """No address is of two networks: a packet to it would have two ways."""
    taken = [(pool.subnet, f"of the network {key!r}") for key, network in networks.items() for pool in network.pools]
    if one.kind == "tap":
        taken += [(address.network, f"of {name}") for name, uplink in uplinks.items() for address in uplink.addresses]
    for address in one.addresses:
        for subnet, whose in taken:
            if overlapping(address.network, subnet):
                raise UserError(
                    f"the underlay's network {address.network} overlaps {subnet} {whose}",
                    where=_place(topology, port),
                    mend="give one of the two another subnet",
                )


def _require_apart(topology: Topology, found: Mapping[str, Underlay]) -> None:
    owners: dict[tuple[IPAddress, str | None], str] = {}
    for port, one in found.items():
        for address in one.addresses:
            other = owners.setdefault((address.ip, one.netns), port)
            if other != port:
                raise UserError(
                    f"{other} and {port} have one address, {address.ip}",
                    where=_place(topology, port),
                    mend="leave one of the two out: an underlay carries any number of overlays",
                )


def _require_ways(topology: Topology, found: Mapping[str, Underlay], networks: Mapping[str, Network]) -> None:
    """Every peer is a neighbor, or behind the gateway."""
    for network in filter(is_overlay, networks.values()):
        one = overlay(network, topology)
        below = found[one.port]
        for peer in one.peers if below.kind == "packet" else ():
            ours, via = below.ours(peer.address.version), below.gateway4 if peer.address.version == 4 else below.gateway6
            if via is None and ours is not None and peer.address not in ours.network:
                raise UserError(
                    f"there is no way to the peer {peer.address}: it is not on {ours.network}, and there is no gateway",
                    where=_place(topology, one.port),
                    mend="write gateway: the next hop's address beside address",
                )
