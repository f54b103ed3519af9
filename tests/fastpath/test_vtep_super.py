"""Super-frames and unfinished checksums through tunnels: what comes out are the segments that would have come out without one."""

import io
import struct
from itertools import pairwise

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Packet

from fastpath import Bridge, Capture, Engine, MemoryPort, Node, Outbox, PcapPort, Replay, Vtep
from fastpath.offload import segments
from fastpath.vxlantrial import popped, pushed
from tests.fastpath.switch import balanced
from tests.fastpath.test_offload import TCPV4, TCPV6, UDP_L4

STATIONS = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
TARGET = 0x020000000002
FAMILY = pytest.mark.parametrize("v", [4, 6], ids=["ipv4", "ipv6"])
LOCAL = {4: "192.0.2.{}", 6: "2001:db8::{}"}
INNER = {4: IP(src="10.0.0.1", dst="10.0.0.2", flags="DF", id=7), 6: IPv6(src="fd00::1", dst="fd00::2")}


def capture(frame: bytes) -> Capture:
    """A file with this one frame."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + struct.pack("<IIII", 1, 0, len(frame), len(frame))
    return Capture(io.BytesIO(header + frame), "capture")


class Site:
    """A VTEP number `n` on a bridge; its one peer is the next number."""

    def __init__(self, engine: Engine, n: int, v: int, mtu: int = 1500, **overlay: object) -> None:
        self.engine, self.n = engine, n
        self.bridge = Bridge(engine, f"bridge {n}")
        addresses = [f"192.0.2.{n}/24", f"2001:db8::{n}/64"]
        self.vtep = Vtep(engine, f"vtep {n}", mac=0x02F000000000 + n, addresses=addresses, mtu=mtu, arp=False)
        self.overlay = self.vtep.add_overlay("o", self.bridge, 42, local=LOCAL[v].format(n), spare=2, **overlay)
        self.peer = LOCAL[v].format(n + 1)
        self.vtep.add_neighbor(self.peer, 0x02F000000001 + n)
        self.vtep.add_peer(self.overlay, self.peer)

    def at_peer(self, station: int) -> None:
        self.vtep.add_station(self.overlay, station, self.peer)

    def join(self, node: Node, target_input: int = 0) -> int:
        """The node is a member of the bridge: what it sends is to come by that number."""
        return self.bridge.add_member(node, target_input=target_input)


class Run:
    """One frame from a capture, whose offload facts are guessed, into a site's bridge; what leaves by memory ports."""

    def __init__(self) -> None:
        self.engine, self.outbox = Engine(), Outbox()
        self.ports: dict[int, str] = {}

    def memory(self, name: str, mtu: int = 9000) -> MemoryPort:
        port = MemoryPort(self.engine, name, outbox=self.outbox, mtu=mtu)
        self.ports[port.index] = name
        return port

    def play(self, frame: bytes, target: Node, target_input: int, mtu: int) -> dict[str, list[bytes]]:
        port = PcapPort(self.engine, "capture", mtu=mtu, complete_checksums=True, segment=True)
        port.lead_to(target, target_input)
        replay = Replay(self.engine)
        replay.add(capture(frame), port)
        assert replay.run() == []
        assert balanced(self.engine)
        found: dict[str, list[bytes]] = {name: [] for name in self.ports.values()}
        for index, _, octets in self.outbox.take():
            found[self.ports[index]].append(octets)
        return found


def unfinished(packet: Packet) -> bytes:
    """The frame with its inner checksum as an offloading host leaves it."""
    octets = bytearray(bytes(packet))
    last = packet.getlayer(TCP) or packet.getlayer(UDP)
    at = len(octets) - len(bytes(last)) + (16 if isinstance(last, TCP) else 6)
    ip = packet.getlayer(IP) or packet.getlayer(IPv6)
    header = bytes(ip)
    addresses = header[12:20] if isinstance(ip, IP) else header[8:40]
    total = sum(int.from_bytes(addresses[n : n + 2], "big") for n in range(0, len(addresses), 2))
    total += (6 if isinstance(last, TCP) else 17) + len(bytes(last))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    octets[at : at + 2] = total.to_bytes(2, "big")
    return bytes(octets)


