"""Hostile packets to what gateways do with single ones: errors, echo, resets, MSS clamping, reassembly and fragmentation.

Seeded; run with the sanitised build (`make debug`) to see what a crash would not show. DATAPLANE_FUZZ_FRAMES sets how many.
"""

import functools
import os
import random
import struct

import pytest

from fastpath.fragment import fragments
from fastpath.testing import ANSWERS, TROUBLES, Answerer, Reassembler
from fastpath.wire import checksum
from tests.fastpath.packets import OURS, Stage, octets_of

FRAMES = int(os.environ.get("DATAPLANE_FUZZ_FRAMES", "50000")) // 5
SOURCES = [octets_of(address) for address in OURS]
HOSTS = [bytes([10, 0, 0, n]) for n in (1, 2, 254)] + [bytes(4), b"\xff" * 4, b"\xe0\0\0\1", b"\x7f\0\0\1"]
HOSTS_V6 = [b"\xfd" + bytes(14) + bytes([n]) for n in (1, 2, 254)] + [bytes(16), bytes(15) + b"\1", b"\xff\2" + bytes(13) + b"\1"]
TCP_OPTIONS = [b"", b"\x02\x04\xff\xff", b"\x01\x02\x04\xff\xff\x01\x01\x01", b"\x02\x00\x02\x04", bytes(40)]
IP_OPTIONS = [b"", b"", b"\x94\x04\0\0", b"\x07\x07\x04\0\0\0\0\0", b"\x44\x28\0\0", b"\x01" * 40, b"\x88\x02\xff\xff"]


def transport(chance: random.Random, protocol: int, addresses: bytes) -> bytes:
    """TCP, UDP, ICMP or ICMPv6, or something that is none of them, as the number says; its checksum is right as a rule."""
    payload = chance.randbytes(chance.choice([0, 1, 50, 600, 1400, 1480, 4000]))
    at = 2
    if protocol == 6:
        options, at = chance.choice(TCP_OPTIONS), 16
        words = 5 + len(options) // 4 if chance.random() < 0.8 else chance.randrange(16)
        flags = chance.choice([2, 2, 16, 18, 4, chance.randrange(256)])
        body = struct.pack(">HHIIBBHHH", 9, 80, 1, 2, words << 4, flags, 9, 0, 0) + options + payload
    elif protocol == 17:
        at = 6
        body = (
            struct.pack(">HHHH", 9, 53, chance.choice([8 + len(payload), 8 + len(payload), chance.randrange(65536)]), 0) + payload
        )
    else:
        kind = chance.choice([8, 8, 0, 3, 5, 11, 128, 128, 129, 1, 2, 137, chance.randrange(256)])
        body = struct.pack(">BBHHH", kind, chance.choice([0, 0, 4]), 0, 7, 1) + payload
    if chance.random() < 0.8:
        pseudo = b"" if protocol == 1 else addresses + struct.pack(">IHH", len(body), 0, protocol)
        body = body[:at] + struct.pack(">H", checksum(pseudo + body)) + body[at + 2 :]
    return body


def ipv4(chance: random.Random, protocol: int, place: int) -> bytes:
    addresses = chance.choice(HOSTS) + chance.choice(HOSTS)
    body = transport(chance, protocol, addresses)
    options = chance.choice(IP_OPTIONS)
    length = 20 + len(options) + (len(body) if chance.random() < 0.9 else chance.randrange(65536)) & 0xFFFF
    header = bytearray(struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, chance.randrange(256), length, 7, place, 64, protocol, 0))
    header += addresses + options
    if chance.random() < 0.95:
        header[10:12] = struct.pack(">H", checksum(bytes(header)))
    return bytes(header) + body


def ipv6(chance: random.Random, protocol: int, place: int) -> bytes:
    addresses = chance.choice(HOSTS_V6) + chance.choice(HOSTS_V6)
    body = transport(chance, protocol, addresses)
    chain = b""
    following = protocol
    for number in chance.choices([0, 43, 44, 60, 51], k=chance.choice([0, 0, 1, 1, 2, 4, 9])):
        octets = chance.choice([0, 0, 0, 1, 255]) if number != 44 else 0
        rest = struct.pack(">HI", place << 3 & 0xFFFF | place >> 13 & 1, 7) if number == 44 else bytes(6)
        chain = bytes([following, octets]) + rest + bytes(min(octets, 2) * 8) + chain
        following = number
    length = len(chain) + (len(body) if chance.random() < 0.9 else chance.randrange(65536)) & 0xFFFF
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + addresses + chain + body


