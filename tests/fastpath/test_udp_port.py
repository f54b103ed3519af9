"""The underlay on UDP sockets, over loopback: frames become datagrams and datagrams frames, nothing of them lost or changed."""

from __future__ import annotations

import errno
import os
import socket
import struct
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from fastpath import Engine, UdpPort, open_udp
from tests.fastpath.packets import judged
from tests.fastpath.udpunderlay import FAMILIES, MAC, OURS, Underlay, opened, outer
from tests.live.faults import fail

UDP_SEGMENT, SOL_UDP = 103, 17
SENDMSG, SENDMMSG = 46, 307  # x86-64


@pytest.fixture
def peer(v):
    """A socket at some port of this host."""
    with socket.socket(FAMILIES[v], socket.SOCK_DGRAM) as peer:
        peer.bind((OURS[v], 0))
        peer.settimeout(30)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        yield peer


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def received(peer: socket.socket, n: int) -> list[tuple[bytes, int]]:
    """(payload, source port) of so many datagrams."""
    came = [peer.recvfrom(70000) for _ in range(n)]
    return [(octets, name[1]) for octets, name in came]


def test_frames_become_datagrams(v, peer):
    """Payloads of all lengths, in order, from the one port that goes with the source port of the frame (VX-3, VX-4)."""
    target = peer.getsockname()[1]
    sizes = [0, 1, 8, 700, 700, 700, 699, 700, 1400, 1400, 3, 1400, 8, 0]
    payloads = [bytes([number]) * size for number, size in enumerate(sizes)]
    with Underlay(OURS[v]) as underlay:
        underlay.send(*[outer(OURS[v], OURS[v], octets, dport=target, sport=51234) for octets in payloads])
        came = received(peer, len(payloads))
        assert [octets for octets, _port in came] == payloads
        ports = {port for _octets, port in came}
        assert len(ports) == 1 and ports <= set(underlay.port.ports)
        assert underlay.port.named_counters()["segmented"] >= 6
        assert not underlay.drops()


