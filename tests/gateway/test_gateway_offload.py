"""NEEDS_CSUM and super-frames through NAT: from captures whose checksums and sizes are as a host with offloads leaves them."""

import io
import ipaddress
import random
import struct
from pathlib import Path

import pytest
from scapy.layers.inet import IP, in4_pseudoheader
from scapy.layers.inet6 import IPv6, in6_pseudoheader

from fastpath import Capture, Engine, Flows, PcapPort, PcapWriter, Replay, Router, Rules
from tests.fastpath.outside import number, octets
from tests.gateway import judge
from tests.gateway.packets import Packets
from tests.gateway.plan import MACS, both


class Offloading(Packets):
    """A host on one port, the way out on the other; the host leaves work undone, the other outside cannot do it."""

    def __init__(self, v: int, folder: Path, mtu: int = 1500) -> None:
        self.v, self.folder = v, folder
        self.engine = Engine()
        self.flows = Flows(64)
        self.rules = Rules(self.flows)
        self.router = Router(self.engine, "router", flows=self.flows, rules=self.rules)
        self.writers = {name: PcapWriter(folder / f"{name}.pcap") for name in ("a", "up")}
        self.ports = {}
        for name, own in (("a", "gw"), ("up", "up")):
            guess = {"complete_checksums": True, "segment": True}
            port = PcapPort(self.engine, name, writer=self.writers[name], mtu=mtu if name == "up" else 1500, **guess)
            n = self.router.add_interface(
                name, mac=number(MACS[own]), mtu=mtu if name == "up" else 1500, addresses=both(own), arp=False
            )
            self.router.lead(n, port, 0)
            port.lead_to(self.router, n)
            self.ports[name] = (port, n)
            for address in both("a" if name == "a" else "isp"):
                self.router.add_neighbor(n, address.partition("/")[0], number(MACS["a" if name == "a" else "isp"]))
        up = self.ports["up"][1]
        pool = self.flows.add_pool([address.partition("/")[0] for address in both("up")])
        self.rules.set_interface(
            self.ports["a"][1], kind="network", name="front", ipv4="nat", ipv6="nat", masquerade4=pool, masquerade6=pool
        )
        self.rules.set_interface(up, kind="uplink", name="uplink")
        for prefix, family in (("0.0.0.0/0", 0), ("::/0", 1)):
            self.router.add_route(prefix, interface=up, gateway=both("isp")[family].partition("/")[0])

    def run(self, *frames: tuple[str, bytes]) -> dict[str, list[bytes]]:
        """The frames go in one a second by their ports; what left, by port."""
        replay = Replay(self.engine)
        for name, (port, _) in self.ports.items():
            records = b"".join(
                struct.pack("<IIII", at + 1, 0, len(one), len(one)) + one for at, (by, one) in enumerate(frames) if by == name
            )
            head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
            replay.add(Capture(io.BytesIO(head + records), name), port)
        assert replay.run() == []
        for writer in self.writers.values():
            writer.close()
        files = {name: io.BytesIO((self.folder / f"{name}.pcap").read_bytes()) for name in self.writers}
        return {name: [octets for _, octets, _ in Capture(file, name)] for name, file in files.items()}


def framed(port, packet):
    source, target = ("a", "gw") if port == "a" else ("isp", "up")
    raw = bytes(packet)
    return octets(MACS[target]) + octets(MACS[source]) + (b"\x08\x00" if raw[0] >> 4 == 4 else b"\x86\xdd") + raw


def unfinished(packet):
    """The packet with only the pseudo-header's sum in its checksum, as a kernel hands it over (not inverted)."""
    raw = bytearray(bytes(packet))
    parsed = judge.read(bytes(raw))
    size = len(raw) - len(parsed.upper)
    pseudo = (
        in4_pseudoheader(parsed.protocol, IP(bytes(raw)), len(parsed.upper))
        if parsed.version == 4
        else in6_pseudoheader(parsed.protocol, IPv6(bytes(raw)), len(parsed.upper))
    )
    struct.pack_into(">H", raw, size + judge.CHECKED[parsed.protocol], 0xFFFF ^ judge.checksum(bytes(pseudo)))
    return bytes(raw)


@pytest.mark.row("NAT-1")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize("size", [0, 1, 2, 100, 1399, 1400])
def test_an_unfinished_checksum_is_finished_after_translation(v, kind, size, tmp_path):
    """It covers the new addresses and ports, and the octets that only the last one sums up."""
    world = Offloading(v, tmp_path)
    payload = random.Random(size).randbytes(size)
    before = world.query(kind, "a", 4000, "r1", 80, payload=payload)
    out = world.run(("a", framed("a", unfinished(before))))
    assert [one[14:] for one in out["up"]] == [bytes(world.query(kind, "up", 4000, "r1", 80, payload=payload, ttl=63))]


@pytest.mark.row("NAT-1")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_and_with_another_port(v, kind, tmp_path):
    """Ports are not in the pseudo-header's sum: another port must not disturb it."""
    world = Offloading(v, tmp_path)
    frames = [
        ("a", framed("a", unfinished(world.query(kind, source, 4000, "r1", 80, payload=b"x" * n))))
        for n, source in enumerate(("a", "b"))
    ]
    out = world.run(*frames)
    assert len(out["up"]) == 2
    for one in out["up"]:
        assert judge.faults(one[14:]) == []
    assert len({judge.read(one[14:]).upper[:2] for one in out["up"]}) == 2


@pytest.mark.row("NAT-1")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_a_super_frame_leaves_as_translated_segments(v, kind, tmp_path):
    """16 KiB at once; each segment as if it had been sent alone."""
    world = Offloading(v, tmp_path)
    data = random.Random(16).randbytes(16_000)
    if kind == "tcp":
        syn = world.tcp("a", 4000, "r1", 80, "S", seq=99)
        answer = world.tcp("r1", 80, "up", 4000, "SA", seq=499, ack=100, window=65535)
        first = [("a", framed("a", syn)), ("up", framed("up", answer))]
        packet = world.tcp("a", 4000, "r1", 80, "PA", seq=100, ack=500, payload=data)
    else:
        first = []
        packet = world.udp("a", 4000, "r1", 80, data)
    out = world.run(*first, ("a", framed("a", unfinished(packet))))["up"][len(first) // 2 :]
    assert len(out) > 10
    upper = 20 if kind == "tcp" else 8
    assert b"".join(judge.read(one[14:]).upper[upper:] for one in out) == data
    for one in out:
        assert judge.faults(one[14:]) == []
        assert len(one) <= 1514
        parsed = judge.read(one[14:])
        assert int.from_bytes(parsed.upper[:2], "big") == 4000
        source = parsed.header[12:16] if v == 4 else parsed.header[8:24]
        assert source == ipaddress.ip_address(world.at("up")).packed
