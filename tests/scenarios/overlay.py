"""Scenarios through a VTEP: who sends what, and what must be on the underlay or at services, built with Scapy."""

from __future__ import annotations

from functools import cache

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from dataplane import Lab
from tests.scenarios.script import BROADCAST, HERE, Script

OV = ("a.ov", "b.ov", "underlay")
A, B, BELOW = OV
VNI = 4097
OURS, NEIGHBOR, GATEWAY = "02:42:c0:00:02:01", "02:42:c0:00:02:02", "02:42:c0:00:02:fe"
MACS = {"a": "02:00:00:00:00:0a", "b": "02:00:00:00:00:0b", "c": "02:00:00:00:00:0c", "d": "02:00:00:00:00:0d"}
ADDRESSES = {"a": "10.0.9.2", "b": "10.0.9.3", "c": "10.0.9.12", "d": "10.0.9.13"}


def datagram(source: str, target: str, payload: bytes = b"payload", tos: int = 0) -> Packet:
    """Between stations of the overlay: a and b are here, c behind the first peer, d behind the second."""
    link = Ether(src=MACS[source], dst=MACS.get(target, target))
    return (
        link / IP(src=ADDRESSES[source], dst=ADDRESSES.get(target, "10.0.9.255"), tos=tos) / UDP(sport=1000, dport=2000) / payload
    )


@cache
def chosen_port(octets: bytes) -> int:
    """The one thing that is the VTEP's own to choose: a source port by the inner flow and the seed, here 0. So it is asked."""
    lab = Lab.load(HERE / "overlay" / "compose.yaml")
    ((_, frame),) = [(port, frame) for port, frame in lab.inject(A, octets, now=0.0) if port == BELOW][:1]
    assert 49152 <= int.from_bytes(frame[34:36], "big") <= 65535
    return int.from_bytes(frame[34:36], "big")


def outer(inner: Packet, local: str, remote: str, *, out: bool, vni: int = VNI, checksum: bool = False, **fields: int) -> Packet:
    """The frame on the underlay: `out` from our VTEP to its next hop, else to us."""
    octets = bytes(inner)
    next_hop = NEIGHBOR if remote in {"192.0.2.2", "2001:db8::2"} or local in {"192.0.2.2", "2001:db8::2"} else GATEWAY
    link = Ether(src=OURS, dst=next_hop) if out else Ether(src=next_hop, dst=OURS)
    ip = IPv6(src=local, dst=remote, hlim=64) if ":" in local else IP(src=local, dst=remote, flags="DF", id=0, ttl=64)
    for name, value in fields.items():
        setattr(ip, name, value)
    udp = UDP(sport=chosen_port(octets) if out else 50000, dport=4789, **({} if checksum else {"chksum": 0}))
    return link / ip / udp / VXLAN(vni=vni, flags="Instance") / Raw(octets)


class Ends:
    """One family's addresses: ours, the peer on our network, the peer behind the gateway."""

    def __init__(self, local: str, near: str, far: str, checksum: bool) -> None:
        self.local, self.near, self.far, self.checksum = local, near, far, checksum

    def out(self, inner: Packet, *peers: str, **fields: int) -> list[Packet]:
        """What must leave for it."""
        return [outer(inner, self.local, peer, out=True, checksum=self.checksum, **fields) for peer in peers]

    def come(self, inner: Packet, peer: str, **fields: int) -> Packet:
        """It comes from a peer."""
        return outer(inner, peer, self.local, out=False, checksum=self.checksum, **fields)


FOUR = Ends("192.0.2.1", "192.0.2.2", "198.51.100.3", False)
SIX = Ends("2001:db8::1", "2001:db8::2", "2001:db8:1::3", True)


