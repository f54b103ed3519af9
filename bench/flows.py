"""Frames of many flows through a NAT: UDP over IPv4, checksums valid; inside 198.18.0.0/16, remotes 198.19.0.0/16 (RFC 2544 C.2.2).

A shape is inside endpoints × remotes × public addresses; each endpoint talks to each remote, which makes a flow. A cycle visits
every flow in a random order without repetition; with few flows a cycle has several such rounds, at least 4,096 frames in all.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from bench.traffic import HEADERS, LEAST

HOSTS = 1000
"""Inside endpoints are ports of so many hosts at most."""
INSIDE, REMOTE, PUBLIC = 0xC6120000 + 0x0A00, 0xC6130000 + 0x0A00, 0xCB007100  # 198.18.10.0, 198.19.10.0, 203.0.113.0
INSIDE_MAC, REMOTE_MAC = "02:a0:00:00:00:01", "02:b0:00:00:00:01"
GATEWAY_MACS = ("02:c0:00:00:00:01", "02:c0:00:00:00:02")
"""The router's own: towards the inside, towards the outside."""
REMOTE_PORT = 4433
DESTINATION, SOURCE = slice(0, 6), slice(6, 12)


@dataclass(frozen=True)
class Shape:
    """So many flows, and how they come about."""

    endpoints: int
    remotes: int = 1
    addresses: int = 64

    @property
    def flows(self) -> int:
        return self.endpoints * self.remotes

    @property
    def hosts(self) -> int:
        return min(self.endpoints, HOSTS)

    def __str__(self) -> str:
        return f"{self.endpoints:,} × {self.remotes:,} × {self.addresses:,}"

    def public(self) -> list[str]:
        """The addresses that sources are translated to."""
        return [text(PUBLIC + 1 + n) for n in range(self.addresses)]

    def inside(self) -> list[str]:
        """The addresses of the hosts."""
        return [text(INSIDE + n) for n in range(self.hosts)]

    def remote(self) -> list[str]:
        """The addresses that they talk to."""
        return [text(REMOTE + n) for n in range(self.remotes)]


@dataclass(frozen=True)
class Flow:
    """Columns, one entry a flow."""

    source: np.ndarray
    source_port: np.ndarray
    target: np.ndarray
    target_port: np.ndarray

    def __getitem__(self, which: np.ndarray) -> Flow:
        return Flow(self.source[which], self.source_port[which], self.target[which], self.target_port[which])

    def __len__(self) -> int:
        return len(self.source)


def text(address: int) -> str:
    """Dotted."""
    return ".".join(str(octet) for octet in address.to_bytes(4))


def outward(shape: Shape, seed: int = 1) -> Flow:
    """Every flow of a shape once; a host's ports are random ones above 1,023, all different."""
    random = np.random.default_rng(seed)
    each = -(-shape.endpoints // shape.hosts)
    ports = np.concatenate([1024 + random.permutation(64512)[:each] for _ in range(shape.hosts)])
    endpoint = np.repeat(np.arange(shape.endpoints), shape.remotes)
    remote = np.tile(np.arange(shape.remotes), shape.endpoints)
    host = endpoint // each
    return Flow(INSIDE + host, ports[endpoint], REMOTE + remote, np.full(len(endpoint), REMOTE_PORT))


def order(flows: int, seed: int = 1) -> np.ndarray:
    """Which flow a frame of the cycle is of."""
    random = np.random.default_rng(seed)
    return np.concatenate([random.permutation(flows) for _ in range(-(-LEAST // flows))])


def frames(flow: Flow, sizes: tuple[int, ...], macs: tuple[str, str] | np.ndarray, *, ttl: int = 64, seed: int = 1) -> list[bytes]:
    """One frame a row; sizes in octets without FCS, one after the other; MAC addresses: to, from, or a row of octets for each."""
    payload = np.random.default_rng(seed).bytes(max(sizes) - HEADERS)
    lengths = np.fromiter(islice(cycle(sizes), len(flow)), np.int64, len(flow))
    heads = headers(flow, lengths, payload, macs, ttl).tobytes()
    return [heads[at * HEADERS : (at + 1) * HEADERS] + payload[: n - HEADERS] for at, n in enumerate(lengths.tolist())]


def mac_octets(*macs: str) -> np.ndarray:
    """As they follow each other in a frame."""
    return np.frombuffer(bytes.fromhex("".join(macs).replace(":", "")), np.uint8)


def headers(flow: Flow, lengths: np.ndarray, payload: bytes, macs: tuple[str, str] | np.ndarray, ttl: int) -> np.ndarray:
    """Ethernet, IPv4 and UDP, checksums valid: a row of octets each."""
    octets = np.zeros((len(flow), HEADERS), np.uint8)
    octets[:, :12] = mac_octets(*macs) if isinstance(macs, tuple) else macs
    octets[:, 12] = 0x08
    words = np.zeros((len(flow), 14), ">u2")
    words[:, 0] = 0x4500
    words[:, 1] = lengths - 14
    words[:, 2] = np.arange(len(flow)) & 0xFFFF
    words[:, 4] = ttl << 8 | 17
    words[:, 6], words[:, 7] = flow.source >> 16, flow.source & 0xFFFF
    words[:, 8], words[:, 9] = flow.target >> 16, flow.target & 0xFFFF
    words[:, 5] = ~ones(words[:, :10]) & 0xFFFF
    words[:, 10], words[:, 11] = flow.source_port, flow.target_port
    words[:, 12] = lengths - 34
    total = ones(words[:, 6:13], 17, words[:, 12], payload_sums(payload, lengths))
    words[:, 13] = np.where(total == 0xFFFF, 0xFFFF, ~total & 0xFFFF)  # RFC 768: never 0, that means none
    octets[:, 14:] = words.view(np.uint8).reshape(len(flow), 28)
    return octets


def payload_sums(payload: bytes, lengths: np.ndarray) -> np.ndarray:
    """The sum of so much of the payload as each frame holds."""
    sums = {n: int(ones(np.frombuffer(payload[:n] + bytes(n % 2), ">u2")[None, :])[0]) for n in set((lengths - HEADERS).tolist())}
    found: np.ndarray = np.vectorize(sums.__getitem__, otypes=[np.int64])(lengths - HEADERS)
    return found


def ones(words: np.ndarray, *more: np.ndarray | int) -> np.ndarray:
    """The ones' complement sum of each row (RFC 1071), and of what else is given for it."""
    total: np.ndarray = words.astype(np.int64).sum(axis=1)
    for part in more:
        total = total + part
    for _ in range(3):
        total = (total >> 16) + (total & 0xFFFF)
    return total
