"""What macvlan and ipvlan have in common: places of members, the wire, copies for a group."""

import pytest

from fastpath import Engine, Ipvlan, Macvlan, MemoryPort
from tests.fastpath.parents import BROADCAST, OURS, Segment

ETHERTYPE = b"\x12\x34" + bytes(50)
GROUP = bytes.fromhex(BROADCAST.replace(":", "")) + (0x02_00_00_00_00_63).to_bytes(6, "big") + ETHERTYPE

MAKERS = {
    "macvlan": (lambda engine: Macvlan(engine, "segment"), lambda n: {"mac": 0x020000000000 + n}),
    "ipvlan": (lambda engine: Ipvlan(engine, "segment", mac=OURS), lambda n: {"addresses": [f"10.0.0.{n}"]}),
}


@pytest.fixture(params=MAKERS)
def kind(request):
    return MAKERS[request.param]


def segment(kind, members: int, *, wire: bool = True) -> Segment:
    make, settings = kind
    made = Segment(make, wire=wire)
    for n in range(1, members + 1):
        made.add("abcde"[n - 1], **settings(n))
    return made


def test_a_free_place_is_taken_first(kind):
    one = segment(kind, 3)
    one.node.remove_member(2)
    assert one.node.names == [None, "a", None, "c"]
    assert [one.node.add_member(one.ports["b"], **kind[1](n)) for n in (4, 5)] == [2, 4]


def test_a_place_may_be_led_to_before_its_member_comes(kind):
    engine = Engine()
    node, port = kind[0](engine), MemoryPort(engine, "p")
    port.lead_to(node, 3)
    assert node.names == [None] * 4
    port.push(GROUP)
    engine.run_until_idle(0)
    assert {str(row["reason"]): int(row["count"]) for row in engine.drops()} == {"unconnected": 1}
    with pytest.raises(ValueError, match="at most 65534 members"):
        port.lead_to(node, 65535)


def test_who_is_no_member_is_refused(kind):
    one = segment(kind, 1)
    one.node.remove_member(1)
    for number in (0, 1, 2, 1 << 31):
        with pytest.raises(ValueError, match=f"segment has no member {number}"):
            one.node.remove_member(number)


def test_a_groups_frame_is_copied_for_all_but_the_last(kind):
    one = segment(kind, 3)
    assert one.reached("w", GROUP) == "abc"
    assert one.node.copied == 2
    assert one.reached("a", GROUP) == "bcw"
    assert one.node.copied == 4
    assert one.balanced()


def test_alone_without_a_parent_a_groups_frame_ends_by_name(kind):
    one = segment(kind, 1, wire=False)
    assert one.reached("a", GROUP) == ""
    assert one.dropped() == {"no other port": 1}


def test_a_port_that_goes_is_led_to_no_longer(kind):
    one = segment(kind, 2)
    one.engine.remove(one.ports["w"])
    one.engine.remove(one.ports["b"])
    assert one.reached("a", GROUP) == ""
    assert one.balanced()
