"""Echo through the translation (NAT-23), and the errors of others about our flows, from outside: NAT-25 to NAT-28."""

import pytest

from tests.gateway import judge
from tests.gateway.fragments import cut
from tests.gateway.world import World

KINDS = ["udp", "tcp", "icmp"]
# Each error that is passed on, and what its second word says.
PASSED = {
    4: [("net unreachable", 0), ("host unreachable", 0), ("port unreachable", 0), ("prohibited", 0), ("too big", 1280),
        ("time exceeded", 0), ("reassembly time", 0), ("parameter", 20)],
    6: [("net unreachable", 0), ("host unreachable", 0), ("port unreachable", 0), ("prohibited", 0), ("too big", 1280),
        ("time exceeded", 0), ("reassembly time", 0), ("parameter", 40)],
}  # fmt: skip
ERRORS = [pytest.param(v, kind, word, id=f"ipv{v} {kind}") for v in (4, 6) for kind, word in PASSED[v]]
HEADER = {4: 20, 6: 40}


@pytest.mark.row("NAT-23")
def test_identifiers_are_distinct_and_restored(world):
    """RFC 5508 REQ-1: two hosts ping one target with one identifier."""
    assert world.opened("icmp", "a", 7) == 7
    other = world.opened("icmp", "b", 7)
    assert other != 7
    for host, id_ in (("a", 7), ("b", other)):
        for seq in (0, 1, 65535):
            world.passes("up", world.reply("r1", "up", id=id_, seq=seq), host, world.reply("r1", host, id=7, seq=seq, ttl=63))


@pytest.mark.row("NAT-23")
def test_one_identifier_to_many_targets(world):
    """RFC 5508 REQ-1: the mapping is the same for all; answers of each find back, those of others do not come in."""
    for remote in ("r1", "r2", "r3"):
        assert world.opened("icmp", "a", 7, remote) == 7
    for remote in ("r1", "r2", "r3"):
        world.passes("up", world.reply(remote, "up", id=7), "a", world.reply(remote, "a", id=7, ttl=63))
    world.vanishes("up", world.reply("hop", "up", id=7))


@pytest.mark.row("NAT-23")
def test_an_unsolicited_reply_is_dropped(world):
    world.vanishes("up", world.reply("r1", "up", id=7))
    world.opened("icmp", "a", 7)
    world.vanishes("up", world.reply("r1", "up", id=8))
    world.vanishes("up", world.reply("r2", "up", id=7))


@pytest.mark.row("NAT-23")
def test_the_ethernet_trailer_is_no_part_of_an_echo(world):
    packet, wanted = world.echo("a", "r1", payload=b"x"), bytes(world.echo("up", "r1", payload=b"x", ttl=63))
    out = world.send_frames("a", world.framed("a", packet) + b"\xff" * 17)
    assert [one.packet[: len(wanted)] for one in out] == [wanted]
    world.assert_sums(out)


@pytest.mark.row("NAT-23")
def test_our_own_answers_and_translated_ones_do_not_mix(world):
    """The router's own address is pinged from outside by the identifier that a host's ping uses."""
    world.opened("icmp", "a", 7)
    out = world.send("up", world.echo("r1", "up", id=7))
    assert [one.port for one in out] == ["up"]
    world.passes("up", world.reply("r1", "up", id=7), "a", world.reply("r1", "a", id=7, ttl=63))


@pytest.mark.row("NAT-23")
@pytest.mark.parametrize("kind", [13, 17, 15])
def test_other_queries_of_icmp(kind):
    """RFC 792 timestamp, RFC 950 mask, information: a query as any, or dropped; never leaked."""
    from scapy.layers.inet import ICMP

    world = World(4)
    fields = {"ts_ori": 1, "ts_rx": 2, "ts_tx": 3} if kind == 13 else {}
    for one in world.send("a", world.ip("a", "r1") / ICMP(type=kind, id=7, seq=1, **fields)):
        assert one.packet == bytes(world.ip("up", "r1", ttl=63) / ICMP(type=kind, id=7, seq=1, **fields))
        back = world.ip("r1", "up") / ICMP(type=kind + 1, id=7, seq=1, **fields)
        world.passes("up", back, "a", world.ip("r1", "a", ttl=63) / ICMP(type=kind + 1, id=7, seq=1, **fields))


def conversation(world, flow):
    """A flow that has been answered: its packet as the host sent it, and as it went by outside (with its TTL there)."""
    if flow == "tcp":
        world.handshake("a", 4000)
        data = {"seq": 100, "ack": 500, "payload": b"some payload of it"}
        return world.tcp("a", 4000, "r1", 80, "PA", **data), world.tcp("up", 4000, "r1", 80, "PA", ttl=63, **data)
    world.opened("udp" if flow == "udp" else "icmp", "b", 4000, "r1", 80)
    port = world.opened(flow, "a", 4000, "r1", 80)
    assert port != 4000
    data = {"payload": b"some payload of it"}
    if flow == "udp":
        return world.udp("a", 4000, "r1", 80, **data), world.udp("up", port, "r1", 80, ttl=63, **data)
    return world.echo("a", "r1", id=4000, **data), world.echo("up", "r1", id=port, ttl=63, **data)


