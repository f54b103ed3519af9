"""Checksums against Scapy's, and incremental against full (RFC 1071, RFC 1624)."""

from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.utils import checksum as scapy_checksum

from fastpath.wire import checksum, updated


@given(st.binary(max_size=70_000) | st.binary(max_size=80))
@example(b"")
@example(b"\x00")
@example(b"\xff" * 65535)
@example(b"\xff" * 1500)
def test_the_checksum_is_scapys(octets):
    assert checksum(octets) == scapy_checksum(octets)


@given(st.binary(max_size=200), st.integers(0, 7))
def test_no_alignment_is_assumed(octets, offset):
    assert checksum(memoryview(bytes(offset) + octets)[offset:]) == scapy_checksum(octets)


@given(st.binary(max_size=100).filter(lambda b: len(b) % 2 == 0), st.binary(max_size=100))
def test_a_start_value_is_added_first(one, other):
    partial = 0xFFFF - checksum(one)
    total = checksum(other, partial)
    whole = checksum(one + other)
    assert total == whole or {total, whole} == {0, 0xFFFF}


def test_the_example_of_rfc_1071():
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@given(st.binary(min_size=20, max_size=60).filter(lambda b: len(b) % 2 == 0), st.integers(0, 9), st.integers(0, 0xFFFF))
def test_an_updated_checksum_is_the_full_one(octets, word, new):
    """NAT-11: where the full sum is 0, the update gives 0 and not 0xFFFF (RFC 1624, 3), unless all octets are zero."""
    before = checksum(octets)
    old = int.from_bytes(octets[2 * word : 2 * word + 2], "big")
    changed = octets[: 2 * word] + new.to_bytes(2, "big") + octets[2 * word + 2 :]
    if any(changed) and any(octets):
        assert updated(before, old, new) == checksum(changed)


@given(st.binary(min_size=20, max_size=60).filter(lambda b: len(b) % 2 == 0), st.integers(0, 4), st.integers(0, 0xFFFFFFFF))
def test_an_updated_address_is_too(octets, place, new):
    before = checksum(octets)
    old = int.from_bytes(octets[4 * place : 4 * place + 4], "big")
    changed = octets[: 4 * place] + new.to_bytes(4, "big") + octets[4 * place + 4 :]
    if any(changed) and any(octets):
        assert updated(before, old, new, wide=True) == checksum(changed)


def test_the_corner_of_rfc_1624():
    """The example of section 4: 0x5555 becomes 0x3285, and the sum 0xDD2F becomes 0x0000."""
    assert updated(0xDD2F, 0x5555, 0x3285) == 0x0000


@given(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str), st.binary(max_size=100))
def test_headers_that_scapy_builds_sum_to_zero(source, target, payload):
    header = bytes(IP(src=source, dst=target) / UDP() / payload)[:20]
    assert checksum(header) == 0
