"""Fragments through the translation: NAT-13 (RFC 4787 REQ-14) and NAT-14 (RFC 6864 5.3.1, RFC 5722)."""

import random

import pytest

from tests.gateway import judge
from tests.gateway.fragments import ALL_ORDERS, ORDERS, cut, piece, thirds
from tests.gateway.world import World

DATA = random.Random(13).randbytes(9000)
SIZES = {"small": 600, "larger than the MTU": 4000}


def whole(world, out, port):
    """All that left by this port are fragments of one datagram (or it itself): the datagram, its checksum right."""
    assert out, world.drops()
    assert {one.port for one in out} == {port}
    world.assert_sums(out)
    packet = judge.reassembled([one.packet for one in out])
    assert judge.transport_sum(packet, packet.upper) == 0 if packet.protocol != 1 else judge.checksum(packet.upper) == 0
    assert all(len(one.packet) <= 1500 for one in out)
    return packet


def same(packet, wanted):
    """The reassembled datagram is this one, but for identification and what fragmenting does to the header."""
    found = judge.read(bytes(wanted))
    assert (packet.protocol, packet.upper) == (found.protocol, found.upper)
    at = slice(12, 20) if packet.version == 4 else slice(8, 40)
    assert packet.header[at] == found.header[at]
    assert packet.header[8 if packet.version == 4 else 7] == found.header[8 if packet.version == 4 else 7], "TTL"


def through(world, port, packet, towards, wanted, order, id=0x1234):
    """The packet's thirds in this order; nothing leaves before the last, then the whole datagram does."""
    parts = thirds(packet, id=id)
    out = [world.send(port, parts[at]) for at in order]
    assert out[0] == out[1] == []
    same(whole(world, out[2], towards), wanted)


@pytest.mark.row("NAT-13")
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_out_and_back_in_three_orders(world, kind, order, size):
    if kind == "tcp":
        world.handshake("a", 4000, "r1", 80)
        ours = {"flags": "PA", "seq": 100, "ack": 500}
        theirs = {"flags": "PA", "seq": 500, "ack": 100 + size}
    else:
        ours, theirs = {}, {}
    payload = DATA[:size]
    before = world.query(kind, "a", 4000, "r1", 80, payload=payload, **ours)
    through(world, "a", before, "up", world.query(kind, "up", 4000, "r1", 80, payload=payload, ttl=63, **ours), order)
    back = world.answer(kind, "r1", 80, "up", 4000, payload=payload, **theirs)
    through(world, "up", back, "a", world.answer(kind, "r1", 80, "a", 4000, payload=payload, ttl=63, **theirs), order)


@pytest.mark.row("NAT-13")
@pytest.mark.parametrize("order", ALL_ORDERS)
def test_to_a_published_port(world, order):
    world.rules.publish("udp", 8080, 8080, target=world.at("a"), target_port=80, name="web.front")
    packet = world.udp("r1", 5000, "up", 8080, DATA[:3000])
    through(world, "up", packet, "a", world.udp("r1", 5000, "a", 80, DATA[:3000], ttl=63), order)
    back = world.udp("a", 80, "r1", 5000, DATA[:3000])
    through(world, "a", back, "up", world.udp("up", 8080, "r1", 5000, DATA[:3000], ttl=63), order)


@pytest.mark.row("NAT-13", "NAT-33")
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_hairpinned(world, order):
    world.rules.publish("udp", 8080, 8080, target=world.at("b"), target_port=80, name="web.front")
    packet = world.udp("a", 5000, "up", 8080, DATA[:3000])
    through(world, "a", packet, "b", world.udp("up", 5000, "b", 80, DATA[:3000], ttl=63), order)
    back = world.udp("b", 80, "up", 5000, DATA[:3000])
    through(world, "b", back, "a", world.udp("up", 8080, "a", 5000, DATA[:3000], ttl=63), order)


