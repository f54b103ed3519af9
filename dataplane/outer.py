"""The outer header of VXLAN packets (RFC 7348) that `encap` writes: its words checked, and what is not said filled in."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from dataplane.errors import UserError

PORT = 4789
INHERIT = -1


@dataclass(frozen=True, slots=True)
class Outer:
    """What is written in front of each frame. `ttl` and `dscp` may be INHERIT; `source_port` None: from the inner flow."""

    vni: int
    local: IPv4Address | IPv6Address
    remote: IPv4Address | IPv6Address
    local_mac: str
    remote_mac: str
    port: int = PORT
    source_port: int | None = None
    ttl: int = 64
    dscp: int = 0
    checksum: bool = False
    strip_vlan: bool = False


def outer(
    *,
    vni: int,
    local: str,
    remote: str,
    local_mac: str | None = None,
    remote_mac: str | None = None,
    port: int = PORT,
    source_port: int | None = None,
    ttl: int = 64,
    dscp: int = 0,
    checksum: bool | None = None,
    strip_vlan: bool = False,
) -> Outer:
    """The words of `dataplane encap`, checked, the rest filled in.

    Missing MAC addresses are made of the IP addresses (see `made_up_mac`); the UDP checksum is zero over IPv4 and computed over
    IPv6 (RFC 7348, 5; RFC 8200, 8.1) unless said. Errors: UserError.
    """
    ours, theirs = _address("--local", local), _address("--remote", remote)
    if ours.version != theirs.version:
        raise UserError(
            "an outer packet has addresses of one family",
            where=f"--local {local} --remote {remote}",
            mend="give two IPv4 addresses or two IPv6 addresses",
        )
    if ours.is_multicast or ours.is_unspecified:
        raise UserError("no host may send from this address", where=f"--local {local}", mend="give the address of the sending VTEP")
    if theirs.is_unspecified or ours == theirs:
        raise UserError("the frames would lead nowhere", where=f"--remote {remote}", mend="give the address of the receiving VTEP")
    return Outer(
        vni,
        ours,
        theirs,
        _mac("--local-mac", local_mac, group=False) if local_mac else made_up_mac(ours),
        _mac("--remote-mac", remote_mac, group=True) if remote_mac else made_up_mac(theirs),
        port,
        source_port,
        ttl,
        dscp,
        ours.version == 6 if checksum is None else checksum,
        strip_vlan,
    )


def made_up_mac(address: IPv4Address | IPv6Address) -> str:
    """02:42 and the IPv4 address, of IPv6 the last four octets; a group's as RFC 1112, 6.4, and RFC 2464, 7, make it."""
    if not address.is_multicast:
        return f"02:42:{address.packed[-4:].hex(':')}"
    if address.version == 6:
        return f"33:33:{address.packed[-4:].hex(':')}"
    return f"01:00:5e:{(int(address) & 0x7FFFFF).to_bytes(3).hex(':')}"


def _address(option: str, text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        mend = "write the address of one host: 192.0.2.1 or 2001:db8::1"
        raise UserError(f"{text!r} is not an IP address", where=f"{option} {text}", mend=mend) from None


def _mac(option: str, text: str, *, group: bool) -> str:
    """Errors: UserError if no station may have the address, or, unless `group`, if it is a group's (IEEE 802, 8.2)."""
    parts = text.split(":")
    try:
        octets = bytes(int(part, 16) for part in parts)
        good = len(parts) == 6 and all(len(part) == 2 for part in parts) and any(octets) and (group or not octets[0] & 1)
    except ValueError:
        good = False
    if not good:
        mend = "six octets in hexadecimal" + ("" if group else ", of which the first is even") + ": 02:42:c0:00:02:01"
        raise UserError(f"{text!r} is not a MAC address that can stand there", where=f"{option} {text}", mend=mend)
    return text.lower()
