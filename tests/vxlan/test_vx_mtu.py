"""VX-12: what does not fit is told to its sender, never cut and never sent in fragments (RFC 7348, 4.3)."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, IPOption_NOP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from tests.fastpath.outside import BROADCAST
from tests.gateway import judge
from tests.vxlan.overlay_plan import BEFORE, STATIONS, inside
from tests.vxlan.overlay_world import Overlays


def room(world: Overlays, mtu: int = 1500) -> int:
    """Octets of an inner IP packet that fit: the outer Ethernet header does not count, the inner one does."""
    return mtu - BEFORE[world.v]


def known(world: Overlays) -> Overlays:
    world.receive("r1", world.broadcast("x"))
    return world


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("mtu", [1280, 1400, 1500, 9000])
@pytest.mark.parametrize("family", [4, 6])
def test_exactly_what_fits_passes_and_one_octet_more_does_not(make, mtu, family):
    world = known(make(mtu=mtu, port_mtu=9000))
    fits = world.sized("a", "x", room(world, mtu), family)
    world.expect(world.send("a", fits), ("r1", fits))
    out = world.send("a", world.sized("a", "x", room(world, mtu) + 1, family))
    assert [one.port for one in out] == ["a"]
    assert world.drops()["too big"] == 1


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("family", [4, 6])
def test_the_sender_is_told_in_the_name_of_its_target(world, family):
    """As Linux does on a bridged tunnel: the error's source is the address that the packet was sent to."""
    known(world)
    sent = world.sized("a", "x", 1500, family)
    (out,) = world.send("a", sent)
    assert out.port == "a"
    error = Ether(out.frame)
    assert error.dst == STATIONS["a"]
    assert (error[1].src, error[1].dst) == (inside("x", family), inside("a", family))
    assert judge.faults(out.frame[14:]) == []
    if family == 4:
        assert (error[ICMP].type, error[ICMP].code, error[ICMP].nexthopmtu) == (3, 4, room(world))
        quoted = bytes(error[ICMP].payload)
    else:
        assert error[ICMPv6PacketTooBig].mtu == room(world)
        quoted = bytes(error[ICMPv6PacketTooBig].payload)
    assert sent[14:].startswith(quoted)
    assert len(quoted) >= 28


@pytest.mark.row("VX-12")
def test_telling_can_be_off(make):
    world = known(make(settings={"too_big": False}))
    world.vanishes("a", world.sized("a", "x", 1500), "too big")


@pytest.mark.row("VX-12")
def test_errors_have_a_rate(make):
    world = known(make(vtep={"icmp_rate": 10}))
    out = world.send("a", *[world.sized("a", "x", 1500)] * 200)
    assert 0 < len(out) <= 51
    assert world.drops()["too big"] == 200


@pytest.mark.row("VX-12")
@pytest.mark.parametrize(
    "frame",
    [
        Ether(src=STATIONS["a"], dst=STATIONS["x"], type=0x88B5) / Raw(bytes(1500)),
        Ether(src=STATIONS["a"], dst=BROADCAST) / IP(src=inside("a"), dst="10.0.0.255") / Raw(bytes(1480)),
        Ether(src=STATIONS["a"], dst=STATIONS["x"]) / ARP(psrc=inside("a"), pdst=inside("x")) / Raw(bytes(1472)),
    ],
    ids=["not ip", "broadcast", "arp"],
)
def test_about_these_nothing_is_said(world, frame):
    known(world)
    out = world.send("a", frame)
    assert {one.port for one in out} <= {"b"}
    assert world.drops()["too big"] == 1


@pytest.mark.row("VX-12")
def test_without_df_no_fragment_leaves_either(world):
    known(world)
    out = world.send("a", world.sized("a", "x", 1500, df=False))
    assert [one for one in out if one.port == "under"] == []


@pytest.mark.row("VX-12")
def test_a_tag_that_is_kept_counts(make):
    """It is a part of the inner frame."""
    world = known(make(settings={"inner_vlan": "keep"}))
    plain = Ether(world.sized("a", "x", room(world)))
    tagged = Ether(src=plain.src, dst=plain.dst) / Dot1Q(vlan=5) / plain[IP]
    out = world.send("a", bytes(tagged))
    assert [one for one in out if one.port == "under"] == []
    assert world.drops()["too big"] == 1


@pytest.mark.row("VX-12")
def test_a_tag_that_is_stripped_does_not(world):
    known(world)
    plain = Ether(world.sized("a", "x", room(world)))
    tagged = Ether(src=plain.src, dst=plain.dst) / Dot1Q(vlan=5) / plain[IP]
    world.expect(world.send("a", bytes(tagged)), ("r1", bytes(plain)))


@pytest.mark.row("VX-12")
def test_the_outer_header_says_do_not_fragment(world):
    """`outer.read` asserts it of every packet over IPv4."""
    known(world)
    for size in (40, 500, room(world)):
        assert world.only(world.send("a", world.sized("a", "x", size))).inner


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("family", [4, 6])
def test_an_mss_is_clamped_on_demand(make, family):
    """Both ways; nothing is raised, and other segments stay as they are."""
    world = known(make(settings={"mss": 1300}))

    def syn(src: str, dst: str, mss: int, flags: str = "S") -> bytes:
        head = (IP if family == 4 else IPv6)(src=inside(src, family), dst=inside(dst, family))
        return bytes(Ether(src=STATIONS[src], dst=STATIONS[dst]) / head / TCP(flags=flags, options=[("MSS", mss)]))

    world.expect(world.send("a", syn("a", "x", 1460)), ("r1", syn("a", "x", 1300)))
    world.expect(world.send("a", syn("a", "x", 1200)), ("r1", syn("a", "x", 1200)))
    world.expect(world.send("a", syn("a", "x", 1460, "A")), ("r1", syn("a", "x", 1460, "A")))
    world.send("a", world.broadcast("a"))
    world.expect(world.receive("r1", syn("x", "a", 1460, "SA")), ("a", syn("x", "a", 1300, "SA")))
    assert world.counters()["clamped"] == 2


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("flags", ["S", "SA", "SEC"])
def test_an_mss_is_clamped_wherever_the_header_lies(make, flags):
    """Behind IPv4's options and IPv6's extension headers; in frames that are longer than their packet."""
    world = known(make(settings={"mss": 1300}))
    for head in (
        IP(src=inside("a"), dst=inside("x")),
        IP(src=inside("a"), dst=inside("x"), options=[IPOption_NOP()] * 8),
        IPv6(src=inside("a", 6), dst=inside("x", 6)),
        IPv6(src=inside("a", 6), dst=inside("x", 6)) / IPv6ExtHdrHopByHop(),
        IPv6(src=inside("a", 6), dst=inside("x", 6)) / IPv6ExtHdrDestOpt(),
    ):
        for padding in (b"", bytes(9)):
            before, after = (
                bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / head / TCP(flags=flags, options=[("MSS", mss)])) + padding
                for mss in (1460, 1300)
            )
            world.expect(world.send("a", before), ("r1", after))
            world.send("a", world.broadcast("a"))
            (out,) = world.receive("r1", before[6:12] + before[:6] + before[12:])
            assert out.frame == after[6:12] + after[:6] + after[12:]
    assert world.counters()["clamped"] == 20
