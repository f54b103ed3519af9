"""Out and back (NAT-1), and every corner of the checksums (NAT-10 to NAT-12)."""

import random

import pytest
from scapy.layers.inet import UDP
from scapy.packet import Raw

from tests.gateway import judge
from tests.gateway.world import World

ROOM = {4: {"udp": 1472, "tcp": 1460, "icmp": 1472}, 6: {"udp": 1452, "tcp": 1440, "icmp": 1452}}
HEADER = {4: 20, 6: 40}


@pytest.mark.row("NAT-1")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_out_and_back_with_every_payload(world, kind):
    """RFC 3022, 4.1: source, TTL and checksums change, nothing else; 0 octets to all that fits, byte for byte."""
    data = random.Random(1).randbytes(2000)
    for size in range(ROOM[world.v][kind] + 1):
        payload = data[:size]
        fields = {"tos": 0xB9, "id": size, "payload": payload, "df": True}
        before = world.query(kind, "a", 4000, "r1", 80, **fields)
        wanted = world.query(kind, "up", 4000, "r1", 80, ttl=63, **fields)
        world.passes("a", before, "up", wanted)
        if kind == "tcp":
            continue
        back = world.answer(kind, "r1", 80, "up", 4000, ttl=50, **fields)
        world.passes("up", back, "a", world.answer(kind, "r1", 80, "a", 4000, ttl=49, **fields))


@pytest.mark.row("NAT-1", "NAT-15")
def test_tcp_out_and_back_with_every_payload(world):
    world.handshake("a", 4000)
    data = random.Random(2).randbytes(2000)
    ours, theirs = 100, 500
    for size in (*range(300), *range(1400, ROOM[world.v]["tcp"] + 1)):
        out = {"seq": ours, "ack": theirs, "payload": data[:size], "id": size, "tos": 2}
        sent = world.tcp("a", 4000, "r1", 80, "PA", **out)
        world.passes("a", sent, "up", world.tcp("up", 4000, "r1", 80, "PA", ttl=63, **out))
        ours += size
        back = {"seq": theirs, "ack": ours, "payload": data[:size], "id": size}
        world.passes("up", world.tcp("r1", 80, "up", 4000, "PA", **back), "a", world.tcp("r1", 80, "a", 4000, "PA", ttl=63, **back))
        theirs += size


@pytest.mark.row("NAT-1")
def test_an_inside_source_never_leaves(world):
    """Whatever is sent by the uplink, no inside address is in it as a source."""
    chance = random.Random(3)
    inside = {world.at(name) for name in "abcdef"}
    for _ in range(300):
        host = chance.choice("abcdef")
        protocol = chance.choice([1, 6, 17, 58, 47, 132, 50, 253])
        packet = world.other(host, chance.choice(["r1", "r2", "near", "isp"]), protocol, chance.randbytes(chance.randrange(60)))
        for one in world.send(host, packet):
            if one.port == "up":
                header = one.packet
                source = header[12:16] if world.v == 4 else header[8:24]
                assert source not in {_packed(address) for address in inside}, one


def _packed(address):
    import ipaddress

    return ipaddress.ip_address(address).packed


@pytest.mark.row("NAT-10")
def test_no_udp_checksum_stays_none():
    """RFC 768: 0 says that there is none; both ways, and in a mapping that knows checksums too."""
    world = World(4)
    before = world.ip("a", "r1") / UDP(sport=4000, dport=53, chksum=0) / Raw(b"none")
    after = world.ip("up", "r1", ttl=63) / UDP(sport=4000, dport=53, chksum=0) / Raw(b"none")
    world.passes("a", before, "up", after)
    back = world.ip("r1", "up") / UDP(sport=53, dport=4000, chksum=0) / Raw(b"none")
    world.passes("up", back, "a", world.ip("r1", "a", ttl=63) / UDP(sport=53, dport=4000, chksum=0) / Raw(b"none"))
    world.passes("a", world.udp("a", 4000, "r1", 53), "up", world.udp("up", 4000, "r1", 53, ttl=63))


@pytest.mark.row("NAT-10")
def test_ipv6_without_udp_checksum_never_becomes_one_with_it():
    """RFC 8200, 8.1: such a datagram is to be discarded; passing it as it is would be no worse. Never half a sum."""
    world = World(6)
    before = world.ip("a", "r1") / UDP(sport=4000, dport=53, chksum=0) / Raw(b"none")
    for one in world.send("a", before):
        assert one.packet[46:48] == b"\0\0"


