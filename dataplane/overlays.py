"""What a network's options say of its overlay, and which underlay carries it, decided. Pure.

Options of an overlay network (``driver_opts``), besides those of a bridge for what is bridged here:

    com.docker.network.driver.overlay.vxlanid_list  the VNI, 1 to 16777215
    com.docker.network.driver.mtu                   default: the underlay's less 50, over IPv6 less 70
    encrypted                                       refused: nothing here encrypts
    dataplane.learning                              false: only the file's endpoints are known behind other VTEPs
    dataplane.unknown                               flood (default with learning) or drop: frames to stations nobody knows
    dataplane.group                                 a multicast group of the underlay instead of, or besides, peers
    dataplane.flood_rate                            frames a second that are flooded into the overlay
    dataplane.peer_limit                            VTEPs that are known at once besides the file's
    dataplane.permitted_only                        true: frames of the file's peers only
    dataplane.strict                                true: what RFC 7348 ignores in a header is refused, as Linux does
    dataplane.inner_vlan                            strip (RFC 7348, 6.1) or keep
    dataplane.ttl, dataplane.dscp                   of the outer header, or inherit
    dataplane.checksum                              of the outer UDP header
    dataplane.mss                                   clamp the MSS of TCP that begins to this
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from dataplane.errors import UserError
from dataplane.model import IPAddress, Network, Topology
from dataplane.options import boolean, integer
from dataplane.underlay import UNDERLAY, Peer, Station, Underlay

VNI = "com.docker.network.driver.overlay.vxlanid_list"
MTU = "com.docker.network.driver.mtu"
ENCRYPTED = "encrypted"
MOST_VNI = (1 << 24) - 1
OVERHEAD = {4: 50, 6: 70}
"""Octets between an underlay's MTU and an overlay's: IP, UDP and VXLAN headers, and the inner Ethernet header."""
INHERIT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """How an overlay is carried. ``port``: its underlay's. ``local``: our address there. ``ttl``, ``dscp``: -1 inherits.

    ``checksum`` None: zero over IPv4, computed over IPv6. ``mtu``: that of the file, None where it is silent."""

    port: str
    vni: int
    local: IPAddress
    peers: tuple[Peer, ...]
    group: IPAddress | None
    learning: bool
    unknown: bool
    permitted_only: bool
    strict: bool | None
    keep_vlan: bool
    ttl: int
    dscp: int
    checksum: bool | None
    flood_rate: int
    peer_limit: int
    mss: int
    mtu: int | None


def is_overlay(network: Network) -> bool:
    """Whether it reaches other hosts by VXLAN."""
    return network.driver == "overlay"


def underlay_of(network: Network, topology: Topology) -> tuple[str, Underlay]:
    """The name of the underlay's port, and what the file says of it. Errors: UserError where there is none."""
    if network.underlay is not None:
        return f"{UNDERLAY}.{network.key}", network.underlay
    if topology.underlay is not None:
        return UNDERLAY, topology.underlay
    raise UserError("an overlay needs an underlay", mend="write x-dataplane: {underlay: {kind: udp, address: …}}")


def overlay(network: Network, topology: Topology) -> Overlay:
    """Read a network. Errors: UserError for values that cannot be."""
    options = network.options
    port, below = underlay_of(network, topology)
    if ENCRYPTED in options and options[ENCRYPTED] not in {"false", "0"}:
        raise UserError(
            "encrypted overlays are not in this version, and in the clear it would not be what was asked for",
            mend=f"remove {ENCRYPTED}, or have the underlay encrypted",
        )
    peers = below.peers if network.peers is None else network.peers
    group = _group(network)
    learning = boolean(options, "dataplane.learning", True)
    return Overlay(
        port=port,
        vni=_vni(network),
        local=_local(network, below, peers, group),
        peers=peers,
        group=group,
        learning=learning,
        unknown=_word(network, "dataplane.unknown", "flood" if learning else "drop", ("flood", "drop")) == "flood",
        permitted_only=boolean(options, "dataplane.permitted_only", False),
        strict=boolean(options, "dataplane.strict", False) if "dataplane.strict" in options else None,
        keep_vlan=_word(network, "dataplane.inner_vlan", "strip", ("strip", "keep")) == "keep",
        ttl=_inherited(network, "dataplane.ttl", 64, low=1, high=255),
        dscp=_inherited(network, "dataplane.dscp", 0, low=0, high=63),
        checksum=boolean(options, "dataplane.checksum", False) if "dataplane.checksum" in options else None,
        flood_rate=integer(options, "dataplane.flood_rate", 10_000, low=0, high=100_000_000),
        peer_limit=integer(options, "dataplane.peer_limit", 256, low=0, high=65536),
        mss=integer(options, "dataplane.mss", 0, low=0, high=65495),
        mtu=integer(options, MTU, 0, low=68, high=65535) if MTU in options else None,
    )


def largest_mtu(one: Overlay, below: Underlay) -> int:
    """What fits through the underlay."""
    return below.mtu - OVERHEAD[one.local.version]


def with_mtu(network: Network, topology: Topology) -> Network:
    """With the MTU of an overlay decided. Errors: as `overlay`."""
    one = overlay(network, topology)
    if one.mtu is not None:
        return network
    fits = largest_mtu(one, underlay_of(network, topology)[1])
    return replace(network, options=MappingProxyType({**network.options, MTU: str(fits)}))


