"""VX-23 and what else the underlay's side of a VTEP does: next hops, gateways, echo; nothing is forwarded there."""

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from tests.fastpath.outside import BROADCAST
from tests.vxlan import outer
from tests.vxlan.overlay_plan import ADDRESSES, UNDERLAY_MACS
from tests.vxlan.overlay_world import Overlays


def asked_for(world: Overlays, frame: bytes) -> str:
    """The address that an ARP request or a neighbor solicitation asks for."""
    packet = Ether(frame)
    if world.v == 4:
        assert (packet.dst, packet[ARP].op, packet[ARP].psrc) == (BROADCAST, 1, world.at("us"))
        return packet[ARP].pdst
    assert packet[IPv6].hlim == 255
    return packet[ICMPv6ND_NS].tgt


def says_where(world: Overlays, name: str) -> bytes:
    """Its answer."""
    mac, address = UNDERLAY_MACS[name], world.at(name)
    ether = Ether(src=mac, dst=UNDERLAY_MACS["us"])
    if world.v == 4:
        return bytes(ether / ARP(op=2, hwsrc=mac, psrc=address, hwdst=UNDERLAY_MACS["us"], pdst=world.at("us")))
    reply = ICMPv6ND_NA(tgt=address, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return bytes(ether / IPv6(src=address, dst=world.at("us"), hlim=255) / reply)


@pytest.mark.row("VX-23")
def test_an_unknown_next_hop_is_asked_for_once_and_packets_wait(make):
    world = make(ask=True, peers=("r1",))
    frames = [world.frame("a", BROADCAST, bytes([n])) for n in range(5)]
    out = world.send("a", *frames)
    (question,) = [one for one in out if one.port == "under"]
    assert asked_for(world, question.frame) == world.at("r1")
    world.expect(world.send("under", says_where(world, "r1")), *(("r1", frame) for frame in frames))
    packet = world.only([one for one in world.send("a", frames[0]) if one.port == "under"])
    assert packet.target_mac == UNDERLAY_MACS["r1"]


@pytest.mark.row("VX-23")
def test_a_peer_behind_a_router_has_the_routers_mac_address(make):
    world = make(peers=("far",))
    packet = world.only([one for one in world.send("a", world.broadcast("a")) if one.port == "under"])
    assert (packet.target, packet.target_mac) == (world.at("far"), UNDERLAY_MACS["gw"])


@pytest.mark.row("VX-23")
def test_so_it_is_the_router_that_is_asked_for(make):
    world = make(ask=True, peers=("far",))
    (question,) = [one for one in world.send("a", world.broadcast("a")) if one.port == "under"]
    assert asked_for(world, question.frame) == world.at("gw")
    world.expect(world.send("under", says_where(world, "gw")), ("far", world.broadcast("a")))


@pytest.mark.row("VX-23")
def test_nobody_answers(make):
    """Three tries a second apart; what waited is dropped by name, and the next packet asks anew."""
    world = make(ask=True, peers=("r1",))
    world.send("a", world.broadcast("a"))
    asked = world.advance(10)
    assert len(asked) == 2
    assert world.drops()["unresolved"] == 1
    assert world.engine.held == 0
    assert len([one for one in world.send("a", world.broadcast("a")) if one.port == "under"]) == 1


@pytest.mark.row("VX-23")
def test_what_waits_is_bounded(make):
    world = make(ask=True, peers=("r1",))
    world.send("a", *[world.frame("a", BROADCAST, bytes([n])) for n in range(100)])
    assert world.engine.held <= 16
    assert len(world.send("under", says_where(world, "r1"))) == 16


@pytest.mark.row("VX-23")
def test_no_route_to_a_peer(make):
    world = make(peers=("nowhere",))
    assert {one.port for one in world.send("a", world.broadcast("a"))} == {"b"}
    assert world.drops()["no route"] == 1


@pytest.mark.row("VX-23")
def test_a_peer_that_vanishes_and_returns_with_another_mac_address(make):
    """Reachable for 30 s, asked alone, then given up; when it is back it is found where it is now."""
    world = make(ask=True, peers=("r1",))
    world.send("a", world.broadcast("a"))
    world.send("under", says_where(world, "r1"))
    world.receive("r1", world.broadcast("x"))
    world.expect(world.send("a", world.frame("a", "x")), ("r1", world.frame("a", "x")))
    for _ in range(8):
        world.advance(10)
        world.send("a", world.frame("a", "x"))
    assert world.drops()["unresolved"] >= 1
    world.advance(10)
    out = world.send("a", world.broadcast("a"))
    assert [asked_for(world, one.frame) for one in out if one.port == "under"] == [world.at("r1")] or not out
    moved = says_where(world, "r1").replace(bytes.fromhex(UNDERLAY_MACS["r1"].replace(":", "")), bytes.fromhex("02005e000099"))
    if world.v == 6:
        packet = Ether(moved)
        del packet[ICMPv6ND_NA].cksum
        moved = bytes(packet)
    back = world.send("under", moved)
    assert {outer.read(one.frame).target_mac for one in back} <= {"02:00:5e:00:00:99"}
    packet = world.only(world.send("a", world.frame("a", "x")))
    assert packet.target_mac == "02:00:5e:00:00:99"


@pytest.mark.row("VX-23")
def test_our_address_is_answered_for(make):
    world = make(ask=True)
    mac = UNDERLAY_MACS["r1"]
    if world.v == 4:
        question = Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=world.at("r1"), pdst=world.at("us"))
        (answer,) = world.send("under", question)
        assert (Ether(answer.frame)[ARP].hwsrc, Ether(answer.frame).dst) == (UNDERLAY_MACS["us"], mac)
    else:
        group = Ether(src=mac, dst="33:33:ff:00:00:01") / IPv6(src=world.at("r1"), dst="ff02::1:ff00:1", hlim=255)
        (answer,) = world.send("under", group / ICMPv6ND_NS(tgt=world.at("us")))
        assert Ether(answer.frame)[ICMPv6ND_NA].tgt == world.at("us")


def test_a_ping_to_us_is_answered(world):
    ether = Ether(src=UNDERLAY_MACS["r1"], dst=UNDERLAY_MACS["us"])
    if world.v == 4:
        ping = ether / IP(src=world.at("r1"), dst=world.at("us")) / ICMP(id=7) / Raw(b"x")
    else:
        ping = ether / IPv6(src=world.at("r1"), dst=world.at("us")) / ICMPv6EchoRequest(id=7) / Raw(b"x")
    (answer,) = world.send("under", ping)
    assert Ether(answer.frame).dst == UNDERLAY_MACS["r1"]
    assert (Ether(answer.frame)[1].src, Ether(answer.frame)[1].dst) == (world.at("us"), world.at("r1"))


@pytest.mark.row("VX-10")
def test_nothing_is_forwarded_on_the_underlay(world):
    for target in (ADDRESSES["r2"][world.v == 6], ADDRESSES["far"][world.v == 6]):
        head = IP(src=world.at("r1"), dst=target) if world.v == 4 else IPv6(src=world.at("r1"), dst=target)
        world.vanishes("under", Ether(src=UNDERLAY_MACS["r1"], dst=UNDERLAY_MACS["us"]) / head / Raw(b"x"), "not ours")