@pytest.mark.row("NAT-13")
def test_many_small_fragments(world):
    """64 of 24 octets, shuffled; more than one datagram at once."""
    packets = [world.udp("a", 4000 + n, "r1", 80, DATA[n : n + 1500]) for n in range(3)]
    parts = [part for n, packet in enumerate(packets) for part in cut(packet, *range(24, 1500, 24), id=n)]
    random.Random(5).shuffle(parts)
    out = [one for part in parts for one in world.send("a", part)]
    assert len(out) >= 3
    by_port = {}
    for one in out:
        found = judge.read(one.packet)
        by_port.setdefault(found.id if found.fragment else one.packet, []).append(one)
    assert len(by_port) == 3


@pytest.mark.row("NAT-13")
def test_a_datagram_of_64_kib():
    world = World(4)
    size = 65535 - 20 - 8
    payload = random.Random(1).randbytes(size)
    packet = world.udp("a", 4000, "r1", 80, payload)
    parts = cut(packet, *range(1480, size, 1480))
    out = [one for part in parts for one in world.send("a", part)]
    same(whole(world, out, "up"), world.udp("up", 4000, "r1", 80, payload, ttl=63))


@pytest.mark.row("NAT-14")
@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_without_one_of_them_nothing_ever_leaves(world, left_out):
    """Orphans wait and are given up; the sender may hear of it only if the first is there (RFC 792, RFC 8200 4.5)."""
    parts = thirds(world.udp("a", 4000, "r1", 80, DATA[:3000]))
    for at, part in enumerate(parts):
        if at != left_out:
            assert world.send("a", part) == []
    out = world.advance(61)
    assert all(one.port == "a" for one in out)
    assert len(out) <= (1 if left_out else 0)
    assert world.engine.held == 0
    assert set(world.drops()) == {"fragment timeout"}
    assert world.send("a", parts[left_out]) == []


@pytest.mark.row("NAT-14")
def test_four_hundred_orphans_do_not_hurt(world):
    for n in range(400):
        part = thirds(world.udp("a", 4000, "r1", 80, DATA[:900]), id=n)[n % 3]
        assert world.send("a", part) == []
    world.passes("b", world.udp("b", 1, "r1", 2), "up", world.udp("up", 1, "r1", 2, ttl=63))
    through(
        world, "b", world.udp("b", 9, "r1", 80, DATA[:3000]), "up", world.udp("up", 9, "r1", 80, DATA[:3000], ttl=63), (2, 0, 1)
    )
    world.advance(61)
    assert world.engine.held == 0
    through(
        world, "a", world.udp("a", 8, "r1", 80, DATA[:3000]), "up", world.udp("up", 8, "r1", 80, DATA[:3000], ttl=63), (0, 1, 2)
    )


@pytest.mark.row("NAT-14")
def test_orphans_from_outside_do_not_hurt_either(world):
    world.opened("udp", "a", 4000, "r1", 80)
    for n in range(400):
        part = thirds(world.udp("r1", 80, "up", 4000, DATA[:900]), id=n)[n % 3]
        assert world.send("up", part) == []
    world.passes("up", world.udp("r1", 80, "up", 4000), "a", world.udp("r1", 80, "a", 4000, ttl=63))


@pytest.mark.row("NAT-14")
def test_two_hosts_with_one_identification_stay_apart(world):
    """Interleaved, and again on the way out: one public address must not send two datagrams of one identification at once."""
    packets = {host: world.udp(host, 4000, "r1", 80, DATA[:4000]) for host in ("a", "b")}
    packets["b"].load = DATA[4000:8000]
    parts = {host: thirds(packet, id=77) for host, packet in packets.items()}
    out = []
    for at in range(3):
        for host in ("a", "b"):
            out += world.send(host, parts[host][at])
    by_id = {}
    for one in out:
        by_id.setdefault(judge.read(one.packet).id, []).append(one)
    assert len(by_id) == 2
    loads = {whole(world, frames, "up").upper[8:] for frames in by_id.values()}
    assert loads == {DATA[:4000], DATA[4000:8000]}


