"""What translation does to octets: there and back is the identity, and incremental checksums are those of Scapy."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP, SCTPChunkData
from scapy.packet import Raw

from fastpath.crc import crc_changed
from fastpath.flows import Flows
from fastpath.trial import Trial
from fastpath.wire import checksum
from tests.fastpath.tracked import FAMILIES, HEADER, SECOND, V4, V6, World, good, tcp, udp

NEEDS_CSUM, SHARED = 1, 4
ports = st.integers(1, 65535)


@st.composite
def packets(draw):
    """A packet of either family with any addresses, ports and payload, as its sender would send it."""
    family = draw(st.sampled_from(FAMILIES))
    version = 4 if family is V4 else 6
    # ::ffff:0:0/96 is no address of a packet (fastpath/ip.pyx).
    address = st.ip_addresses(v=version).filter(lambda ip: version == 4 or ip.ipv4_mapped is None).map(str)
    source, target, outside = draw(st.lists(address, min_size=3, max_size=3, unique=True))
    data = draw(st.binary(max_size=60) | st.integers(0, 1472).map(lambda n: b"\xff" * n))
    kind = draw(st.sampled_from(["udp", "tcp", "echo", "sctp"]))
    if kind == "udp":
        payload = UDP(sport=draw(ports), dport=draw(ports)) / data
        if version == 4 and draw(st.booleans()):
            payload.chksum = 0
    elif kind == "tcp":
        payload = TCP(sport=draw(ports), dport=draw(ports), flags="S", seq=draw(st.integers(0, 2**32 - 1))) / data
    elif kind == "sctp":
        payload = SCTP(sport=draw(ports), dport=draw(ports)) / SCTPChunkData(data=data)
    else:
        payload = family.echo(draw(st.integers(0, 65535)), data)
    if version == 4:
        ip = IP(
            src=source,
            dst=target,
            tos=draw(st.integers(0, 255)),
            id=draw(st.integers(0, 65535)),
            flags=draw(st.sampled_from(["", "DF"])),
        )
        if draw(st.booleans()):
            ip.options = [IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"])]
    else:
        ip = IPv6(src=source, dst=target, tc=draw(st.integers(0, 255)), fl=draw(st.integers(0, 2**20 - 1)))
        if draw(st.booleans()):
            ip = ip / IPv6ExtHdrDestOpt()
    return family, outside, bytes(HEADER / ip / payload)


def turned(octets: bytes, family) -> bytes:
    """The answer that carries the same data: source and target exchanged."""
    packet = Ether(octets)
    ip = packet[family.ip]
    ip.src, ip.dst = ip.dst, ip.src
    last = next((packet[kind] for kind in (UDP, TCP, SCTP) if kind in packet), None)
    if last is not None:
        last.sport, last.dport = last.dport, last.sport
    elif family is V4:
        packet[IP].payload.type = 0
    else:
        octets = bytearray(bytes(packet))
        # Not any 0x80: the checksum and the data have such octets too.
        at = len(octets) - len(packet[ICMPv6EchoRequest])
        octets[at] = 129
        return bytes(octets)
    return bytes(packet)


@settings(max_examples=300, deadline=None)
@given(packets(), ports)
def test_translated_checksums_are_right(sent, port):
    """NAT-1, NAT-10, NAT-40: all but addresses, port and checksums stays; options and extension headers too."""
    family, outside, octets = sent
    if not readable(octets):
        return
    flows = Flows(10)
    trial = Trial(flows)
    word, out = trial.handle(octets, SECOND, pool=flows.add_pool([outside]))
    assert word.startswith("forward")
    assert good(out, family)
    assert len(out) == len(octets)
    before, after = Ether(octets)[family.ip], Ether(out)[family.ip]
    assert after.src == outside
    assert differing(before, after) <= {"src", "chksum"}
    if UDP in before and before[UDP].chksum == 0:
        assert after[UDP].chksum == 0
    elif UDP in before:
        assert after[UDP].chksum != 0


def differing(before, after) -> set[str]:
    return {name for name in before.fields if before.fields[name] != after.fields[name]}


def readable(octets: bytes) -> bool:
    flows = Flows(10)
    return Trial(flows).handle(octets, SECOND, find_only=True)[0].startswith("forward")


@settings(max_examples=300, deadline=None)
@given(packets(), st.booleans())
def test_there_and_back_is_the_identity(sent, moved):
    """A reply that undoes the translation of what it answers carries the octets that were sent, turned around."""
    family, outside, octets = sent
    if not readable(octets):
        return
    flows = Flows(10)
    trial = Trial(flows)
    pool = flows.add_pool([outside])
    target = (V4 if family is V4 else V6).remote[7]
    more = {"target": target, "target_port": 4242} if moved and (UDP in Ether(octets) or TCP in Ether(octets)) else {}
    _, out = trial.handle(octets, SECOND, pool=pool, **more)
    if TCP in Ether(octets):
        # Only a SYN+ACK may follow a SYN.
        packet = Ether(octets)
        out, octets = syn_ack(out, packet[TCP].seq), syn_ack(octets, packet[TCP].seq)
    word, back = trial.handle(turned(out, family), SECOND, opens=False)
    assert word.startswith("forward"), word
    assert back == turned(octets, family)


def syn_ack(octets: bytes, seq: int) -> bytes:
    packet = Ether(octets)
    length = len(packet[TCP].payload)
    packet[TCP].flags = "SA"
    packet[TCP].ack = (seq + 1 + length) % 2**32
    packet[TCP].seq = 1
    del packet[TCP].chksum
    return bytes(Ether(bytes(packet)))


@settings(max_examples=200, deadline=None)
@given(packets(), st.integers(1, 65535))
def test_what_is_corrupt_stays_corrupt(sent, error):
    """NAT-12: by the same difference; never repaired."""
    _, outside, octets = sent
    if not readable(octets):
        return
    layer = next((kind for kind in (UDP, TCP) if kind in Ether(octets)), None)
    if layer is None or Ether(octets)[layer].chksum == 0:
        return
    wrong = Ether(octets)
    wrong[layer].chksum = (wrong[layer].chksum + error - 1) % 65535 + 1
    if {wrong[layer].chksum % 65535} == {Ether(octets)[layer].chksum % 65535}:
        return
    flows = Flows(10)
    _, out = Trial(flows).handle(bytes(wrong), SECOND, pool=flows.add_pool([outside]))
    right = Ether(out)
    del right[layer].chksum
    assert bytes(right)[:34] == out[:34]
    assert Ether(bytes(right))[layer].chksum % 65535 != Ether(out)[layer].chksum % 65535


def corner(protocol, **fields) -> bytes:
    """A packet that after translation to the outside address has the transport checksum 0."""
    payload = protocol(sport=5000, dport=53, **fields)
    word = Ether(V4.packet(V4.outside[0], V4.remote[0], payload / b"\0\0"))[protocol].chksum
    return V4.packet(V4.inside[0], V4.remote[0], payload / word.to_bytes(2, "big"))


def test_a_checksum_that_comes_out_as_zero():
    """NAT-10, NAT-11: UDP sends 0xFFFF, TCP and IP 0x0000 (RFC 1624, 3)."""
    for protocol, flags, want in ((UDP, {}, 0xFFFF), (TCP, {"flags": "S"}, 0)):
        flows = Flows(10)
        octets = corner(protocol, **flags)
        _, out = Trial(flows).handle(octets, SECOND, pool=flows.add_pool([V4.outside[0]]))
        assert Ether(out)[protocol].chksum == want
    identification = Ether(V4.packet(V4.outside[0], V4.remote[0], udp(5000, 53), id=0))[IP].chksum
    flows = Flows(10)
    octets = V4.packet(V4.inside[0], V4.remote[0], udp(5000, 53), id=identification)
    _, out = Trial(flows).handle(octets, SECOND, pool=flows.add_pool([V4.outside[0]]))
    assert Ether(out)[IP].chksum == 0
    assert checksum(out[14:34]) == 0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize(("payload", "at"), [(udp(5000, 53), 6), (tcp(5000, 80, "S", 7), 16)])
def test_a_checksum_that_is_still_to_be_completed(family, payload, at):
    """The pseudo-header's sum, not inverted: addresses change it, ports do not. Completed afterwards it is right."""
    start = 34 if family is V4 else 54
    flows = Flows(10)
    trial, pool = Trial(flows), flows.add_pool([family.outside[0]])
    trial.handle(family.packet(family.inside[1], family.remote[0], payload), SECOND, pool=pool)
    octets = bytearray(family.packet(family.inside[0], family.remote[0], payload))
    octets[start + at : start + at + 2] = partial(octets, family)
    _, out = trial.handle(bytes(octets), SECOND, pool=pool, flags=NEEDS_CSUM, csum_start=start)
    assert Ether(out)[family.ip].sport != 5000
    assert out[start + at : start + at + 2] == partial(out, family)
    completed = bytearray(out)
    completed[start + at : start + at + 2] = checksum(out[start:]).to_bytes(2, "big")
    assert good(bytes(completed), family)


