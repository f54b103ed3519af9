"""Verification behind a NAT: each frame that came out compared with the one that went in, all at once in NumPy.

What must be so: as many frames as went in, in their order, at the one port, payloads untouched, TTL one less, MAC addresses those
of the hop, both checksums valid, source a public address; one public endpoint for what must share one, never one for two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.flows import PUBLIC, Shape, ones
from bench.paths import Path
from bench.traffic import HEADERS

SAMPLE = 4096


@dataclass(frozen=True)
class Heads:
    """What NAT may touch and what it may not, of many frames: columns."""

    octets: np.ndarray

    @classmethod
    def of(cls, frames: list[bytes]) -> Heads:
        return cls(np.frombuffer(b"".join(frame[:HEADERS] for frame in frames), np.uint8).reshape(len(frames), HEADERS))

    def _words(self, first: int, last: int) -> np.ndarray:
        words: np.ndarray = np.ascontiguousarray(self.octets[:, first:last]).view(">u2").astype(np.int64)
        return words

    def address(self, at: int) -> np.ndarray:
        """At octet 26 the source, at 30 the target."""
        words = self._words(at, at + 4)
        addresses: np.ndarray = (words[:, 0] << 16) | words[:, 1]
        return addresses

    def endpoint(self, which: int) -> np.ndarray:
        """Address and port in one number; 0 = source, 1 = target."""
        endpoints: np.ndarray = (self.address(26 + 4 * which) << 16) | self._words(34 + 2 * which, 36 + 2 * which)[:, 0]
        return endpoints

    @property
    def ttl(self) -> np.ndarray:
        return self.octets[:, 22].astype(np.int64)

    def header_sums(self) -> np.ndarray:
        """0xFFFF where the IPv4 header checksum is valid."""
        return ones(self._words(14, 34))


def datagram_sum(frame: bytes) -> int:
    """0xFFFF where the UDP checksum is valid."""
    words = np.frombuffer(frame[26:] + bytes(len(frame) % 2), ">u2")
    return int(ones(words[None, :], 17 + len(frame) - 34)[0])


def pass_once(path: Path) -> list[bytes]:
    """Each frame of the cycle once; what came out at the receiver. Errors: RuntimeError."""
    assert path.outbox is not None
    path.outbox.take()
    came: list[bytes] = []
    for start in range(0, len(path.frames), 1 << 16):
        batch = path.frames[start : start + (1 << 16)]
        for frame in batch:
            path.source.push(frame)
        path.engine.run_until_idle(path.now)
        out = path.outbox.take()
        if len(out) != len(batch):
            raise RuntimeError(f"{len(batch)} frames went in, {len(out)} came out")
        if any(port != path.target.index for port, _, _ in out):
            raise RuntimeError("frames came out at another port")
        came += [octets for _, _, octets in out]
    return came


def check(wrong: np.ndarray, what: str) -> None:
    """Errors: RuntimeError that names the first frame where it is wrong."""
    if wrong.any():
        raise RuntimeError(f"frame {int(wrong.argmax()) + 1} of {len(wrong)}: {what}")


def hop(before: list[bytes], after: list[bytes], macs: np.ndarray) -> tuple[Heads, Heads]:
    """What a hop must do and must not, whatever is translated; the headers of both. Errors: RuntimeError."""
    if any(came[HEADERS:] != went[HEADERS:] for came, went in zip(after, before, strict=True)):
        raise RuntimeError("a payload changed, or frames came out in another order")
    went, came = Heads.of(before), Heads.of(after)
    check((came.octets[:, :12] != macs).any(axis=1), "MAC addresses")
    # Version to fragment offset, protocol, UDP length stay as they are.
    kept = [*range(14, 22), 23, 38, 39]
    check((came.octets[:, kept] != went.octets[:, kept]).any(axis=1), "a field changed that nobody may change")
    check(came.ttl != went.ttl - 1, "time to live")
    check(came.header_sums() != 0xFFFF, "IPv4 header checksum")
    for at in np.linspace(0, len(after) - 1, min(SAMPLE, len(after))).astype(int).tolist():
        if datagram_sum(after[at]) != 0xFFFF:
            raise RuntimeError(f"frame {at + 1} of {len(after)}: UDP checksum")
    return went, came


def outwards(path: Path, shape: Shape, *, dependent: bool, macs: np.ndarray) -> list[bytes]:
    """SNAT: the frames that came out. Errors: RuntimeError."""
    after = pass_once(path)
    went, came = hop(list(path.frames), after, macs)
    check(came.endpoint(1) != went.endpoint(1), "target")
    number = came.address(26) - PUBLIC
    check((number < 1) | (number > shape.addresses), "source is no public address")
    inside, public, remote = went.endpoint(0), came.endpoint(0), went.endpoint(1)
    if not dependent:  # RFC 4787 REQ-1
        one_to_one(inside, public)
    one_to_one(pairs(inside, remote), pairs(public, remote))
    return after


def backwards(path: Path, outgoing: list[bytes], macs: np.ndarray) -> int:
    """Replies to `outgoing`, row by row: they reach the endpoint that sent. The frames compared. Errors: RuntimeError."""
    after = pass_once(path)
    went, came = hop(list(path.frames), after, macs)
    check(came.endpoint(0) != went.endpoint(0), "source")
    check(came.endpoint(1) != Heads.of(outgoing).endpoint(0), "a reply reached another endpoint than the one that sent")
    return len(after)


def pairs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A number for each pair that occurs."""
    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(other, return_inverse=True)
    return first.astype(np.int64) * (int(second.max()) + 1) + second


def one_to_one(inside: np.ndarray, public: np.ndarray) -> None:
    """The same inside has always the same public, and two never share one. Errors: RuntimeError."""
    for one, other, what in ((inside, public, "has two public endpoints"), (public, inside, "shares its public endpoint")):
        _, first, number = np.unique(one, return_index=True, return_inverse=True)
        check(other[first][number] != other, f"its source {what}")
