"""Forwarding (L3-1), and a bridge with an interface of the router (BR-19)."""

import random
import socket

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6, in6_getnsma, in6_getnsmac
from scapy.layers.l2 import ARP, Ether
from scapy.utils import checksum

from tests.fastpath.outside import BROADCAST
from tests.gateway.plan import ADDRESSES, MACS
from tests.gateway.world import World

SIZES = [0, 1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 500, 1437, 1438, 1439, 1440]


@pytest.mark.row("L3-1")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_only_ttl_checksum_and_macs_change(routed, kind):
    """RFC 1812, 5.2 and 5.3: TOS, identification, options of TCP and payload stay."""
    for size in SIZES:
        payload = random.Random(size).randbytes(size)
        before = routed.query(kind, "a", 4000, "d", 80, payload=payload, ttl=64, tos=0xB9, id=0xBEEF, df=True)
        after = routed.query(kind, "a", 4000, "d", 80, payload=payload, ttl=63, tos=0xB9, id=0xBEEF, df=True)
        routed.passes("a", before, "d", after)
        routed.passes("d", routed.answer(kind, "d", 80, "a", 4000), "a", routed.answer(kind, "d", 80, "a", 4000, ttl=63))


@pytest.mark.row("L3-1")
@pytest.mark.parametrize("ttl", [2, 3, 64, 128, 254, 255])
def test_the_ttl_goes_down_by_one(routed, ttl):
    for port, where in (("r1", "up"), ("d", "d")):
        routed.passes("a", routed.udp("a", 1, port, 2, ttl=ttl), where, routed.udp("a", 1, port, 2, ttl=ttl - 1))


