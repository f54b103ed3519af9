"""An Encapsulator and a Decapsulator between memory ports: frames in, frames out, and why others were dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from fastpath import Capture, Decapsulator, Encapsulator, Engine, MemoryPort, Outbox

VNI = 7348
MACS = {"local_mac": 0x0242_C000_0201, "remote_mac": 0x0242_C000_0202}
ENDS = {
    4: {"local": "192.0.2.1", "remote": "192.0.2.2", **MACS},
    6: {"local": "2001:db8::1", "remote": "2001:db8::2", **MACS},
}
SIZES = {4: 50, 6: 70}
MTU = 65535
PCAPS = Path(__file__).parents[2] / "pcaps" / "vxlan"
INNER = bytes(
    Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02")
    / IP(src="10.0.0.1", dst="10.0.0.2", tos=0xB9, ttl=7)
    / UDP(sport=9, dport=10)
    / Raw(b"inner")
)
ARPS = bytes(Ether(src="02:42:0a:00:00:01", dst="ff:ff:ff:ff:ff:ff") / ARP(psrc="10.0.0.1", pdst="10.0.0.2"))


def kernels(name: str) -> list[bytes]:
    """The frames of a capture in pcaps/vxlan."""
    with (PCAPS / f"{name}.pcap").open("rb", buffering=0) as file:
        return [octets for _, octets, _ in Capture(file, name)]


class Between:
    """An engine with a port in and one out; subclasses put a node between them."""

    def __init__(self, seed: int = 0, mtu: int = MTU) -> None:
        self.engine = Engine(seed=seed)
        self.outbox = Outbox()
        self.inside = MemoryPort(self.engine, "in", mtu=MTU)
        self.outside = MemoryPort(self.engine, "out", outbox=self.outbox, mtu=mtu)
        self.others: dict[str, MemoryPort] = {}

    def port(self, name: str) -> MemoryPort:
        """One more port out."""
        self.others[name] = MemoryPort(self.engine, name, outbox=self.outbox, mtu=MTU)
        return self.others[name]

    def sent(self, *frames: bytes) -> list[tuple[str, bytes]]:
        """By which port each frame left, when these came in; every frame is accounted for."""
        for octets in frames:
            self.inside.push(octets)
        self.engine.run_until_idle(0)
        for row in self.engine.counters():
            into = row["in"] + row["cloned"] + row["originated"]
            assert into == row["out"] + row["consumed"] + row["dropped"] + row["held"], row
        names = {port.index: port.name for port in (self.outside, *self.others.values())}
        return [(names[port], octets) for port, _, octets in self.outbox.take()]

    def send(self, *frames: bytes) -> list[bytes]:
        """What leaves by `out`."""
        return [octets for name, octets in self.sent(*frames) if name == "out"]

    def drops(self) -> dict[str, int]:
        """Frames by reason, since the beginning."""
        return {str(row["reason"]): int(row["count"]) for row in self.engine.drops() if row["scope"] == "node"}


class Push(Between):
    """One tunnel."""

    def __init__(self, version: int = 4, *, vni: int = VNI, seed: int = 0, mtu: int = MTU, **settings: Any) -> None:
        super().__init__(seed, mtu)
        self.node = Encapsulator(self.engine, "encap")
        self.inside.lead_to(self.node, self.node.add_tunnel(vni, **{**ENDS[version], **settings}))
        self.node.lead_to(self.outside)


class Pop(Between):
    """All networks to `out`."""

    def __init__(self, *, everything: bool = True, **settings: Any) -> None:
        super().__init__()
        self.node = Decapsulator(self.engine, "decap", **settings)
        self.inside.lead_to(self.node)
        if everything:
            self.node.lead_all(self.outside)
