"""The routes and frames of the routing benchmark in IPv6: 78 octets each, UDP."""

from __future__ import annotations

import numpy as np

from bench import flows
from bench.flows import GATEWAY_MACS, INSIDE_MAC, mac_octets
from bench.hops import leaving

FIRST = 0x20010002_00100000  # 2001:2:10::/48 and those that follow (RFC 5180: 2001:2::/48 is for benchmarks)
OCTETS = 14 + 40 + 8 + 16


def text(high: int) -> str:
    """The address with this upper half."""
    return ":".join(f"{high >> shift & 0xFFFF:x}" for shift in (48, 32, 16, 0)) + "::"


def table(routes: int, hops: int) -> list[tuple[str, int]]:
    """/64 within /56."""
    wide = sorted({n >> 8 for n in range(routes)})
    return [(f"{text(FIRST + (n << 8))}/56", hops - 1) for n in wide] + [
        (f"{text(FIRST + n)}/64", n % hops) for n in range(routes - len(wide))
    ]


def traffic(routes: int, *, before: bool, seed: int = 1) -> list[bytes]:
    """A frame by each narrow route, in a random order, as it comes or as it has to leave."""
    random = np.random.default_rng(seed)
    narrow = routes - len({n >> 8 for n in range(routes)}) if routes > 1 else 1
    which = flows.order(narrow, seed)
    n = len(which)
    octets = np.zeros((n, OCTETS), np.uint8)
    octets[:, :12] = mac_octets(GATEWAY_MACS[0], INSIDE_MAC) if before else leaving(which)
    octets[:, 12:14] = 0x86, 0xDD
    octets[:, 14] = 0x60
    octets[:, 18:22] = 0, OCTETS - 54, 17, 64 if before else 63
    octets[:, 22:38] = np.frombuffer((0x20010002_0000_0001).to_bytes(8) + (0x100).to_bytes(8), np.uint8)
    octets[:, 38:46] = (FIRST + which).astype(">u8").view(np.uint8).reshape(n, 8)
    octets[:, 46:54] = random.integers(1, 1 << 62, n).astype(">u8").view(np.uint8).reshape(n, 8)
    octets[:, 54:58] = random.integers(4, 256, (n, 4), np.uint8)
    octets[:, 59] = OCTETS - 54
    words = np.ascontiguousarray(octets[:, 22:62]).view(">u2")
    total = flows.ones(words, 17 + OCTETS - 54)
    octets[:, 60:62] = np.where(total == 0xFFFF, 0xFFFF, ~total & 0xFFFF).astype(">u2").view(np.uint8).reshape(n, 2)
    return [frame.tobytes() for frame in octets]
