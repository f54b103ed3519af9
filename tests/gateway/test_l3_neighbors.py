"""Who is asked, who is believed, who waits: L3-2 to L3-4 by ARP (RFC 826) and by neighbor discovery (RFC 4861)."""

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from tests.fastpath.outside import BROADCAST
from tests.gateway.errors import assert_error
from tests.gateway.neighbors import answer, asks_for, group, request, told, unsolicited
from tests.gateway.plan import MACS
from tests.gateway.world import World

NEW = "02:00:00:00:00:77"


@pytest.fixture
def asking(v):
    """A router that has to find its neighbors, but for who sends."""
    world = World(v, nat=None, ask=True)
    world.know("a")
    return world


def packet_to(world, name, port=2, **fields):
    return world.udp("a", 1, name, port, **fields)


def passed(world, out, name, port=2):
    """The packet left towards its neighbor; beside it the router may ask whether that is still there."""
    frames = [one.frame for one in out if one.frame[12:14] != b"\x08\x06" and one.frame[54:55] != b"\x87"]
    return frames == [world.outward("up", packet_to(world, name, port, ttl=63), to=name)]


def resolve(world, name="near", port="up"):
    """The neighbor becomes known by being asked."""
    assert asks_for(world, world.send("a", packet_to(world, name)), name)
    assert len(world.send_frames(port, answer(world, name))) == 1


@pytest.mark.row("L3-2")
@pytest.mark.parametrize("who", ["isp", "near"])
def test_a_request_for_our_address_is_answered_to_who_asked(asking, who):
    out = asking.send_frames("up", request(asking, who, "up"))
    assert len(out) == 1
    assert told(asking, out, who, "up")


@pytest.mark.row("L3-2")
@pytest.mark.parametrize("target", ["near", "gw", "a", "r1", "nobody"])
def test_a_request_for_another_address_is_not_answered(asking, target):
    """Not even for an address of ours on another link (RFC 1812, 3.3.2 leaves proxying to configuration)."""
    assert asking.send_frames("up", request(asking, "isp", target)) == []


@pytest.mark.row("L3-2")
def test_proxy_arp_only_when_enabled():
    """RFC 1027: for addresses that we would forward to by another link."""
    world = World(4, nat=None, ask=True, interface={"proxy_arp": True})
    assert told(world, world.send_frames("up", request(world, "isp", "d")), "isp", "d")
    assert world.send_frames("up", request(world, "isp", "near")) == [], "that is on the same link"
    assert told(world, world.send_frames("a", request(world, "a", "d")), "a", "d")


def malformed_arp():
    good = bytes(Ether(src=MACS["isp"], dst=BROADCAST) / ARP(hwsrc=MACS["isp"], psrc="198.51.100.254", pdst="198.51.100.1"))
    for at, octet, why in (
        (14, 1, "hardware type"), (15, 6, "hardware type"), (16, 0x86, "protocol type"), (17, 1, "protocol type"),
        (18, 8, "hardware length"), (18, 0, "hardware length"), (19, 16, "protocol length"), (20, 1, "operation"),
        (21, 3, "operation"), (21, 0, "operation"), (22, 3, "sender is a group"),
    ):  # fmt: skip
        bad = bytearray(good)
        bad[at] = octet
        yield pytest.param(bytes(bad), id=f"{why} {at}")
    for length in range(14, 42):
        yield pytest.param(good[:length], id=f"cut at {length}")


@pytest.mark.row("L3-2")
@pytest.mark.parametrize("frame", list(malformed_arp()))
def test_malformed_arp_is_dropped_by_name(frame):
    world = World(4, nat=None, ask=True)
    assert world.send_frames("up", frame) == []
    assert set(world.drops()) == {"bad arp"}
    assert told(world, world.send_frames("up", request(world, "isp", "up")), "isp", "up"), "it keeps working"


@pytest.mark.row("L3-2")
@pytest.mark.parametrize("sender", ["255.255.255.255", "224.0.0.1", "127.0.0.1"])
def test_arp_from_an_address_that_no_host_has_teaches_nothing(sender):
    world = World(4, nat=None, ask=True)
    world.send_frames("up", request(world, "isp", "up", source=sender))
    assert sender not in {row["address"].item() for row in world.router.neighbors(world.now)}


@pytest.mark.row("L3-2")
def test_a_probe_for_our_address_is_answered_and_teaches_nothing():
    """RFC 5227, 2.1.1: the sender's address is zero; RFC 4861, 7.2.4: the answer to :: goes to all nodes."""
    world = World(4, nat=None, ask=True)
    out = world.send_frames("up", request(world, "near", "up", source="0.0.0.0"))
    assert len(out) == 1
    assert ARP(out[0].packet).psrc == "198.51.100.1"
    assert len(world.router.neighbors(world.now)) == 0
    world = World(6, nat=None, ask=True)
    out = world.send_frames("up", request(world, "near", "up", source="::"))
    assert [one.frame[:6].hex(":") for one in out] == ["33:33:00:00:00:01"]
    advertised = IPv6(out[0].packet)
    assert (advertised.dst, advertised[ICMPv6ND_NA].S, advertised[ICMPv6ND_NA].tgt) == ("ff02::1", 0, "2001:db8:ff::1")
    assert len(world.router.neighbors(world.now)) == 0


