"""Hostile input to every node but the plain bridge (see tests/fastpath/test_fuzz.py): captures, guesses, offload facts, loops.

Seeded; run with the sanitised build (`make debug`) to see what a crash would not show. DATAPLANE_FUZZ_FRAMES sets how many.
"""

import io
import os
import random
import struct

import pytest

from fastpath import Bridge, Capture, CaptureError, Engine, MemoryPort, Outbox, PcapPort, Replay
from fastpath.offload import segments
from fastpath.vnet import claims

FRAMES = int(os.environ.get("DATAPLANE_FUZZ_FRAMES", "50000"))
REFUSED = "turn budget|bad offload"
STATIONS = [b"\x02" + bytes(4) + bytes([n]) for n in range(40)] + [b"\xff" * 6, bytes(6), bytes.fromhex("0180c2000000")]


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
    tags = b"\x81\x00\x00\x07" * chance.choice([0, 0, 0, 1, 2, 30])
    return tags + kind + header + transport + bytes(size)


def frame(chance: random.Random) -> bytes:
    """Addresses and a payload; then, often enough, changed or cut."""
    size = chance.choice([0, 18, 100, 1400, 1480, 3000]) if chance.random() < 0.995 else chance.randrange(65_400)
    octets = bytearray(chance.choice(STATIONS) + chance.choice(STATIONS) + internet(chance, size))
    for _ in range(chance.choice([0, 0, 1, 4])):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets[: chance.randrange(len(octets))] if chance.random() < 0.2 else octets[:65_549])


def assert_nothing_vanished(engine: Engine) -> None:
    """The equation of every node, and in sum."""
    counted = engine.counters()
    into = counted["in"] + counted["cloned"] + counted["originated"]
    assert (into == counted["out"] + counted["consumed"] + counted["dropped"] + counted["held"]).all(), counted
    assert not engine.held


def test_a_loop_of_floods_and_a_hairpin_loop_end():
    """Two bridges joined twice: every broadcast would go round for ever. Unconnected ports and small MTUs beside them."""
    chance = random.Random(11)
    engine, outbox = Engine(clones=2048), Outbox()
    ports = [MemoryPort(engine, f"port {n}", outbox=outbox, mtu=mtu) for n, mtu in enumerate((68, 576, 1500, 9000, 65_535))]
    left, right = (Bridge(engine, name, limit=20, ageing=10**9) for name in ("left", "right"))
    for port, bridge in zip(ports, (left, left, right, right), strict=False):
        port.lead_to(bridge, bridge.add_member(port, hairpin=chance.random() < 0.5))
    for _ in range(2):
        # Each member leads to the number that its other half is about to have.
        ahead = len(right.names)
        there = left.add_member(right, target_input=ahead)
        assert right.add_member(left, target_input=there) == ahead
    now = sent = 0
    # Thousands of copies each: a fraction of the frames says as much.
    while sent < FRAMES // 50:
        for _ in range(chance.randrange(1, 20)):
            chance.choice(ports).push(frame(chance))
            sent += 1
        now += chance.randrange(10**8)
        while engine.turn(now):
            assert_nothing_vanished(engine)
        outbox.take()
    reasons = {row["reason"] for row in engine.drops()}
    assert {"turn budget", "mtu", "unconnected", "runt", "invalid source", "reserved address"} <= reasons


def capture(chance: random.Random, frames: list[bytes]) -> bytes:
    """A pcap file of the frames, of any link type we read."""
    link = chance.choice([1, 1, 1, 101, 113, 276])
    rows = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    for at, octets in enumerate(frames):
        rows.append(struct.pack("<IIII", at, 0, len(octets), len(octets) + (chance.random() < 0.02)) + octets)
    return b"".join(rows)


def test_captures_of_hostile_frames_with_guessed_offloads():
    """Replayed with every guess on, towards ports of other MTUs: segmented, completed or dropped by name."""
    chance = random.Random(12)
    sent = 0
    while sent < FRAMES:
        engine = Engine()
        bridge = Bridge(engine, "bridge")
        guess = {"complete_checksums": chance.random() < 0.7, "segment": chance.random() < 0.7}
        ports = [PcapPort(engine, f"port {n}", mtu=chance.choice([68, 600, 1500]), **guess) for n in range(4)]
        for port in ports:
            port.lead_to(bridge, bridge.add_member(port))
        replay = Replay(engine)
        for port in ports:
            frames = [frame(chance) for _ in range(500)]
            sent += len(frames)
            replay.add(Capture(io.BytesIO(capture(chance, frames)), port.name), port)
        assert replay.run() == []
        assert_nothing_vanished(engine)
    assert engine.traffic()["out_frames"].sum() > 0


def test_damaged_captures_are_read_up_to_the_damage():
    """Octets changed, cut and repeated anywhere: records, or one CaptureError."""
    chance = random.Random(13)
    good = capture(chance, [frame(chance) for _ in range(20)])
    for _ in range(FRAMES // 50):
        damaged = bytearray(good[: chance.randrange(len(good))] if chance.random() < 0.5 else good)
        for _ in range(chance.randrange(8)):
            if damaged:
                damaged[chance.randrange(min(len(damaged), chance.choice([40, 100_000])))] = chance.randrange(256)
        try:
            read = Capture(io.BytesIO(bytes(damaged)), "damaged")
            assert sum(1 for _ in read) == read.records
        except CaptureError as error:
            assert str(error)


def facts(chance: random.Random, length: int) -> dict[str, int]:
    """Offload facts that may point anywhere."""
    near = chance.choice([14, 34, 54, 70, length, 65535])
    return {
        "gso_type": chance.choice([0, 1, 3, 4, 5, 0x21, 0x25, 0x41, 0x85, chance.randrange(256)]),
        "gso_size": chance.choice([0, 1, 8, 536, 1448, 65535]),
        "csum_start": chance.choice([near, chance.randrange(65536)]),
        "csum_offset": chance.choice([6, 16, chance.randrange(65536)]),
        "outer_transport": chance.choice([0, 34, near, chance.randrange(65536)]),
        "inner_network": chance.choice([0, 64, near, chance.randrange(65536)]),
    }


def test_offload_facts_that_lie_are_refused():
    """Every fact random: finished segments that carry no octet twice, or a named reason."""
    chance = random.Random(14)
    refused = finished = 0
    for _ in range(FRAMES):
        octets = frame(chance)
        try:
            parts = segments(octets, **facts(chance, len(octets)), own=chance.choice([0, 0, 128]) if len(octets) > 128 else 0)
        except ValueError as reason:
            refused += 1
            assert str(reason) in REFUSED
        else:
            finished += 1
            assert all(len(part) <= len(octets) for part in parts)
    assert refused > finished > 0


@pytest.mark.parametrize("size", [10, 24])
def test_virtio_headers_that_lie_claim_nothing_outside_the_frame(size):
    """What is believed lies within the octets."""
    chance = random.Random(size)
    for _ in range(FRAMES):
        octets = frame(chance)
        if len(octets) < 14:
            continue
        fields = facts(chance, len(octets))
        header = struct.pack(
            "<BBHHHH",
            chance.choice([0, 1, 2, 3, 9]),
            fields["gso_type"],
            chance.randrange(200),
            fields["gso_size"],
            fields["csum_start"],
            fields["csum_offset"],
        )
        if size == 24:
            header += bytes(10) + struct.pack("<HH", fields["outer_transport"], fields["inner_network"])
        believed = claims(header, octets)
        if believed and believed["flags"] & 1:
            assert believed["csum_start"] + believed["csum_offset"] + 2 <= len(octets)
