"""An attachment of a container that runs becomes an endpoint: addresses, MAC, interface, names, port. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address

from dataplane.desired import pools
from dataplane.desired.networks import is_default
from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.desired.references import endpoints_of, members
from dataplane.desired.refused import Refused
from dataplane.interfaces import IFNAME, PREFIX
from dataplane.ipam import Leases
from dataplane.model import Attachment, Endpoint, IPAddress

RESERVED = frozenset({"uplink", "underlay", "parent", "router"})
"""Beginnings of names of ports that are not a container's."""
LONGEST = 60
"""Characters of a port's name, of up to four octets each: an alias has 255 octets (IFALIASZ)."""


def made(state: State, container: ContainerRecord, network: NetworkRecord, *, now: int) -> EndpointRecord:
    """The container's endpoint on that network, with what is free now. Refused: no address is, or that asked for."""
    attachment = container.attachments[network.id]
    _require_room(state, network)
    siblings = endpoints_of(state, container.id)
    book = leases(state, network)
    ipv4, ipv6 = _address(book, network, attachment.ipv4_address, 4), _address(book, network, attachment.ipv6_address, 6)
    port = _port(state, container, network)
    endpoint = Endpoint(
        port=port,
        instance=container.id,
        network=network.id,
        interface=interface(network, attachment, {one.endpoint.interface for one in siblings}),
        mac=attachment.mac_address or _mac(state, network, port, ipv4),
        ipv4=IPv4Address(int(ipv4)) if ipv4 is not None else None,
        ipv6=IPv6Address(int(ipv6)) if ipv6 is not None else None,
        aliases=attachment.aliases,
        gw_priority=attachment.gw_priority,
        given_mac=attachment.mac_address is not None,
        options=attachment.driver_opts,
        link_local=attachment.link_local,
    )
    return EndpointRecord(
        id=hashlib.sha256(f"endpoint {container.id} {network.id} {now}".encode()).hexdigest(),
        network=network.id,
        container=container.id,
        endpoint=endpoint,
        names=names(container, network, attachment),
        order=max((one.order for one in siblings), default=-1) + 1,
    )


def leases(state: State, network: NetworkRecord) -> list[Leases]:
    """What is free on a network, and what is not."""
    held = (address for one in members(state, network.id) for address in (one.endpoint.ipv4, one.endpoint.ipv6))
    return pools.leases(network.pools, (address for address in held if address is not None))


def names(container: ContainerRecord, network: NetworkRecord, attachment: Attachment) -> tuple[str, ...]:
    """What the embedded DNS calls it (`DNSNames`), the first one first; nothing on the default bridge, which has no such DNS."""
    if is_default(network):
        return ()
    own = (container.name, *attachment.aliases, container.short, *((container.hostname,) if container.hostname else ()))
    return tuple(dict.fromkeys(own))


def interface(network: NetworkRecord, attachment: Attachment, used: Collection[str]) -> str:
    """The name asked for, else the next free eth0, eth1 … Refused 400: the container has an interface of that name."""
    given = attachment.interface_name or attachment.driver_opts.get(IFNAME)
    if given is not None:
        if given in used:
            raise Refused(400, f"two interfaces of the container are called {given!r}", mend="rename one of them")
        return given
    prefix = network.options.get(PREFIX, "eth")
    number = 0
    while f"{prefix}{number}" in used:
        number += 1
    return f"{prefix}{number}"


def _require_room(state: State, network: NetworkRecord) -> None:
    """In mode passthru one endpoint has the parent for itself."""
    if network.driver == "macvlan" and network.options.get("macvlan_mode") == "passthru" and any(members(state, network.id)):
        raise Refused(500, "failed to create the macvlan port: invalid argument", mend="use another macvlan_mode than passthru")


def _address(book: list[Leases], network: NetworkRecord, wanted: IPAddress | None, version: int) -> IPAddress | None:
    if wanted is not None:
        return pools.claim(book, wanted)
    enabled = network.enable_ipv4 if version == 4 else network.enable_ipv6
    return pools.take(book, version, f"{network.name} ({network.id})") if enabled else None


def _port(state: State, container: ContainerRecord, network: NetworkRecord) -> str:
    """``NAME.NETWORK``, with a mark where another's is called so, and no more of it than an interface's alias has room for."""
    name = f"{container.name}.{network.name}"
    ports = {one.endpoint.port for one in state.endpoints.values()}
    if name not in ports and container.name not in RESERVED and len(name) <= LONGEST:
        return name
    digits, begin, end = 4, container.name[: LONGEST // 2 - 2], network.name[: LONGEST // 2 - 2]
    while (name := f"{begin}-{container.id[:digits]}.{end}") in ports:
        digits += 4
    return name


def _mac(state: State, network: NetworkRecord, port: str, ipv4: IPAddress | None) -> str:
    """02:42 and the IPv4 address, as Docker up to 27; without one a hash of the port's name that nobody on the network has. Of
    ipvlan none: it is the parent's, whichever that has."""
    if network.driver == "ipvlan":
        return ""
    if ipv4 is not None:
        return f"02:42:{ipv4.packed.hex(':')}"
    used = {one.endpoint.mac for one in members(state, network.id)}
    attempt = 0
    while True:
        digits = hashlib.sha256(f"dataplane mac {port} {attempt}".encode()).digest()[:4]
        if (mac := f"02:42:{digits.hex(':')}") not in used:
            return mac
        attempt += 1
