"""Addresses that two stations say they have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether

from fastpath.claims import TestClaims as Claims
from tests.fastpath.questions import arp, ask6, ip4, ip6, mac, mac_number, tell6

SECOND = 1_000_000_000
# Every way to claim an address: what, which address, by which station.
WAYS = {
    "arp request": lambda n: arp(1, n, ip4(9), ip4(1)),
    "arp reply": lambda n: arp(2, n, ip4(9), ip4(1), to=mac(1)),
    "gratuitous arp": lambda n: arp(1, n, ip4(9), ip4(9)),
    "solicitation": lambda n: ask6(n, ip6(9), ip6(1)),
    "advertisement": lambda n: tell6(n, ip6(9)),
    "advertisement without its option": lambda n: tell6(n, ip6(9), option=False),
    "link-local": lambda n: tell6(n, "fe80::9"),
}


@pytest.mark.parametrize("way", WAYS)
def test_two_that_claim_an_address_are_reported(way):
    claims = Claims()
    assert [claims.hear(1, bytes(WAYS[way](n)), n * SECOND) for n in (5, 5, 6, 6, 5)] == [False, False, True, False, True]
    ((overlay, address, latest, other, changes, ago),) = claims.rows(7 * SECOND)
    assert (overlay, latest, other, changes, ago) == (1, mac_number(5), mac_number(6), 2, 2 * SECOND)
    assert address in (ip4(9), ip6(9), "fe80::9")
    assert claims.changed == 2


def test_who_was_silent_for_a_minute_claims_it_no_more():
    claims = Claims()
    assert not claims.hear(1, bytes(arp(1, 5, ip4(9), ip4(1))), 0)
    assert not claims.hear(1, bytes(arp(1, 6, ip4(9), ip4(1))), 60 * SECOND)
    assert claims.rows(60 * SECOND) == []


def test_a_report_ends_ten_minutes_after_the_last_change():
    claims = Claims()
    claims.hear(1, bytes(arp(1, 5, ip4(9), ip4(1))), 0)
    claims.hear(1, bytes(arp(1, 6, ip4(9), ip4(1))), SECOND)
    assert len(claims.rows(600 * SECOND)) == 1
    assert claims.rows(601 * SECOND) == []


@pytest.mark.parametrize(
    "frame",
    [
        lambda n: arp(1, n, "0.0.0.0", ip4(9)),
        lambda n: ask6(n, "::", ip6(9)),
        lambda n: ask6(n, ip6(9), ip6(1), option=False),
        lambda n: Ether(src=mac(n), dst=mac(1)) / IPv6(src=ip6(9), dst=ip6(1)) / ICMPv6EchoRequest(),
    ],
    ids=["arp probe", "nd probe", "says no mac", "ping"],
)
def test_what_claims_nothing(frame):
    claims = Claims()
    assert [claims.hear(1, bytes(frame(n)), SECOND) for n in (5, 6)] == [False, False]
    assert claims.rows(SECOND) == []


def test_overlays_are_apart_and_go():
    claims = Claims()
    for overlay in (1, 2):
        assert not claims.hear(overlay, bytes(arp(1, 4 + overlay, ip4(9), ip4(1))), SECOND)
        assert claims.hear(overlay, bytes(arp(1, 8, ip4(9), ip4(1))), SECOND)
    claims.forget(1)
    assert [row[0] for row in claims.rows(SECOND)] == [2]
    assert not claims.hear(1, bytes(arp(1, 5, ip4(9), ip4(1))), SECOND)


def test_a_flood_of_addresses_does_not_drive_out_a_report():
    """16 times as many addresses as there is room for."""
    claims = Claims(seed=3)
    for n in (5, 6):
        claims.hear(1, bytes(arp(1, n, ip4(9), ip4(1))), SECOND)
    frame = bytearray(bytes(arp(1, 7, ip4(1), ip4(2))))
    for n in range(65536):
        frame[28:32] = bytes([10, 9, n >> 8, n & 255])
        assert not claims.hear(1, bytes(frame), 2 * SECOND)
    assert [row[1] for row in claims.rows(2 * SECOND)] == [ip4(9)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(0, 90)), max_size=60))
def test_as_one_who_remembers_all(steps):
    """overlay, address, station, seconds since the last claim."""
    claims, latest, now = Claims(), {}, 0
    for overlay, address, station, seconds in steps:
        now += seconds * SECOND
        before = latest.get((overlay, address))
        twice = before is not None and before[0] != station and now - before[1] < 60 * SECOND
        assert claims.hear(overlay, bytes(arp(2, station, ip4(100 + address), ip4(1))), now) == twice
        latest[overlay, address] = (station, now)