def lying(chance: random.Random) -> bytes:
    """A frame whose fields lie more or less."""
    place = chance.choice([0, 0, 0, 0x2000, chance.randrange(0x4000), 0x2000 | chance.randrange(300)])
    old = chance.random() < 0.5
    protocol = chance.choice([1 if old else 58, 58 if old else 1, 6, 17, 6, 17, 253])
    target = chance.choice([b"\2\0\0\0\0\1", b"\2\0\0\0\0\1", b"\xff" * 6])
    kind = b"\x08\x00" if old else b"\x86\xdd"
    return target + b"\2\0\0\0\0\2" + kind + (ipv4 if old else ipv6)(chance, protocol, place)


@functools.cache
def pool() -> list[bytes]:
    """They take longer to make than to be read: made once, for all tests."""
    chance = random.Random(9)
    return [lying(chance) for _ in range(20_000)]


def packet(chance: random.Random) -> bytes:
    """Any of them, often with other octets here and there, or cut off."""
    octets = bytearray(chance.choice(pool()))
    for _ in range(chance.choice([0, 0, 0, 1, 4])):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets[: chance.randrange(len(octets))] if chance.random() < 0.1 else octets)


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers(answer):
    """Whatever comes, what goes out is a whole frame, and every frame is accounted for."""
    chance = random.Random(answer)
    stages = [
        Stage(Answerer, answer, trouble=trouble, parameter=chance.randrange(1500), sources=SOURCES, rate=10**9, burst=10**6)
        for trouble in (TROUBLES if answer == "error" else ["lifetime"])
    ]
    said = 0
    for _ in range(FRAMES // 50):
        stage = chance.choice(stages)
        out = stage.send(*[packet(chance) for _ in range(40)], now=0)
        said += len(out)
        assert all(len(octets) >= 34 for octets in out)
        if answer == "error":
            assert all(len(octets) <= 14 + (576 if octets[12:14] == b"\x08\x00" else 1280) for octets in out)
    assert said


@pytest.mark.parametrize("mtu", [0, 68, 1280])
def test_reassembly(mtu):
    """Memory is bounded and given back, drops have names, and what goes on fits."""
    chance = random.Random(mtu)
    stage = Stage(Reassembler, sources=SOURCES, mtu=mtu, datagrams=32, octets=1 << 18)
    now, out = 0.0, []
    for _ in range(FRAMES // 40):
        out += stage.send(*[packet(chance) for _ in range(40)], now=now)
        now += chance.choice([0, 0, 0.001, 7])
        assert stage.held == stage.node.named_counters()["pieces"] <= 32 * 250
    stage.send(now=now + 1000)
    counters = stage.node.named_counters()
    assert [counters[name] for name in ("records", "sources", "blocks", "pieces", "keys")] == [0] * 5
    assert counters["expired"]
    assert stage.drops().keys() & {"fragment timeout", "fragment overlap"}
    if mtu:
        # Errors about fragments that timed out come from our own address, and are cut by the router, not here.
        passed = [octets for octets in out if octets[6:7] == b"\2" and octets[26:30] != SOURCES[0][-4:]]
        assert all(len(octets) <= 14 + mtu or octets[12:14] == b"\x86\xdd" for octets in passed)
        assert passed


def test_cutting():
    """Fragments of anything that looks like a packet, in one part or two: within the MTU, or a named reason."""
    chance = random.Random(5)
    cut = refused = 0
    for _ in range(FRAMES // 20):
        octets = packet(chance)
        if len(octets) < 40:
            continue
        mtu = chance.choice([68, 100, 576, 1280])
        settings = {"csum_start": chance.choice([34, 54, 60, chance.randrange(600)]), "csum_offset": chance.choice([6, 16])}
        try:
            parts = fragments(
                octets,
                mtu,
                identification=chance.choice([-1, 5]),
                own=chance.choice([0, 0, 34, 60, 128]) if len(octets) > 128 else 0,
                lasting=chance.random() < 0.5,
                **(settings if chance.random() < 0.3 else {}),
            )
        except ValueError as reason:
            refused += 1
            assert str(reason) in ("too big", "bad ip header", "bad ip length", "bad offload", "bad fragment")
        else:
            cut += 1
            assert all(len(part) <= 14 + mtu for part in parts)
    assert cut
    assert refused
