"""Hostile packets to flows and rules: nothing crashes (run it sanitised), and no inside address leaves untranslated.

Seeded; DATAPLANE_FUZZ_FRAMES sets how many.
"""

import os
import random
from ipaddress import ip_address

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.l2 import GRE
from scapy.layers.sctp import SCTP
from scapy.packet import Packet, Raw

from fastpath.counters import REASONS
from fastpath.flows import FILTERINGS, MAPPINGS, Flows
from fastpath.rules import Rules
from fastpath.trial import Trial
from fastpath.wire import checksum
from tests.fastpath.tracked import FAMILIES, HEADER, SECOND, V4, V6, Family

FRAMES = int(os.environ.get("DATAPLANE_FUZZ_FRAMES", "50000"))
WORDS = {name for name, _ in REASONS} | {"deliver"}
NETWORK, UPLINK = 0, 1


def payload(chance: random.Random, family: Family, depth: int = 0) -> Packet:
    source, target = chance.choice([5000, 5001, 53, 8080, 1]), chance.choice([53, 8080, 80, 5000])
    kind = chance.randrange(7)
    if kind < 2:
        return UDP(sport=source, dport=target) / chance.randbytes(chance.randrange(40))
    if kind < 4:
        flags = chance.choice(["S", "SA", "A", "PA", "FA", "R", "RA", "F", "", "SF"])
        number = chance.choice([0, 1, 1000, 2**31, 2**32 - 1])
        return TCP(
            sport=source, dport=target, flags=flags, seq=number, ack=chance.choice([0, 1, 2, 1001, number]), options=[("WScale", 7)]
        )
    if kind == 4:
        return family.echo(chance.choice([1, 2, 0, 65535]), b"x", reply=chance.random() < 0.5)
    if kind == 5 and depth == 0:
        quoted = bytes(packet(chance, family, 1))
        if family is V4:
            return ICMP(type=chance.choice([3, 4, 5, 11, 12])) / quoted[: chance.randrange(80)]
        return ICMPv6DestUnreach() / quoted[: chance.randrange(100)]
    return chance.choice([SCTP(sport=source, dport=target) / Raw(b"\x03\0\0\x04"), GRE() / b"x", Raw(b"xyz")])


def packet(chance: random.Random, family: Family, depth: int = 0) -> Packet:
    addresses = (*family.inside[:3], *family.remote[:3], *family.outside[:2])
    ip = family.ip(src=chance.choice(addresses), dst=chance.choice(addresses))
    if family is V6 and chance.random() < 0.1:
        ip = ip / chance.choice([IPv6ExtHdrDestOpt(), IPv6ExtHdrHopByHop()])
    return ip / payload(chance, family, depth)


def mended(frame: bytearray) -> bytes:
    """The IPv4 header's checksum right again, so that what lies behind it is looked at."""
    if len(frame) >= 34 and frame[12:15] == b"\x08\x00\x45":
        frame[24:26] = b"\0\0"
        frame[24:26] = checksum(bytes(frame[14:34])).to_bytes(2, "big")
    return bytes(frame)


def mangled(chance: random.Random, frame: bytes) -> bytes:
    kind = chance.random()
    changed = bytearray(frame)
    if kind < 0.5:
        return frame
    if kind < 0.8:
        at = chance.randrange(14, len(frame))
        changed[at] = chance.randrange(256)
    elif kind < 0.9:
        del changed[chance.randrange(len(frame) + 1) :]
        if len(changed) >= 18 and chance.random() < 0.7:
            changed[16:18] = (len(changed) - 14).to_bytes(2, "big")
    else:
        at = chance.randrange(14, len(frame))
        changed[at : at + 4] = chance.randbytes(4)
    return mended(changed)


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("filtering", FILTERINGS)
def test_hostile_packets(mapping, filtering):
    """NAT-12, NAT-14, NAT-22: forwarded translated, or dropped for a named reason; the table stays within its bounds."""
    chance = random.Random(f"{mapping} {filtering}")
    flows = Flows(64, mapping=mapping, filtering=filtering, seed=chance.getrandbits(64))
    rules = Rules(flows)
    pool = flows.add_pool([family.outside[0] for family in FAMILIES])
    rules.set_interface(NETWORK, name="inside", ipv4="nat", ipv6="nat", masquerade4=pool, masquerade6=pool)
    rules.set_interface(UPLINK, kind="uplink", name="uplink")
    for family in FAMILIES:
        for protocol in ("tcp", "udp", "sctp"):
            rules.publish(protocol, 8080, 8080, target=family.inside[0], target_port=80)
        rules.add_static(family.outside[1], family.inside[2])
    inside = {address for family in FAMILIES for address in family.inside[:3]}
    packed = {ip_address(address).packed for address in inside}
    ours = {family.outside[0] for family in FAMILIES}
    trial = Trial(flows)
    now = 0
    seeds = [(family, bytes(HEADER / packet(chance, family))) for family in FAMILIES for _ in range(300)]
    seen = set()
    # The router, which gets its million in test_hostile_gateway.py, hands them to the same tables.
    for number in range(FRAMES // 60):
        now += chance.choice([0, 0, 0, 1000, SECOND])
        if number % 5000 == 0:
            now += 400 * SECOND
            trial.expire(now)
        _, seed = chance.choice(seeds)
        frame = mangled(chance, seed)
        # The router drops what has a source that does not belong where it came from (RFC 3704).
        ingress = NETWORK if frame[26:30] in packed or frame[22:38] in packed else UPLINK
        own = chance.choice([0, 0, 0, 60, 100, 128])
        word, out = trial.handle(frame, now, rules=rules, ingress=ingress, ours=ours, own=own, flags=chance.choice([0, 0, 0, 1, 4]),
                                 csum_start=34, route=lambda target: NETWORK if target in inside else UPLINK)  # fmt: skip
        seen.add(word.split()[0])
        assert flows.count <= 64
        if not word.startswith("forward"):
            assert word in WORDS
            continue
        assert len(out) == len(frame)
        # By octets: a million times Scapy would take longer than all else. IPv4 addresses at 26 and 30, IPv6 at 22 and 38.
        source, target = (slice(26, 30), slice(30, 34)) if out[12:14] == b"\x08\x00" else (slice(22, 38), slice(38, 54))
        if ingress == NETWORK and out[target] not in packed:
            assert out[source] not in packed
    assert "forward" in seen
    assert flows.delete() >= 0
    assert flows.count == 0
    assert flows.named_counters()["flows"] == 0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_cut_at_every_octet(family):
    """NAT-22: every header cut anywhere, lengths right or wrong: a named drop or a forwarded packet, and the next is fine."""
    chance = random.Random(3)
    flows = Flows(1000)
    trial, pool = Trial(flows), flows.add_pool([family.outside[0]])
    for _ in range(60):
        whole = bytes(HEADER / packet(chance, family))
        for cut in range(len(whole)):
            frame = bytearray(whole[:cut])
            assert trial.handle(bytes(frame), SECOND, pool=pool)[0].split()[0] != ""
            if cut >= 20:
                at = 16 if family is V4 else 18
                frame[at : at + 2] = max(cut - (14 if family is V4 else 54), 0).to_bytes(2, "big")
                word, _ = trial.handle(mended(frame), SECOND, pool=pool)
                assert word.startswith("forward") or word in WORDS
    assert trial.handle(family.packet(family.inside[9], family.remote[9], UDP(sport=9, dport=9)), SECOND, pool=pool)[0].startswith(
        "for"
    )
