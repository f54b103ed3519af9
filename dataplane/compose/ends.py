"""Our end of a link to the outside, as uplinks and underlays write it: addresses with prefixes, next hops, neighbors."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import TypedDict, TypeVar

from dataplane.compose.addresses import address, interface, mac, no_host
from dataplane.compose.nodes import At
from dataplane.model import IPAddress

Interface = IPv4Interface | IPv6Interface
T = TypeVar("T", IPv4Interface | IPv6Interface, IPAddress)


class Ends(TypedDict):
    """What an `outside.Outside` is made of."""

    kind: str
    name: str | None
    ipv4: IPv4Interface | None
    ipv6: IPv6Interface | None
    gateway4: IPv4Address | None
    gateway6: IPv6Address | None
    mac: str | None
    gateway_mac: str | None
    netns: str | None
    neighbors: tuple[tuple[IPAddress, str], ...]
    mtu: int


def ends(at: At, kind: str, ours: Mapping[int, Interface], link: str, *, least_mtu: int) -> Ends:
    """What the keys say that all links have. ``ours``: our addresses, by IP version; ``link``: what it is, for messages."""
    name, netns, mtu, given, gateway_mac = (at.get(key) for key in ("name", "netns", "mtu", "mac", "gateway_mac"))
    if netns is not None and not netns.text().startswith("/"):
        raise netns.wrong(f'"{netns.text()}" is not an absolute path', f"write /run/netns/{netns.text().rpartition('/')[2]}")
    hops = gateways(at, ours)
    four, six, gateway4, gateway6 = ours.get(4), ours.get(6), hops.get(4), hops.get(6)
    return Ends(
        kind=kind,
        name=interface(name) if name else None,
        ipv4=four if isinstance(four, IPv4Interface) else None,
        ipv6=six if isinstance(six, IPv6Interface) else None,
        gateway4=gateway4 if isinstance(gateway4, IPv4Address) else None,
        gateway6=gateway6 if isinstance(gateway6, IPv6Address) else None,
        mac=mac(given) if given else None,
        gateway_mac=other_mac(gateway_mac, given, link) if gateway_mac else None,
        netns=netns.text() if netns else None,
        neighbors=tuple(neighbors(at.get("neighbors"), ours, link)),
        mtu=within(mtu, least_mtu, 65535) if mtu else 1500,
    )


def elements(at: At, key: str) -> list[At]:
    """What stands in the list under ``key``; nothing where it is absent."""
    entry = at.get(key)
    return list(entry.elements()) if entry else []


def within(at: At, low: int, high: int) -> int:
    """A whole number within bounds."""
    number = at.integer()
    if not low <= number <= high:
        raise at.wrong(f"{number} is out of bounds", f"write a number from {low} to {high}")
    return number


def interface_address(at: At, *, alone: bool = False) -> Interface:
    """An address of ours with the length of its network's prefix; ``alone``: without will do, and stands for itself."""
    text = at.text()
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        wanted = "an address" if alone else "an address with a prefix"
        raise at.wrong(f'"{text}" is not {wanted}', "write 192.0.2.2/24, or fd00::2/64") from None
    if not alone and ("/" not in text or found.network.prefixlen == found.max_prefixlen):
        raise at.wrong(f'"{text}" has no prefix that anyone else is in', f"write {found.ip}/{24 if found.version == 4 else 64}")
    if found.ip in no_host(found.network) or found.ip.is_multicast or found.ip.is_loopback or found.ip.is_unspecified:
        raise at.wrong(f"{found.ip} is no address that a host may have on {found.network}", "choose another")
    return found


def by_version(at: At, key: str, found: list[T]) -> dict[int, T]:
    """One of each family at most."""
    versions: dict[int, T] = {}
    for one in found:
        if one.version in versions:
            raise (at.get(key) or at).wrong(f"two IPv{one.version} values stand under {key}", "one of each family at most")
        versions[one.version] = one
    return versions


def gateways(at: At, ours: Mapping[int, Interface]) -> dict[int, IPAddress]:
    """The next hops under ``gateway``, which are neighbors of ours."""
    found = by_version(at, "gateway", [address(entry) for entry in elements(at, "gateway")])
    for version, gateway in found.items():
        mine = ours.get(version)
        if mine is None or gateway not in mine.network or gateway == mine.ip or gateway in no_host(mine.network):
            raise at.wrong(
                f"the gateway {gateway} is no neighbor of our address there" + (f", {mine}" if mine else ""),
                "write address: with a prefix that holds both",
            )
    return found


def other_mac(at: At, ours: At | None, link: str) -> str:
    """The MAC of the other end."""
    found = mac(at)
    if ours is not None and found == mac(ours):
        raise at.wrong(f"{found} is our own MAC too", f"the two ends of the {link} need different ones")
    return found


def neighbors(at: At | None, ours: Mapping[int, Interface], link: str) -> list[tuple[IPAddress, str]]:
    """``ADDRESS: MAC`` of others on our networks."""
    found = []
    for key, entry in at.items() if at else ():
        try:
            one = ipaddress.ip_address(key)
        except ValueError:
            raise entry.wrong(f'"{key}" is not an IP address', "write 192.0.2.1: 02:00:00:00:00:01") from None
        mine = ours.get(one.version)
        if mine is not None and one not in mine.network:
            raise entry.wrong(f"{one} is not on the {link}'s network {mine.network}", "only neighbors there have MACs")
        found.append((one, mac(entry)))
    return found
