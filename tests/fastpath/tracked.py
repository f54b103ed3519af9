"""Packets of both families through a table of flows, for the tests of connection tracking."""

from dataclasses import dataclass

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from fastpath.flows import Flows
from fastpath.trial import Trial

SECOND = 1_000_000_000
TICK = 1 << 28
HEADER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


@dataclass(frozen=True, repr=False)
class Family:
    """Addresses and layers of one family."""

    name: str
    inside: tuple[str, ...]
    remote: tuple[str, ...]
    outside: tuple[str, ...]
    router: str
    ip: type

    def _repr_pretty_(self, printer, cycle) -> None:
        printer.text(self.name)

    def __repr__(self) -> str:
        return self.name

    def packet(self, source: str, target: str, payload: Packet, **fields) -> bytes:
        return bytes(HEADER / self.ip(src=source, dst=target, **fields) / payload)

    def echo(self, identifier: int, data: bytes = b"ping", reply: bool = False) -> Packet:
        if self.name == "IPv4":
            return ICMP(type=0 if reply else 8, id=identifier, seq=1) / data
        return (ICMPv6EchoReply if reply else ICMPv6EchoRequest)(id=identifier, seq=1, data=data)


V4 = Family(
    "IPv4",
    tuple(f"10.0.{n // 250}.{n % 250 + 2}" for n in range(1000)),
    tuple(f"192.0.2.{n + 1}" for n in range(250)),
    ("203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"),
    "198.51.100.9",
    IP,
)
V6 = Family(
    "IPv6",
    tuple(f"fd00::{n + 2:x}" for n in range(1000)),
    tuple(f"2001:db8:1::{n + 1:x}" for n in range(250)),
    ("2001:db8:f::1", "2001:db8:f::2", "2001:db8:f::3", "2001:db8:f::4"),
    "2001:db8:2::9",
    IPv6,
)
FAMILIES = (V4, V6)


def udp(source: int, target: int, data: bytes = b"hello") -> Packet:
    return UDP(sport=source, dport=target) / data


def tcp(source: int, target: int, flags: str, seq: int = 0, ack: int = 0, data: bytes = b"", **fields) -> Packet:
    packet = TCP(sport=source, dport=target, flags=flags, seq=seq % 2**32, ack=ack % 2**32, **fields)
    return packet / Raw(data) if data else packet


class World:
    """One inside, one outside, and a table between; `settings` are Trial.handle's for whatever begins a flow."""

    def __init__(self, family: Family, flows: Flows | None = None, addresses: int = 1, **settings):
        self.family = family
        self.flows = flows or Flows(1000)
        self.pool = self.flows.add_pool(family.outside[:addresses]) if addresses else 0
        self.settings = settings
        self.trial = Trial(self.flows)
        self.now = SECOND

    def out(self, payload: Packet, source: int = 0, target: int = 0, **more) -> tuple[str, Packet | None]:
        """From inside host `source` to remote host `target`."""
        return self.send(self.family.packet(self.family.inside[source], self.family.remote[target], payload),
                         **{"pool": self.pool, **self.settings, **more})  # fmt: skip

    def back(self, payload: Packet, source: int = 0, outside: int = 0, **more) -> tuple[str, Packet | None]:
        """From remote host `source` to an outside address: begins nothing unless told."""
        return self.send(self.family.packet(self.family.remote[source], self.family.outside[outside], payload),
                         **{"opens": False, **more})  # fmt: skip

    def send(self, frame: bytes, **settings) -> tuple[str, Packet | None]:
        word, octets = self.trial.handle(frame, self.now, **settings)
        if not word.startswith("forward"):
            assert octets == b""
            return word, None
        packet = Ether(octets)[self.family.ip]
        assert word == f"forward {packet.dst}" or settings.get("find_only")
        assert good(octets, self.family)
        return "forward", packet

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)

    def ports(self, packet: Packet) -> tuple[int, int]:
        return packet.sport, packet.dport


def good(octets: bytes, family: Family) -> bool:
    """The checksums are those that Scapy works out, or none."""
    packet = Ether(octets)
    again = packet.copy()
    layer = again
    while layer:
        for name in ("chksum", "cksum"):
            if name in layer.fields and not (isinstance(layer, UDP) and layer.chksum == 0):
                delattr(layer, name)
        layer = layer.payload
        if isinstance(layer, (Raw,)):
            break
    return bytes(again) == octets
