"""A gateway between two networks and an uplink, on memory ports: who sends what, and what must come out, octet for octet."""

from __future__ import annotations

from scapy.layers.l2 import Ether
from scapy.packet import Packet

from fastpath import Bridge, Flows, Router, Rules
from tests.fastpath.outside import Out, Outside, number, octets
from tests.gateway import judge
from tests.gateway.packets import Packets
from tests.gateway.plan import GATEWAYS, HOSTS, MACS, NETWORKS, UPLINKS, both, interface_of


class World(Outside, Packets):
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
        super().__init__(seed=seed)
        self.v = v
        self.flows = self.rules = None
        if nat is not None:
            self.flows = Flows(**{"capacity": 4096, "seed": seed, **(flows or {})})
            self.rules = Rules(self.flows)
        self.router = Router(self.engine, "router", flows=self.flows, rules=self.rules, **(router or {}))
        self.bridges: dict[str, Bridge] = {}
        self.interfaces: dict[str, int] = {}
        settings = {"arp": ask, **(interface or {})}
        for network in NETWORKS:
            self._network(network, mtu, settings)
        self._uplink(uplink_mtu, settings)
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
                port = self.add_port(name, max(mtu, 1500))
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
        port = self.add_port("up", max(mtu, 1500))
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
            self.assert_dropped(before, *reasons)

    def assert_sums(self, out: list[Out]) -> None:
        for one in out:
            if one.frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                assert judge.faults(one.packet) == [], one

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