def malformed_nd():
    where, ether = group("2001:db8:ff::1")
    link = Ether(src=MACS["isp"], dst=ether)
    ip = {"src": "2001:db8:ff::254", "dst": where}
    solicitation = ICMPv6ND_NS(tgt="2001:db8:ff::1")
    option = b"\x01\x01" + bytes.fromhex(MACS["isp"].replace(":", ""))
    yield pytest.param(link / IPv6(**ip, hlim=254) / solicitation / Raw(option), id="hop limit")
    yield pytest.param(link / IPv6(**ip, hlim=255) / ICMPv6ND_NS(tgt="2001:db8:ff::1", cksum=1) / Raw(option), id="checksum")
    yield pytest.param(link / IPv6(**ip, hlim=255) / ICMPv6ND_NS(tgt="2001:db8:ff::1", code=1) / Raw(option), id="code")
    yield pytest.param(link / IPv6(**ip, hlim=255) / ICMPv6ND_NS(tgt="ff02::1") / Raw(option), id="target is a group")
    yield pytest.param(link / IPv6(**ip, hlim=255) / solicitation / Raw(b"\x01\0" + option[2:]), id="option of no length")
    yield pytest.param(link / IPv6(**ip, hlim=255) / solicitation / Raw(b"\x01\x09" + option[2:]), id="option too long")
    unspecified = {"src": "::", "dst": where}
    yield pytest.param(link / IPv6(**unspecified, hlim=255) / solicitation / Raw(option), id="an option from no address")
    good = bytes(link / IPv6(**ip, hlim=255) / solicitation / Raw(option))
    for length in range(14 + 40, len(good) - 9):
        yield pytest.param(good[:length], id=f"cut at {length}")
    for length in range(24):
        short = bytes(link / IPv6(**ip, hlim=255, nh=58) / Raw(bytes(solicitation)[:length]))
        yield pytest.param(short, id=f"message of {length}")


@pytest.mark.row("L3-2")
@pytest.mark.parametrize("frame", list(malformed_nd()))
def test_malformed_nd_is_dropped_by_name(frame):
    """RFC 4861, 7.1.1."""
    world = World(6, nat=None, ask=True)
    assert world.send_frames("up", frame) == []
    ignored = world.router.named_counters()["ignored"]
    assert sum(world.drops().values()) + ignored == 1, "to a group: what is too short to be anything is ignored"
    assert set(world.drops()) <= {"bad nd", "bad ip length", "bad transport", "bad checksum"}
    assert len(world.router.neighbors(world.now)) == 0
    assert told(world, world.send_frames("up", request(world, "isp", "up")), "isp", "up"), "it keeps working"


@pytest.mark.row("L3-3")
def test_one_request_and_the_packets_wait_in_order(asking):
    """RFC 1122, 2.3.2.1 and 2: one request whatever is sent; then the packets, as they came."""
    packets = [packet_to(asking, "near", n) for n in range(1, 6)]
    assert asks_for(asking, asking.send("a", *packets), "near")
    assert asking.engine.held == 5
    asking.now += 1
    assert asking.send("a", packet_to(asking, "near", 6)) == [], "a request a second is enough"
    out = asking.send_frames("up", answer(asking, "near"))
    assert [one.frame for one in out] == [
        asking.outward("up", packet_to(asking, "near", n, ttl=63), to="near") for n in range(1, 7)
    ]
    assert asking.engine.held == 0
    out = asking.send("a", packet_to(asking, "near", 7))
    assert [one.frame for one in out] == [asking.outward("up", packet_to(asking, "near", 7, ttl=63), to="near")]


@pytest.mark.row("L3-3")
def test_what_waits_goes_before_what_comes_with_the_answer(asking):
    """In one burst: a frame that waits is not overtaken by a later one."""
    assert asks_for(asking, asking.send("a", packet_to(asking, "near", 1)), "near")
    asking.ports["up"].push(bytes(answer(asking, "near")))
    asking.ports["a"].push(asking.framed("a", packet_to(asking, "near", 2)))
    asking.engine.run_until_idle(asking.now)
    out = asking.emitted()
    assert [one.frame for one in out] == [asking.outward("up", packet_to(asking, "near", n, ttl=63), to="near") for n in (1, 2)]


@pytest.mark.row("L3-3")
def test_the_queue_is_bounded_and_keeps_the_latest(asking):
    """16 packets a neighbor; the latest is among them (RFC 1122, 2.3.2.2)."""
    packets = [packet_to(asking, "near", n) for n in range(1, 41)]
    assert asks_for(asking, asking.send("a", *packets), "near")
    assert asking.engine.held == 16
    assert asking.drops() == {"neighbor queue": 24}
    out = asking.send_frames("up", answer(asking, "near"))
    assert [one.frame for one in out] == [
        asking.outward("up", packet_to(asking, "near", n, ttl=63), to="near") for n in range(25, 41)
    ]


