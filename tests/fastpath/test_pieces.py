"""Super-frames taken apart for who reads on: octets are a `Segmenter`'s, headers lie in the first part, none is lost uncounted."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q
from scapy.packet import Raw

from fastpath.vxlantrial import taken_apart
from tests.fastpath.test_offload import ETHER, Super, copy

HEAD, HEADROOM = 128, 128  # fastpath/arena.pxd
PAYLOAD = bytes(n % 251 for n in range(1000))
NETWORKS = [IP(src="10.0.0.1", dst="10.0.0.2", flags="DF", id=7), IPv6(src="fd00::1", dst="fd00::2")]
TRANSPORTS = [TCP(sport=80, dport=4000, seq=5, flags="A"), UDP(sport=53, dport=4789)]
EVERY = pytest.mark.parametrize("network", NETWORKS, ids=["ipv4", "ipv6"])
KINDS = pytest.mark.parametrize("transport", TRANSPORTS, ids=["tcp", "udp"])


@EVERY
@KINDS
@pytest.mark.parametrize("first", [0, HEAD, 400], ids=["one part", "a clone", "deep"])
@pytest.mark.parametrize("own", [0, HEAD, HEAD + 70, HEAD + HEADROOM])
def test_pieces_are_segments_with_as_much_of_them_in_front_as_was_asked_for(network, transport, first, own):
    """VX-11 and PERFORMANCE: what decapsulation reads is in the first part; the rest stays where it is."""
    one = Super(copy(ETHER, Dot1Q(vlan=5), network, transport, Raw(PAYLOAD)), 300)
    found, counted = taken_apart(one.octets, own, unfinished=True, first=first, **one.facts)
    expected = one.split()
    assert [front + rest for front, rest in found] == expected
    assert len(found) == 4
    assert counted == {"cloned": 3}
    for front, rest in found:
        least = max(one.header, min(own, len(front + rest)))
        # More where the super-frame's first part had more of this one.
        assert len(front) == least or (first and len(front) > least)


@pytest.mark.parametrize("size", [1, 40, 86, 87, 300])
def test_short_pieces_have_no_second_part(size):
    one = Super(copy(ETHER, NETWORKS[0], TRANSPORTS[1], Raw(PAYLOAD)), size)
    found, _ = taken_apart(one.octets, HEAD, unfinished=True, **one.facts)
    assert [front + rest for front, rest in found] == one.split()
    assert all(bool(rest) == (one.header + size > HEAD) for _, rest in found[:-1])


@KINDS
def test_pieces_without_a_slot_are_dropped_by_name(transport):
    """As frames that cannot be cloned; those before them go on."""
    one = Super(copy(ETHER, NETWORKS[0], transport, Raw(PAYLOAD)), 100)
    found, counted = taken_apart(one.octets, HEAD, unfinished=True, slots=3, **one.facts)
    assert [front + rest for front, rest in found] == one.split()[:3]
    assert counted == {"cloned": 9, "turn budget": 7}


def test_facts_that_are_not_true_are_refused_before_any_piece():
    one = Super(copy(ETHER, NETWORKS[0], TRANSPORTS[0], Raw(PAYLOAD)), 100)
    found, counted = taken_apart(one.octets, HEAD, unfinished=True, **(one.facts | {"gso_size": 0}))
    assert found == []
    assert counted == {"bad offload": 1, "cloned": 0}