def expected(packet: Packet, mtu: int) -> list[bytes]:
    """The segments that a port of that MTU makes of the frame."""
    octets = unfinished(packet)
    last = packet.getlayer(TCP) or packet.getlayer(UDP)
    transport = len(octets) - len(bytes(last))
    header = len(octets) - len(bytes(last.payload))
    network = len(octets) - len(bytes(packet.getlayer(IP) or packet.getlayer(IPv6)))
    kind = UDP_L4 if isinstance(last, UDP) else TCPV4 if packet.haslayer(IP) else TCPV6
    offset = 16 if isinstance(last, TCP) else 6
    facts = {"csum_start": transport, "csum_offset": offset}
    if len(octets) - network > mtu:
        facts |= {"gso_type": kind, "gso_size": mtu - (header - network)}
    return segments(octets, **facts)


def super_frame(inner: int, transport: Packet, octets: int, tag: bool = False) -> Packet:
    front = STATIONS / Dot1Q(vlan=5) if tag else STATIONS
    return Ether(bytes(front / INNER[inner] / transport / bytes(n % 251 for n in range(octets))))


TRANSPORTS = pytest.mark.parametrize(
    "transport", [TCP(sport=1, dport=2, seq=2**32 - 3000, flags="PFAC"), UDP(sport=1, dport=2)], ids=["tcp", "udp"]
)
INNERS = pytest.mark.parametrize("inner", [4, 6], ids=["in ipv4", "in ipv6"])


@FAMILY
@INNERS
@TRANSPORTS
@pytest.mark.parametrize("octets", [1, 100, 1301, 20_000, 65_400])
@pytest.mark.parametrize("checksum", [False, True])
def test_segments_leave_each_in_a_header(v, inner, transport, octets, checksum):
    """VX-5, VX-12: encapsulated whole; each of the port's segments has lengths and checksums of its own, inside and outside."""
    packet = super_frame(inner, transport, octets)
    run = Run()
    site = Site(run.engine, 1, v, checksum=checksum)
    site.vtep.lead(run.memory("under", 1500))
    site.at_peer(TARGET)
    out = run.play(unfinished(packet), site.bridge, site.join(run.memory("a")), 1380)
    wanted = expected(packet, 1380)
    assert [popped(one) for one in out["under"]] == [(42, one) for one in wanted]
    ports = {one[-len(inside) - 16 : -len(inside) - 14] for one, inside in zip(out["under"], wanted, strict=True)}
    assert len(ports) == 1
    assert all(
        (one[-len(inside) - 10 : -len(inside) - 8] != b"\0\0") == checksum for one, inside in zip(out["under"], wanted, strict=True)
    )
    split = octets == 65_400 and site.vtep.named_counters()["segmented"]
    assert split or site.vtep.named_counters()["bytes_copied"] == 0


@FAMILY
@TRANSPORTS
@pytest.mark.parametrize("settings", [{}, {"inner_vlan": "keep"}], ids=["strip", "keep"])
def test_tags_of_super_frames(v, transport, settings):
    """VX-18: the facts follow where the headers go."""
    packet = super_frame(4, transport, 9000, tag=True)
    run = Run()
    site = Site(run.engine, 1, v, **settings)
    site.vtep.lead(run.memory("under", 1500))
    site.at_peer(TARGET)
    out = run.play(unfinished(packet), site.bridge, site.join(run.memory("a")), 1380)
    wanted = expected(packet, 1380)
    if not settings:
        wanted = [one[:12] + one[16:] for one in wanted]
    assert [popped(one) for one in out["under"]] == [(42, one) for one in wanted]


@FAMILY
@INNERS
@TRANSPORTS
@pytest.mark.parametrize("octets", [100, 20_000, 65_400])
@pytest.mark.parametrize("checksum", [False, True])
def test_there_and_back_whole(v, inner, transport, octets, checksum):
    """The remote VTEP takes the super-frame as it is, and its local port gets what it would have got without a tunnel."""
    packet = super_frame(inner, transport, octets)
    run = Run()
    here, there = Site(run.engine, 1, v, checksum=checksum), Site(run.engine, 2, v)
    here.vtep.lead(there.vtep)
    here.at_peer(TARGET)
    there.join(run.memory("b"))
    out = run.play(unfinished(packet), here.bridge, here.join(run.memory("a")), 1380)
    assert out["b"] == expected(packet, 1380)
    assert there.vtep.named_counters()["decapsulated"] <= 2


def unwrapped(packet: bytes, depth: int) -> bytes:
    """What is in so many tunnels of VNI 42."""
    for _ in range(depth):
        vni, packet = popped(packet)
        assert vni == 42
    return packet