def seen(packet, ttl):
    """The packet as the one who complains has it in hand."""
    changed = packet.copy()
    if packet.version == 4:
        changed.ttl = ttl
    else:
        changed.hlim = ttl
    return bytes(changed)


@pytest.mark.row("NAT-25", "NAT-26")
@pytest.mark.parametrize("flow", KINDS)
@pytest.mark.parametrize(("v", "error", "word"), ERRORS)
def test_an_error_from_outside_comes_in_restored(v, error, word, flow):
    """RFC 5508 REQ-3 and 4, RFC 5382 REQ-9: from any router on the way; octet for octet what the host would have got.

    The quote is as long as the whole packet, or the 8 octets behind the IP header that RFC 792 asks for, or between.
    """
    world = World(v)
    inside, outside = conversation(world, flow)
    lengths = {len(bytes(outside)), HEADER[v] + 8, HEADER[v] + 12, HEADER[v] + 20}
    for length in lengths:
        for source in ("hop", "r1", "isp"):
            quoted, restored = seen(outside, 5)[:length], seen(inside, 5)[:length]
            before = world.error(source, "up", error, quoted, mtu=word, ttl=60, tos=0xC0)
            after = world.error(source, "a", error, restored, mtu=word, ttl=59, tos=0xC0)
            world.passes("up", before, "a", after)


@pytest.mark.row("NAT-25")
def test_the_quoted_udp_checksum_may_be_none():
    from scapy.layers.inet import UDP
    from scapy.packet import Raw

    world = World(4)
    world.opened("udp", "b", 4000)
    packet = world.ip("a", "r1") / UDP(sport=4000, dport=53, chksum=0) / Raw(b"none")
    out = world.send("a", packet)
    before = world.error("hop", "up", "port unreachable", out[0].packet)
    packet.ttl = 63
    world.passes("up", before, "a", world.error("hop", "a", "port unreachable", packet, ttl=63))


@pytest.mark.row("NAT-25")
def test_quoted_options_are_kept():
    """RFC 5508 REQ-4: the quoted header is as long as its IHL says."""
    world = World(4)
    world.opened("udp", "b", 4000, "r1", 80)
    out = world.send("a", world.udp("a", 4000, "r1", 80, options=b"\x94\x04\0\0"))
    assert len(out) == 1, world.drops()
    before = world.error("hop", "up", "time exceeded", out[0].packet)
    restored = world.udp("a", 4000, "r1", 80, options=b"\x94\x04\0\0", ttl=63)
    world.passes("up", before, "a", world.error("hop", "a", "time exceeded", restored, ttl=63))


@pytest.mark.row("NAT-25")
def test_quoted_extension_headers_are_read(world6):
    from scapy.layers.inet import UDP
    from scapy.layers.inet6 import IPv6ExtHdrDestOpt
    from scapy.packet import Raw

    def packet(source, port, ttl):
        return world6.ip(source, "r1", ttl=ttl) / IPv6ExtHdrDestOpt() / UDP(sport=port, dport=80) / Raw(b"x")

    world6.opened("udp", "b", 4000, "r1", 80)
    out = world6.send("a", packet("a", 4000, 64))
    assert len(out) == 1, world6.drops()
    world6.passes(
        "up",
        world6.error("hop", "up", "time exceeded", out[0].packet),
        "a",
        world6.error("hop", "a", "time exceeded", packet("a", 4000, 63), ttl=63),
    )


@pytest.mark.row("NAT-25")
def test_the_extension_of_rfc_4884_is_kept(v):
    """A quote padded to 128 octets, its length in the header, an MPLS object behind it: kept octet for octet."""
    world = World(v)
    inside, outside = conversation(world, "udp")
    extension = bytes.fromhex("20009e7d0008010100104501")
    unit, at = (4, 5) if v == 4 else (8, 4)

    def built(source, target, quote, ttl):
        padded = quote + bytes(128 - len(quote))
        packet = world.error(source, target, "time exceeded", padded + extension, ttl=ttl)
        octets = bytearray(bytes(packet))
        octets[HEADER[v] + at] = 128 // unit
        header = octets[: HEADER[v]]
        upper = octets[HEADER[v] :]
        upper[2:4] = b"\0\0"
        if v == 4:
            upper[2:4] = judge.checksum(bytes(upper)).to_bytes(2, "big")
        else:
            upper[2:4] = judge.transport_sum(judge.read(bytes(header + upper)), bytes(upper)).to_bytes(2, "big")
        assert judge.faults(bytes(header + upper)) == []
        return bytes(header + upper)

    world.passes("up", built("hop", "up", seen(outside, 5), 64), "a", built("hop", "a", seen(inside, 5), 63))


