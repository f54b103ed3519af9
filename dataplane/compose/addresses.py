"""Addresses, subnets, MACs and interface names as users write them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from dataplane.compose.nodes import At
from dataplane.model import IPAddress, IPNetwork

MAC = re.compile(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}")
INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")


def address(at: At) -> IPAddress:
    """An IPv4 or IPv6 address."""
    try:
        parsed = ip_address(at.text())
    except ValueError:
        raise at.wrong(f'"{at.text()}" is not an IP address', "write 10.0.0.5, or fd00::5") from None
    if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
        raise at.wrong(f'"{at.text()}" names an interface of this host', f"write {at.text().partition('%')[0]}")
    return parsed


def ipv4(at: At) -> IPv4Address:
    """An IPv4 address."""
    parsed = address(at)
    if not isinstance(parsed, IPv4Address):
        raise at.wrong(f'"{parsed}" is not an IPv4 address', "write it as ipv6_address")
    return parsed


def ipv6(at: At) -> IPv6Address:
    """An IPv6 address."""
    parsed = address(at)
    if not isinstance(parsed, IPv6Address):
        raise at.wrong(f'"{parsed}" is not an IPv6 address', "write it as ipv4_address")
    return parsed


def subnet(at: At) -> IPNetwork:
    """A subnet in CIDR form, without host bits (dockerd refuses them too)."""
    text = at.text()
    prefix, slash, _ = text.partition("/")
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        raise at.wrong(f'"{text}" is not a subnet', "write 10.0.0.0/24, or fd00::/64") from None
    if not slash:
        raise at.wrong(f'"{text}" has no prefix length', f"write {text}/{24 if loose.version == 4 else 64}")
    if str(loose.network_address) != str(ip_address(prefix)):
        raise at.wrong(f'the subnet "{text}" has host bits set', f"write {loose}")
    return loose


def no_host(subnet: IPNetwork) -> tuple[IPAddress, ...]:
    """The addresses of ``subnet`` that no host may have. A /31 and a /127 have none (RFC 3021, RFC 6164); IPv6 has no broadcast."""
    if subnet.prefixlen >= subnet.max_prefixlen - 1:
        return ()
    return (subnet.network_address, *((subnet.broadcast_address,) if subnet.version == 4 else ()))


def mac(at: At) -> str:
    """A unicast MAC, in the form ``02:42:0a:00:00:05``."""
    text = at.text()
    if not MAC.fullmatch(text):
        raise at.wrong(f'"{text}" is not a MAC address', "write six pairs of hexadecimal digits: 02:42:0a:00:00:05")
    written = text.lower().replace("-", ":")
    if int(written[:2], 16) & 1:
        raise at.wrong(
            f'"{text}" is a group address: no interface can have it', f"make the first pair even: {int(written[:2], 16) & 0xFE:02x}"
        )
    if written == "00:00:00:00:00:00":
        raise at.wrong(f'"{text}" is no interface\'s address', "write another, beginning with 02:")
    return written


def interface(at: At) -> str:
    """A name the kernel takes for an interface: 1 to 15 octets, not ``lo``, not ``.`` or ``..`` (dev_valid_name)."""
    text = at.text()
    if not INTERFACE.fullmatch(text) or text in (".", "..", "lo", "all", "default"):
        raise at.wrong(f'"{text}" cannot name an interface', 'write up to 15 letters and digits, such as "eth0"')
    return text
