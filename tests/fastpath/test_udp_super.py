"""What a kernel's vxlan device on the same machine hands to UDP sockets: super-frames, as one datagram each."""

import os
import socket
import struct

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from fastpath.wire import checksum
from tests.fastpath.packets import judged
from tests.fastpath.udpunderlay import FAMILIES, OURS, Underlay

UDP_SEGMENT, SOL_UDP = 103, 17


@pytest.fixture
def peer(v):
    """A socket at some port of this host."""
    with socket.socket(FAMILIES[v], socket.SOCK_DGRAM) as peer:
        peer.bind((OURS[v], 0))
        yield peer


def inner(v: int, kind: str, payload: bytes, finished: bool = False) -> bytes:
    """A VXLAN packet. Its inner checksum is the pseudo-header's sum only, unless `finished`."""
    ip = IP(src="10.0.0.1", dst="10.0.0.2", flags="DF") if v == 4 else IPv6(src="fd00::1", dst="fd00::2")
    tcp = TCP(sport=1, dport=2, seq=7, flags="PA", options=[("Timestamp", (1, 2))])
    transport = tcp if kind == "tcp" else UDP(sport=1, dport=2)
    octets = bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / ip / transport / payload)
    if not finished:
        at = 34 if v == 4 else 54
        said = struct.pack(">HH", 6 if kind == "tcp" else 17, len(octets) - at)
        pseudo = checksum(octets[at - (8 if v == 4 else 32) : at] + said) ^ 0xFFFF
        field = at + (16 if kind == "tcp" else 6)
        octets = octets[:field] + struct.pack(">H", pseudo) + octets[field + 2 :]
    return b"\x08\0\0\0\0\0\x64\0" + octets


@pytest.mark.parametrize("inside", [4, 6])
@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_super_frames_of_a_kernel(v, inside, kind, peer):
    """VX-12: a kernel hands its super-frames to a socket as one datagram: TCP without a size, UDP with the inner one's."""
    before = (42 if v == 4 else 62) + 8
    payload = os.urandom(40 * 1000 + 5)
    with Underlay(OURS[v]) as underlay:
        if kind == "udp":
            peer.setsockopt(SOL_UDP, UDP_SEGMENT, 1000)
        peer.sendto(inner(inside, kind, payload), (OURS[v], underlay.port.port))
        headers = 14 + (20 if inside == 4 else 40) + (32 if kind == "tcp" else 8)
        each = 1000 if kind == "udp" else 1500 + 14 - before - headers
        frames = underlay.came(-(-len(payload) // each))
        assert [octets[before + headers :] for octets in frames] == [payload[at : at + each] for at in range(0, len(payload), each)]
        for n, octets in enumerate(frames):
            # But for the outer UDP checksum, which is none.
            assert judged(octets)[: before - 10] == octets[: before - 10]
            assert judged(octets[before:]) == octets[before:]
            packet = Ether(octets[before:])
            if kind == "tcp":
                assert packet[TCP].seq == 7 + n * each
        assert underlay.port.named_counters()["joined"] == 0
        assert not underlay.drops()


@pytest.mark.parametrize("inside", [4, 6])
def test_long_packets_that_are_none(v, inside, peer):
    """VX-12: TCP with a checksum, and UDP that nobody said where to cut, stay as they are: ports behind judge them."""
    before = 42 if v == 4 else 62
    with Underlay(OURS[v]) as underlay:
        long = [inner(inside, "tcp", os.urandom(9000), True), inner(inside, "udp", os.urandom(9000), True)]
        for octets in (*long, inner(inside, "udp", bytes(9000))):
            peer.sendto(octets, (OURS[v], underlay.port.port))
        frames = underlay.came(3)
        assert [octets[before:] for octets in frames] == [*long, inner(inside, "udp", bytes(9000), True)]