def partial(octets: bytes, family) -> bytes:
    addresses = octets[26:34] if family is V4 else octets[22:54]
    start = 34 if family is V4 else 54
    protocol = octets[23] if family is V4 else octets[20]
    total = checksum(bytes(addresses) + bytes((0, protocol)) + (len(octets) - start).to_bytes(2, "big"))
    return (0xFFFF - total).to_bytes(2, "big")


def test_headers_deeper_than_a_clones_own_are_not_written():
    """A frame whose octets behind the first 128 others read: dropped, and not one octet changed."""
    world = World(V6)
    deep = V6.packet(V6.inside[0], V6.remote[0], IPv6ExtHdrDestOpt(options=[]) / Raw(b""))
    extension = bytes([17, 9]) + bytes([1, 76]) + bytes(76)
    octets = deep[:20] + bytes([60]) + deep[21:54] + extension + bytes(UDP(sport=1, dport=2, len=8, chksum=1))
    octets = octets[:18] + (len(octets) - 54).to_bytes(2, "big") + octets[20:]
    assert world.trial.handle(octets, SECOND, pool=world.pool, flags=SHARED)[0] == "untranslatable"
    assert world.trial.handle(octets, SECOND, pool=world.pool)[0].startswith("forward")


@given(st.binary(min_size=12, max_size=2000), st.binary(min_size=4, max_size=4))
@example(bytes(12), b"\0\0\0\1")
def test_the_crc_changes_by_as_much_as_its_packet(octets, begin):
    before, after = crc32c(octets), crc32c(begin + octets[4:])
    changed = int.from_bytes(octets[:4], "little") ^ int.from_bytes(begin, "little")
    assert before ^ crc_changed(changed, len(octets)) == after


def crc32c(octets: bytes) -> int:
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
