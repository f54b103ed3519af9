"""Errors that we send (L3-6) and those that we must not (L3-7); how many (RFC 1812 4.3.2.8)."""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS
from scapy.packet import Raw

from tests.gateway.errors import assert_error
from tests.gateway.fragments import thirds
from tests.gateway.world import World

PAYLOAD = bytes(range(256)) * 6
GROUP = {4: "224.1.2.3", 6: "ff0e::1:2"}


@pytest.fixture(params=["routed", "nat"])
def any_world(v, request):
    return World(v, nat=None if request.param == "routed" else "nat")


@pytest.mark.row("L3-6", "NAT-30")
@pytest.mark.parametrize("ttl", [0, 1])
@pytest.mark.parametrize("size", [0, 1, 100, 520, 548, 549, 1232, 1233, 1452])
def test_ttl_exceeded_comes_from_the_ingress_address_with_the_packet_as_it_came(any_world, ttl, size):
    packet = any_world.udp("a", 33434, "r1", 33435, payload=PAYLOAD[:size], ttl=ttl, tos=0x10, id=99, df=True)
    assert_error(any_world, any_world.send("a", packet), "a", "time exceeded", bytes(packet), "gw", "a")
    assert any_world.drops()["ttl exceeded"] == 1


@pytest.mark.row("L3-6")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_ttl_exceeded_for_every_kind(any_world, kind):
    packet = any_world.query(kind, "d", 4000, "r1", 80, ttl=1)
    assert_error(any_world, any_world.send("d", packet), "d", "time exceeded", bytes(packet), "gw-back", "d")


@pytest.mark.row("L3-6")
def test_the_ethernet_trailer_is_not_quoted(any_world):
    packet = any_world.udp("a", 1, "r1", 2, payload=b"x", ttl=1)
    out = any_world.send_frames("a", any_world.framed("a", packet) + b"\xee" * 18)
    found = assert_error(any_world, out, "a", "time exceeded", bytes(packet), "gw", "a")
    assert found.upper[8:] == bytes(packet)


@pytest.mark.row("L3-6")
def test_two_ttl_is_one_hop_more(any_world):
    assert [one.port for one in any_world.send("a", any_world.udp("a", 1, "r1", 2, ttl=2))] == ["up"]


def silent(world):
    """Packets of TTL 1, or without a route, about which nothing may be said; each with why."""
    quoted = bytes(world.udp("r1", 1, "a", 2))
    for kind in ("port unreachable", "time exceeded", "parameter"):
        yield f"about an error: {kind}", world.error("a", "r1", kind, quoted, ttl=1)
    for part in thirds(world.udp("a", 1, "r1", 2, payload=PAYLOAD, ttl=1))[1:]:
        yield "about a later fragment", part
    yield "about a group", world.udp("a", 1, GROUP[world.v], 2, ttl=1)
    if world.v == 4:
        yield "about a broadcast", world.udp("a", 1, "255.255.255.255", 2, ttl=1)
        yield "about a directed broadcast", world.udp("a", 1, "10.1.0.255", 2, ttl=1)
        for source in ("0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", "240.0.0.1"):
            yield f"to {source}", world.udp(source, 1, "r1", 2, ttl=1)
    else:
        for source in ("::", "::1", "ff02::5"):
            yield f"to {source}", world.udp(source, 1, "r1", 2, ttl=1)


@pytest.mark.row("L3-7")
def test_about_these_nothing_is_said(routed):
    """RFC 1122 3.2.2, RFC 1812 4.3.2.7, RFC 4443 2.4 (e)."""
    for why, packet in silent(routed):
        assert routed.send("a", packet) == [], why


@pytest.mark.row("L3-7")
def test_about_packets_in_a_broadcast_frame_nothing_is_said(routed):
    """RFC 1812, 4.3.2.7 and 5.3.4: nor are they forwarded."""
    group = "ff:ff:ff:ff:ff:ff" if routed.v == 4 else "33:33:00:00:00:01"
    for ttl in (1, 64):
        out = routed.send("up", routed.udp("r1", 1, "a", 2, ttl=ttl), to=group)
        assert out == []
    assert routed.drops()["group frame"] == 2


@pytest.mark.row("L3-7")
def test_a_request_is_no_error(routed):
    """An echo request or a reply with TTL 1 is about nothing: the error may be sent."""
    for packet in (routed.echo("a", "r1", ttl=1), routed.reply("a", "r1", ttl=1)):
        assert_error(routed, routed.send("a", packet), "a", "time exceeded", bytes(packet), "gw", "a")


@pytest.mark.row("L3-7")
def test_an_unknown_icmp_type_counts_as_an_error_in_ipv6():
    """RFC 4443, 2.1: types below 128 are errors. In IPv4 RFC 1122 3.2.2 names the types."""
    world = World(6, nat=None)
    assert world.send("a", world.other("a", "r1", 58, b"\x64\0\0\0" + bytes(20), ttl=1)) == []
    asked = world.ip("a", "r1", ttl=1) / ICMPv6ND_NS(tgt=world.at("r1"))
    assert len(world.send("a", asked)) <= 1


def flood(world, port, seconds):
    """Twenty times a second, twenty packets with a TTL of 1; the errors that come back."""
    packet = world.udp(port, 1, "r1", 2, ttl=1)
    return [one for _ in range(20 * seconds) for one in (*world.send(port, *[packet] * 20), *world.advance(0.05))]


@pytest.mark.row("L3-6", "L3-7")
def test_a_hundred_errors_a_second_and_interface(routed):
    """RFC 1812, 4.3.2.8, RFC 4443, 2.4 (f); some more at the beginning; one interface's flood leaves the others theirs."""
    assert 490 <= len(flood(routed, "a", 5)) <= 610
    assert routed.drops() == {"ttl exceeded": 2000}
    assert len(routed.send("d", routed.udp("d", 1, "r1", 2, ttl=1))) == 1


@pytest.mark.row("L3-6")
def test_the_rate_is_a_setting(v):
    world = World(v, nat=None, router={"icmp_rate": 10})
    assert 90 <= len(flood(world, "a", 10)) <= 160


@pytest.mark.row("L3-6")
def test_the_rate_changes_while_it_runs(routed):
    """Of interfaces that are there and of those that come; 0: none."""
    flood(routed, "a", 1)
    routed.router.set_router(icmp_rate=0)
    assert flood(routed, "a", 2) == []
    routed.router.set_router(icmp_rate=20)
    assert routed.router.icmp_rate == 20
    assert 90 <= len(flood(routed, "a", 5)) <= 160
    with pytest.raises(ValueError, match="icmp_rate"):
        routed.router.set_router(icmp_rate=-1)


@pytest.mark.row("L3-6")
def test_options_are_quoted_with_their_header():
    world = World(4, nat=None)
    packet = IP(src=world.at("a"), dst=world.at("r1"), ttl=1, options=b"\x44\x08\x05\0\0\0\0\0") / UDP(sport=1, dport=2) / Raw(b"x")
    assert_error(world, world.send("a", packet), "a", "time exceeded", bytes(packet), "gw", "a")
