"""A gateway between two networks and an uplink, on memory ports: who sends what, and what must come out, octet for octet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from scapy.layers.l2 import Ether
from scapy.packet import Packet

from fastpath import Bridge, Engine, Flows, MemoryPort, Outbox, Router, Rules
from tests.gateway import judge
from tests.gateway.packets import Packets
from tests.gateway.plan import GATEWAYS, HOSTS, MACS, NETWORKS, UPLINKS, both, interface_of, number, octets

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Out:
    """A frame that left by a port."""

    port: str
    frame: bytes

    @property
    def packet(self) -> bytes:
        """What is behind the Ethernet header."""
        return self.frame[14:]

    def __repr__(self) -> str:
        return f"{self.port}: {Ether(self.frame)!r}"


class World(Packets):
    """`v`: the family that its packets are of; the world itself always has both.

    `nat` is what ipv4 and ipv6 of networks are set to, or None for a router without flows and rules. `flows`, `router`, `front`
    and `uplink` are further settings of Flows, Router and of the interfaces' rules. `ask`: neighbors are found by ARP and ND
    instead of being given. `pool`: the names of the addresses that sources are translated to.
    """

    def __init__(
        self,
        v: int,
        *,
        nat: str | None = "nat",
        pool: tuple[str, ...] = ("up",),
        paired: bool = True,
        ask: bool = False,
        mtu: int = 1500,
        uplink_mtu: int = 1500,
        seed: int = 0,
        flows: dict[str, object] | None = None,
        router: dict[str, object] | None = None,
        interface: dict[str, object] | None = None,
        networks: dict[str, dict[str, object]] | None = None,
        uplink: dict[str, object] | None = None,
    ) -> None:
        self.v = v
        self.now = SECOND
        self.engine, self.outbox = Engine(seed=seed), Outbox()
        self.flows = self.rules = None
        if nat is not None:
            self.flows = Flows(**{"capacity": 4096, "seed": seed, **(flows or {})})
            self.rules = Rules(self.flows)
        self.router = Router(self.engine, "router", flows=self.flows, rules=self.rules, **(router or {}))
        self.ports: dict[str, MemoryPort] = {}
        self.bridges: dict[str, Bridge] = {}
        self.interfaces: dict[str, int] = {}
        settings = {"arp": ask, **(interface or {})}
        for network in NETWORKS:
            self._network(network, mtu, settings)
        self._uplink(uplink_mtu, settings)
        self.names = {port.index: name for name, port in self.ports.items()}
        if not ask:
            for name in (*HOSTS, "isp", "near"):
                self.know(name)
        if nat is not None:
            self.pool = self.flows.add_pool([address.partition("/")[0] for name in pool for address in both(name)], paired=paired)
            chosen = {"ipv4": nat, "ipv6": nat, "masquerade4": self.pool, "masquerade6": self.pool}
            for network in NETWORKS:
                changed = {**chosen, **(networks or {}).get(network, {})}
                self.rules.set_interface(self.interfaces[GATEWAYS[network]], kind="network", name=network, **changed)
            self.rules.set_interface(self.interfaces["up"], kind="uplink", name="uplink", **(uplink or {}))

    def _network(self, network: str, mtu: int, settings: dict[str, object]) -> None:
        bridge, gateway = Bridge(self.engine, network), GATEWAYS[network]
        self.bridges[network] = bridge
        for name, where in HOSTS.items():
            if where == network:
                port = self.ports[name] = MemoryPort(self.engine, name, outbox=self.outbox, mtu=max(mtu, 1500))
                member = bridge.add_member(port)
                port.lead_to(bridge, member)
                bridge.add_static(number(MACS[name]), member)
        reverse = {"reverse_path": True, **settings}
        n = self.router.add_interface(network, mac=number(MACS[gateway]), mtu=mtu, addresses=both(gateway), **reverse)
        member = bridge.add_member(self.router, target_input=n)
        self.router.lead(n, bridge, member)
        bridge.add_static(number(MACS[gateway]), member)
        self.interfaces[gateway] = n

    def _uplink(self, mtu: int, settings: dict[str, object]) -> None:
        port = self.ports["up"] = MemoryPort(self.engine, "up", outbox=self.outbox, mtu=max(mtu, 1500))
        apart = {"reverse_path": False, **settings}
        n = self.router.add_interface("uplink", mac=number(MACS["up"]), mtu=mtu, addresses=both("up"), **apart)
        self.router.lead(n, port, 0)
        port.lead_to(self.router, n)
        self.interfaces["up"] = n
        for prefix, v in (("0.0.0.0/0", 0), ("::/0", 1)):
            self.router.add_route(prefix, interface=n, gateway=both("isp")[v].partition("/")[0])

    def know(self, name: str) -> None:
        """The host's MAC is written down for the router, in both families."""
        interface = self.interfaces[interface_of(name if name in HOSTS else "up")]
        for address in both(name):
            self.router.add_neighbor(interface, address.partition("/")[0], number(MACS[name]))

    # -- frames in ---------------------------------------------------------------------------------------------------------

    def framed(self, port: str, packet: Packet | bytes, to: str | None = None, source: str | None = None) -> bytes:
        """The packet in a frame from the port's host (the ISP's router on `up`) to the router there."""
        target = MACS.get(to, to) if to else MACS[interface_of(port)]
        sender = MACS.get(source, source) if source else MACS[UPLINKS.get(port, port)]
        raw = bytes(packet)
        kind = (b"\x08\x00", b"\x86\xdd")[raw[0] >> 4 == 6] if raw else b"\x08\x00"
        return octets(target) + octets(sender) + kind + raw

    def send(self, port: str, *packets: Packet | bytes, to: str | None = None, source: str | None = None) -> list[Out]:
        """Packets arrive in one burst; what leaves, in order."""
        return self.send_frames(port, *(self.framed(port, packet, to, source) for packet in packets))

    def send_frames(self, port: str, *frames: bytes | Packet) -> list[Out]:
        for frame in frames:
            self.ports[port].push(bytes(frame))
        self.engine.run_until_idle(self.now)
        return self.emitted()

    def advance(self, seconds: float) -> list[Out]:
        """Time goes on, timers fire; what leaves meanwhile."""
        end = self.now + round(seconds * SECOND)
        while self.engine.next_due is not None and self.engine.next_due <= end:
            self.now = max(self.now, self.engine.next_due)
            self.engine.turn(self.now)
        self.now = end
        self.engine.run_until_idle(end)
        return self.emitted()

    def emitted(self) -> list[Out]:
        out = [Out(self.names[index], data) for index, _, data in self.outbox.take()]
        self.assert_balanced()
        return out

    # -- what must be ------------------------------------------------------------------------------------------------------

    def expect(self, out: list[Out], *wanted: tuple[str, Packet | bytes], sums: bool = True) -> None:
        """Exactly these packets left by these ports, in order, whole frames compared; every checksum is right."""
        hoped = [(port, self.outward(port, packet)) for port, packet in wanted]
        found = [(one.port, one.frame) for one in out]
        assert found == hoped, f"\nwanted {[Out(*one) for one in hoped]}\nfound  {out}"
        if sums:
            self.assert_sums(out)

    def outward(self, port: str, packet: Packet | bytes, to: str | None = None) -> bytes:
        """The packet in a frame from the router to who is on the port."""
        target = MACS[to or UPLINKS.get(port, port)]
        raw = bytes(packet)
        return octets(target) + octets(MACS[interface_of(port)]) + (b"\x08\x00" if raw[0] >> 4 == 4 else b"\x86\xdd") + raw

    def passes(self, port: str, packet: Packet | bytes, towards: str, becomes: Packet | bytes) -> bytes:
        """One packet in, exactly this one out; returns it."""
        out = self.send(port, packet)
        self.expect(out, (towards, becomes))
        return out[0].packet

    def vanishes(self, port: str, packet: Packet | bytes, *reasons: str, to: str | None = None) -> None:
        """Nothing leaves; with reasons: dropped once, for one of these."""
        before = self.drops()
        out = self.send(port, packet, to=to)
        assert out == [], f"nothing should leave, but {out}"
        if reasons:
            dropped = dict(self.drops() - before)
            assert len(dropped) == 1, dropped
            assert set(dropped) <= set(reasons), dropped
            assert sum(dropped.values()) == 1

    def drops(self) -> Counter[str]:
        """Drops of all nodes by reason."""
        return Counter({row["reason"].item(): int(row["count"]) for row in self.engine.drops() if row["scope"] == "node"})

    def assert_sums(self, out: list[Out]) -> None:
        for one in out:
            if one.frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                assert judge.faults(one.packet) == [], one

    def assert_balanced(self) -> None:
        """DESIGN, idea 5: in + cloned + originated == out + consumed + dropped + held, per node."""
        for row in self.engine.counters():
            left = int(row["in"]) + int(row["cloned"]) + int(row["originated"])
            right = int(row["out"]) + int(row["consumed"]) + int(row["dropped"]) + int(row["held"])
            assert left == right, row

    def guest(self, n: int) -> str:
        """Another address on the port of `a`: a network of many hosts."""
        address = f"10.0.0.{10 + n}" if self.v == 4 else f"fd00:a::{16 + n:x}"
        self.router.add_neighbor(self.interfaces["gw"], address, number(MACS["a"]))
        return address

    # -- common conversations ----------------------------------------------------------------------------------------------

    def opened(self, kind: str, src: str, sport: int, dst: str = "r1", dport: int = 53, port: str = "up") -> int:
        """The host sends a first packet out, and it leaves translated: the external port (or identifier)."""
        return self.opened_port(kind, self.send(src, self.query(kind, src, sport, dst, dport)), port)

    def opened_port(self, kind: str, out: list[Out], port: str = "up") -> int:
        """The source port (or identifier) of the one packet that left."""
        assert [one.port for one in out] == [port], (out, self.drops())
        self.assert_sums(out)
        upper = judge.read(out[0].packet).upper
        return int.from_bytes(upper[4:6] if kind == "icmp" else upper[:2], "big")

    def external(self, out: list[Out]) -> tuple[str, int]:
        """Source address and port of the one packet that left by the uplink."""
        assert [one.port for one in out] == ["up"], (out, self.drops())
        packet = Ether(out[0].frame)
        return packet[1].src, int.from_bytes(judge.read(out[0].packet).upper[:2], "big")

    def handshake(self, src: str, sport: int, dst: str = "r1", dport: int = 80) -> int:
        """TCP established from inside, sequence numbers 100 and 500; the external port."""
        port = self.external(self.send(src, self.tcp(src, sport, dst, dport, "S", seq=99)))[1]
        back = self.tcp(dst, dport, "up", port, "SA", seq=499, ack=100, ttl=60)
        self.passes("up", back, src, self.tcp(dst, dport, src, sport, "SA", seq=499, ack=100, ttl=59))
        last = {"seq": 100, "ack": 500}
        self.passes(src, self.tcp(src, sport, dst, dport, "A", **last), "up", self.tcp("up", port, dst, dport, "A", ttl=63, **last))
        return port
