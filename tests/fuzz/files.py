"""Hostile captures and virtio headers."""

import random
import struct

import numpy as np
from pool import changed, frame

ETHERNET, NULL, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 1, 0, 101, 108, 113, 228, 229, 276
LINKS = (NULL, 12, 14, RAW, LOOP, SLL, IPV4, IPV6, SLL2)


def linked(chance: random.Random, link: int, octets: bytes) -> bytes:
    """The frame as a capture of that link type has it; often enough too short for it."""
    kind, body = octets[12:14], octets[14:]
    if link == ETHERNET:
        return octets
    if link in (NULL, LOOP):
        return (struct.pack("<I", chance.choice([2, 10, 24, 30])) + body)[: chance.choice([3, 5, 9999, 9999])]
    packet, length = chance.randrange(6), chance.choice([6, 6, 0, 8])
    if link == SLL:
        body = struct.pack(">HHH8s", packet, 1, length, octets[6:14]) + kind + body
        return body[: chance.choice([15, 9999, 9999])]
    if link == SLL2:
        body = kind + struct.pack(">HIHBB8s", 0, 2, 1, packet, length, octets[6:14]) + body
        return body[: chance.choice([19, 9999, 9999])]
    return body


def virtio(chance: random.Random, size: int, length: int) -> bytes:
    """A virtio header of 10 or 24 octets, or none, whose fields may point anywhere in a frame of that length and beyond."""
    near = chance.choice([14, 34, 54, 70, length, 65535])
    header = struct.pack(
        "<BBHHHH",
        chance.choice([0, 0, 1, 1, 1, 2, 3, 9]),
        chance.choice([0, 0, 1, 3, 4, 5, 0x21, 0x25, 0x41, 0x85, chance.randrange(256)]),
        chance.randrange(200),
        chance.choice([0, 1, 8, 536, 1448, 65535]),
        chance.choice([34, 54, near, chance.randrange(65536)]),
        chance.choice([6, 16, 6, 16, chance.randrange(65536)]),
    )
    header += bytes(10) + struct.pack("<HH", chance.choice([0, 34, near]), chance.choice([0, 64, near]))
    return header[:size]


class Files:
    """`changed()` gives a capture of 500 records, each time with other octets changed: in the frames, or with `damage` anywhere.

    `pcapng`: in blocks; `order`: "<" or ">"; `cut`: the share of records that say they were longer.
    """

    def __init__(
        self, seed: int, *, link: int = ETHERNET, order: str = "<", nano: bool = False, pcapng: bool = False, cut: float = 0.0
    ) -> None:
        chance = random.Random(seed)
        if pcapng:
            file = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
            file += block(order, 1, struct.pack(order + "HHIHHIHHQ", link, 0, 0, 9, 1, chance.choice([6, 9, 0x8A]), 14, 8, 1))
        else:
            file = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
        parts, starts, lengths, at = [file], [], [], len(file)
        for number in range(500):
            octets = linked(chance, link, frame(chance)) or b"!"
            octets = octets[: chance.randrange(1, len(octets) + 1) if chance.random() < 0.2 else None]
            whole = len(octets) + (chance.random() < cut)
            if pcapng:
                record, before = packet_block(chance, order, number, octets, whole)
            else:
                record, before = struct.pack(order + "IIII", number, 0, len(octets), whole) + octets, 16
            parts.append(record)
            starts.append(at + before)
            lengths.append(len(octets))
            at += len(record)
        self.chance = np.random.default_rng(seed)
        self.octets = np.frombuffer(b"".join(parts), np.uint8)
        self.starts, self.lengths = np.array(starts), np.array(lengths)

    def changed(self, *, damage: bool = False) -> bytes:
        """Octets of the frames are changed, one each on average; with `damage` also a few of headers, and the file may be cut."""
        octets = changed(self.chance, self.octets, self.starts, self.lengths, len(self.starts))
        if damage:
            for start in self.starts[self.chance.integers(len(self.starts), size=self.chance.integers(4))]:
                octets[start - self.chance.integers(1, 29)] = self.chance.integers(256)
            if self.chance.random() < 0.1:
                octets[self.chance.integers(40)] = self.chance.integers(256)
            if self.chance.random() < 0.3:
                octets = octets[: self.chance.integers(len(octets))]
        return octets.tobytes()


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def packet_block(chance: random.Random, order: str, number: int, octets: bytes, whole: int) -> tuple[bytes, int]:
    """An enhanced, a simple or an old packet block, and where its octets begin."""
    kind = chance.choice([6, 6, 6, 3, 2])
    if kind == 3:
        return block(order, 3, struct.pack(order + "I", len(octets)) + octets), 12
    first = struct.pack(order + "I", 0) if kind == 6 else struct.pack(order + "HH", 0, 0xFFFF)
    return block(order, kind, first + struct.pack(order + "IIII", 0, number, len(octets), whole) + octets), 28
