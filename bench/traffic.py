"""Frames for measurements: UDP over IPv4 in 198.18.0.0/15 (RFC 2544 C.2.2), pseudo-random ports (RFC 4814).

A pair is two stations: one behind the port that sends, one behind the port that receives. A cycle visits every pair in a random
order without repetition; with few pairs a cycle has several such rounds, so that there are at least 4,096 different frames.
"""

from __future__ import annotations

from itertools import cycle, islice

import numpy as np

LEAST = 4096
IMIX = (64, 64, 590, 64, 64, 590, 64, 590, 64, 64, 590, 1514)
"""Simple IMIX (RFC 6985): 7 × 64, 4 × 590, 1 × 1514 octets without FCS."""

HEADERS = 14 + 20 + 8
_SENDER, _RECEIVER = 0x02A0, 0x02B0


def frames(pairs: int, sizes: tuple[int, ...], *, seed: int = 1, one_flow: bool = False) -> list[bytes]:
    """A cycle of frames from the senders to the receivers; sizes in octets without FCS, one after the other.

    Each frame has ports of its own, or, with `one_flow`, all of a pair have the same.
    """
    random = np.random.default_rng(seed)
    partner = random.permutation(pairs).astype(np.uint32)
    rounds = -(-LEAST // pairs)
    order = np.concatenate([random.permutation(pairs) for _ in range(rounds)]).astype(np.uint32)
    lengths = np.fromiter(islice(cycle(sizes), len(order)), np.uint16, len(order))
    headers = _headers((_SENDER, _RECEIVER), order, partner[order], lengths, random)
    if one_flow:
        headers[:, 34:38] = random.integers(4, 256, (pairs, 4), np.uint8)[order]
    return _with_payload(headers, lengths, random.bytes(max(sizes)))


def announcements(pairs: int) -> list[bytes]:
    """One frame from each receiver, so that the bridge knows it; its destination is any sender."""
    station = np.arange(pairs, dtype=np.uint32)
    lengths = np.full(pairs, 64, np.uint16)
    headers = _headers((_RECEIVER, _SENDER), station, station, lengths, np.random.default_rng(0))
    return _with_payload(headers, lengths, bytes(64))


def broadcasts(size: int, *, stations: int = LEAST) -> list[bytes]:
    """Frames to everybody, each from another station."""
    return [b"\xff" * 6 + frame[6:] for frame in frames(stations, (size,))]


def _macs(prefix: int, station: np.ndarray) -> np.ndarray:
    octets = np.empty((len(station), 6), np.uint8)
    octets[:, 0], octets[:, 1] = divmod(prefix, 256)
    octets[:, 2:] = station.astype(">u4").view(np.uint8).reshape(-1, 4)
    return octets


def _headers(
    prefixes: tuple[int, int], sender: np.ndarray, receiver: np.ndarray, lengths: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    n = len(lengths)
    octets = np.zeros((n, HEADERS), np.uint8)
    words = np.zeros((n, 14), ">u2")  # IPv4 and UDP
    octets[:, 0:6] = _macs(prefixes[1], receiver)
    octets[:, 6:12] = _macs(prefixes[0], sender)
    octets[:, 12] = 0x08
    words[:, 0] = 0x4500
    words[:, 1] = lengths - 14
    words[:, 2] = np.arange(n) & 0xFFFF
    words[:, 4] = 0x4011
    words[:, 6], words[:, 7] = 0xC612, sender & 0xFFFF
    words[:, 8], words[:, 9] = 0xC613, receiver & 0xFFFF
    total = words[:, :10].astype(np.uint32).sum(axis=1)
    total = (total >> 16) + (total & 0xFFFF)
    words[:, 5] = ~((total >> 16) + total) & 0xFFFF
    words[:, 10:12] = random.integers(1024, 65536, (n, 2))
    words[:, 12] = lengths - 34  # no UDP checksum
    octets[:, 14:] = words.view(np.uint8).reshape(n, 28)
    return octets


def _with_payload(headers: np.ndarray, lengths: np.ndarray, payload: bytes) -> list[bytes]:
    octets = headers.tobytes()
    return [octets[at * HEADERS : (at + 1) * HEADERS] + payload[: n - HEADERS] for at, n in enumerate(lengths.tolist())]
