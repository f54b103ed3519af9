"""One VTEP with a bridge of local ports, its underlay a memory port; what peers send is made, and what leaves is read, by Scapy."""

from __future__ import annotations

import string

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet

from fastpath import Bridge, Engine, MemoryPort, Outbox, Vtep
from tests.fastpath.switch import balanced, mac

SECOND = 1_000_000_000
OURS = "02:00:00:00:01:00"
NEXT_HOP = "02:00:00:00:02:00"
LOCAL = {4: "192.0.2.1", 6: "2001:db8::1"}
ADDRESSES = ("192.0.2.1/24", "2001:db8::1/64")


def peer(number: int, v: int = 4) -> str:
    """The address of a remote VTEP, 1…200."""
    return f"192.0.2.{number + 50}" if v == 4 else f"2001:db8::{number + 50}"


def inner(source: int, target: int | str, payload: bytes = b"payload", *, flow: int = 1, **ip: object) -> bytes:
    """A UDP packet from station to station; with a text as its target to that MAC address."""
    to = target if isinstance(target, str) else mac(target)
    return bytes(
        Ether(src=mac(source), dst=to) / IP(src=f"10.0.0.{source}", dst="10.0.0.99", **ip) / UDP(sport=5000 + flow, dport=53) / payload
    )


class Site:
    """`n` local ports a, b, c… on a bridge of an overlay of VNI 42; `v`: the family of its tunnels. Peers' MAC addresses are known."""

    def __init__(self, n: int = 2, *, v: int = 4, peers: int = 1, mtu: int = 1500, known: bool = True, vtep=None, bridge=None, **overlay):
        self.v = v
        self.engine, self.outbox = Engine(), Outbox()
        self.bridge = Bridge(self.engine, "bridge", **(bridge or {}))
        self.ports: dict[str, MemoryPort] = {}
        for name in string.ascii_lowercase[:n]:
            port = MemoryPort(self.engine, name, outbox=self.outbox, mtu=9000)
            port.lead_to(self.bridge, self.bridge.add_member(port))
            self.ports[name] = port
        self.ports["under"] = MemoryPort(self.engine, "under", outbox=self.outbox, mtu=mtu)
        self.names = {port.index: name for name, port in self.ports.items()}
        self.vtep = Vtep(
            self.engine, "vtep", mac=int(OURS.replace(":", ""), 16), addresses=ADDRESSES, mtu=mtu, **{"arp": not known, **(vtep or {})}
        )
        self.vtep.lead(self.ports["under"])
        self.ports["under"].lead_to(self.vtep)
        self.settings = {"local": LOCAL[v], "spare": 4, **overlay}
        self.overlay = self.vtep.add_overlay("blue", self.bridge, 42, **self.settings)
        for number in range(1, 201) if known else ():
            self.vtep.add_neighbor(peer(number, v), int(NEXT_HOP.replace(":", ""), 16))
        for number in range(1, peers + 1):
            self.vtep.add_peer(self.overlay, peer(number, v))
        self.now = 0

    def set(self, **settings: object) -> None:
        """Settings of the overlay beside those it was made with."""
        kept = {name: value for name, value in self.settings.items() if name not in ("local", "spare")}
        self.vtep.set_overlay(self.overlay, **kept, **settings)

    def wrapped(self, frame: bytes, number: int = 1, vni: int = 42, *, ip: dict | None = None, sport: int = 50_000, **vxlan) -> bytes:
        """The tunnel packet in which the peer sends the frame."""
        fields = {"src": peer(number, self.v), "dst": LOCAL[self.v], **(ip or {})}
        network: Packet = IP(**fields) if self.v == 4 else IPv6(**fields)
        checksum = {"chksum": 0} if self.v == 4 else {}
        udp = UDP(sport=sport, dport=4789, **checksum)
        return bytes(Ether(src=NEXT_HOP, dst=OURS) / network / udp / VXLAN(vni=vni, **{"flags": 8, **vxlan}) / frame)

    def send(self, port: str, *frames: bytes, at: float | None = None) -> list[tuple[str, bytes]]:
        """The frames arrive at the port, at `at` seconds; everything emitted, in order. Nothing may vanish."""
        for one in frames:
            self.ports[port].push(one)
        self.now = self.now if at is None else round(at * SECOND)
        self.engine.run_until_idle(self.now)
        assert balanced(self.engine)
        return [(self.names[index], data) for index, _, data in self.outbox.take()]

    def outer(self, port: str, *frames: bytes, at: float | None = None) -> list[Packet]:
        """What the frames become on the underlay, and on nothing else."""
        out = self.send(port, *frames, at=at)
        assert {name for name, _ in out} <= {"under"}, out
        return [Ether(data) for _, data in out]

    def received(self, *frames: bytes, at: float | None = None) -> dict[str, list[bytes]]:
        """What comes out of local ports when that comes from the underlay."""
        found: dict[str, list[bytes]] = {}
        for name, data in self.send("under", *frames, at=at):
            found.setdefault(name, []).append(data)
        return found

    def drops(self, name: str = "vtep") -> dict[str, int]:
        """Drops of a node by reason."""
        rows = self.engine.drops()
        return {row["reason"].item(): int(row["count"]) for row in rows if (row["scope"], row["name"]) == ("node", name)}

    def counted(self, name: str) -> int:
        return self.vtep.named_counters()[name]