def too_large(topology: Topology) -> Iterator[str]:
    """A sentence for each overlay whose MTU cannot work."""
    for network in filter(is_overlay, topology.networks.values()):
        one, below = overlay(network, topology), underlay_of(network, topology)[1]
        if one.mtu is not None and one.mtu > largest_mtu(one, below):
            yield (
                f"network {network.key}: an MTU of {one.mtu} does not fit an underlay of {below.mtu}, where VXLAN takes "
                f"{OVERHEAD[one.local.version]}: packets over {largest_mtu(one, below)} will not cross "
                f"(write {MTU}: {largest_mtu(one, below)}, or leave it out; or mtu: on the underlay, if it carries more)"
            )


def unreached(topology: Topology) -> Iterator[str]:
    """A sentence for each overlay that knows of nobody to send to."""
    for network in filter(is_overlay, topology.networks.values()):
        one = overlay(network, topology)
        if not one.peers and one.group is None:
            yield (
                f"network {network.key}: it has neither peers nor a group, and reaches no other host before one speaks to it "
                "(write x-dataplane: {underlay: {peers: [THEIRS]}})"
            )


def stations(network: Network, topology: Topology) -> tuple[tuple[Peer, Station], ...]:
    """Endpoints of peers that are on this network. Those of an underlay that carries several are told apart by their addresses.

    Errors: UserError for one that is on none."""
    one = overlay(network, topology)
    others = [each for each in topology.networks.values() if is_overlay(each) and _shares(each, network, topology)]
    found = []
    for peer in one.peers:
        for station in peer.endpoints:
            if network.peers is None and len(others) > 1:
                if not station.addresses:
                    raise UserError(
                        f"the endpoint {station.mac} of {peer.address} may be on any of {', '.join(n.key for n in others)}",
                        mend="write its address, or the peers under x-dataplane.underlay of its network",
                    )
                if not any(_holds(each, station) for each in others):
                    raise _nowhere(peer, station, others)
                if not _holds(network, station):
                    continue
            elif not _holds(network, station):
                raise _nowhere(peer, station, [network])
            found.append((peer, station))
    return tuple(found)


def _shares(one: Network, other: Network, topology: Topology) -> bool:
    return one.peers is None and underlay_of(one, topology)[0] == underlay_of(other, topology)[0]


def _holds(network: Network, station: Station) -> bool:
    """All its addresses are of the network's subnets."""
    return all(any(address in pool.subnet for pool in network.pools) for address in station.addresses)


def _nowhere(peer: Peer, station: Station, networks: list[Network]) -> UserError:
    known = ", ".join(str(pool.subnet) for network in networks for pool in network.pools)
    addresses = ", ".join(map(str, station.addresses))
    return UserError(f"the endpoint {addresses} of {peer.address} is not on the overlay", mend=f"its subnets are {known}")


def _vni(network: Network) -> int:
    text = network.options.get(VNI)
    if text is None:
        raise UserError(
            f"an overlay with static peers needs its VNI: {VNI} is missing",
            mend=f'write driver_opts: {{{VNI}: "4097"}}, the same on every host',
        )
    if "," in text:
        raise UserError(f"{VNI} is {text}: an overlay has one VNI here", mend="write one, and a network for each of the others")
    return integer(network.options, VNI, 0, low=1, high=MOST_VNI)


def _local(network: Network, below: Underlay, peers: tuple[Peer, ...], group: IPAddress | None) -> IPAddress:
    """Ours of the family that its peers have."""
    ours = {one.version: one.ip for one in (below.ipv4, below.ipv6) if one is not None}
    versions = {peer.address.version for peer in peers} | ({group.version} if group is not None else set())
    if len(versions) > 1:
        raise UserError(
            "the peers of an overlay are of one family, and these are of both",
            mend=f"write those of this network under networks.{network.key}.x-dataplane.underlay.peers",
        )
    for version in versions or ours:
        if version in ours:
            return ours[version]
    raise UserError("the underlay has no address of its peers' family", mend="write both under address")


def _group(network: Network) -> IPAddress | None:
    text = network.options.get("dataplane.group")
    if text is None:
        return None
    try:
        group = ipaddress.ip_address(text)
    except ValueError:
        group = None
    if group is None or not group.is_multicast:
        raise UserError(f"dataplane.group is {text!r}, which is not a multicast group", mend="write 239.1.1.1, or ff05::100")
    return group


def _word(network: Network, key: str, default: str, words: tuple[str, ...]) -> str:
    word = network.options.get(key, default)
    if word not in words:
        raise UserError(
            f"{key} is {word!r}, and must be one of {', '.join(words)}", mend=f"write {key}: {default}, or leave it out"
        )
    return word


def _inherited(network: Network, key: str, default: int, *, low: int, high: int) -> int:
    if network.options.get(key) == "inherit":
        return INHERIT
    return integer(network.options, key, default, low=low, high=high)


def mtu_of(network: Network) -> int:
    """Of a planned overlay: decided."""
    return integer(network.options, MTU, 1500, low=68, high=65535)
