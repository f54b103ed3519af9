"""Who answers for stations behind a tunnel: ARP and neighbor discovery, octet for octet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether

from fastpath.endpoints import TestEndpoints as Endpoints
from tests.fastpath.questions import arp, ask6, ip4, ip6, mac, mac_number, solicited, tell6


@pytest.fixture
def known():
    """Station 2 in overlay 1."""
    endpoints = Endpoints(16)
    endpoints.put(1, ip4(2), mac_number(2))
    endpoints.put(1, ip6(2), mac_number(2))
    return endpoints


def test_arp_is_answered_in_the_stations_name(known):
    answer = known.answer(1, bytes(arp(1, 1, ip4(1), ip4(2))))
    hoped = Ether(src=mac(2), dst=mac(1)) / ARP(op=2, hwsrc=mac(2), psrc=ip4(2), hwdst=mac(1), pdst=ip4(1))
    assert answer == bytes(hoped)
    assert known.answered == 1


def test_a_solicitation_is_answered_in_the_stations_name(known):
    answer = known.answer(1, bytes(ask6(1, ip6(1), ip6(2))))
    hoped = Ether(src=mac(2), dst=mac(1)) / IPv6(src=ip6(2), dst=ip6(1), hlim=255)
    hoped = hoped / ICMPv6ND_NA(tgt=ip6(2), R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac(2))
    assert answer == bytes(hoped)


def test_a_solicitation_without_its_option_is_answered_to_where_it_came_from(known):
    answer = Ether(known.answer(1, bytes(ask6(1, ip6(1), ip6(2), option=False))))
    assert answer.dst == mac(1)


def test_probes_of_others_learn_that_the_address_is_taken(known):
    """RFC 5227, 2.1.1; RFC 4862, 5.4; RFC 4861, 7.2.4."""
    assert Ether(known.answer(1, bytes(arp(1, 1, "0.0.0.0", ip4(2)))))[ARP].hwsrc == mac(2)
    answer = Ether(known.answer(1, bytes(ask6(1, "::", ip6(2)))))
    assert (answer.dst, answer[IPv6].dst, answer[ICMPv6ND_NA].S) == ("33:33:00:00:00:01", "ff02::1", 0)


@pytest.mark.parametrize(
    "question",
    [
        arp(1, 2, "0.0.0.0", ip4(2)),
        arp(1, 2, ip4(2), ip4(2)),
        arp(1, 1, ip4(2), ip4(2)),
        arp(2, 1, ip4(1), ip4(2)),
        arp(1, 1, ip4(1), ip4(3)),
        arp(1, 1, ip4(1), ip4(2), to=mac(2)),
        ask6(2, "::", ip6(2)),
        ask6(1, ip6(1), ip6(3)),
        ask6(1, ip6(1), ip6(2), to=mac(2)),
        tell6(1, ip6(2)),
        Ether(src=mac(1), dst=solicited(ip6(2))[1]) / IPv6(src=ip6(1), dst=ip6(2)) / ICMPv6EchoRequest(),
    ],
    ids=str,
)
def test_what_is_not_for_us_to_answer(known, question):
    assert known.answer(1, bytes(question)) is None


def test_tagged_questions_go_the_way_of_other_frames(known):
    question = arp(1, 1, ip4(1), ip4(2))
    assert known.answer(1, bytes(Ether(src=mac(1), dst=question.dst) / Dot1Q(vlan=5) / question[ARP])) is None


def test_overlays_are_apart(known):
    known.put(2, ip4(2), mac_number(9))
    assert known.answer(3, bytes(arp(1, 1, ip4(1), ip4(2)))) is None
    assert Ether(known.answer(2, bytes(arp(1, 1, ip4(1), ip4(2))))).src == mac(9)


@pytest.mark.parametrize("question", [arp(1, 1, ip4(1), ip4(2)), ask6(1, ip6(1), ip6(2))], ids=["arp", "nd"])
def test_questions_cut_short_or_with_a_wrong_octet(known, question):
    """Every cut is silent but those of the padding-free whole; no changed octet leads astray."""
    octets = bytes(question)
    for n in range(len(octets)):
        assert known.answer(1, octets[:n]) is None
    for n in range(12, len(octets)):
        answer = known.answer(1, octets[:n] + bytes([octets[n] ^ 0xFF]) + octets[n + 1 :])
        assert answer is None or Ether(answer).src == mac(2)


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", "::", "::1", "ff02::1"])
def test_addresses_that_no_station_has(address):
    with pytest.raises(ValueError, match="no station's address"):
        Endpoints(1).put(1, address, mac_number(1))


@pytest.mark.parametrize("wrong", [0, 0x010000000001, 1 << 48])
def test_no_stations_mac_address(wrong):
    with pytest.raises(ValueError, match="individual MAC address"):
        Endpoints(1).put(1, ip4(1), wrong)


def test_a_full_table_says_so_and_still_takes_changes():
    endpoints = Endpoints(2)
    endpoints.put(1, ip4(1), mac_number(1))
    endpoints.put(1, ip4(2), mac_number(2))
    with pytest.raises(ValueError, match="2 addresses of stations are written down"):
        endpoints.put(1, ip4(3), mac_number(3))
    endpoints.put(1, ip4(2), mac_number(5))
    assert endpoints.get(1, ip4(2)) == mac_number(5)
    assert endpoints.remove(1, ip4(1))
    endpoints.put(1, ip4(3), mac_number(3))
    assert [endpoints.get(1, ip4(n)) for n in (1, 2, 3)] == [0, mac_number(5), mac_number(3)]


OVERLAYS = st.integers(1, 3)
ADDRESSES = st.sampled_from([*map(ip4, range(1, 8)), *map(ip6, range(1, 8)), "fe80::1"])
STEPS = st.one_of(
    st.tuples(st.just("put"), OVERLAYS, ADDRESSES, st.integers(1, 4)),
    st.tuples(st.just("remove"), OVERLAYS, ADDRESSES, st.just(0)),
    st.tuples(st.just("forget"), OVERLAYS, st.just(""), st.integers(0, 4)),
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=80), st.integers(0, 2**64 - 1))
def test_as_a_dictionary(steps, seed):
    endpoints, wanted = Endpoints(64, seed), {}
    for step, overlay, address, n in steps:
        if step == "put":
            endpoints.put(overlay, address, mac_number(n))
            wanted[overlay, address] = n
        elif step == "remove":
            assert endpoints.remove(overlay, address) == (wanted.pop((overlay, address), None) is not None)
        else:
            endpoints.forget(overlay, mac_number(n) if n else 0)
            wanted = {key: m for key, m in wanted.items() if key[0] != overlay or n not in (0, m)}
        assert len(endpoints) == len(wanted)
    for (overlay, address), n in wanted.items():
        assert endpoints.get(overlay, address) == mac_number(n)
