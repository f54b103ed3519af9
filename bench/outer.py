"""The outer header as RFC 7348 wants it, made without the engine, and frames that came out held against it.

The underlay is 198.19.254.0/23 or 2001:2:0:fe::/64 (RFC 2544, RFC 5180); a peer has the address and the MAC of its number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.flows import mac_octets, ones
from bench.translated import check

VNI, PORT, TTL = 7348, 4789, 64
FIRST_SOURCE = 49152
LOCAL_MAC = "02:c0:00:00:00:01"
HEADERS = {4: 14 + 20 + 16, 6: 14 + 40 + 16}
PEER_BASE = 0x10


def local(version: int) -> str:
    """Our address."""
    return "198.19.254.1" if version == 4 else "2001:2:0:fe::1"


def remote(version: int, peer: int) -> str:
    """A peer's."""
    number = PEER_BASE + peer
    return f"198.19.{254 + number // 256}.{number % 256}" if version == 4 else f"2001:2:0:fe::{number:x}"


def remote_mac(peer: int) -> str:
    """A peer's."""
    return f"02:d0:00:00:{peer >> 8:02x}:{peer & 255:02x}"


def _addresses(version: int, peers: np.ndarray) -> np.ndarray:
    import ipaddress

    ours = np.frombuffer(ipaddress.ip_address(local(version)).packed, np.uint8)
    known = {peer: np.frombuffer(ipaddress.ip_address(remote(version, peer)).packed, np.uint8) for peer in set(peers.tolist())}
    rows = np.array([known[peer] for peer in peers.tolist()], np.uint8)
    return np.hstack([np.broadcast_to(ours, rows.shape), rows])


def headers(inner: Sequence[bytes], peers: np.ndarray, version: int, source_ports: np.ndarray) -> np.ndarray:
    """A row of octets for each frame: Ethernet, IP, UDP, VXLAN. Over IPv6 with a UDP checksum, over IPv4 without (RFC 7348, 5)."""
    n = len(inner)
    lengths = np.fromiter(map(len, inner), np.int64, n)
    octets = np.zeros((n, HEADERS[version]), np.uint8)
    octets[:, :12] = np.array([mac_octets(remote_mac(peer), LOCAL_MAC) for peer in range(int(peers.max()) + 1)], np.uint8)[peers]
    octets[:, 12:14] = (0x08, 0x00) if version == 4 else (0x86, 0xDD)
    end = HEADERS[version] - 16
    octets[:, 14:end] = _ipv4(lengths, peers) if version == 4 else _ipv6(lengths, peers)
    words = np.zeros((n, 8), ">u2")
    words[:, 0], words[:, 1], words[:, 2] = source_ports, PORT, lengths + 16
    words[:, 4] = 0x0800
    words[:, 6], words[:, 7] = VNI >> 8, (VNI & 0xFF) << 8
    if version == 6:
        addresses = np.ascontiguousarray(octets[:, 22:54]).view(">u2")
        # Every octet of the datagram is summed: that is what a receiver does.
        total = ones(addresses, 17, words[:, 2], words.astype(np.int64).sum(axis=1), inner_sums(inner))
        words[:, 3] = np.where(total == 0xFFFF, 0xFFFF, ~total & 0xFFFF)
    octets[:, end:] = words.view(np.uint8).reshape(n, 16)
    return octets


def inner_sums(inner: Sequence[bytes]) -> np.ndarray:
    """The ones' complement sum of each frame."""
    return np.fromiter((int(np.frombuffer(frame + bytes(len(frame) % 2), ">u2").sum(dtype=np.int64)) for frame in inner), np.int64)


def _ipv4(lengths: np.ndarray, peers: np.ndarray) -> np.ndarray:
    words = np.zeros((len(lengths), 10), ">u2")
    words[:, 0] = 0x4500
    words[:, 1] = lengths + 36
    words[:, 3] = 0x4000  # DF
    words[:, 4] = TTL << 8 | 17
    words[:, 6:] = np.ascontiguousarray(_addresses(4, peers)).view(">u2")
    words[:, 5] = ~ones(words) & 0xFFFF
    return words.view(np.uint8).reshape(len(lengths), 20)


def _ipv6(lengths: np.ndarray, peers: np.ndarray) -> np.ndarray:
    octets = np.zeros((len(lengths), 40), np.uint8)
    octets[:, 0] = 0x60
    octets[:, 4:6] = (lengths + 16).astype(">u2").view(np.uint8).reshape(-1, 2)
    octets[:, 6:8] = 17, TTL
    octets[:, 8:] = _addresses(6, peers)
    return octets


def arriving(inner: Sequence[bytes], peers: np.ndarray, version: int, *, seed: int = 1) -> list[bytes]:
    """Frames as the peers send them to us, a source port for each inner flow. No sum changes when ends change places."""
    random = np.random.default_rng(seed)
    ports: dict[bytes, int] = {}
    sources = [ports.setdefault(frame[26:38], int(random.integers(FIRST_SOURCE, 65536))) for frame in inner]
    rows = headers(inner, peers, version, np.array(sources))
    swap = np.arange(HEADERS[version])
    ends = ((0, 6, 6), (26, 30, 4)) if version == 4 else ((0, 6, 6), (22, 38, 16))
    for one, other, n in ends:
        swap[one : one + n], swap[other : other + n] = np.arange(other, other + n), np.arange(one, one + n)
    return [row.tobytes() + frame for row, frame in zip(rows[:, swap], inner, strict=True)]


def judge(inner: Sequence[bytes], outer: Sequence[bytes], peers: np.ndarray, version: int) -> int:
    """Each frame encapsulated as it has to be, octet for octet; how many. Errors: RuntimeError.

    The source port alone is the engine's choice: 49152 or more, the same for the same inner flow, not one for all (RFC 7348, 5).
    """
    if len(inner) != len(outer):
        raise RuntimeError(f"{len(inner)} frames went in, {len(outer)} came out")
    size = HEADERS[version]
    if any(came[size:] != went for came, went in zip(outer, inner, strict=True)):
        raise RuntimeError("an inner frame changed, or frames came out in another order")
    came = np.frombuffer(b"".join(frame[:size] for frame in outer), np.uint8).reshape(len(outer), size).copy()
    ports = np.ascontiguousarray(came[:, size - 16 : size - 14]).view(">u2")[:, 0].astype(np.int64)
    check(ports < FIRST_SOURCE, "source port")
    wanted = headers(inner, peers, version, ports)
    if version == 4:
        # The identification is the sender's own business; with DF it says nothing (RFC 6864, 4.1).
        came[:, [18, 19, 24, 25]], wanted[:, [18, 19, 24, 25]] = _sums(came), 0
    check((came != wanted).any(axis=1), "outer header")
    flows: dict[bytes, int] = {}
    for frame, port in zip(inner, ports.tolist(), strict=True):
        if flows.setdefault(frame[26:38], port) != port:
            raise RuntimeError("one inner flow has two source ports")
    if len(flows) >= 40 and len(set(flows.values())) < 20:
        raise RuntimeError(f"{len(flows)} inner flows share {len(set(flows.values()))} source ports")
    return len(outer)


def _sums(octets: np.ndarray) -> np.ndarray:
    """Zeros, where the IPv4 header's checksum is valid. Errors: RuntimeError."""
    words = np.ascontiguousarray(octets[:, 14:34]).view(">u2")
    check(ones(words) != 0xFFFF, "IPv4 header checksum")
    return np.zeros((len(octets), 4), np.uint8)
