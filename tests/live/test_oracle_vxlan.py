"""The kernel's vxlan device is the judge: equal frames into both, from local ports and from the underlay; 6,000 by chance."""

import random

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from tests.fastpath.outside import BROADCAST, octets
from tests.live.oracle_vxlan import Vteps
from tests.vxlan import outer
from tests.vxlan.overlay_plan import BEFORE, STATIONS
from tests.vxlan.overlay_world import Overlays

pytestmark = pytest.mark.live


@pytest.fixture(scope="module", params=[4, 6], ids=["ipv4", "ipv6"])
def both(request):
    with Vteps(request.param) as both:
        yield both


def tunneled(both, peer, inner, **how):
    return both.ours.tunneled(peer, inner, **how)


@pytest.mark.row("VX-1", "VX-14", "VX-15", "VX-16")
def test_floods_learning_and_answers(both):
    world = both.ours
    assert len(both.same("a", world.broadcast("a"))) == 3
    assert [port for port, _ in both.same("under", tunneled(both, "r1", world.frame("x", "a")))] == ["a"]
    assert [port for port, _ in both.same("a", world.frame("a", "x"))] == ["under"]
    assert len(both.same("a", world.frame("a", "z"))) == 3
    assert both.same("under", tunneled(both, "r2", world.frame("y", "x"))) == []
    assert len(both.same("under", tunneled(both, "r2", world.broadcast("y")))) == 2


@pytest.mark.row("VX-17")
def test_moves(both):
    world = both.ours
    for peer in ("r1", "r2", "r1"):
        both.same("under", tunneled(both, peer, world.broadcast("z")))
        both.same("a", world.frame("a", "z"))
    both.same("b", world.frame("z", BROADCAST))
    assert [port for port, _ in both.same("a", world.frame("a", "z"))] == ["b"]


@pytest.mark.row("VX-19", "VX-20")
@pytest.mark.parametrize("family", [4, 6])
def test_ecn(both, family):
    """The sixteen pairs in, four fields out (CE is a permitted difference)."""
    world = both.ours
    both.same("under", tunneled(both, "r1", world.broadcast("x")))
    for inner in range(4):
        service = {"tos": 0xB8 | inner} if family == 4 else {"tc": 0xB8 | inner}
        both.same("a", world.frame("a", "x", v=family, **service))
        for outside in range(4):
            both.same("under", tunneled(both, "r1", world.frame("x", "a", v=family, **service), tos=outside))


@pytest.mark.row("VX-5", "VX-6", "VX-7")
def test_checksums(both):
    inner = both.ours.frame("x", "a")
    for udp_sum in (0, None, 1):
        both.same("under", tunneled(both, "r1", inner, udp_sum=udp_sum))


@pytest.mark.row("VX-8", "VX-9")
def test_flags(both):
    """Strict, as Linux is."""
    inner = both.ours.frame("x", "a")
    for flags in range(256):
        both.same("under", tunneled(both, "r1", inner, flags=flags))
    for more in ({"reserved": 1}, {"reserved": 0x800000}, {"last": 1}):
        assert both.same("under", tunneled(both, "r1", inner, **more)) == []


@pytest.mark.row("VX-10", "VX-11")
def test_what_is_not_for_us_or_cut_short(both):
    """The last octet may be missing where both take it for padding."""
    inner = both.ours.frame("x", "a")
    assert both.same("under", tunneled(both, "r1", inner, vni=101)) == []
    for n in range(14):
        assert both.same("under", tunneled(both, "r1", inner[:n])) == []
    whole = tunneled(both, "r1", inner)
    for n in range(14, len(whole)):
        assert both.same("under", whole[:n]) == []
    assert len(both.same("under", whole + bytes(10))) == 1


@pytest.mark.row("VX-18")
def test_tags_when_they_are_kept(both):
    inner = both.ours.frame("a", "x")
    for tag in (b"\x81\0\0\5", b"\x88\xa8\0\7\x81\0\0\5"):
        both.same("under", tunneled(both, "r1", both.ours.broadcast("x")))
        both.same("a", inner[:12] + tag + inner[12:])
        back = both.ours.frame("x", "a")
        both.same("under", tunneled(both, "r1", back[:12] + tag + back[12:]))


def random_inner(world: Overlays, choose: random.Random, sources: str) -> bytes:
    target = choose.choice([*map(STATIONS.get, "abxyz"), BROADCAST, "01:00:5e:01:02:03", "33:33:00:00:00:fb"])
    source = STATIONS[choose.choice(sources)]
    kind = choose.choice(("0800", "86dd", "0806", "88b5", "8847"))
    payload = choose.randbytes(choose.choice((0, 1, 46, 46, 100, choose.randrange(1350))))
    if kind in ("0800", "86dd"):
        head = (IP(src="10.0.0.1", dst="10.0.0.2", tos=choose.randrange(256), ttl=choose.randrange(1, 256), proto=254)
                if kind == "0800" else IPv6(src="fd00::1", dst="fd00::2", tc=choose.randrange(256), nh=254))  # fmt: skip
        payload = bytes(head / payload)
    return octets(target) + octets(source) + bytes.fromhex(kind) + payload


