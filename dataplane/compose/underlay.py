"""``x-dataplane.underlay``, at the top of the file and of a network -> `underlay.Underlay` and its `Peer`s."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address

from dataplane.compose.addresses import address, mac
from dataplane.compose.ends import Interface, by_version, elements, ends, interface_address, within
from dataplane.compose.nodes import At
from dataplane.model import IPAddress
from dataplane.underlay import VXLAN_PORT, Peer, Station, Underlay

ROUTED = ("name", "gateway", "mac", "gateway_mac", "neighbors")
"""What sockets have no use for."""


def underlay(at: At | None) -> Underlay | None:
    """What the file says of it; None: nothing. UserError for what does not go together."""
    if at is None:
        return None
    kind, name, port = at.get("kind"), at.get("name"), at.get("port")
    chosen = kind.text() if kind else "tap"
    if chosen == "udp":
        _only_sockets(at)
    ours = by_version(at, "address", [interface_address(entry, alone=chosen == "udp") for entry in elements(at, "address")])
    if chosen == "packet" and name is None:
        raise at.wrong("an underlay of kind packet needs name", "write name: eth0, the real interface")
    if not ours:
        raise at.wrong("an underlay needs address", f"write address: {EXAMPLES[chosen]}")
    link = ends(at, chosen, ours, "underlay", least_mtu=576)
    others = peers(at.get("peers"), ours, chosen)
    known = dict(link["neighbors"]) | {peer.address: peer.mac for peer in others if peer.mac is not None}
    link["neighbors"] = tuple(known.items())
    return Underlay(**link, port=within(port, 1, 65535) if port else VXLAN_PORT, peers=others)


EXAMPLES = {
    "tap": "192.0.2.2/30, the VTEP's own on the TAP's network; the host gets the other",
    "packet": "192.0.2.2/24, one of the VTEP's own on its network",
    "udp": "192.0.2.2, the host's own that peers know",
}


def _only_sockets(at: At) -> None:
    for key in ROUTED:
        entry = at.get(key)
        if entry is not None:
            raise entry.wrong(f"an underlay of kind udp has no {key}: the host routes", "remove it, or write another kind")


def peers(at: At | None, ours: Mapping[int, Interface], kind: str) -> tuple[Peer, ...]:
    """The other VTEPs, each once. ``ours``: our addresses there, by IP version."""
    found: dict[IPAddress, Peer] = {}
    for entry in at.elements() if at else ():
        one = _peer(entry, ours, kind)
        if one.address in found:
            raise entry.wrong(f"the peer {one.address} stands here twice", "write it once, with all its endpoints")
        found[one.address] = one
    return tuple(found.values())


def _peer(at: At, ours: Mapping[int, Interface], kind: str) -> Peer:
    written = at if isinstance(at.value, str) else at.get("address")
    if written is None:
        raise at.wrong("the peer needs address", "write address: 192.0.2.3, where that VTEP is reached")
    where, mine = address(written), None
    mine = ours.get(where.version)
    if where.is_multicast:
        raise written.wrong(f"{where} is a group", "write it on the network: driver_opts: {dataplane.group: …}")
    if where.is_unspecified or where.is_loopback:
        raise written.wrong(f"{where} is no other host's address", "write the one where that VTEP is reached")
    if ours and mine is None:
        raise written.wrong(
            f"the peer {where} is IPv{where.version}, and the underlay is not", f"give the underlay an IPv{where.version} address"
        )
    if mine is not None and where == mine.ip:
        raise written.wrong(f"{where} is our own address", "write those of the others only")
    if written is at:
        return Peer(address=where)
    given = at.get("mac")
    if given is not None and kind == "udp":
        raise given.wrong("a peer of an underlay of kind udp has no mac: the host finds it", "remove it")
    if given is not None and mine is not None and where not in mine.network:
        raise given.wrong(f"{where} is not on the underlay's network {mine.network}", "remove it: packets go to the gateway's MAC")
    return Peer(
        address=where,
        mac=mac(given) if given else None,
        endpoints=tuple(_station(entry) for entry in elements(at, "endpoints")),
    )


def _station(at: At) -> Station:
    """An address, whose MAC is then Docker's own for it; or ``{mac, address}``."""
    if isinstance(at.value, str):
        found = by_version(at, "address", [address(at)])
        given = None
    else:
        found = by_version(at, "address", [address(entry) for entry in elements(at, "address")])
        given = at.get("mac")
    four = found.get(4)
    if given is None and not isinstance(four, IPv4Address):
        raise at.wrong("the endpoint needs mac", "write {mac: 02:42:0a:00:00:05, address: fd00::5}")
    own = f"02:42:{four.packed.hex(':')}" if isinstance(four, IPv4Address) else ""
    return Station(mac=mac(given) if given else own, addresses=tuple(found[version] for version in sorted(found)))


def of_network(at: At | None, driver: str, lab: Underlay | None) -> tuple[Underlay | None, tuple[Peer, ...] | None]:
    """An underlay of the network's own; or, where nothing but ``peers`` is written, these, on the lab's."""
    if at is None:
        return None, None
    if driver != "overlay":
        raise at.wrong(f"a network of the driver {driver} has no underlay", "write driver: overlay, or remove it")
    if [key for key, entry in at.items() if entry.value is not None] != ["peers"]:
        return underlay(at), None
    if lab is None:
        raise at.wrong("peers stand here without an underlay", "write kind and address beside them, or an underlay at the top")
    ours: dict[int, Interface] = {one.version: one for one in (lab.ipv4, lab.ipv6) if one is not None}
    return None, peers(at.get("peers"), ours, lab.kind)