@FAMILY
def test_tunnels_in_tunnels(v):
    """No header says twice that it is a tunnel's: each segment goes alone; and who finds no headroom left makes some."""
    packet = super_frame(4, TCP(sport=1, dport=2), 5000)
    run = Run()
    sites = [Site(run.engine, n, v, mtu=9000) for n in (1, 2, 3, 4)]
    for site, following in pairwise(sites):
        # What a VTEP sends is a station's on the next bridge.
        site.vtep.lead(following.bridge, following.join(site.vtep))
        following.at_peer(0x02F000000001 + site.n)
    sites[0].at_peer(TARGET)
    sites[-1].vtep.lead(run.memory("under"))
    out = run.play(unfinished(packet), sites[0].bridge, sites[0].join(run.memory("a")), 1200)
    assert [unwrapped(one, len(sites)) for one in out["under"]] == expected(packet, 1200)
    assert [bool(site.vtep.named_counters()["bytes_copied"]) for site in sites] == [False, True, v == 6, True]


@FAMILY
@pytest.mark.parametrize("checksum", [False, True])
def test_tunnel_packets_that_came_in_one(v, checksum):
    """A peer's kernel hands over several datagrams as one (UDP_SEGMENT): each is a tunnel packet of its own."""
    inners = [bytes(STATIONS / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / bytes([n] * 100)) for n in range(5)]
    ends = {"source": LOCAL[v].format(2), "target": LOCAL[v].format(1)}
    size = 42 if v == 4 else 62
    payloads = [pushed(inner, vni=42, **ends)[size:] for inner in inners]
    network = (IP if v == 4 else IPv6)(src=ends["source"], dst=ends["target"])
    whole = Ether(src="02:f0:00:00:00:02", dst="02:f0:00:00:00:01") / network / UDP(sport=50_000, dport=4789) / b"".join(payloads)
    run = Run()
    site = Site(run.engine, 1, v)
    site.join(run.memory("a"))
    out = run.play(unfinished(Ether(bytes(whole))) if checksum else bytes(whole), site.vtep, 0, len(payloads[0]) + size - 14)
    assert out["a"] == inners


def test_a_flood_of_super_frames():
    """VX-15: each peer gets its own, whole; what is copied is headers."""
    packet = super_frame(4, TCP(sport=1, dport=2), 20_000)
    run = Run()
    site = Site(run.engine, 1, 4)
    site.vtep.add_neighbor("192.0.2.9", 0x02F000000009)
    site.vtep.add_peer(site.overlay, "192.0.2.9")
    site.vtep.lead(run.memory("under", 1500))
    out = run.play(unfinished(packet), site.bridge, site.join(run.memory("a")), 1380)
    wanted = expected(packet, 1380)
    assert [popped(one) for one in out["under"]] == [(42, one) for one in wanted] * 2
    assert site.vtep.named_counters()["bytes_copied"] <= 128


def test_segments_too_large_for_the_underlay():
    """VX-12: judged by what each segment will be; the sender is told once."""
    packet = super_frame(4, TCP(sport=1, dport=2), 20_000)
    run = Run()
    site = Site(run.engine, 1, 4)
    site.vtep.lead(run.memory("under", 1500))
    site.at_peer(TARGET)
    out = run.play(unfinished(packet), site.bridge, site.join(run.memory("a")), 1451)
    assert out["under"] == []
    (told,) = [Ether(one) for one in out["a"]]
    assert (told.dst, told[IP].src, told["ICMP"].type, told["ICMP"].code, told["ICMP"].nexthopmtu) == (
        STATIONS.src,
        "10.0.0.2",
        3,
        4,
        1450,
    )


@FAMILY
def test_floods_in_floods(v):
    """Copies of copies, each with one more header: none is written where the next begins."""
    run = Run()
    sites = [Site(run.engine, n, v, mtu=9000) for n in (1, 11, 21, 31)]
    for site in sites:
        second = LOCAL[v].format(site.n + 2)
        site.vtep.add_neighbor(second, 0x02F000000002 + site.n)
        site.vtep.add_peer(site.overlay, second)
    for site, following in pairwise(sites):
        site.vtep.lead(following.bridge, following.join(site.vtep))
    sites[-1].vtep.lead(run.memory("under"))
    frame = bytes(Ether(src=STATIONS.src, dst="ff:ff:ff:ff:ff:ff", type=0x88B5) / bytes(n % 251 for n in range(500)))
    port = run.memory("a")
    port.lead_to(sites[0].bridge, sites[0].join(port))
    port.push(frame)
    run.engine.turn(1)
    assert balanced(run.engine)
    out = [octets for _, _, octets in run.outbox.take()]
    assert len(out) == 2**4
    assert {unwrapped(one, len(sites)) for one in out} == {frame}
