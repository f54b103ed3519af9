"""Networks of one parent apart by their tags (802.1Q-2018, 9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parents import BROADCAST, vlans
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw
from switch import frame, mac

from fastpath import Engine, MemoryPort, Vlan

PLAIN = frame(mac(1), BROADCAST)


def tagged(identifier: int, octets: bytes = PLAIN, priority: int = 0) -> bytes:
    return octets[:12] + bytes.fromhex("8100") + (priority << 13 | identifier).to_bytes(2, "big") + octets[12:]


def test_a_network_has_its_tag_outside_and_none_inside():
    """DOCKER.md 1.1: parent eth0.10 makes a VLAN sub-interface; issue 5: done by the engine."""
    segment = vlans(10, 20, 0)
    assert segment.send("w", tagged(10), tagged(20), PLAIN) == [("a", PLAIN), ("b", PLAIN), ("c", PLAIN)]
    assert segment.send("a", PLAIN) == [("w", tagged(10))]
    assert segment.send("b", PLAIN) == [("w", tagged(20))]
    assert segment.send("c", PLAIN) == [("w", PLAIN)]
    assert segment.balanced()


def test_a_priority_tag_is_no_vlan():
    """802.1Q-2018, 6.9.1: identifier 0 carries a priority only."""
    segment = vlans(10, 0)
    assert segment.send("w", tagged(0, priority=5)) == [("b", PLAIN)]
    assert segment.send("w", tagged(10, priority=7)) == [("a", PLAIN)]


def test_other_vlans_end_by_name():
    segment = vlans(10)
    assert segment.send("w", tagged(11), PLAIN) == []
    assert segment.dropped() == {"other vlan": 2}


def test_inner_tags_are_the_networks_own():
    """QinQ inside stays as it is, and a service tag outside (0x88A8) is none of ours."""
    segment = vlans(10, 0)
    inner = bytes(Ether(src=mac(1), dst=mac(2)) / Dot1Q(vlan=7) / Raw(b"x" * 46))
    assert segment.send("w", tagged(10, inner)) == [("a", inner)]
    assert segment.send("a", inner) == [("w", tagged(10, inner))]
    service = bytes(Ether(src=mac(1), dst=mac(2)) / Dot1AD(vlan=10) / Raw(b"x" * 46))
    assert segment.send("w", service) == [("b", service)]


def test_a_frame_that_ends_in_its_tag_is_a_runt():
    segment = vlans(10)
    assert segment.send("w", tagged(10)[:17]) == []
    assert segment.dropped() == {"runt": 1}
    assert segment.send("w", tagged(10)[:18]) == [("a", PLAIN[:14])]


def test_identifiers_are_checked():
    engine = Engine()
    node, port = Vlan(engine, "trunk"), MemoryPort(engine, "p")
    with pytest.raises(ValueError, match="0 to 4094"):
        node.add_network(port, identifier=4095)
    number = node.add_network(port, identifier=4094)
    with pytest.raises(ValueError, match="already"):
        node.add_network(port, identifier=4094)
    node.remove_network(number)
    assert node.add_network(port, identifier=4094) == number
    with pytest.raises(ValueError, match="no member"):
        node.remove_network(9)


@given(st.lists(st.tuples(st.sampled_from("abw"), st.integers(0, 12), st.binary(min_size=14, max_size=60)), max_size=40))
def test_on_and_off_again_is_the_same(events):
    """What goes out by a network comes in by it as it was, whatever its octets; nothing vanishes."""
    segment = vlans(5, 9)
    for name, identifier, octets in events:
        if name == "w":
            wanted = {5: "a", 9: "b"}.get(identifier)
            assert segment.send("w", tagged(identifier, octets)) == ([(wanted, octets)] if wanted else [])
        else:
            assert segment.send("w", *(out for _, out in segment.send(name, octets))) == [(name, octets)]
    assert segment.balanced()


def test_ip_survives_with_its_checksums():
    segment = vlans(10)
    whole = bytes(Ether(src=mac(1), dst=mac(2)) / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(dport=80) / Raw(b"x" * 1400))
    ((_, out),) = segment.send("a", whole)
    assert bytes(Ether(out)[IP]) == whole[14:]
