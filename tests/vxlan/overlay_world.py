"""A VTEP between two bridges and an underlay, on memory ports: who sends what, and what must come out, octet for octet."""

from __future__ import annotations

from typing import Any

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from fastpath import Bridge, Vtep
from tests.fastpath.outside import BROADCAST, Out, Outside, number
from tests.vxlan import outer
from tests.vxlan.overlay_plan import ADDRESSES, BRIDGES, STATIONS, UNDERLAY_MACS, VNIS, inside


class Overlays(Outside):
    """`v`: the family of the underlay that the tunnels use; the VTEP itself has both.

    `peers` of both overlays; `settings` are those of `add_overlay`, `vtep` and `bridge` of the nodes. `ask`: next hops are found by
    ARP and ND instead of being given. `blue`: with the second overlay.
    """

    def __init__(
        self,
        v: int,
        *,
        peers: tuple[str, ...] = ("r1", "r2"),
        ask: bool = False,
        blue: bool = False,
        mtu: int = 1500,
        port_mtu: int = 1500,
        seed: int = 0,
        vtep: dict[str, Any] | None = None,
        bridge: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
        engine: dict[str, Any] | None = None,
        vnis: dict[str, int] | None = None,
    ) -> None:
        super().__init__(seed=seed, **(engine or {}))
        self.v = v
        self.vnis = {**VNIS, **(vnis or {})}
        ours = [address for name in ("us", "us too") for address in (f"{ADDRESSES[name][0]}/24", f"{ADDRESSES[name][1]}/64")]
        more = {"arp": ask, "mtu": mtu, **(vtep or {})}
        self.vtep = Vtep(self.engine, "vtep", mac=number(UNDERLAY_MACS["us"]), addresses=ours, **more)
        self.add_port("under", max(mtu, 1500)).lead_to(self.vtep, 0)
        self.vtep.lead(self.ports["under"])
        self.bridges: dict[str, Bridge] = {}
        self.overlays: dict[str, int] = {}
        for overlay in ("red", "blue") if blue else ("red",):
            self._overlay(overlay, port_mtu, bridge or {}, settings or {})
            for peer in peers:
                self.vtep.add_peer(self.overlays[overlay], self.at(peer))
        for prefix, side in (("198.51.100.0/24", 0), ("2001:db8:9::/48", 1)):
            self.vtep.add_route(prefix, ADDRESSES["gw"][side])
        if not ask:
            for name in ("r1", "r2", "r3", "stranger", "gw"):
                for address in ADDRESSES[name]:
                    self.vtep.add_neighbor(address, number(UNDERLAY_MACS[name]))

    def _overlay(self, overlay: str, mtu: int, bridge: dict[str, Any], settings: dict[str, Any]) -> None:
        self.bridges[overlay] = Bridge(self.engine, overlay, **bridge)
        for name in BRIDGES[overlay]:
            port = self.add_port(name, mtu)
            port.lead_to(self.bridges[overlay], self.bridges[overlay].add_member(port))
        more = {"local": self.at("us"), **settings}
        self.overlays[overlay] = self.vtep.add_overlay(overlay, self.bridges[overlay], self.vnis[overlay], **more)

    @property
    def red(self) -> int:
        return self.overlays["red"]

    def at(self, name: str) -> str:
        """The address of a name, in the underlay's family."""
        return ADDRESSES[name][self.v == 6] if name in ADDRESSES else name

    # -- frames ------------------------------------------------------------------------------------------------------------

    def frame(
        self, src: str, dst: str, payload: bytes = b"hello", sport: int = 1000, dport: int = 2000, v: int = 4, **ip: Any
    ) -> bytes:
        """A UDP packet from one station to another, or to a MAC address."""
        to = STATIONS.get(dst, dst)
        address = inside(dst, v) if dst in STATIONS else ("10.0.0.255", "ff02::1")[v == 6]
        header = IP(src=inside(src, v), dst=address, **ip) if v == 4 else IPv6(src=inside(src, v), dst=address, **ip)
        return bytes(Ether(src=STATIONS[src], dst=to) / header / UDP(sport=sport, dport=dport) / Raw(payload))

    def sized(self, src: str, dst: str, octets: int, v: int = 4, df: bool = True, **ip: Any) -> bytes:
        """An echo request whose IP packet is so long."""
        flags = {"flags": "DF" if df else 0} if v == 4 else {}
        header = (IP if v == 4 else IPv6)(src=inside(src, v), dst=inside(dst, v), **flags, **ip)
        ping = ICMP() if v == 4 else ICMPv6EchoRequest()
        packet: Packet = header / ping / Raw(b"")
        return bytes(Ether(src=STATIONS[src], dst=STATIONS[dst]) / header / ping / Raw(bytes(octets - len(bytes(packet)))))

    def broadcast(self, src: str, payload: bytes = b"to all") -> bytes:
        return self.frame(src, BROADCAST, payload)

    def tunneled(self, peer: str, inner: bytes, overlay: str = "red", **how: Any) -> bytes:
        """The frame as a peer sends it to us."""
        how.setdefault("udp_sum", 0 if self.v == 4 else None)
        return outer.write(self.v, peer, inner, how.pop("vni", self.vnis[overlay]), **how)

    send = Outside.send_frames

    def receive(self, peer: str, *inner: bytes, overlay: str = "red", **how: Any) -> list[Out]:
        """A peer sends these to us, each in a tunnel packet."""
        return self.send_frames("under", *(self.tunneled(peer, one, overlay, **how) for one in inner))

    # -- what must be ------------------------------------------------------------------------------------------------------

    def told(self, out: list[Out]) -> list[tuple[str, bytes]]:
        """(port, frame), where tunnel packets are (peer's name, inner frame) of the right VNI, from us."""
        names = {side: name for name, both in ADDRESSES.items() for side in both}
        found = []
        for one in out:
            if one.port != "under":
                found.append((one.port, one.frame))
                continue
            packet = outer.read(one.frame)
            assert (packet.v, packet.source, packet.dport) == (self.v, self.at("us"), outer.PORT)
            overlay = {vni: name for name, vni in self.vnis.items()}[packet.vni]
            found.append((names[packet.target] + ("" if overlay == "red" else f" {overlay}"), packet.inner))
        return found

    def expect(self, out: list[Out], *wanted: tuple[str, bytes]) -> None:
        """Exactly these left: (port or peer, frame), those of one port in order."""
        found = self.told(out)
        for port in {name for name, _ in (*wanted, *found)}:
            assert [frame for name, frame in found if name == port] == [frame for name, frame in wanted if name == port], (
                f"{port}: found {[(name, Ether(frame)) for name, frame in found]}\ndrops {self.drops()}"
            )

    def only(self, out: list[Out]) -> outer.Tunnel:
        """The one tunnel packet that left."""
        assert [one.port for one in out] == ["under"], (out, self.drops())
        return outer.read(out[0].frame)

    def vanishes(self, port: str, frame: bytes | Packet, *reasons: str) -> None:
        """Nothing leaves; with reasons: dropped once, for one of these."""
        before = self.drops()
        out = self.send_frames(port, frame)
        assert out == [], f"nothing should leave, but {out}"
        if reasons:
            self.assert_dropped(before, *reasons)

    def counters(self) -> dict[str, int]:
        return self.vtep.named_counters()

    def knows(self, station: str, overlay: str = "red") -> bool:
        """The bridge has learned the station."""
        return number(STATIONS[station]) in {int(row["mac"]) for row in self.bridges[overlay].stations(self.now)}