def exchange(script: Script, ends: Ends) -> None:
    """Floods, known stations, moves, VNIs that are nobody's."""
    near, far = ends.near, ends.far
    first = datagram("a", BROADCAST)
    script.send_for(A, first, {B: [first], BELOW: ends.out(first, near, far)})
    unknown = datagram("a", "c")
    script.send_for(A, unknown, {B: [unknown], BELOW: ends.out(unknown, near, far)})
    # From the tunnel to services alone, never to another VTEP, and it is known then where the sender is.
    answer = datagram("c", "a")
    script.send_for(BELOW, ends.come(answer, near), {A: [answer]})
    script.send_for(A, datagram("a", "c"), {BELOW: ends.out(datagram("a", "c"), near)})
    everybody = datagram("d", BROADCAST)
    script.send_for(BELOW, ends.come(everybody, far), {A: [everybody], B: [everybody]})
    script.send_for(B, datagram("b", "d"), {BELOW: ends.out(datagram("b", "d"), far)})
    script.send_for(BELOW, ends.come(datagram("d", "c"), far), {})
    # c moves behind the other VTEP, then a behind it, and back.
    moved = datagram("c", "b")
    script.send_for(BELOW, ends.come(moved, far), {B: [moved]})
    script.send_for(A, datagram("a", "c"), {BELOW: ends.out(datagram("a", "c"), far)})
    roamed = datagram("a", "b")
    script.send_for(BELOW, ends.come(roamed, near), {B: [roamed]})
    script.send_for(B, datagram("b", "a"), {BELOW: ends.out(datagram("b", "a"), near)})
    script.send_for(A, datagram("a", "b"), {B: [datagram("a", "b")]})
    script.send_for(B, datagram("b", "a"), {A: [datagram("b", "a")]})
    script.send_for(BELOW, ends.come(datagram("c", "a"), near, vni=VNI + 1), {})


def overlay() -> Script:
    """VX-1, VX-10, VX-14 to VX-17, VX-23: learned stations, head-end replication, split horizon; tags end at the VTEP (VX-18)."""
    script = Script("overlay", OV)
    exchange(script, FOUR)
    tagged, bare = datagram("a", "d"), datagram("a", "d")
    tagged = Ether(src=tagged.src, dst=tagged.dst) / Dot1Q(vlan=7) / tagged.payload
    script.send_for(A, tagged, {BELOW: FOUR.out(bare, FOUR.far)})
    # ECN: CE on the way out as it is, and put on what comes in with it (RFC 6040, VX-19, VX-20).
    marked = datagram("a", "d", tos=3)
    script.send_for(A, marked, {BELOW: FOUR.out(marked, FOUR.far, tos=3)})
    script.send_for(BELOW, FOUR.come(datagram("d", "a", tos=2), FOUR.far, tos=3), {A: [datagram("d", "a", tos=3)]})
    script.send_for(BELOW, FOUR.come(datagram("d", "a"), FOUR.far, tos=3), {})
    return script


def overlay_ipv6() -> Script:
    """The same over IPv6, where the outer checksum is computed (VX-5, VX-6); tags are kept when told so (VX-18)."""
    script = Script("overlay-ipv6", OV)
    exchange(script, SIX)
    inner = datagram("a", "d")
    tagged = Ether(src=inner.src, dst=inner.dst) / Dot1Q(vlan=7) / inner.payload
    script.send_for(A, tagged, {BELOW: SIX.out(tagged, SIX.far)})
    back = datagram("d", "a")
    tagged = Ether(src=back.src, dst=back.dst) / Dot1Q(vlan=7) / back.payload
    script.send_for(BELOW, SIX.come(tagged, SIX.far), {A: [tagged]})
    return script


def overlay_programmed() -> Script:
    """VX-17, VX-21: without learning only the file's endpoints are reached, and ARP for them is answered here; options of the outer
    header; only the file's peers may send."""
    script = Script("overlay-programmed", OV)
    near, options = FOUR.near, {"ttl": 9, "tos": 46 << 2}
    known = Ether(src=MACS["a"], dst="02:42:0a:00:09:0c") / IP(src="10.0.9.2", dst="10.0.9.12") / UDP(sport=1, dport=2) / b"known"
    checked = outer(known, FOUR.local, near, out=True, checksum=True, **options)
    script.send_for(A, known, {BELOW: [checked]})
    script.send_for(A, datagram("a", "d"), {B: [datagram("a", "d")]})
    asked = Ether(src=MACS["a"], dst=BROADCAST) / ARP(hwsrc=MACS["a"], psrc="10.0.9.2", pdst="10.0.9.14")
    told = Ether(src="02:00:00:00:00:0e", dst=MACS["a"]) / ARP(
        op="is-at", hwsrc="02:00:00:00:00:0e", psrc="10.0.9.14", hwdst=MACS["a"], pdst="10.0.9.2"
    )
    script.send_for(A, asked, {A: [told], B: [asked]})
    script.send_for(BELOW, outer(datagram("c", "a"), near, FOUR.local, out=False), {A: [datagram("c", "a")]})
    script.send_for(A, datagram("a", "c"), {B: [datagram("a", "c")]})
    script.send_for(BELOW, outer(datagram("d", "a"), FOUR.far, FOUR.local, out=False), {})
    return script


SCRIPTS = (overlay, overlay_ipv6, overlay_programmed)