@pytest.mark.row("NAT-26")
def test_an_error_through_a_published_port_reaches_the_client(world):
    """An error about the server's answer, from a router on the way to the client, comes to the server, restored."""
    world.rules.publish("udp", 8080, 8080, target=world.at("a"), target_port=80, name="web.front")
    world.passes("up", world.udp("r1", 5000, "up", 8080), "a", world.udp("r1", 5000, "a", 80, ttl=63))
    world.passes("a", world.udp("a", 80, "r1", 5000), "up", world.udp("up", 8080, "r1", 5000, ttl=63))
    before = world.error("hop", "up", "port unreachable", world.udp("up", 8080, "r1", 5000, ttl=9))
    after = world.error("hop", "a", "port unreachable", world.udp("a", 80, "r1", 5000, ttl=9), ttl=63)
    world.passes("up", before, "a", after)


@pytest.mark.row("NAT-27")
@pytest.mark.parametrize("flow", KINDS)
def test_an_error_without_a_flow_is_dropped_in_silence(world, flow):
    quoted = world.query(flow, "up", 4000, "r1", 80, ttl=5)
    for error, word in PASSED[world.v]:
        world.vanishes("up", world.error("hop", "up", error, quoted, mtu=word), "unmatched error")


@pytest.mark.row("NAT-27")
def test_an_error_about_another_remote_is_dropped(world):
    _, outside = conversation(world, "udp")
    outside = world.udp("up", outside.sport, "r2", 80, ttl=5)
    world.vanishes("up", world.error("hop", "up", "port unreachable", outside), "unmatched error")


@pytest.mark.row("NAT-27")
def test_an_error_whose_sum_is_wrong_is_dropped(world):
    """RFC 5508 REQ-3: the ICMP checksum; 3a: the quoted IP header's."""
    _, outside = conversation(world, "udp")
    good = bytes(world.error("hop", "up", "port unreachable", outside))
    assert len(world.send("up", good)) == 1
    for at in (HEADER[world.v] + 2, len(good) - 1):
        bad = bytearray(good)
        bad[at] ^= 1
        world.vanishes("up", bytes(bad), "bad checksum")
    if world.v == 4:
        quoted = bytearray(bytes(outside))
        quoted[10] ^= 1
        world.vanishes("up", world.error("hop", "up", "port unreachable", bytes(quoted)))


@pytest.mark.row("NAT-27")
@pytest.mark.parametrize("flow", KINDS)
def test_an_error_that_is_too_short_is_dropped(world, flow):
    """Less quoted than tells the flow: the IP header and 8 octets (4 suffice to tell ports)."""
    _, outside = conversation(world, flow)
    for length in range(HEADER[world.v] + 4):
        world.vanishes("up", world.error("hop", "up", "port unreachable", bytes(outside)[:length]))


@pytest.mark.row("NAT-27")
def test_an_error_about_an_error_is_dropped(world):
    conversation(world, "udp")
    quoted = world.error("up", "r1", "port unreachable", world.udp("r1", 53, "up", 4000))
    world.vanishes("up", world.error("hop", "up", "port unreachable", quoted))


@pytest.mark.row("NAT-27")
def test_an_error_about_a_later_fragment_is_dropped_or_comes_in_right(world):
    """It quotes no ports: we cannot know whose it is."""
    _, outside = conversation(world, "udp")
    part = cut(world.udp("up", outside.sport, "r1", 80, bytes(1000)), 504)[1]
    world.vanishes("up", world.error("hop", "up", "time exceeded", part))


@pytest.mark.row("NAT-28")
@pytest.mark.parametrize("error", ["port unreachable", "host unreachable", "time exceeded", "prohibited"])
@pytest.mark.parametrize("flow", KINDS)
def test_an_error_ends_no_mapping(world, flow, error):
    """RFC 4787 REQ-12, RFC 5382 REQ-10, RFC 5508 REQ-6: a forged one would be a weapon."""
    _, outside = conversation(world, flow)
    for _ in range(3):
        assert len(world.send("up", world.error("hop", "up", error, outside))) == 1
    if flow == "tcp":
        back = world.tcp("r1", 80, "up", 4000, "PA", seq=500, ack=100, payload=b"still")
    else:
        upper = judge.read(bytes(outside)).upper
        external = int.from_bytes(upper[:2] if flow == "udp" else upper[4:6], "big")
        back = world.answer(flow, "r1", 80, "up", external)
    assert [one.port for one in world.send("up", back)] == ["a"]


@pytest.mark.row("NAT-28")
@pytest.mark.parametrize("direction", ["in", "out"])
def test_an_error_refreshes_no_mapping(world, direction):
    """Inbound MUST, outbound SHOULD (RFC 7857, 7)."""
    port = world.opened("udp", "a", 4000)
    world.passes("up", world.udp("r1", 53, "up", port), "a", world.udp("r1", 53, "a", 4000, ttl=63))
    for _ in range(10):
        world.advance(29)
        if direction == "in":
            out = world.send("up", world.error("hop", "up", "port unreachable", world.udp("up", port, "r1", 53, ttl=9)))
        else:
            out = world.send("a", world.error("a", "r1", "port unreachable", world.udp("r1", 53, "a", 4000, ttl=9)))
        assert len(out) == 1
    world.advance(12)
    world.vanishes("up", world.udp("r1", 53, "up", port))
