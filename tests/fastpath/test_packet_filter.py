"""The packet filter of a real interface: its program, run here by hand, takes in what it shall, whatever comes."""

import struct
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st
from parents import BROADCAST
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Ether
from switch import frame, mac

from fastpath.packetsocket import filter_of

HOST = mac(200)


def number(text: str) -> int:
    return int(text.replace(":", ""), 16)


def taken(code: bytes, octets: bytes) -> bool:
    """What the kernel does with it (Documentation/networking/filter.rst): a load beyond the end refuses the frame."""
    at, a = 0, 0
    program = [struct.unpack_from("HBBI", code, 8 * n) for n in range(len(code) // 8)]
    sizes = {0x20: 4, 0x28: 2, 0x30: 1}
    while True:
        operation, yes, no, k = program[at]
        at += 1
        if operation in sizes:
            if k + sizes[operation] > len(octets):
                return False
            a = int.from_bytes(octets[k : k + sizes[operation]])
        elif operation == 0x15:
            at += yes if a == k else no
        elif operation == 0x45:
            at += yes if a & k else no
        elif operation == 0x05:
            at += k
        else:
            assert operation == 0x06
            return k > 0


def packed(*texts):
    return [ip_address(text).packed for text in texts]


def test_macs_and_groups():
    code = filter_of([number(mac(1)), number(mac(2))])
    for target, wanted in {mac(1): True, mac(2): True, mac(3): False, BROADCAST: True, "01:00:5e:00:00:01": True}.items():
        assert taken(code, frame(mac(9), target)) == wanted
    assert not taken(filter_of([]), frame(mac(9), mac(1)))


def test_many_macs():
    """No jump is longer than the instruction set has it."""
    code = filter_of([number(mac(n)) for n in range(1, 700)])
    assert taken(code, frame(mac(9), mac(699)))
    assert not taken(code, frame(mac(9), mac(700)))


def test_a_shared_mac_is_for_its_addresses():
    """ipvlan: the host's own traffic, to the same MAC, costs nothing here."""
    code = filter_of([number(mac(1))], number(HOST), packed("10.0.0.2", "10.0.0.3", "fd00::2"))
    link = Ether(src=mac(9), dst=HOST)
    wanted = [
        link / IP(dst="10.0.0.3") / UDP(),
        link / IPv6(dst="fd00::2") / UDP(),
        link / ARP(op=2),
        link / IPv6(dst="2001:db8::1", hlim=255) / ICMPv6ND_NA(),
        Ether(dst=mac(1)) / IP(dst="192.0.2.1"),
        Ether(dst=BROADCAST) / IP(dst="192.0.2.1"),
    ]
    unwanted = [
        link / IP(dst="10.0.0.4") / UDP(),
        link / IPv6(dst="fd00::3") / UDP(),
        link / IPv6(dst="2001:db8::1", hlim=255) / ICMPv6ND_NS(),
        Ether(src=mac(9), dst=HOST, type=0x88B5),
        Ether(src=mac(9), dst=mac(7)) / IP(dst="10.0.0.3"),
    ]
    assert [taken(code, bytes(one)) for one in wanted] == [True] * len(wanted)
    assert [taken(code, bytes(one)) for one in unwanted] == [False] * len(unwanted)


@given(
    st.lists(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), max_size=120, unique=True),
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)),
)
def test_any_addresses(addresses, other):
    code = filter_of([], number(HOST), [one.packed for one in addresses])
    for one in [*addresses[-3:], other]:
        if one.version == 4:
            packet = bytes.fromhex("080045000014000000004011 0000 c0000209") + one.packed
        else:
            packet = bytes.fromhex("86dd600000000000 3b40") + bytes(16) + one.packed
        octets = bytes.fromhex(HOST.replace(":", "")) + bytes(6) + packet
        assert taken(code, octets) == (one in addresses)


@given(st.binary(max_size=100))
def test_any_octets_end(octets):
    taken(filter_of([5, 6], number(HOST), packed("10.0.0.2", "fd00::2")), octets)
