"""VX-19 to VX-21: ECN in both directions (RFC 6040), and what the outer TTL and DSCP are (RFC 2983)."""

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether

from tests.fastpath.outside import BROADCAST
from tests.gateway import judge
from tests.vxlan.overlay_plan import STATIONS, inside
from tests.vxlan.overlay_world import Overlays

NOT_ECT, ECT1, ECT0, CE = 0, 1, 2, 3
# RFC 6040, figure 4: rows are the inner field, columns the outer: Not-ECT, ECT(0), ECT(1), CE. None: dropped.
FIGURE_4 = {
    NOT_ECT: {NOT_ECT: NOT_ECT, ECT0: NOT_ECT, ECT1: NOT_ECT, CE: None},
    ECT0: {NOT_ECT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT_ECT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT_ECT: CE, ECT0: CE, ECT1: CE, CE: CE},
}


def with_service(world: Overlays, src: str, dst: str, tos: int, family: int, **more: object) -> bytes:
    return world.frame(src, dst, v=family, **({"tos": tos} if family == 4 else {"tc": tos}), **more)


@pytest.mark.row("VX-19")
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("ecn", [NOT_ECT, ECT1, ECT0, CE])
def test_the_outer_field_is_the_inner_one(world, family, ecn):
    """Normal mode, CE included."""
    world.receive("r1", world.broadcast("x"))
    packet = world.only(world.send("a", with_service(world, "a", "x", 0xB8 | ecn, family)))
    assert (packet.ecn, packet.dscp) == (ecn, 0)


@pytest.mark.row("VX-19")
def test_behind_a_tag_too(make):
    world = make(settings={"inner_vlan": "keep"})
    world.receive("r1", world.broadcast("x"))
    inner = with_service(world, "a", "x", CE, 4)
    assert world.only(world.send("a", inner[:12] + b"\x81\0\0\5" + inner[12:])).ecn == CE


@pytest.mark.row("VX-19")
def test_what_is_not_ip_has_none(world):
    arp = bytes(Ether(src=STATIONS["a"], dst=BROADCAST) / ARP(psrc=inside("a"), pdst=inside("x")))
    assert {name for name, _ in world.told(world.send("a", arp))} == {"b", "r1", "r2"}
    world.receive("r1", world.broadcast("x"))
    reply = bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / ARP(op=2, psrc=inside("a"), pdst=inside("x")))
    packet = world.only(world.send("a", reply))
    assert (packet.ecn, packet.dscp) == (0, 0)


@pytest.mark.row("VX-20")
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("inner", FIGURE_4)
@pytest.mark.parametrize("outer", [NOT_ECT, ECT0, ECT1, CE])
def test_the_sixteen_pairs(world, family, inner, outer):
    before = with_service(world, "x", "a", 0xB8 | inner, family)
    wanted = FIGURE_4[inner][outer]
    if wanted is None:
        world.vanishes("under", world.tunneled("r1", before, tos=outer), "congestion lost")
        assert not world.knows("x")
        return
    after = with_service(world, "x", "a", 0xB8 | wanted, family)
    world.expect(world.receive("r1", before, tos=outer), ("a", after), ("b", after))
    assert judge.faults(after[14:]) == []


@pytest.mark.row("VX-20")
@pytest.mark.parametrize("first", range(0, 256, 16))
def test_the_inner_checksum_is_right_for_every_header(world, first):
    """CE is told to 16 of 256 services, with the sum at every place."""
    for tos in range(first, first + 16):
        before = with_service(world, "x", "a", (tos & 0xFC) | ECT0, 4, id=tos * 257, ttl=tos or 1)
        for one in world.receive("r1", before, tos=CE):
            assert IP(one.frame[14:]).tos == (tos & 0xFC) | CE
            assert judge.faults(one.frame[14:]) == []


@pytest.mark.row("VX-20")
def test_congestion_behind_a_tag(make):
    world = make(settings={"inner_vlan": "keep"})
    inner = with_service(world, "x", "a", ECT0, 4)
    out = world.receive("r1", inner[:12] + b"\x81\0\0\5" + inner[12:], tos=CE)
    assert {one.frame[19] & 3 for one in out} == {CE}
    assert all(judge.faults(one.frame[18:]) == [] for one in out)


@pytest.mark.row("VX-20")
def test_what_is_not_ip_cannot_be_told(world):
    """As Not-ECT (RFC 6040, 4.2: what does not support ECN)."""
    arp = bytes(Ether(src=STATIONS["x"], dst=BROADCAST) / ARP(psrc=inside("x"), pdst=inside("a")))
    world.expect(world.receive("r1", arp, tos=ECT0), ("a", arp), ("b", arp))
    assert world.receive("r1", arp, tos=CE) in ([], [*world.receive("r1", arp)])


@pytest.mark.row("VX-21")
def test_fixed_by_default(world):
    world.receive("r1", world.broadcast("x"))
    packet = world.only(world.send("a", with_service(world, "a", "x", 0xB8, 4, ttl=7)))
    assert (packet.ttl, packet.dscp) == (64, 0)


@pytest.mark.row("VX-21")
@pytest.mark.parametrize("family", [4, 6])
def test_fixed_as_configured(make, family):
    world = make(settings={"ttl": 9, "dscp": 34})
    world.receive("r1", world.broadcast("x"))
    packet = world.only(world.send("a", with_service(world, "a", "x", 0xB9, family)))
    assert (packet.ttl, packet.dscp, packet.ecn) == (9, 34, 1)


@pytest.mark.row("VX-21")
@pytest.mark.parametrize("family", [4, 6])
def test_inherited_as_configured(make, family):
    world = make(settings={"ttl": -1, "dscp": -1})
    world.receive("r1", world.broadcast("x"))
    ttl = {"ttl": 7} if family == 4 else {"hlim": 7}
    packet = world.only(world.send("a", with_service(world, "a", "x", 0xB8 | ECT0, family, **ttl)))
    assert (packet.ttl, packet.dscp, packet.ecn) == (7, 46, ECT0)


@pytest.mark.row("VX-21")
def test_what_is_not_ip_has_nothing_to_inherit(make):
    """DSCP 0; a TTL of 0 would go nowhere, so it is the default."""
    world = make(settings={"ttl": -1, "dscp": -1})
    world.receive("r1", world.broadcast("x"))
    reply = bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / ARP(op=2, psrc=inside("a"), pdst=inside("x")))
    packet = world.only(world.send("a", reply))
    assert (packet.ttl, packet.dscp, packet.ecn) == (64, 0, 0)


@pytest.mark.row("VX-21")
@pytest.mark.parametrize(("setting", "value"), [("ttl", 0), ("ttl", 256), ("ttl", -2), ("dscp", 64), ("dscp", -2)])
def test_values_that_are_none(world, setting, value):
    with pytest.raises(ValueError, match=setting):
        world.vtep.set_overlay(world.red, **{setting: value})


@pytest.mark.row("VX-19", "VX-20")
def test_there_and_back_nothing_changes_without_congestion(v):
    """What one VTEP sends another takes in, for every field."""
    for family in (4, 6):
        for ecn in range(4):
            world = Overlays(v)
            world.receive("r1", world.broadcast("x"))
            sent = with_service(world, "a", "x", ecn, family)
            packet = world.only(world.send("a", sent))
            other = Overlays(v)
            back = other.receive("r1", packet.inner, tos=packet.ecn)
            assert {one.frame for one in back} == {sent}
            assert (IP if family == 4 else IPv6)(sent[14:]).version == family
