"""Who is where in the world of the gateway's tests: names of hosts, their MACs and their addresses of both families.

a b c (front: 10.0.0.0/24, fd00:a::/64) ─┐
d e   (back:  10.1.0.0/24, fd00:b::/64) ─┼─ router ── up ── isp ── r1 r2 r3 (elsewhere)
f     (inner: 10.2.0.0/24, fd00:c::/64) ─┘    198.51.100.0/24, 2001:db8:ff::/64
"""

from __future__ import annotations

HOSTS = {"a": "front", "b": "front", "c": "front", "d": "back", "e": "back", "f": "inner"}
NETWORKS = ("front", "back", "inner")
GATEWAYS = {"front": "gw", "back": "gw-back", "inner": "gw-inner"}

ADDRESSES = {
    "gw": ("10.0.0.1", "fd00:a::1"),
    "a": ("10.0.0.2", "fd00:a::2"),
    "b": ("10.0.0.3", "fd00:a::3"),
    "c": ("10.0.0.4", "fd00:a::4"),
    "nobody": ("10.0.0.99", "fd00:a::99"),
    "gw-back": ("10.1.0.1", "fd00:b::1"),
    "d": ("10.1.0.2", "fd00:b::2"),
    "e": ("10.1.0.3", "fd00:b::3"),
    "gw-inner": ("10.2.0.1", "fd00:c::1"),
    "f": ("10.2.0.2", "fd00:c::2"),
    "up": ("198.51.100.1", "2001:db8:ff::1"),
    "isp": ("198.51.100.254", "2001:db8:ff::254"),
    "near": ("198.51.100.77", "2001:db8:ff::77"),
    "r1": ("192.0.2.10", "2001:db8:1::10"),
    "r2": ("192.0.2.11", "2001:db8:1::11"),
    "r3": ("192.0.2.12", "2001:db8:1::12"),
    "hop": ("192.0.2.99", "2001:db8:1::99"),
    "pub1": ("203.0.113.1", "2001:db8:aa::1"),
    "pub2": ("203.0.113.2", "2001:db8:aa::2"),
    "pub3": ("203.0.113.3", "2001:db8:aa::3"),
    "own": ("203.0.113.50", "2001:db8:aa::50"),
    "up-b": ("198.18.0.1", "2001:db8:bb::1"),
    "isp-b": ("198.18.0.254", "2001:db8:bb::254"),
}

MACS = {
    "gw": "02:42:0a:00:00:01",
    "gw-back": "02:42:0a:01:00:01",
    "gw-inner": "02:42:0a:02:00:01",
    "up": "02:42:c6:33:64:01",
    "isp": "02:42:c6:33:64:fe",
    "near": "02:42:c6:33:64:4d",
    "up-b": "02:42:c6:12:00:01",
    "isp-b": "02:42:c6:12:00:fe",
    "a": "02:00:00:00:00:0a",
    "b": "02:00:00:00:00:0b",
    "c": "02:00:00:00:00:0c",
    "d": "02:00:00:00:00:0d",
    "e": "02:00:00:00:00:0e",
    "f": "02:00:00:00:00:0f",
}

UPLINKS = {"up": "isp", "up-b": "isp-b"}  # and who is there
PREFIX = {4: 24, 6: 64}


def interface_of(port: str) -> str:
    """The router's own name on the link that a port is on."""
    return port if port in UPLINKS else GATEWAYS[HOSTS[port]]


def both(name: str) -> list[str]:
    """The name's addresses with their prefix lengths, as an interface takes them."""
    return [f"{ADDRESSES[name][0]}/{PREFIX[4]}", f"{ADDRESSES[name][1]}/{PREFIX[6]}"]