@pytest.mark.row("NAT-14")
@pytest.mark.parametrize("order", ALL_ORDERS)
def test_overlapping_fragments_never_become_a_datagram(world, order):
    """RFC 5722 for IPv6; for IPv4 the same (RFC 1858 tells why): no mixture leaves, nor an untranslated one."""
    packet = world.udp("a", 4000, "r1", 80, DATA[:1192])
    upper = judge.read(bytes(packet)).upper
    packet = packet.__class__(bytes(packet))
    parts = [
        piece(packet, 0, upper[:600], True, 5),
        piece(packet, 592, b"\xee" * 200, True, 5),
        piece(packet, 792, upper[792:], False, 5),
    ]
    for at in order:
        assert world.send("a", parts[at]) == []
    assert world.drops()["fragment overlap"] >= 1
    assert world.advance(61) == [] or world.engine.held == 0
    world.passes("a", world.udp("a", 4000, "r1", 80), "up", world.udp("up", 4000, "r1", 80, ttl=63))


@pytest.mark.row("NAT-14")
def test_an_overlap_from_within_the_first_header(world):
    """The tiny fragment and overlap of RFC 1858: ports cannot be rewritten by a later fragment."""
    packet = world.udp("a", 4000, "r1", 80, DATA[:1192])
    packet = packet.__class__(bytes(packet))
    upper = judge.read(bytes(packet)).upper
    for part in (
        piece(packet, 0, upper[:16], True, 6),
        piece(packet, 8, b"\xee" * 16, True, 6),
        piece(packet, 24, upper[24:], False, 6),
    ):
        assert world.send("a", part) == []


@pytest.mark.row("NAT-14")
@pytest.mark.parametrize("twice", [0, 1, 2])
def test_a_duplicate_changes_nothing(world, twice):
    """RFC 815, RFC 5722 4: an exact duplicate is ignored; one datagram leaves, unmixed, or none."""
    packet = world.udp("a", 4000, "r1", 80, DATA[:3000])
    parts = thirds(packet)
    parts.insert(twice, parts[twice])
    out = [one for part in parts for one in world.send("a", part)]
    if out:
        same(whole(world, out, "up"), world.udp("up", 4000, "r1", 80, DATA[:3000], ttl=63))
    world.advance(61)
    assert world.engine.held == 0


@pytest.mark.row("NAT-14")
def test_fragments_that_cannot_be(world):
    """No octets, beyond 64 KiB, not a multiple of 8 though more follow, an end before what is there already."""
    packet = world.udp("a", 4000, "r1", 80, DATA[:1192])
    packet = packet.__class__(bytes(packet))
    upper = judge.read(bytes(packet)).upper
    for bad in (
        [piece(packet, 0, b"", True, 7)],
        [piece(packet, 8, b"", False, 7)],
        [piece(packet, 65528, DATA[:1000], False, 7)],
        [piece(packet, 0, upper[:100], True, 7), piece(packet, 104, upper[104:], False, 7)],
        [
            piece(packet, 800, upper[800:1000], True, 8),
            piece(packet, 0, upper[:800], True, 8),
            piece(packet, 400, b"x" * 8, False, 8),
        ],
        [
            piece(packet, 800, upper[800:], False, 9),
            piece(packet, 1200, b"x" * 8, False, 9),
            piece(packet, 0, upper[:800], True, 9),
        ],
    ):
        for part in bad:
            assert [one for one in world.send("a", part) if one.port == "up"] == []
        world.advance(61)
        assert world.engine.held == 0
    world.passes("a", world.udp("a", 4000, "r1", 80), "up", world.udp("up", 4000, "r1", 80, ttl=63))


@pytest.mark.row("NAT-14")
def test_memory_for_fragments_is_bounded(world):
    """10,000 first fragments of different datagrams: dropped by name, and the next whole packet passes."""
    part = bytes(thirds(world.udp("a", 4000, "r1", 80, DATA[:4000]))[0])
    where = (4, 6) if world.v == 4 else (44, 48)
    for n in range(10_000):
        changed = part[: where[0]] + n.to_bytes(where[1] - where[0], "big") + part[where[1] :]
        if world.v == 4:
            changed = changed[:10] + b"\0\0" + changed[12:]
            changed = changed[:10] + judge.checksum(changed[:20]).to_bytes(2, "big") + changed[12:]
        world.ports["a"].push(world.framed("a", changed))
    world.engine.run_until_idle(world.now)
    assert world.emitted() == []
    assert world.drops()["fragment limit"] > 0
    world.passes("b", world.udp("b", 1, "r1", 2), "up", world.udp("up", 1, "r1", 2, ttl=63))
    world.advance(61)
    assert world.engine.held == 0
