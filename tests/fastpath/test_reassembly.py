"""Datagrams from fragments in any order, in bounded memory: against Scapy, and against a model of single octets."""

import io
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6TimeExceeded, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from fastpath import Capture, DropWriter, PcapPort, Replay
from fastpath.fragment import fragments
from fastpath.testing import Reassembler
from tests.fastpath.captures import pcap, read
from tests.fastpath.packets import ETHER, OURS, Stage, judged, octets_of

SECOND = 1_000_000_000
MIB = 1 << 20


def datagram(version: int, payload: bytes, number: int = 7, host: int = 1, **fields: int) -> Packet:
    if version == 4:
        return ETHER / IP(src=f"10.0.0.{host}", dst="10.0.1.2", id=number, **fields) / UDP(sport=9, dport=9) / Raw(payload)
    return ETHER / IPv6(src=f"fd00::{host}", dst="fd00:1::2", **fields) / UDP(sport=9, dport=9) / Raw(payload)


def part(version: int, offset: int, payload: bytes, more: bool, number: int = 7, host: int = 1, **fields: int) -> bytes:
    """One fragment with these octets."""
    if version == 4:
        header = IP(src=f"10.0.0.{host}", dst="10.0.1.2", id=number, flags=int(more), frag=offset // 8, proto=253, **fields)
    else:
        header = IPv6(src=f"fd00::{host}", dst="fd00:1::2", **fields)
        header = header / IPv6ExtHdrFragment(id=number, m=int(more), offset=offset // 8, nh=253)
    return bytes(ETHER / header / Raw(payload))


def stage(**settings: int) -> Stage:
    return Stage(Reassembler, sources=[octets_of(address) for address in OURS], **settings)


def used(node: Stage) -> dict[str, int]:
    counters = node.node.named_counters()
    return {name: counters[name] for name in ("records", "sources", "blocks", "pieces", "keys")}


NOTHING = {"records": 0, "sources": 0, "blocks": 0, "pieces": 0, "keys": 0}
# Not st.randoms(): every octet drawn would be remembered.
chances = st.integers(0, 2**32 - 1).map(random.Random)
versions = pytest.mark.parametrize("version", [4, 6])


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_order_gives_the_original(data):
    """NAT-13: several datagrams at once, duplicates among them; each comes out once, octet for octet."""
    chance = data.draw(chances)
    node = stage(datagrams=16)
    wanted, parts = [], []
    for number in range(data.draw(st.integers(1, 4))):
        version = data.draw(st.sampled_from([4, 6]))
        packet = datagram(version, chance.randbytes(data.draw(st.integers(1500, 9000))), number=number, host=chance.randrange(1, 4))
        if version == 6 and data.draw(st.booleans()):
            inner = packet[IPv6].payload.copy()
            packet[IPv6].remove_payload()
            packet = packet / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / inner
        wanted.append(bytes(packet))
        parts.append(fragments(bytes(packet), data.draw(st.integers(600, 1499)), identification=number))
    assert all(len(some) > 1 for some in parts)
    sequence = [octets for some in parts for octets in some]
    # A duplicate of a part whose datagram is whole already would begin another.
    doubles = [octets for some in parts for octets in some[: data.draw(st.integers(0, 2))] if len(some) > 2]
    sequence = doubles + sequence
    chance.shuffle(sequence)
    out = node.send(*sequence)
    strays = node.engine.held
    assert sorted(out) == sorted(wanted)
    counters = node.node.named_counters()
    assert counters["whole"] == len(wanted)
    assert counters["duplicates"] + strays == len(doubles)
    assert not strays or counters["records"]
    assert not node.drops()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([4, 6]), st.integers(1000, 60000), st.integers(600, 6000), st.integers(1280, 2000), chances)
def test_cut_again(version, length, first, second, chance):
    """Put together and fragmented again it fits the MTU, and no fragment is larger than any that came (as Linux)."""
    packet = bytes(datagram(version, chance.randbytes(length)))
    parts = fragments(packet, max(first, 1280) if version == 6 else first, identification=3)
    chance.shuffle(parts)
    largest = max(len(octets) for octets in parts) - 14
    node = stage(mtu=second)
    out = node.send(*parts)
    if len(parts) == 1:
        largest = second
    assert all(len(octets) - 14 <= min(second, largest) for octets in out)
    again = stage()
    (whole,) = again.send(*out)
    assert whole[14:] == packet[14:] if version == 6 else whole[34:] == packet[34:]
    assert judged(whole) == whole


class Model:
    """A datagram, octet by octet."""

    def __init__(self) -> None:
        self.parts: dict[tuple[int, int], bytes] = {}
        self.length = 0

    def add(self, offset: int, payload: bytes, more: bool) -> str | bytes | None:
        end = offset + len(payload)
        key = (offset, -(-end // 8) * 8)
        taken = [(a, b) for a, b in self.parts if a < key[1] and offset < b]
        if taken and taken != [key]:
            return "fragment overlap"
        ends = [a + len(octets) for (a, _b), octets in self.parts.items()]
        if (not more and (any(e > end for e in ends) or self.length not in (0, end))) or (self.length and end > self.length):
            return "bad fragment"
        if taken:
            return None
        self.parts[key] = payload
        if not more:
            self.length = end
        if self.length and sum(map(len, self.parts.values())) == self.length:
            return b"".join(self.parts[key] for key in sorted(self.parts))
        return None


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([4, 6]), st.integers(0, 2**32), st.integers(1, 300))
def test_against_a_model(version, seed, count):
    """NAT-14: overlaps, duplicates and contradictions in every mixture; what comes out is never a mixture of two datagrams."""
    chance = random.Random(seed)
    node = stage()
    model, dropped = Model(), 0
    for _ in range(count):
        offset = 8 * chance.randrange(12)
        # One with offset 0 that is the last as well is a packet, not a fragment.
        more = chance.random() < 0.8 or offset == 0
        size = 8 * chance.randrange(1, 5) - (0 if more else chance.randrange(8))
        payload = bytes([chance.randrange(256)]) * size
        waiting = len(model.parts)
        result = model.add(offset, payload, more)
        out = node.send(part(version, offset, payload, more))
        if isinstance(result, bytes):
            assert [octets[34 if version == 4 else 54 :] for octets in out] == [result]
            assert judged(out[0]) == out[0]
            model = Model()
        else:
            assert out == []
        if isinstance(result, str):
            dropped += waiting + 1
            model = Model()
        assert node.held == len(model.parts)
        assert sum(node.drops().values()) == dropped
        assert used(node)["records"] == bool(model.parts)
    assert used(node)["pieces"] == len(model.parts)


@versions
@pytest.mark.parametrize("kept", [[0], [1], [0, 1], [0, 2], [1, 2]])
def test_what_does_not_become_whole(version, kept):
    """NAT-14: after 30 s or 60 s it is dropped; ICMP tells the sender if the first fragment came (RFC 792; RFC 8200, 4.5)."""
    parts = [part(version, 0, bytes(600), True), part(version, 600, bytes(600), True), part(version, 1200, bytes(5), False)]
    limit = 30 if version == 4 else 60
    node = stage()
    assert node.send(*[parts[n] for n in kept], now=1) == []
    assert node.held == len(kept)
    assert node.engine.next_due == (limit + 1) * SECOND
    assert node.send(now=limit + 0.9) == []
    assert node.held == len(kept)
    out = node.send(now=limit + 1)
    assert node.held == 0
    assert node.drops() == {"fragment timeout": len(kept)}
    assert used(node) == NOTHING
    assert node.engine.next_due is None
    if 0 not in kept:
        assert out == []
        return
    (octets,) = out
    assert judged(octets) == octets
    error = Ether(octets)
    kind = error[ICMP] if version == 4 else error[ICMPv6TimeExceeded]
    assert kind.type == (11 if version == 4 else 3)
    assert kind.code == 1
    quote = parts[0][14:][: 548 if version == 4 else 1232]
    assert bytes(kind)[8:] == quote
    assert error[IP if version == 4 else IPv6].src == OURS[version == 6]


@versions
def test_what_is_dropped_can_be_looked_at(version, tmp_path):
    """A replay's drop file has each fragment that timed out, octet for octet, with its own number in the capture."""
    parts = fragments(bytes(datagram(version, bytes(range(250)) * 20)), 1400, identification=9)
    node = stage()
    port = PcapPort(node.engine, "captured")
    port.lead_to(node.node)
    writer = DropWriter(tmp_path / "drops.pcapng", {port.index: "captured"})
    replay = Replay(node.engine, drops=writer)
    kept = [parts[2], parts[0], parts[3]]
    replay.add(Capture(io.BytesIO(pcap([(SECOND, octets) for octets in kept])), "captured"), port)
    assert replay.run() == []
    writer.close()
    node.check()
    with (tmp_path / "drops.pcapng").open("rb") as file:
        octets = file.read()
    assert [octets for _time, octets, _number in read(octets)[0]] == kept
    for number in (1, 2, 3):
        assert f"fragment timeout, record {number}:".encode() in octets


@versions
def test_hosts_with_one_identification_stay_apart(version):
    """NAT-14, RFC 6864: the key is source, target, identification, interface, and in IPv4 the protocol."""
    node = stage()
    out = []
    for offset, more in ((0, True), (8, False)):
        for host in (1, 2, 3):
            out += node.send(part(version, offset, bytes([host]) * 8, more, host=host))
    assert [octets[-16:] for octets in out] == [bytes([host]) * 16 for host in (1, 2, 3)]
    assert node.send(part(version, 0, bytes(8), True), part(version, 8, bytes(8), False, number=8)) == []
    assert node.held == 2


def test_protocols_stay_apart():
    node = stage()
    second = IP(src="10.0.0.1", dst="10.0.1.2", id=7, frag=1, proto=254)
    assert node.send(part(4, 0, bytes(8), True), bytes(ETHER / second / Raw(bytes(8)))) == []
    assert node.held == 2


@versions
def test_orphans_of_one_host_do_not_starve_others(version):
    """NAT-14: 400 orphans, and then 4,000; whoever has his share of the memory loses his own oldest."""
    node = stage(datagrams=64)
    assert node.send(part(version, 0, bytes(1200), True, number=1, host=9)) == []
    for number in range(4000):
        assert node.send(part(version, 0, bytes(1200), True, number=number, host=1)) == []
    assert used(node)["records"] == 1 + 16
    assert node.drops() == {"fragment limit": 4000 - 16}
    (whole,) = node.send(part(version, 1200, bytes(7), False, number=1, host=9))
    assert len(whole) == (34 if version == 4 else 54) + 1207


@versions
def test_many_hosts_share_by_age(version):
    """When all memory is taken the oldest datagram goes."""
    node = stage(datagrams=64)
    for host in range(1, 200):
        assert node.send(part(version, 0, bytes(8), True, host=host)) == []
    assert used(node)["records"] == used(node)["sources"] == 64
    assert node.drops() == {"fragment limit": 199 - 64}
    assert node.send(part(version, 8, bytes(8), False, host=199)) != []
    assert node.send(part(version, 8, bytes(8), False, host=1)) == []


def test_octets_are_bounded():
    """Large datagrams: blocks run out before records do. Nothing leaks."""
    node = stage(datagrams=1000, octets=MIB // 4)
    chance = random.Random(1)
    for number in range(100):
        node.send(*[part(4, at, bytes(3000), True, number=number, host=chance.randrange(1, 9)) for at in range(0, 60000, 3000)])
    assert used(node)["blocks"] <= 128
    assert node.drops().keys() == {"fragment limit"}
    assert node.held == used(node)["pieces"]
    node.send(now=100)
    assert used(node) == NOTHING


def test_small_pieces_are_bounded():
    node = stage(datagrams=1000, octets=MIB // 4)
    for host in range(1, 9):
        node.send(*[part(4, offset, bytes(8), True, host=host) for offset in range(0, 2000, 8)])
    assert used(node)["pieces"] <= 256
    node.send(now=100)
    assert used(node) == NOTHING


@versions
@pytest.mark.parametrize("size", [65535, 65536])
def test_the_longest(version, size):
    """65,535 octets are the longest packet: IPv4 cannot say more (the "ping of death"), of IPv6 no frame of ours has more."""
    data = size - (20 if version == 4 else 40)
    node = stage()
    step = 1400
    parts = [part(version, at, bytes(min(step, data - at)), at + step < data) for at in range(0, data, step)]
    random.Random(3).shuffle(parts)
    out = node.send(*parts)
    if size == 65535:
        (whole,) = out
        assert judged(whole) == whole
        assert len(whole) == 14 + size
        assert used(node) == NOTHING
    else:
        assert out == []
        assert node.drops() == {"bad fragment": 1} if version == 4 else {"oversize": len(parts)}


@versions
@pytest.mark.parametrize(
    ("offset", "size", "more", "pointer"),
    [(0, 13, True, 4), (0, 0, True, 0), (8, 0, False, 0), (65528, 8, False, 42), (65528, 1400, True, 42)],
)
def test_impossible_fragments(version, offset, size, more, pointer):
    """A length that is no multiple of 8, none at all, and ends beyond 65,535."""
    node = stage()
    assert node.send(part(version, offset, bytes(size), more)) == []
    assert node.drops() in ({"bad fragment": 1}, {"bad ip header": 1})
    assert node.node.named_counters()["pointer"] == (pointer if version == 6 else 0)
    assert used(node) == NOTHING


def test_df_and_the_largest_are_remembered():
    """DF is set again if the largest fragment had it."""
    for flags, wanted in (((2, 2), 2), ((2, 0), 2), ((0, 2), 0), ((0, 0), 0)):
        node = stage()
        first = IP(src="10.0.0.1", dst="10.0.1.2", flags=flags[0] | 1, proto=253) / Raw(bytes(800))
        last = IP(src="10.0.0.1", dst="10.0.1.2", flags=flags[1], frag=100, proto=253) / Raw(bytes(80))
        (whole,) = node.send(bytes(ETHER / first), bytes(ETHER / last))
        assert int(Ether(whole)[IP].flags) == wanted


@versions
@pytest.mark.parametrize(
    ("fields", "wanted"),
    [((0, 0), 0), ((2, 2), 2), ((2, 3), 3), ((1, 3), 3), ((3, 3), 3), ((0, 3), None), ((0, 2), None), ((1, 1), 1)],
)
def test_ecn(version, fields, wanted):
    """RFC 3168, 5.3: CE on one fragment is CE on the whole; what is mixed with Not-ECT is dropped, as by Linux."""
    name = "tos" if version == 4 else "tc"
    node = stage()
    out = node.send(part(version, 0, bytes(8), True, **{name: fields[0]}), part(version, 8, bytes(8), False, **{name: fields[1]}))
    if wanted is None:
        assert out == []
        assert node.drops() == {"bad fragment": 2}
    else:
        (whole,) = out
        assert judged(whole) == whole
        assert getattr(Ether(whole)[IP if version == 4 else IPv6], name) == wanted


def test_atomic_fragments_pass():
    """RFC 6946: a whole packet behind a Fragment header is none of ours."""
    node = stage()
    octets = part(6, 0, bytes(20), False)
    assert node.send(part(6, 0, bytes(8), True), octets) == [octets]
    assert node.held == 1


def test_options_of_the_first_fragment_count():
    """RFC 791, 3.2: later fragments have fewer."""
    options = b"\x07\x07\x04\x00\x00\x00\x00\x00"
    first = bytes(ETHER / IP(src="10.0.0.1", dst="10.0.1.2", flags=1, proto=253, options=options) / Raw(b"a" * 8))
    last = bytes(ETHER / IP(src="10.0.0.1", dst="10.0.1.2", frag=1, proto=253) / Raw(b"b" * 8))
    for order in ([first, last], [last, first]):
        (whole,) = stage().send(*order)
        assert judged(whole) == whole
        assert whole[34:] == options + b"a" * 8 + b"b" * 8


def test_forgotten_interface():
    node = stage()
    node.send(part(4, 0, bytes(8), True), part(6, 0, bytes(8), True))
    node.node.forget(1)
    assert node.held == 2
    node.node.forget(0)
    node.check()
    assert used(node) == NOTHING


@pytest.mark.parametrize("version", [4, 6])
def test_hostile_fragments(version):
    """Random headers: named drops, every frame accounted for, all memory given back."""
    chance = random.Random(version)
    node = stage(datagrams=16, octets=MIB // 4)
    now = 0.0
    for _ in range(3000):
        octets = bytearray(part(version, 8 * chance.randrange(8192), bytes(8 * chance.randrange(1, 200)), chance.random() < 0.8,
                                number=chance.randrange(3), host=chance.randrange(1, 9)))  # fmt: skip
        for _ in range(chance.choice([0, 0, 1, 5])):
            octets[chance.randrange(14, min(70, len(octets)))] = chance.randrange(256)
        if version == 4 and chance.random() < 0.9:
            octets = bytearray(judged(bytes(octets[:24] + b"\0\0" + octets[26:]))) if octets[14] == 0x45 else octets
        node.send(bytes(octets[: chance.randrange(14, len(octets))] if chance.random() < 0.1 else octets), now=now)
        now += chance.choice([0, 0, 0.01, 1])
    node.send(now=now + 100)
    assert used(node) == NOTHING
