"""Hostile frames by the million: good ones, lying ones and noise, made once; each round other octets of them are changed."""

import random
import struct

import numpy as np

STATIONS = [b"\x02" + bytes(4) + bytes([n]) for n in range(40)]
SPECIAL = [b"\xff" * 6, bytes(6), bytes.fromhex("0180c2000000"), bytes.fromhex("0180c2000010"), bytes.fromhex("3333000000fb")]
# What headers count, compare and end with.
TELLING = np.array([0, 1, 4, 5, 6, 7, 8, 0x0F, 0x11, 0x45, 0x60, 0x7F, 0x80, 0x81, 0x86, 0xA8, 0xDD, 0xF0, 0xFE, 0xFF], np.uint8)


def internet(chance: random.Random, size: int) -> bytes:
    """IPv4 or IPv6 with UDP or TCP; some of the fields lie."""
    protocol = chance.choice([6, 17, 17, chance.randrange(256)])
    length = size if chance.random() < 0.7 else chance.randrange(65536)
    if chance.random() < 0.5:
        header = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + length & 0xFFFF, 1, 0, 64, protocol, 0, 1, 2)
        kind = b"\x08\x00"
    else:
        header = struct.pack(">IHBB", 6 << 28, length & 0xFFFF, protocol, 64) + bytes(32)
        kind = b"\x86\xdd"
    transport = struct.pack(">HHHHHHHHHH", 7, 9, length & 0xFFFF, 0, 0, 0, chance.choice([0x5010, 0xF010, 0x0010]), 9, 0, 0)
    tags = b"\x81\x00\x00\x07" * chance.choice([0, 0, 0, 0, 0, 1, 2, 30])
    return tags + kind + header + transport + bytes(size)


def frame(chance: random.Random) -> bytes:
    """Addresses and a payload, or noise."""
    if chance.random() < 0.05:
        return chance.randbytes(chance.randrange(1, 200))
    size = chance.choice([0, 0, 18, 18, 100, 300, 1400, 1480, 3000]) if chance.random() < 0.998 else chance.randrange(65_400)
    source = chance.choice(STATIONS if chance.random() < 0.95 else SPECIAL)
    target = chance.choice(STATIONS if chance.random() < 0.9 else SPECIAL)
    return (target + source + internet(chance, size))[:65_549]


class Pool:
    """`round()` gives each of the frames once, in another order each time. Seeded."""

    def __init__(self, seed: int, frames: list[bytes] | None = None) -> None:
        chance = random.Random(seed)
        frames = frames or [frame(chance) for _ in range(2_000)]
        self.chance = np.random.default_rng(seed)
        self.octets = np.frombuffer(b"".join(frames), np.uint8)
        self.lengths = np.array([len(one) for one in frames])
        self.starts = np.cumsum(self.lengths) - self.lengths

    def round(self) -> list[memoryview]:
        """On average one octet a frame is changed, most of them in headers; a fifth of the frames is cut anywhere."""
        n = len(self.lengths)
        octets = changed(self.chance, self.octets, self.starts, self.lengths, n)
        cut = self.chance.integers(0, self.lengths + 1)
        early = self.chance.integers(80, size=n)
        fate = self.chance.random(n)
        lengths = np.where(fate < 0.1, cut, np.where(fate < 0.2, np.minimum(early, self.lengths), self.lengths))
        order = self.chance.permutation(n)
        starts = self.starts[order]
        view = memoryview(octets)
        return [view[a:b] for a, b in zip(starts.tolist(), (starts + lengths[order]).tolist(), strict=True)]


def changed(chance: np.random.Generator, octets: np.ndarray, starts: np.ndarray, lengths: np.ndarray, n: int) -> np.ndarray:
    """A copy of the octets in which n within the pieces are others: half of them any, half telling."""
    copy = octets.copy()
    which = chance.integers(len(starts), size=n)
    at = starts[which] + np.minimum(chance.exponential(30, n).astype(np.int64), lengths[which] - 1)
    copy[at[: n // 2]] = chance.integers(256, size=n // 2, dtype=np.uint8)
    copy[at[n // 2 :]] = chance.choice(TELLING, n - n // 2)
    return copy