@pytest.mark.row("L3-1", "NAT-11")
def test_the_header_checksum_is_right_for_every_identification(routed4):
    """RFC 1624: what should be 0x0000 is not sent as 0xFFFF; the identification takes the sum through all its values."""
    frame = bytearray(routed4.framed("a", routed4.udp("a", 1, "d", 2, id=0)))
    # With the identification 0 the rest of the header has this sum; it goes up with the identification.
    rest = 0xFFFF ^ int.from_bytes(frame[24:26], "big")
    for first in range(0, 65536, 1024):
        frames = []
        for id_ in range(first, first + 1024):
            total = rest + id_
            frame[18:20] = id_.to_bytes(2, "big")
            frame[24:26] = (0xFFFF ^ (total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
            frames.append(bytes(frame))
        out = routed4.send_frames("a", *frames)
        assert len(out) == 1024
        assert all(checksum(one.packet[:20]) == 0 and one.packet[10:12] != b"\xff\xff" for one in out)
        assert {one.packet[8] for one in out} == {63}


@pytest.mark.row("L3-1")
def test_unknown_protocols_pass_unaltered(routed):
    for protocol in (2, 47, 50, 51, 89, 103, 132, 253, 255):
        if routed.v == 6 and protocol == 51:
            continue  # an extension header there
        routed.passes(
            "a", routed.other("a", "r1", protocol, bytes(40), ttl=9), "up", routed.other("a", "r1", protocol, bytes(40), ttl=8)
        )


@pytest.mark.row("L3-1")
def test_flow_label_and_class_of_ipv6_stay(routed6):
    before = routed6.udp("a", 1, "d", 2, tos=0x2E, fl=0xABCDE)
    routed6.passes("a", before, "d", routed6.udp("a", 1, "d", 2, tos=0x2E, fl=0xABCDE, ttl=63))


@pytest.mark.row("L3-1")
def test_the_longest_prefix_wins(routed):
    wide, narrow = ("192.0.0.0/8", "192.0.2.10/32") if routed.v == 4 else ("2001:db8::/32", "2001:db8:1::10/128")
    gateways = {"d": routed.at("d"), "f": routed.at("f")}
    routed.router.add_route(wide, interface=routed.interfaces["gw-back"], gateway=gateways["d"])
    routed.passes("a", routed.udp("a", 1, "r1", 2), "d", routed.udp("a", 1, "r1", 2, ttl=63))
    routed.router.add_route(narrow, interface=routed.interfaces["gw-inner"], gateway=gateways["f"])
    routed.passes("a", routed.udp("a", 1, "r1", 2), "f", routed.udp("a", 1, "r1", 2, ttl=63))
    routed.passes("a", routed.udp("a", 1, "r2", 2), "d", routed.udp("a", 1, "r2", 2, ttl=63))
    routed.router.remove_route(narrow)
    routed.passes("a", routed.udp("a", 1, "r1", 2), "d", routed.udp("a", 1, "r1", 2, ttl=63))
    routed.router.remove_route(wide)
    routed.passes("a", routed.udp("a", 1, "r1", 2), "up", routed.udp("a", 1, "r1", 2, ttl=63))


@pytest.mark.row("L3-1")
def test_a_burst_for_many_targets_stays_in_order(routed):
    """Frames of one flow never overtake one another, whatever is between them."""
    targets = ["d", "e", "r1", "f", "r2"]
    packets = [routed.udp("a", n, targets[n % 5], 9) for n in range(1, 200)]
    out = routed.send("a", *packets)
    for port in ("d", "e", "up", "f"):
        wanted = [n for n in range(1, 200) if {"r1": "up", "r2": "up"}.get(targets[n % 5], targets[n % 5]) == port]
        found = [int.from_bytes(Ether(one.frame)["UDP"].sport.to_bytes(2, "big"), "big") for one in out if one.port == port]
        assert found == wanted


@pytest.mark.row("BR-19")
def test_a_frame_for_the_bridge_address_is_routed_not_flooded(routed):
    """TTL - 1, the router's MAC as source, and nothing on the other ports of either bridge."""
    routed.passes("a", routed.udp("a", 1, "e", 2), "e", routed.udp("a", 1, "e", 2, ttl=63))
    routed.passes("b", routed.udp("b", 1, "r1", 2), "up", routed.udp("b", 1, "r1", 2, ttl=63))


@pytest.mark.row("BR-19")
def test_frames_between_stations_are_none_of_the_routers_business(routed):
    packet = routed.udp("a", 1, "b", 2, ttl=1)
    out = routed.send("a", packet, to="b")
    assert [(one.port, one.packet) for one in out] == [("b", bytes(packet))]


@pytest.mark.row("BR-19", "L3-2")
@pytest.mark.parametrize("ask", [False, True])
def test_a_broadcast_arp_request_is_answered_and_flooded(ask):
    world = World(4, nat=None, ask=ask)
    request = Ether(src=MACS["a"], dst=BROADCAST) / ARP(hwsrc=MACS["a"], psrc="10.0.0.2", pdst="10.0.0.1")
    answer = Ether(src=MACS["gw"], dst=MACS["a"]) / ARP(op=2, hwsrc=MACS["gw"], psrc="10.0.0.1", hwdst=MACS["a"], pdst="10.0.0.2")
    out = world.send_frames("a", request)
    assert sorted(one.port for one in out) == ["a", "b", "c"]
    for one in out:
        assert one.frame[:42] == bytes(answer if one.port == "a" else request)


@pytest.mark.row("BR-19", "L3-2")
def test_a_neighbor_solicitation_for_the_gateway_is_answered_and_flooded():
    """RFC 4861, 7.2.4: the group of the address reaches all others too."""
    world = World(6, nat=None, ask=True)
    group = in6_getnsma(socket.inet_pton(socket.AF_INET6, ADDRESSES["gw"][1]))
    solicitation = (
        Ether(src=MACS["a"], dst=in6_getnsmac(group))
        / IPv6(src=ADDRESSES["a"][1], dst=socket.inet_ntop(socket.AF_INET6, group), hlim=255)
        / ICMPv6ND_NS(tgt=ADDRESSES["gw"][1])
        / ICMPv6NDOptSrcLLAddr(lladdr=MACS["a"])
    )
    answer = (
        Ether(src=MACS["gw"], dst=MACS["a"])
        / IPv6(src=ADDRESSES["gw"][1], dst=ADDRESSES["a"][1], hlim=255)
        / ICMPv6ND_NA(R=1, S=1, O=1, tgt=ADDRESSES["gw"][1])
        / ICMPv6NDOptDstLLAddr(lladdr=MACS["gw"])
    )
    out = world.send_frames("a", solicitation)
    assert sorted(one.port for one in out) == ["a", "b", "c"]
    for one in out:
        assert one.frame == bytes(answer if one.port == "a" else solicitation)