@pytest.mark.row("L3-3")
def test_the_next_hop_is_asked_for_not_the_target(asking):
    assert asks_for(asking, asking.send("a", packet_to(asking, "r1"), packet_to(asking, "r2")), "isp")
    out = asking.send_frames("up", answer(asking, "isp"))
    asking.expect(out, ("up", packet_to(asking, "r1", ttl=63)), ("up", packet_to(asking, "r2", ttl=63)))


@pytest.mark.row("L3-3", "L3-4")
def test_three_tries_a_second_apart_then_host_unreachable(asking):
    """RFC 1812, 5.2.7.1 (host unreachable), RFC 4861, 7.2.2 (address unreachable)."""
    packet = packet_to(asking, "near")
    assert asks_for(asking, asking.send("a", packet), "near")
    assert asking.advance(0.9) == []
    assert asks_for(asking, asking.advance(0.2), "near")
    assert asks_for(asking, asking.advance(1.0), "near")
    out = asking.advance(1.0)
    assert_error(asking, out, "a", "host unreachable", bytes(packet), "gw", "a")
    assert asking.engine.held == 0
    assert asking.drops() == {"unresolved": 1}


@pytest.mark.row("L3-4")
def test_after_it_was_given_up_the_next_packet_asks_again(asking):
    asking.send("a", packet_to(asking, "near"))
    asking.advance(10)
    assert asks_for(asking, asking.send("a", packet_to(asking, "near")), "near")
    assert len(asking.send_frames("up", answer(asking, "near"))) == 1


@pytest.mark.row("L3-4")
def test_who_asks_for_us_is_learned(asking):
    asking.send_frames("up", request(asking, "near", "up"))
    assert passed(asking, asking.send("a", packet_to(asking, "near")), "near")


@pytest.mark.row("L3-4")
def test_who_asks_for_another_is_not_learned(asking):
    asking.send_frames("up", request(asking, "near", "isp"))
    assert asks_for(asking, asking.send("a", packet_to(asking, "near")), "near")


@pytest.mark.row("L3-4")
@pytest.mark.parametrize("reply", [False, True])
def test_an_announcement_does_not_create(asking, reply):
    asking.send_frames("up", unsolicited(asking, "near", MACS["near"], reply))
    assert asks_for(asking, asking.send("a", packet_to(asking, "near")), "near")


@pytest.mark.row("L3-4")
def test_an_unsolicited_reply_does_not_create(asking):
    asking.send_frames("up", answer(asking, "near"))
    assert asks_for(asking, asking.send("a", packet_to(asking, "near")), "near")


@pytest.mark.row("L3-4")
@pytest.mark.parametrize("reply", [False, True])
def test_an_announcement_updates_what_is_known(asking, reply):
    resolve(asking)
    asking.send_frames("up", unsolicited(asking, "near", NEW, reply))
    out = asking.send("a", packet_to(asking, "near"))
    assert {one.frame[:6].hex(":") for one in out} == {NEW}, "also the question whether it is there"
    assert asking.at("near") in {row["address"].item() for row in asking.router.neighbors(asking.now)}


@pytest.mark.row("L3-4")
def test_a_permanent_neighbor_is_not_changed_by_anybody(v):
    world = World(v, nat=None, ask=True)
    world.know("near")
    world.send_frames("up", unsolicited(world, "near", NEW))
    world.send_frames("up", request(world, "near", "up", mac=NEW))
    out = world.send("a", packet_to(world, "near"))
    assert [one.frame for one in out] == [world.outward("up", packet_to(world, "near", ttl=63), to="near")]


@pytest.mark.row("L3-4")
def test_nobody_takes_our_own_address(asking):
    """An announcement of our address by another changes nothing here."""
    asking.send_frames("up", unsolicited(asking, "up", NEW))
    assert told(asking, asking.send_frames("up", request(asking, "isp", "up")), "isp", "up")


@pytest.mark.row("L3-4")
def test_reachable_for_thirty_seconds_then_confirmed(asking):
    """After 30 s the neighbor is still used, and asked whether it is there; silence ends it."""
    resolve(asking)
    assert [one.port for one in asking.send("a", packet_to(asking, "near"))] == ["up"]
    asking.advance(29)
    assert len(asking.send("a", packet_to(asking, "near"))) == 1
    asking.advance(10)
    out = asking.send("a", packet_to(asking, "near")) + asking.advance(1.5)
    sent = asking.outward("up", packet_to(asking, "near", ttl=63), to="near")
    assert sent in [one.frame for one in out]
    assert [one for one in out if one.frame != sent], "it is asked again"
    asking.advance(30)
    packets = asking.send("a", packet_to(asking, "near"))
    assert sent not in [one.frame for one in packets], "it did not answer"


@pytest.mark.row("L3-4")
def test_the_table_of_neighbors_is_bounded(v):
    world = World(v, nat=None, ask=True, router={"neighbors": 64})
    for n in range(200):
        target = f"198.51.100.{n + 2}" if v == 4 else f"2001:db8:ff::{n + 2:x}"
        world.send("a", world.udp("a", 1, target, 2))
    assert len(world.router.neighbors(world.now)) <= 64
    world.advance(10)
    assert world.engine.held == 0
    resolve(world)