def test_random_frames(both):
    """3,000 in each family of the underlay, seeded: from local ports and from tunnels, good ones and some that lie."""
    world, choose = both.ours, random.Random(both.v)
    seen = {"a": 0, "b": 0, "under": 0}
    for _ in range(3000):
        if choose.random() < 0.5:
            port = choose.choice("ab")
            done = both.same(port, random_inner(world, choose, port + "z"))
        else:
            peer = choose.choice(("r1", "r2"))
            # Not CE: Linux learns from frames that it drops for it.
            how = {"tos": choose.randrange(3), "vni": choose.choice((100, 100, 100, 7)), "ttl": choose.randrange(1, 256)}
            how["udp_sum"] = choose.choice((None, 0))
            packet = bytearray(outer.write(both.v, peer, random_inner(world, choose, "xyz"), how.pop("vni"), **how))
            if choose.random() < 0.1:
                # The outer headers, or the inner addresses: an inner IP header that lies is the next difference.
                packet[choose.randrange(12, BEFORE[both.v] + 12)] ^= 1 << choose.randrange(8)
            done = both.same("under", bytes(packet))
        for port, _ in done:
            seen[port] += 1
    assert min(seen.values()) > 500, seen


# -- the differences --------------------------------------------------------------------------------------------------------


@pytest.mark.row("VX-9")
def test_difference_14_reserved_bits(both):
    ours = Overlays(both.v)
    packet = tunneled(both, "r1", ours.frame("x", "a"), reserved=1)
    both.kernel.send("under", packet)
    assert [one for one in both.kernel.take() if one[0] != "under"] == []
    assert [one.port for one in ours.send("under", packet)] == ["a", "b"]


@pytest.mark.row("VX-18")
def test_difference_15_tags(both):
    ours = Overlays(both.v)
    plain = ours.broadcast("a")
    tagged = plain[:12] + b"\x81\0\0\5" + plain[12:]
    theirs, _ = both.send("a", tagged)
    assert {shown[-1] for port, shown in theirs if port == "under"} == {tagged}
    assert {inner for port, inner in ours.told(ours.send("a", tagged)) if port != "b"} == {plain}


@pytest.mark.row("VX-19")
def test_difference_16_congestion_out(both):
    both.same("under", tunneled(both, "r1", both.ours.broadcast("x")))
    inner = both.ours.frame("a", "x", tos=3)
    both.kernel.send("a", inner)
    (theirs,) = [outer.read(frame).ecn for port, frame in both.kernel.take() if port == "under"]
    assert (theirs, both.ours.only(both.ours.send("a", inner)).ecn) == (2, 3)


@pytest.mark.row("VX-20")
def test_difference_17_nothing_is_learned_of_what_is_dropped(both):
    world = both.ours
    both.same("under", tunneled(both, "r1", world.broadcast("z")))
    assert both.same("under", tunneled(both, "r2", world.frame("z", BROADCAST), tos=3)) == []
    theirs, ours = both.send("a", world.frame("a", "z"))
    assert [shown[2] for _, shown in theirs] == [world.at("r2")]
    assert [shown[2] for _, shown in ours] == [world.at("r1")]
    both.same("under", tunneled(both, "r1", world.broadcast("z")))


@pytest.mark.row("VX-19")
def test_difference_18_no_ip_header(both):
    inner = octets(STATIONS["x"]) + octets(STATIONS["a"]) + b"\x08\0\xff\xff" + bytes(44)
    theirs, ours = both.send("a", inner)
    assert [shown[5] for port, shown in theirs if port == "under"] == [2]
    assert [shown[5] for port, shown in ours if port == "under"] == [0]


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("family", [4, 6])
def test_what_is_too_large_is_told_alike(v, family):
    """From the target, to the sender, with the same MTU; behind the outer IP header it is equal, but for how much is quoted."""
    with Vteps(v, too_big=True) as both:
        both.same("under", tunneled(both, "r1", both.ours.broadcast("x")))
        both.same("a", both.ours.broadcast("a"))
        frame = both.ours.sized("a", "x", 1500, family)
        (theirs,), (ours,) = both.send("a", frame)
        assert theirs[0] == ours[0] == "a"
        at = 14 + (20 if family == 4 else 40)
        assert theirs[1][:12] == ours[1][:12]
        assert theirs[1][26:34] == ours[1][26:34] if family == 4 else theirs[1][22:54] == ours[1][22:54]
        assert (theirs[1][at : at + 2], theirs[1][at + 4 : at + 60]) == (ours[1][at : at + 2], ours[1][at + 4 : at + 60])


@pytest.mark.row("VX-12")
def test_difference_19_without_df(v):
    with Vteps(v, too_big=True) as both:
        both.same("under", tunneled(both, "r1", both.ours.broadcast("x")))
        both.same("a", both.ours.broadcast("a"))
        theirs, ours = both.send("a", both.ours.sized("a", "x", 1500, df=False))
        assert [port for port, _ in ours] == ["a"]
        assert [port for port, _ in theirs if port != "under"] == []


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request):
    return request.param
