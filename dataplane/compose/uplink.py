"""``x-dataplane.uplink`` and ``x-dataplane.nat`` at the top of the file -> `model.Uplink`, `model.Nat`."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from types import MappingProxyType
from typing import TypeVar

from dataplane.compose.addresses import address, interface, mac, no_host, subnet
from dataplane.compose.nodes import At
from dataplane.model import IPAddress, Nat, Uplink

KINDS = ("tap", "packet", "none")
Interface = IPv4Interface | IPv6Interface
T = TypeVar("T", IPv4Interface | IPv6Interface, IPAddress)


def uplink(at: At | None) -> Uplink | None:
    """What the file says of the way out; None: nothing. UserError for what does not go together."""
    if at is None:
        return None
    kind, name, netns, mtu = (at.get(key) for key in ("kind", "name", "netns", "mtu"))
    chosen = kind.text() if kind else "tap"
    others = [key for key, entry in at.items() if key != "kind" and entry.value is not None]
    if chosen == "none":
        if others:
            raise at.wrong(f"an uplink of kind none has no {others[0]}", "remove it, or write another kind")
        return Uplink(kind="none")
    if netns is not None and not netns.text().startswith("/"):
        raise netns.wrong(f'"{netns.text()}" is not an absolute path', f"write /run/netns/{netns.text().rpartition('/')[2]}")
    ours = _by_version(at, "address", [_interface(entry) for entry in _elements(at, "address")])
    gateways = _by_version(at, "gateway", [address(entry) for entry in _elements(at, "gateway")])
    if chosen == "packet" and (name is None or not ours):
        missing = "name" if name is None else "address"
        wanted = "name: eth0, the real interface" if name is None else "address: 192.0.2.2/24, one of ours on its network"
        raise at.wrong(f"an uplink of kind packet needs {missing}", f"write {wanted}")
    for version, gateway in gateways.items():
        mine = ours.get(version)
        if mine is None or gateway not in mine.network or gateway == mine.ip or gateway in no_host(mine.network):
            raise at.wrong(
                f"the gateway {gateway} is no neighbor of our address there" + (f", {mine}" if mine else ""),
                "write address: with a prefix that holds both",
            )
    four, six = ours.get(4), ours.get(6)
    gateway4, gateway6 = gateways.get(4), gateways.get(6)
    given, gateway_mac = at.get("mac"), at.get("gateway_mac")
    return Uplink(
        kind=chosen,
        name=interface(name) if name else None,
        ipv4=four if isinstance(four, IPv4Interface) else None,
        ipv6=six if isinstance(six, IPv6Interface) else None,
        gateway4=gateway4 if isinstance(gateway4, IPv4Address) else None,
        gateway6=gateway6 if isinstance(gateway6, IPv6Address) else None,
        mac=mac(given) if given else None,
        gateway_mac=_other_mac(gateway_mac, given) if gateway_mac else None,
        netns=netns.text() if netns else None,
        neighbors=tuple(_neighbors(at.get("neighbors"), ours)),
        mtu=_within(mtu, 68, 65535) if mtu else 1500,
    )


def nat(at: At | None) -> Nat:
    """How the gateway translates; the defaults where the file is silent."""
    if at is None:
        return Nat()
    mapping, filtering, strict, timeouts, flows = (at.get(key) for key in ("mapping", "filtering", "strict", "timeouts", "flows"))
    linux = timeouts is not None and isinstance(timeouts.value, str)
    if linux and timeouts is not None and timeouts.text() != "linux":
        raise timeouts.wrong(f'"{timeouts.text()}" is not linux', "write linux, or seconds by kind: {udp: 300}")
    mss, icmp_rate = at.get("mss"), at.get("icmp_rate")
    seconds = {} if linux or timeouts is None else {key: _within(entry, 1, 10**7) for key, entry in timeouts.items()}
    default = Nat()
    return Nat(
        mapping=mapping.text() if mapping else default.mapping,
        filtering=filtering.text() if filtering else default.filtering,
        strict=strict.boolean() if strict else False,
        linux=linux,
        timeouts=MappingProxyType(seconds),
        flows=_within(flows, 64, 1 << 26) if flows else default.flows,
        addresses=tuple(address(entry) for entry in _elements(at, "addresses")),
        static=tuple(_pair(outside, entry) for outside, entry in _items(at, "static")),
        exclude=tuple(subnet(entry) for entry in _elements(at, "exclude")),
        mss=_segment(mss) if mss else default.mss,
        icmp_rate=_within(icmp_rate, 0, 10**6) if icmp_rate else default.icmp_rate,
    )


def _segment(at: At) -> int | str:
    """``clamp``, or octets."""
    if isinstance(at.value, str) and not at.value.isdecimal():
        if at.text() != "clamp":
            raise at.wrong(f'"{at.text()}" is not clamp', "write clamp, or octets: 1360")
        return at.text()
    return _within(at, 64, 65535)


def check_nat(file: At, way: Uplink | None, translation: Nat) -> None:
    """UserError for public addresses on an uplink that cannot have them: only of a packet one are we a station of the network."""
    if (translation.addresses or translation.static) and (way is None or way.kind != "packet"):
        raise file.wrong(
            "addresses and static of nat are addresses on the network of an uplink of kind packet",
            "write uplink: {kind: packet, name: eth0, address: 192.0.2.2/24}, or remove them",
        )


def _elements(at: At, key: str) -> list[At]:
    entry = at.get(key)
    return list(entry.elements()) if entry else []


def _items(at: At, key: str) -> list[tuple[str, At]]:
    entry = at.get(key)
    return list(entry.items()) if entry else []


def _within(at: At, low: int, high: int) -> int:
    number = at.integer()
    if not low <= number <= high:
        raise at.wrong(f"{number} is out of bounds", f"write a number from {low} to {high}")
    return number


def _interface(at: At) -> Interface:
    """An address of ours with the length of its network's prefix."""
    text = at.text()
    try:
        found = ipaddress.ip_interface(text)
    except ValueError:
        raise at.wrong(f'"{text}" is not an address with a prefix', "write 192.0.2.2/24, or fd00::2/64") from None
    if "/" not in text or found.network.prefixlen == found.max_prefixlen:
        raise at.wrong(f'"{text}" has no prefix that anyone else is in', f"write {found.ip}/{24 if found.version == 4 else 64}")
    if found.ip in no_host(found.network) or found.is_multicast or found.is_loopback or found.is_unspecified:
        raise at.wrong(f"{found.ip} is no address that a host may have on {found.network}", "choose another")
    return found