def test_flows_spread_over_ports(v, peer):
    """64 sockets, each in its own stretch of 49152-65535; 256 source ports, four to each."""
    target = peer.getsockname()[1]
    with Underlay(OURS[v]) as underlay:
        ports = underlay.port.ports
        assert len(ports) == 64
        assert all(49152 + 256 * n <= port < 49152 + 256 * (n + 1) for n, port in enumerate(ports))
        sent = [49152 + 64 * n for n in range(256)]
        underlay.send(*[outer(OURS[v], OURS[v], struct.pack(">H", port), dport=target, sport=port) for port in sent])
        came = {struct.unpack(">H", octets)[0]: port for octets, port in received(peer, 256)}
        assert came == {port: ports[(port - 49152) // 256] for port in sent}


def test_many_messages_in_one_burst(v, peer):
    """More than are sent at once, from one port and from all: those of one port in order."""
    target = peer.getsockname()[1]
    with Underlay(OURS[v]) as underlay:
        frames = [outer(OURS[v], OURS[v], bytes([n]), dport=target, ttl=1 + n % 99, sport=50000) for n in range(200)]
        underlay.send(*frames)
        assert [octets[0] for octets, _port in received(peer, 200)] == list(range(200))
        ports = [50000, 60000, 49152]
        frames = [outer(OURS[v], OURS[v], bytes([n]), dport=target, ttl=1 + n % 7, sport=ports[n % 3]) for n in range(200)]
        underlay.send(*frames)
        came = received(peer, 200)
        for number in range(3):
            mine = [octets[0] for octets, _port in came if octets[0] % 3 == number]
            assert mine == list(range(number, 200, 3))


def test_two_of_ours(v):
    """A burst of one flow is one message out, and one piece in: the frames are the same but for source port and MACs."""
    with Underlay(OURS[v]) as one, Underlay(OURS[v]) as other:
        payloads = [bytes([n]) * (1400 if n < 39 else 300) for n in range(40)]
        one.send(*[outer(OURS[v], OURS[v], octets, dport=other.port.port) for octets in payloads])
        frames = other.came(40)
        assert [octets[42 if v == 4 else 62 :] for octets in frames] == payloads
        assert one.port.named_counters()["segmented"] == 40
        assert other.port.named_counters()["joined"] in (0, 40)
        assert one.loop.submit(one.engine.traffic).result(30)["out_frames"][0] == 40


@pytest.mark.parametrize("service", [0, 1, 3, 0xB8])
@pytest.mark.parametrize("ttl", [64, 5])
def test_service_and_ttl(v, service, ttl):
    """DSCP, ECN and TTL of the frame are the packet's, both ways; and what the peer's were, the frame's (VX-20, VX-21)."""
    with Underlay(OURS[v]) as underlay, Underlay(OURS[v]) as other:
        frame = outer(OURS[v], OURS[v], b"payload", dport=other.port.port, service=service, ttl=ttl)
        underlay.send(frame, frame)
        for octets in other.came(2):
            packet = Ether(octets)
            ip = packet[IP] if v == 4 else packet[IPv6]
            assert (ip.tos if v == 4 else ip.tc) == service
            assert (ip.ttl if v == 4 else ip.hlim) == ttl
            assert bytes(packet[UDP].payload) == b"payload"


def test_datagrams_become_frames(v, peer):
    """Each with the headers it had: addresses, ports, lengths; one by one and in one piece (UDP_GRO). VX-6: no checksum is fine."""
    with Underlay(OURS[v]) as underlay:
        name = (OURS[v], underlay.port.port)
        payloads = [bytes([n]) * size for n, size in enumerate([0, 1, 511, 512, 513, 1400, 9000, 60000])]
        for octets in payloads:
            peer.sendto(octets, name)
        peer.setsockopt(SOL_UDP, UDP_SEGMENT, 700)
        whole = os.urandom(700 * 40 + 5)
        peer.sendto(whole, name)
        frames = underlay.came(len(payloads) + 41)
        at = 42 if v == 4 else 62
        assert [octets[at:] for octets in frames[: len(payloads)]] == payloads
        assert b"".join(octets[at:] for octets in frames[len(payloads) :]) == whole
        assert len(frames) == len(payloads) + 41
        assert underlay.port.named_counters()["joined"] in (0, 41)
        for octets in frames:
            packet = Ether(octets)
            ip = packet[IP] if v == 4 else packet[IPv6]
            assert packet.dst == "02:00:00:00:00:01"
            assert not int(packet.src[:2], 16) & 1
            assert (ip.src, ip.dst) == (OURS[v], OURS[v])
            assert (packet[UDP].sport, packet[UDP].dport) == (peer.getsockname()[1], underlay.port.port)
            assert packet[UDP].chksum == 0
            packet[UDP].chksum = None
            assert bytes(packet[UDP])[:6] == judged(octets)[at - 8 : at - 2]
            if v == 4:
                assert ip.flags == "DF"
                assert octets[14:34] == judged(octets)[14:34]


def test_both_families_by_one_port():
    with Underlay(*OURS.values()) as underlay:
        for v in (4, 6):
            with socket.socket(FAMILIES[v], socket.SOCK_DGRAM) as peer:
                peer.bind((OURS[v], 0))
                peer.settimeout(30)
                peer.sendto(b"question", (OURS[v], underlay.port.port))
                (frame,) = underlay.came(1)
                assert frame.endswith(b"question")
                underlay.send(outer(OURS[v], OURS[v], b"answer", dport=peer.getsockname()[1]))
                assert peer.recv(100) == b"answer"
        assert len(underlay.port.ports) == 128


def test_a_small_budget_waits(v, peer):
    """A piece of more datagrams than a turn may poll is frames over several turns, none of them lost, in order."""
    with Underlay(OURS[v], burst=7) as underlay:
        peer.setsockopt(SOL_UDP, UDP_SEGMENT, 600)
        for n in range(10):
            peer.sendto(bytes([n]) * (600 * 30), (OURS[v], underlay.port.port))
        frames = underlay.came(300)
        assert [octets[-1] for octets in frames] == [n for n in range(10) for _ in range(30)]


REFUSED = {
    "not ip": lambda v, octets: octets[:12] + b"\x08\x06" + octets[14:],
    "bad ip header": lambda v, octets: octets[:14] + b"\x46" + octets[15:],
    "udp only": lambda v, octets: octets[: 23 if v == 4 else 20] + b"\1" + octets[24 if v == 4 else 21 :],
    "bad ip length": lambda v, octets: octets[:-1],
    "bad transport": lambda v, octets: octets[: 38 if v == 4 else 58] + b"\0\7" + octets[40 if v == 4 else 60 :],
    "spoofed source": lambda v, octets: octets[: 29 if v == 4 else 37] + b"\x63" + octets[30 if v == 4 else 38 :],
    "mtu": lambda v, octets: octets + bytes(1500),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_datagram_of_ours(v, reason, peer):
    """Named, and the next frame is fine (VX-11, VX-12)."""
    good = outer(OURS[v], OURS[v], b"payload", dport=peer.getsockname()[1])
    with Underlay(OURS[v]) as underlay:
        underlay.send(REFUSED[reason](v, good), good)
        assert peer.recv(100) == b"payload"
        assert underlay.drops() == {reason: 1}


def test_a_family_without_sockets(v, peer):
    other = 10 - v
    with Underlay(OURS[other]) as underlay:
        underlay.send(outer(OURS[v], OURS[v], b"payload", dport=peer.getsockname()[1]))
        assert underlay.drops() == {"no route": 1}


def test_nobody_listens(v):
    """ICMP errors are about what is long sent: they are counted, and cost no frame."""
    with socket.socket(FAMILIES[v], socket.SOCK_DGRAM) as gone, socket.socket(FAMILIES[v], socket.SOCK_DGRAM) as there:
        gone.bind((OURS[v], 0))
        there.bind((OURS[v], 0))
        there.settimeout(30)
        nobody, somebody = gone.getsockname()[1], there.getsockname()[1]
        gone.close()
        with Underlay(OURS[v]) as underlay:
            for n in range(20):
                underlay.send(outer(OURS[v], OURS[v], b"?", dport=nobody), outer(OURS[v], OURS[v], bytes([n]), dport=somebody))
            assert [octets[0] for octets, _port in received(there, 20)] == list(range(20))
            assert underlay.port.named_counters()["unreachable"] > 0
            assert not underlay.drops()


REFUSALS = {
    errno.EAGAIN: "queue full",
    errno.ENOBUFS: "queue full",
    errno.ENETUNREACH: "no route",
    errno.EHOSTUNREACH: "no route",
    errno.EMSGSIZE: "too big",
    errno.EPERM: "write refused",
    errno.EIO: "write refused",
}


@pytest.mark.parametrize("error", REFUSALS, ids=errno.errorcode.get)
def test_what_the_kernel_refuses(v, peer, error):
    """A named drop for each datagram, never a wait; other sockets go on."""
    target = peer.getsockname()[1]
    with Underlay(OURS[v]) as underlay:
        underlay.loop.submit(lambda: fail((SENDMMSG, SENDMSG), underlay.fds[1], error)).result(30)
        refused = [outer(OURS[v], OURS[v], b"lost", dport=target, sport=49152) for _ in range(5)]
        underlay.send(*refused[:3], outer(OURS[v], OURS[v], b"found", dport=target, sport=65535), *refused[3:])
        assert peer.recv(100) == b"found"
        assert underlay.drops() == {REFUSALS[error]: 5}


def test_a_way_out_that_cannot_cut(v, peer):
    """EIO says that nobody computes checksums there: the datagrams of a message go one by one, these and all later ones."""
    target = peer.getsockname()[1]
    with Underlay(OURS[v]) as underlay:
        underlay.loop.submit(lambda: fail((SENDMMSG,), underlay.fds[1], errno.EIO)).result(30)
        payloads = [bytes([n]) * size for n, size in enumerate([900, 900, 900, 5])]
        underlay.send(*[outer(OURS[v], OURS[v], octets, dport=target, sport=49152) for octets in payloads])
        assert [octets for octets, _port in received(peer, 4)] == payloads
        underlay.send(*[outer(OURS[v], OURS[v], octets, dport=target, sport=65535) for octets in payloads])
        assert [octets for octets, _port in received(peer, 4)] == payloads
        assert underlay.port.named_counters()["segmented"] == 0
        assert not underlay.drops()


def test_a_taken_port(v):
    fds = opened((OURS[v],), 0)
    port = socket.socket(fileno=os.dup(fds[0])).getsockname()[1]
    try:
        before = descriptors()
        with pytest.raises(OSError) as caught:
            open_udp([OURS[v]], port)
        assert caught.value.errno == errno.EADDRINUSE
        assert descriptors() == before
    finally:
        for fd in fds:
            os.close(fd)


def test_words_that_make_no_port():
    engine = Engine()
    with pytest.raises(ValueError, match="one of each family"):
        open_udp([])
    with pytest.raises(ValueError, match="one of each family"):
        open_udp(["127.0.0.1", "127.0.0.2"])
    with pytest.raises(ValueError, match="senders"):
        open_udp(["127.0.0.1"], senders=1000)
    with pytest.raises(OSError, match="no sockets"):
        UdpPort(engine, "none", [], mac=MAC)
    with socket.socket() as stream, pytest.raises(OSError, match="not a UDP socket"):
        UdpPort(engine, "stream", [stream.fileno()], mac=MAC)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone, pytest.raises(OSError, match="no socket to send from"):
        alone.bind(("127.0.0.1", 0))
        UdpPort(engine, "alone", [alone.fileno()], mac=MAC)


def test_closed_ports_give_all_descriptors_back():
    before = descriptors()
    engine = Engine()
    port = UdpPort(engine, "underlay", opened(tuple(OURS.values()), 0), mac=MAC)
    port.close()
    port.close()
    assert port.link == "gone"
    engine.remove(port)
    del port
    assert descriptors() == before
