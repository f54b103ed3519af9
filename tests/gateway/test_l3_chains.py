"""First fragments of IPv6 that do not hold all headers up to the transport's: dropped, and who sent them is told (RFC 7112)."""

import pytest
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN
from scapy.packet import Raw

from tests.gateway.errors import assert_error
from tests.gateway.world import World

TCP, UDP, ICMPV6, NO_NEXT, DESTINATION = 6, 17, 58, 59, 60


@pytest.fixture(params=[None, "nat"], ids=["routed", "nat"])
def world(request):
    return World(6, nat=request.param)


def first(world, target, nh, octets, source="a", id=7):
    header = IPv6(src=world.at(source), dst=world.at(target), hlim=64)
    return header / IPv6ExtHdrFragment(nh=nh, offset=0, m=1, id=id) / Raw(octets)


def options(following, length=8):
    """Destination options of so many octets."""
    return bytes(IPv6ExtHdrDestOpt(nh=following, len=length // 8 - 1, options=[PadN(optdata=bytes(length - 4))]))


CUT = {
    "tcp": (TCP, bytes(16)),
    "tcp with options beyond": (TCP, bytes(12) + b"\xf0" + bytes(11)),
    "icmp": (ICMPV6, b""),
    "options go on": (DESTINATION, options(UDP, 32)[:16]),
    "options and no more": (DESTINATION, options(UDP)),
    "options, then a part of tcp": (DESTINATION, options(TCP) + bytes(8)),
}


@pytest.mark.row("L3-5", "L3-11")
@pytest.mark.parametrize("cut", [name for name in CUT if CUT[name][1]])
def test_for_ourselves_it_is_dropped_and_told(world, cut):
    """RFC 7112, 5: a host SHOULD; code 3, pointer 0. Linux does too."""
    packet = first(world, "gw", *CUT[cut])
    out = world.send("a", packet)
    if cut.startswith("icmp"):
        assert out == []
    else:
        assert_error(world, out, "a", "cut chain", bytes(packet), "gw", "a")
    assert world.drops() == {"header chain": 1}


@pytest.mark.row("NAT-14", "NAT-22")
@pytest.mark.parametrize("cut", [name for name in CUT if CUT[name][1]])
def test_what_is_put_together_on_its_way_likewise(cut):
    """A router MAY; without its ports there is no flow to look for."""
    world = World(6)
    packet = first(world, "r1", *CUT[cut])
    assert_error(world, world.send("a", packet), "a", "cut chain", bytes(packet), "gw", "a")
    assert world.drops() == {"header chain": 1}


@pytest.mark.row("NAT-17", "NAT-22")
def test_who_is_outside_is_not_told():
    world = World(6)
    for target in ("up", "a"):
        world.vanishes("up", first(world, target, *CUT["tcp"], source="r1"), "header chain")


@pytest.mark.row("L3-7", "L3-9")
def test_who_may_not_send_from_there_is_not_told(world):
    world.vanishes("a", first(world, "gw", *CUT["options go on"], source="d"), "header chain")
    world.vanishes("a", first(world, "gw", *CUT["options go on"], source="ff02::1"), "header chain")


@pytest.mark.row("L3-6")
def test_it_counts_towards_the_limit_of_errors(world):
    packets = [first(world, "gw", *CUT["tcp"], id=n) for n in range(100)]
    assert 50 <= len(world.send("a", *packets)) <= 51


@pytest.mark.row("L3-1")
def test_a_mere_router_looks_at_no_transport_header(routed6):
    """RFC 8200, 4: what lies behind the Fragment header of another's packet is not ours to judge."""
    packet = first(routed6, "r1", *CUT["tcp"])
    becomes = first(routed6, "r1", *CUT["tcp"])
    becomes.hlim = 63
    routed6.passes("a", packet, "up", becomes)


@pytest.mark.row("NAT-13", "NAT-36")
def test_whole_chains_pass():
    """Options in front, a transport that has no header we know, and none at all."""
    world = World(6)
    for nh, octets in ((DESTINATION, options(UDP) + bytes.fromhex("0fa0003500280000")), (253, bytes(8)), (NO_NEXT, bytes(8))):
        assert world.send("a", first(world, "r1", nh, octets, id=nh)) == []
    assert world.drops() == {}
