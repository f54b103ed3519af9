"""MSS clamping: a SYN's announcement is lowered to what the path takes, never raised, its checksum right."""

import pytest

from tests.gateway.world import World

CASES = [(1200, 1460, 1200), (1200, 1200, 1200), (1200, 536, 536), (1200, 65535, 1200)]
LIES = ("020005b4", "020105b4", "02ff05b4", "020305b4", "01010102", "00020405")


def syn(world, source, target, flags, mss, ttl=64, before=(), after=()):
    return world.tcp(source, 4000, target, 80, flags, seq=1, ack=1 if "A" in flags else 0, ttl=ttl,
                     tcp_options=[*before, ("MSS", mss), *after])  # fmt: skip


@pytest.mark.parametrize("nat", [None, "nat"])
@pytest.mark.parametrize(
    ("limit", "announced", "wanted"), [(1200, 1460, 1200), (1200, 1200, 1200), (1200, 536, 536), (1200, 65535, 1200)]
)
def test_clamped_to_the_setting(v, nat, limit, announced, wanted):
    world = World(v, nat=nat, router={"mss": limit})
    outside = "a" if nat is None else "up"
    world.passes("a", syn(world, "a", "r1", "S", announced), "up", syn(world, outside, "r1", "S", wanted, 63))
    back = world.tcp("r1", 80, outside, 4000, "SA", seq=9, ack=2, tcp_options=[("MSS", announced)])
    world.passes("up", back, "a", world.tcp("r1", 80, "a", 4000, "SA", seq=9, ack=2, tcp_options=[("MSS", wanted)], ttl=63))


@pytest.mark.parametrize(("inside", "outside"), [(1500, 1400), (1300, 1500), (9000, 9000)])
def test_clamped_to_what_both_links_take(v, inside, outside):
    """As `tcp option maxseg size set rt mtu` of nftables: the smaller of the two links, both ways."""
    world = World(v, mtu=inside, uplink_mtu=outside, router={"mss": "clamp"})
    least = min(inside, outside) - (40 if v == 4 else 60)
    world.passes("a", syn(world, "a", "r1", "S", 65000), "up", syn(world, "up", "r1", "S", least, 63))
    back = world.tcp("r1", 80, "up", 4000, "SA", seq=9, ack=2, tcp_options=[("MSS", 65000)])
    world.passes("up", back, "a", world.tcp("r1", 80, "a", 4000, "SA", seq=9, ack=2, tcp_options=[("MSS", least)], ttl=63))
    world.passes("a", syn(world, "a", "r1", "A", 65000), "up", syn(world, "up", "r1", "A", 65000, 63))


@pytest.mark.parametrize("nat", [None, "nat"])
def test_changed_while_it_runs(v, nat):
    """The flow and what is kept for it stay; from the next SYN on the new setting holds."""
    world = World(v, nat=nat)
    outside = "a" if nat is None else "up"
    for setting, wanted in ((None, 1460), (1000, 1000), ("clamp", 1500 - (40 if v == 4 else 60)), (0, 1460)):
        if setting is not None:
            world.router.set_router(mss=setting)
            assert world.router.mss == setting
        world.passes("a", syn(world, "a", "r1", "S", 1460), "up", syn(world, outside, "r1", "S", min(wanted, 1460), 63))
    for wrong in (1, 70000, -1):
        with pytest.raises(ValueError, match="mss"):
            world.router.set_router(mss=wrong)


def test_off_by_default(world):
    world.passes("a", syn(world, "a", "r1", "S", 65535), "up", syn(world, "up", "r1", "S", 65535, 63))


@pytest.mark.parametrize("before", [(), (("NOP", None),), (("NOP", None), ("NOP", None), ("SAckOK", b"")), (("WScale", 7),)])
def test_wherever_the_option_stands(v, before):
    """On odd offsets too: the checksum's halves change places (RFC 1624)."""
    world = World(v, router={"mss": 1000})
    packets = (syn(world, source, "r1", "S", mss, ttl, before) for source, mss, ttl in (("a", 1460, 64), ("up", 1000, 63)))
    world.passes("a", next(packets), "up", next(packets))


def test_only_syns(v):
    world = World(v, nat=None, router={"mss": 1000})
    world.passes("a", syn(world, "a", "r1", "PA", 1460), "up", syn(world, "a", "r1", "PA", 1460, 63))


def test_options_that_lie_do_no_harm(v):
    world = World(v, router={"mss": 1000})
    header = bytes(
        world.tcp("a", 4000, "r1", 80, "S", tcp_options=[("MSS", 1460), ("NOP", None), ("NOP", None), ("NOP", None), ("EOL", None)])
    )
    at = (20 if v == 4 else 40) + 20
    for lie in (
        b"\x02\x00\x05\xb4",
        b"\x02\x01\x05\xb4",
        b"\x02\xff\x05\xb4",
        b"\x02\x03\x05\xb4",
        b"\x01\x01\x01\x02",
        b"\0\x02\x04\x05",
    ):
        for one in world.send("a", header[:at] + lie + header[at + 4 :]):
            assert one.packet[at : at + 4] == lie