def _by_version(at: At, key: str, found: list[T]) -> dict[int, T]:
    by_version: dict[int, T] = {}
    for one in found:
        if one.version in by_version:
            raise (at.get(key) or at).wrong(f"two IPv{one.version} values stand under {key}", "one of each family at most")
        by_version[one.version] = one
    return by_version


def _other_mac(at: At, ours: At | None) -> str:
    found = mac(at)
    if ours is not None and found == mac(ours):
        raise at.wrong(f"{found} is our own MAC too", "the two ends of the uplink need different ones")
    return found


def _neighbors(at: At | None, ours: dict[int, Interface]) -> list[tuple[IPAddress, str]]:
    found = []
    for key, entry in at.items() if at else ():
        try:
            one = ipaddress.ip_address(key)
        except ValueError:
            raise entry.wrong(f'"{key}" is not an IP address', "write 192.0.2.1: 02:00:00:00:00:01") from None
        mine = ours.get(one.version)
        if mine is not None and one not in mine.network:
            raise entry.wrong(f"{one} is not on the uplink's network {mine.network}", "only neighbors there have MACs")
        found.append((one, mac(entry)))
    return found


def _pair(outside: str, at: At) -> tuple[IPAddress, IPAddress]:
    try:
        public = ipaddress.ip_address(outside)
    except ValueError:
        raise at.wrong(f'"{outside}" is not an IP address', "write 203.0.113.5: 10.0.0.5, outside: inside") from None
    inside = address(at)
    if public.version != inside.version:
        raise at.wrong(f"{public} and {inside} are of two families", "one to one goes within one")
    return public, inside
