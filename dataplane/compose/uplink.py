"""``x-dataplane.uplink`` and ``x-dataplane.nat`` at the top of the file -> `uplink.Uplink`, `nat.Nat`."""

from __future__ import annotations

import ipaddress
from types import MappingProxyType

from dataplane.compose.addresses import address, subnet
from dataplane.compose.ends import by_version, elements, ends, interface_address, within
from dataplane.compose.nodes import At
from dataplane.model import IPAddress
from dataplane.nat import Nat
from dataplane.uplink import Uplink

KINDS = ("tap", "packet", "none")


def uplink(at: At | None) -> Uplink | None:
    """What the file says of the way out; None: nothing. UserError for what does not go together."""
    if at is None:
        return None
    kind, name = at.get("kind"), at.get("name")
    chosen = kind.text() if kind else "tap"
    others = [key for key, entry in at.items() if key != "kind" and entry.value is not None]
    if chosen == "none":
        if others:
            raise at.wrong(f"an uplink of kind none has no {others[0]}", "remove it, or write another kind")
        return Uplink(kind="none")
    ours = by_version(at, "address", [interface_address(entry) for entry in elements(at, "address")])
    if chosen == "packet" and (name is None or not ours):
        missing = "name" if name is None else "address"
        wanted = "name: eth0, the real interface" if name is None else "address: 192.0.2.2/24, one of ours on its network"
        raise at.wrong(f"an uplink of kind packet needs {missing}", f"write {wanted}")
    return Uplink(**ends(at, chosen, ours, "uplink", least_mtu=68))


def nat(at: At | None) -> Nat:
    """How the gateway translates; the defaults where the file is silent."""
    if at is None:
        return Nat()
    mapping, filtering, strict, timeouts, flows = (at.get(key) for key in ("mapping", "filtering", "strict", "timeouts", "flows"))
    linux = timeouts is not None and isinstance(timeouts.value, str)
    if linux and timeouts is not None and timeouts.text() != "linux":
        raise timeouts.wrong(f'"{timeouts.text()}" is not linux', "write linux, or seconds by kind: {udp: 300}")
    mss, icmp_rate = at.get("mss"), at.get("icmp_rate")
    seconds = {} if linux or timeouts is None else {key: within(entry, 1, 10**7) for key, entry in timeouts.items()}
    default = Nat()
    return Nat(
        mapping=mapping.text() if mapping else default.mapping,
        filtering=filtering.text() if filtering else default.filtering,
        strict=strict.boolean() if strict else False,
        linux=linux,
        timeouts=MappingProxyType(seconds),
        flows=within(flows, 64, 1 << 26) if flows else default.flows,
        addresses=tuple(address(entry) for entry in elements(at, "addresses")),
        static=tuple(_pair(outside, entry) for outside, entry in _items(at, "static")),
        exclude=tuple(subnet(entry) for entry in elements(at, "exclude")),
        mss=_segment(mss) if mss else default.mss,
        icmp_rate=within(icmp_rate, 0, 10**6) if icmp_rate else default.icmp_rate,
    )


def _segment(at: At) -> int | str:
    """``clamp``, or octets."""
    if isinstance(at.value, str) and not at.value.isdecimal():
        if at.text() != "clamp":
            raise at.wrong(f'"{at.text()}" is not clamp', "write clamp, or octets: 1360")
        return at.text()
    return within(at, 64, 65535)


def check_nat(file: At, way: Uplink | None, translation: Nat) -> None:
    """UserError for public addresses on an uplink that cannot have them: only of a packet one are we a station of the network."""
    if (translation.addresses or translation.static) and (way is None or way.kind != "packet"):
        raise file.wrong(
            "addresses and static of nat are addresses on the network of an uplink of kind packet",
            "write uplink: {kind: packet, name: eth0, address: 192.0.2.2/24}, or remove them",
        )


def _items(at: At, key: str) -> list[tuple[str, At]]:
    entry = at.get(key)
    return list(entry.items()) if entry else []


def _pair(outside: str, at: At) -> tuple[IPAddress, IPAddress]:
    try:
        public = ipaddress.ip_address(outside)
    except ValueError:
        raise at.wrong(f'"{outside}" is not an IP address', "write 203.0.113.5: 10.0.0.5, outside: inside") from None
    inside = address(at)
    if public.version != inside.version:
        raise at.wrong(f"{public} and {inside} are of two families", "one to one goes within one")
    return public, inside
