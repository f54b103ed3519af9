"""Super-frames and unfinished checksums through a tunnel, from captures as hosts with offloads leave them."""

import io
import random
import struct

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from fastpath import Capture, PcapPort, Replay
from tests.fastpath.outside import Out, number
from tests.gateway import judge
from tests.gateway.test_gateway_offload import unfinished
from tests.vxlan.overlay_plan import BEFORE, STATIONS, inside
from tests.vxlan.overlay_world import Overlays


class Offloading(Overlays):
    """With a port z on red whose frames come from a capture; its host leaves checksums and segmentation to others."""

    def __init__(self, v: int, **settings: object) -> None:
        super().__init__(v, peers=("r1",), **settings)
        self.vtep.add_station(self.red, number(STATIONS["x"]), self.at("r1"))
        self.z = PcapPort(self.engine, "z", mtu=1500 - BEFORE[v], complete_checksums=True, segment=True)
        self.z.lead_to(self.bridges["red"], self.bridges["red"].add_member(self.z))

    def replayed(self, *frames: bytes) -> list[Out]:
        """What left by the underlay and memory ports."""
        records = b"".join(struct.pack("<IIII", 2 + at, 0, len(one), len(one)) + one for at, one in enumerate(frames))
        replay = Replay(self.engine)
        replay.add(Capture(io.BytesIO(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + records), "z"), self.z)
        assert replay.run() == []
        return self.emitted()


def packet(protocol: type, family: int, payload: bytes) -> bytes:
    head = (IP if family == 4 else IPv6)(src=inside("z", family), dst=inside("x", family))
    upper = TCP(sport=1, dport=2, seq=1000, flags="PA") if protocol is TCP else UDP(sport=1, dport=2)
    ether = bytes(Ether(src=STATIONS["z"], dst=STATIONS["x"], type=0x0800 if family == 4 else 0x86DD))
    return ether + unfinished(head / upper / Raw(payload))


@pytest.mark.row("VX-1", "VX-5")
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("checksum", [True, False])
def test_an_unfinished_checksum_is_finished_inside_the_tunnel(v, protocol, family, checksum):
    """The inner one is right, and the outer one counts what it became."""
    world = Offloading(v, settings={"checksum": checksum})
    (one,) = world.told(world.replayed(packet(protocol, family, random.Random(1).randbytes(701))))
    assert one[0] == "r1"
    assert judge.faults(one[1][14:]) == []


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
@pytest.mark.parametrize("size", [3000, 16_000, 64_000])
def test_a_super_frame_leaves_in_packets_that_fit(v, protocol, family, size):
    """An outside without offloads gets each segment in a tunnel packet of its own, as if it had been sent alone."""
    world = Offloading(v)
    data = random.Random(size).randbytes(size)
    out = world.replayed(packet(protocol, family, data))
    assert max(len(one.frame) for one in out) == 1514
    told = world.told(out)
    assert {name for name, _ in told} == {"r1"}
    inner = [judge.read(frame[14:]) for _, frame in told]
    assert all(judge.faults(frame[14:]) == [] for _, frame in told)
    assert b"".join(one.upper[20 if protocol is TCP else 8 :] for one in inner) == data
    if protocol is TCP:
        at = 1000
        for one in inner:
            assert int.from_bytes(one.upper[4:8], "big") == at
            at += len(one.upper) - 20


@pytest.mark.row("VX-4")
@pytest.mark.parametrize("family", [4, 6])
def test_all_its_segments_have_one_source_port(v, family):
    world = Offloading(v)
    at = 34 if v == 4 else 54
    ports = {one.frame[at : at + 2] for one in world.replayed(packet(TCP, family, bytes(20_000)))}
    assert len(ports) == 1


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("family", [4, 6])
def test_the_longest_that_there_is(v, family):
    """An IP packet of 65,535 octets: encapsulated its length would pass 65,535, so it is split first (DESIGN)."""
    world = Offloading(v)
    data = random.Random(9).randbytes(65_535 - (20 if family == 4 else 40) - 8)
    told = world.told(world.replayed(packet(UDP, family, data)))
    assert b"".join(judge.read(frame[14:]).upper[8:] for _, frame in told) == data
    assert all(judge.faults(frame[14:]) == [] for _, frame in told)
    assert world.engine.held == 0


def test_whole_super_frames_copy_nothing(v):
    """But for headers of segments, which are made anew at the port."""
    world = Offloading(v)
    world.replayed(packet(TCP, 4, bytes(40_000)))
    assert world.counters()["bytes_copied"] == 0


@pytest.mark.row("VX-15")
def test_a_super_frame_to_all_reaches_each_peer_in_full(v):
    world = Offloading(v)
    for peer in ("r2", "r3"):
        world.vtep.add_peer(world.red, world.at(peer))
    data = bytes(range(256)) * 40
    frame = packet(UDP, 4, data)
    told = world.told(world.replayed(b"\xff" * 6 + frame[6:]))
    for peer in ("r1", "r2", "r3"):
        assert b"".join(judge.read(inner[14:]).upper[8:] for name, inner in told if name == peer) == data
