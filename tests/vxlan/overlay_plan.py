"""Who is where in the world of the VTEP's tests.

a b (red, VNI 100)  ─┐                              ┌─ r1 r2 r3        VTEPs on the underlay's link
c d (blue, VNI 200) ─┼─ vtep ── under ── 192.0.2/24 ┼─ stranger        one that nobody told us of
                     ┘           2001:db8::/64      └─ gw ── far       one behind a router
x y z: stations of red or blue behind them
"""

from __future__ import annotations

ADDRESSES = {
    "us": ("192.0.2.1", "2001:db8::1"),
    "us too": ("192.0.2.2", "2001:db8::2"),
    "r1": ("192.0.2.11", "2001:db8::11"),
    "r2": ("192.0.2.12", "2001:db8::12"),
    "r3": ("192.0.2.13", "2001:db8::13"),
    "stranger": ("192.0.2.66", "2001:db8::66"),
    "gw": ("192.0.2.254", "2001:db8::fe"),
    "far": ("198.51.100.9", "2001:db8:9::9"),
    "nowhere": ("203.0.113.9", "2001:db8:a::9"),
    "group": ("239.1.1.1", "ff15::1:1:1"),
}
UNDERLAY_MACS = {
    "us": "02:00:5e:00:00:01",
    "r1": "02:00:5e:00:00:11",
    "r2": "02:00:5e:00:00:12",
    "r3": "02:00:5e:00:00:13",
    "stranger": "02:00:5e:00:00:66",
    "gw": "02:00:5e:00:00:fe",
    "group": "01:00:5e:01:01:01",
    "group6": "33:33:00:01:00:01",
}
STATIONS = {name: f"02:00:00:00:00:{n:02x}" for n, name in enumerate(("a", "b", "c", "d", "x", "y", "z"), 10)}
BRIDGES = {"red": ("a", "b"), "blue": ("c", "d")}
VNIS = {"red": 100, "blue": 200}
BEFORE = {4: 50, 6: 70}  # octets that a tunnel costs


def inside(name: str, v: int = 4) -> str:
    """The address of a station in its overlay; both overlays have the same."""
    n = 10 + list(STATIONS).index(name)
    return f"10.0.0.{n}" if v == 4 else f"fd00::{n:x}"