def payload_for(packet, target):
    """Two octets of payload that make the transport's sum after translation come out as `target`."""
    raw = judge.read(bytes(packet))
    at = judge.CHECKED[raw.protocol]
    now = int.from_bytes(raw.upper[at : at + 2], "big")
    # The payload's first word is 0 as yet: what has to be added to the sum is what the checksum has to lose.
    return ((now - target) % 0xFFFF).to_bytes(2, "big")


@pytest.mark.row("NAT-10")
def test_a_computed_zero_is_sent_as_all_ones(world):
    """RFC 768: in either direction, by either translation."""
    for n in range(64):
        port = 4000 + n
        payload = payload_for(world.udp("up", port, "r1", 53, b"\0\0tail"), 0)
        before = world.udp("a", port, "r1", 53, payload + b"tail")
        after = world.udp("up", port, "r1", 53, payload + b"tail", ttl=63)
        at = HEADER[world.v] + 6
        assert bytes(after)[at : at + 2] == b"\xff\xff", "or the test tests nothing"
        world.passes("a", before, "up", after)
        payload = payload_for(world.udp("r1", 53, "a", port, b"\0\0"), 0)
        after = world.udp("r1", 53, "a", port, payload, ttl=63)
        assert bytes(after)[at : at + 2] == b"\xff\xff"
        world.passes("up", world.udp("r1", 53, "up", port, payload), "a", after)


@pytest.mark.row("NAT-11")
def test_tcp_sums_that_should_be_zero_are_zero(world):
    """RFC 1624, 3: 0x0000 is not 0xFFFF there, and nobody may mend what is -0 by chance."""
    for n in range(64):
        port = 4000 + n
        payload = payload_for(world.tcp("up", port, "r1", 53, "S", payload=b"\0\0"), 0)
        after = world.tcp("up", port, "r1", 53, "S", payload=payload, ttl=63)
        at = HEADER[world.v] + 16
        assert bytes(after)[at : at + 2] == b"\0\0"
        world.passes("a", world.tcp("a", port, "r1", 53, "S", payload=payload), "up", after)


@pytest.mark.row("NAT-11")
@pytest.mark.parametrize("target", [0x0000, 0x0001, 0xFFFE, 0xFFFF, 0x8000, 0x00FF, 0xFF00])
def test_sums_near_the_corner(world, target):
    for kind in ("udp", "tcp"):
        payload = payload_for(world.query(kind, "up", 4000, "r1", 53, payload=b"\0\0"), target)
        world.passes(
            "a",
            world.query(kind, "a", 4000, "r1", 53, payload=payload),
            "up",
            world.query(kind, "up", 4000, "r1", 53, payload=payload, ttl=63),
        )


@pytest.mark.row("NAT-11")
def test_echo_sums_near_the_corner(world):
    """Identifiers and sequence numbers take the ICMP sum through its values (IPv6's covers the addresses too)."""
    for id_ in range(0, 65536, 257):
        world.passes("a", world.echo("a", "r1", id=id_, seq=id_), "up", world.echo("up", "r1", id=id_, seq=id_, ttl=63))


@pytest.mark.row("NAT-12")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_what_is_corrupt_stays_corrupt_or_is_dropped(world, kind, flip):
    """RFC 1624, 2: never repaired, never leaked."""
    good = bytes(world.query(kind, "a", 4000, "r1", 80, payload=b"payload!"))
    for at in range(HEADER[world.v] + 8, len(good)):
        bad = bytearray(good)
        bad[at] ^= flip
        for one in world.send("a", bytes(bad)):
            assert one.port == "up"
            assert judge.faults(one.packet), f"repaired: octet {at}"
            assert one.packet[12 if world.v == 4 else 8 :][: 4 if world.v == 4 else 16] == _packed(world.at("up"))


@pytest.mark.row("NAT-12")
def test_a_corrupt_answer_stays_corrupt_or_is_dropped(world):
    world.opened("udp", "a", 4000)
    good = bytes(world.udp("r1", 53, "up", 4000, b"payload!"))
    for at in range(HEADER[world.v] + 6, len(good)):
        bad = bytearray(good)
        bad[at] ^= 0x10
        for one in world.send("up", bytes(bad)):
            assert one.port == "a"
            assert judge.faults(one.packet) or bad[HEADER[world.v] + 6 :][:2] == b"\0\0"
