"""The captures of every scenario, built with scapy; `python -m tests.scenarios.make` writes them. A function each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.packet import Packet, Raw

from tests.scenarios import gateway, overlay, parent
from tests.scenarios.script import BROADCAST, Script, mac

FRONT = ("a.front", "b.front", "c.front")
A, B, C = FRONT


def ether(source: int | str, target: int | str, payload: bytes = b"payload") -> Packet:
    """A frame of an EtherType for experiments (IEEE 802, 9.2.3)."""
    address = [number if isinstance(number, str) else mac(number) for number in (source, target)]
    return Ether(src=address[0], dst=address[1], type=0x88B5) / Raw(payload)


def flood() -> Script:
    """BR-1, BR-2, BR-3: unknown and group destinations go to all others, a known one to its port, whatever taught it."""
    script = Script("flood", FRONT)
    script.send(A, ether(1, 2), B, C)
    script.send(B, ether(2, 1), A)
    script.send(A, ether(1, 2), B)
    script.send(C, ether(3, BROADCAST), A, B)
    script.send(A, ether(1, 3), C)
    script.send(B, ether(4, "01:00:5e:00:00:fb"), A, C)
    script.send(C, ether(3, 4), B)
    script.send(B, ether(2, "33:33:00:00:00:01"), A, C)
    script.send(A, ether(1, "01:80:c2:00:00:10"), B, C)
    return script


def same_port() -> Script:
    """BR-4: what is already where it belongs goes nowhere."""
    script = Script("same-port", FRONT)
    script.send(A, ether(1, BROADCAST), B, C)
    script.send(A, ether(2, 1))
    script.send(A, ether(1, 2))
    script.send(B, ether(3, 3))
    return script


def hairpin() -> Script:
    """A port in hairpin mode gets back what is for it, floods included; others do not."""
    script = Script("hairpin", FRONT)
    script.send(A, ether(1, BROADCAST), A, B, C)
    script.send(A, ether(2, 1), A)
    script.send(B, ether(3, BROADCAST), A, C)
    script.send(B, ether(4, 3))
    return script


def move() -> Script:
    """BR-5: a station that moves is where it was seen last, and moves back."""
    script = Script("move", FRONT)
    script.send(A, ether(1, BROADCAST), B, C)
    script.send(C, ether(3, 1), A)
    script.send(B, ether(1, BROADCAST), A, C)
    script.send(C, ether(3, 1), B)
    script.send(A, ether(1, 3), C)
    script.send(C, ether(3, 1), A)
    return script


def ageing() -> Script:
    """BR-6: after 300 s unseen as a source a station is unknown; at 180 s it is not."""
    script = Script("ageing", FRONT)
    script.send(A, ether(1, BROADCAST), B, C)
    script.at(180)
    script.send(B, ether(2, 1), A)
    script.at(299)
    script.send(B, ether(2, 1), A)
    script.at(301)
    script.send(B, ether(2, 1), A, C)
    return script


def refresh() -> Script:
    """BR-7: being a source keeps an entry alive, being a destination does not."""
    script = Script("refresh", FRONT)
    script.send(A, ether(1, BROADCAST), B, C)
    script.send(C, ether(3, BROADCAST), A, B)
    script.at(200)
    script.send(A, ether(1, 3), C)
    for second in (250, 290):
        script.at(second)
        script.send(B, ether(2, 3), C)
    script.at(310)
    script.send(B, ether(2, 3), A, C)
    script.at(400)
    script.send(B, ether(2, 1), A)
    return script


def short_ageing() -> Script:
    """BR-6: the ageing time is an option of the network."""
    script = Script("short-ageing", FRONT)
    script.send(A, ether(1, BROADCAST), B, C)
    script.at(9)
    script.send(B, ether(2, 1), A)
    script.at(11)
    script.send(B, ether(2, 1), A, C)
    return script


def sources() -> Script:
    """BR-8: a frame from a group address or from none is dropped and teaches nothing."""
    script = Script("sources", FRONT)
    for source in ("01:00:5e:00:00:01", BROADCAST, "00:00:00:00:00:00"):
        script.send(A, ether(source, BROADCAST))
        script.send(A, ether(source, 2))
    script.send(B, ether(2, "00:00:00:00:00:00"), A, C)
    script.send(B, ether(2, "01:00:5e:00:00:01"), A, C)
    return script


def reserved() -> Script:
    """BR-9: 01:80:C2:00:00:00 to 0F are not forwarded, but teach; the address after them is forwarded."""
    script = Script("reserved", FRONT)
    for last in range(16):
        script.send(A, ether(1, f"01:80:c2:00:00:{last:02x}"))
    script.send(A, Dot3(src=mac(1), dst="01:80:c2:00:00:00") / LLC() / STP())
    script.send(B, ether(2, 1), A)
    script.send(A, ether(1, "01:80:c2:00:00:10"), B, C)
    script.send(A, ether(1, "01:80:c2:00:01:00"), B, C)
    return script


def vlan() -> Script:
    """BR-10: tags of all kinds pass as they are, and learning does not look at them."""
    script = Script("vlan", FRONT)
    link = {"src": mac(1), "dst": mac(2)}
    packet = IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / b"tagged"
    script.send(A, Ether(**link) / Dot1Q(vlan=5, prio=3) / packet, B, C)
    script.send(B, Ether(src=mac(2), dst=mac(1)) / Dot1Q(vlan=6) / packet, A)
    script.send(A, Ether(**link) / Dot1AD(vlan=7) / packet, B)
    script.send(A, Ether(**link) / Dot1AD(vlan=7) / Dot1Q(vlan=8) / packet, B)
    script.send(A, Ether(**link) / Dot1Q(vlan=0, prio=7) / packet, B)
    script.send(A, ether(1, 2), B)
    return script


def odd_payloads() -> Script:
    """BR-11: a bridge looks at addresses only: LLC, IPv6, unknown types, wrong sums, truncated IP pass octet for octet."""
    script = Script("odd-payloads", FRONT)
    link = {"src": mac(1), "dst": mac(2)}
    ip = IP(src="10.0.0.1", dst="10.0.0.2")
    for frame in (
        Dot3(**link) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / b"llc",
        Dot3(**link) / LLC() / SNAP(OUI=0x00000C, code=0x2000) / b"snap",
        Ether(**link) / IPv6(src="fe80::1", dst="ff02::1") / ICMPv6ND_NS(tgt="fe80::2"),
        Ether(**link, type=0xFFFF) / b"unknown",
        Ether(**link, type=0x0600) / b"",
        Ether(**link) / IP(src="10.0.0.1", dst="10.0.0.2", chksum=0xBAD) / UDP(chksum=0xBAD) / b"sums",
        Ether(**link, type=0x0800) / bytes(ip / TCP())[:17],
        Ether(**link, type=0x0800) / bytes(IP(src="10.0.0.1", dst="10.0.0.2", len=9999) / b"liar"),
        Ether(**link) / ARP(hwsrc=mac(9), psrc="10.0.0.9", hwdst=mac(8), pdst="10.0.0.8"),
    ):
        script.send(A, frame, B, C)
    return script


def runts() -> Script:
    """BR-12: 0 to 13 octets are dropped, 14 pass, and neighbours in time do not suffer."""
    script = Script("runts", FRONT)
    whole = bytes(ether(1, 2, b""))
    for length in range(15):
        script.send(A, whole[:length], *([B, C] if length == 14 else []))
        script.send(B, ether(3, BROADCAST), A, C)
    return script


def sizes() -> Script:
    """BR-13: 1500 octets of payload pass, one VLAN tag rides along, more does not."""
    script = Script("sizes", FRONT)
    link = {"src": mac(1), "dst": mac(2)}
    for length in (46, 1499, 1500):
        script.send(A, ether(1, 2, bytes(length)), B, C)
    script.send(A, ether(1, 2, bytes(1501)))
    script.send(A, Ether(**link) / Dot1Q(vlan=5, type=0x88B5) / bytes(1500), B, C)
    script.send(A, Ether(**link) / Dot1Q(vlan=5, type=0x88B5) / bytes(1501))
    script.send(B, ether(2, 1, bytes(1501)))
    script.send(B, ether(2, 1, bytes(1500)), A)
    return script


def jumbo() -> Script:
    """BR-13: the MTU is an option of the network, up to all that IP can say."""
    script = Script("jumbo", FRONT)
    script.send(A, ether(1, 2, bytes(9000)), B, C)
    script.send(A, ether(1, 2, bytes(9001)))
    return script


def limits() -> Script:
    """BR-14: at the limit known stations keep working and may move, new ones are flooded."""
    script = Script("limits", FRONT)
    for number in (1, 2, 3, 4):
        script.send(A, ether(number, BROADCAST), B, C)
    for number in (1, 2, 3, 4):
        script.send(B, ether(9, number), *([A] if number < 4 else [A, C]))
    script.send(C, ether(1, BROADCAST), A, B)
    script.send(B, ether(9, 1), C)
    return script


def port_limit() -> Script:
    """BR-14: one port that is full of stations does not keep those of others out."""
    script = Script("port-limit", FRONT)
    for number in range(10, 20):
        script.send(A, ether(number, BROADCAST), B, C)
    script.send(B, ether(2, BROADCAST), A, C)
    script.send(C, ether(3, 2), B)
    script.send(C, ether(3, 11), A)
    script.send(C, ether(3, 12), A, B)
    return script


def isolated() -> Script:
    """BR-16: isolated ports never exchange frames, unicast, flooded or learned; others reach all."""
    script = Script("isolated", FRONT)
    script.send(A, ether(1, BROADCAST), C)
    script.send(B, ether(2, 1))
    script.send(B, ether(2, 7), C)
    script.send(C, ether(3, BROADCAST), A, B)
    script.send(C, ether(3, 1), A)
    script.send(A, ether(1, 3), C)
    script.send(A, ether(1, 2))
    return script


def two_bridges() -> Script:
    """BR-17: the same stations on two networks stay apart."""
    ports = tuple(f"{service}.{network}" for service, network in product("abc", ("front", "back")))
    script = Script("two-bridges", ports)
    script.send("a.front", ether(1, BROADCAST), "b.front", "c.front")
    script.send("b.back", ether(1, BROADCAST), "a.back", "c.back")
    script.send("c.front", ether(3, 1), "a.front")
    script.send("c.back", ether(3, 1), "b.back")
    script.send("a.back", ether(2, BROADCAST), "b.back", "c.back")
    script.send("c.front", ether(3, 2), "a.front", "b.front")
    return script


def order() -> Script:
    """BR-18: everything arrives once and in order, at equal times too, while floods and learning come in between."""
    script = Script("order", FRONT)
    for number in range(300):
        known = number > 100
        if number == 100:
            script.send(B, ether(2, BROADCAST), A, C)
        script.send(A, ether(1, 2, number.to_bytes(2, "big")), *([B] if number >= 100 else [B, C]))
        if not known and number % 3 == 0:
            script.now -= 1_000_000
    return script


def completed() -> Script:
    """--complete-checksums: TCP and UDP that left a host with the pseudo-header's sum only get theirs; all else stays."""
    script = Script("completed", FRONT)
    link = Ether(src=mac(1), dst=mac(2))
    # The sums of the pseudo-headers: 0a00+0001+0a00+0002+protocol+length, worked out by hand.
    for layer, pseudo in ((TCP(dport=80), 0x1400 + 3 + 6 + 24), (UDP(dport=80), 0x1400 + 3 + 17 + 12)):
        ip = IP(src="10.0.0.1", dst="10.0.0.2")
        half = layer.copy()
        half.chksum = pseudo
        whole = link / ip / layer / b"data"
        script.send_for(A, link / ip / half / b"data", {B: [whole], C: [whole]})
        half.chksum = pseudo + 1
        script.send(A, link / ip / half / b"data", B, C)
    return script


def segmented() -> Script:
    """--segment: a super-frame leaves as segments that scapy would have built."""
    script = Script("segmented", FRONT)
    link = Ether(src=mac(1), dst=mac(2))
    payload = bytes(range(250)) * 16
    parts = [payload[at : at + 1460] for at in range(0, len(payload), 1460)]
    segments = [
        link
        / IP(src="10.0.0.1", dst="10.0.0.2", id=7 + number, flags="DF")
        / TCP(dport=80, seq=1000 + 1460 * number, flags="PA" if part is parts[-1] else "A")
        / part
        for number, part in enumerate(parts)
    ]
    ip = IP(src="10.0.0.1", dst="10.0.0.2", id=7, flags="DF")
    script.send_for(A, link / ip / TCP(dport=80, seq=1000, flags="PA") / payload, {B: [*segments], C: [*segments]})
    parts = [payload[at : at + 1452] for at in range(0, len(payload), 1452)]
    ip6 = IPv6(src="fd00::1", dst="fd00::2")
    datagrams = [link / ip6 / UDP(dport=53) / part for part in parts]
    script.send_for(A, link / ip6 / UDP(dport=53) / payload, {B: [*datagrams], C: [*datagrams]})
    return script


SCRIPTS = (
    flood, same_port, hairpin, move, ageing, refresh, short_ageing, sources, reserved, vlan, odd_payloads, runts, sizes, jumbo,
    limits, port_limit, isolated, two_bridges, order, completed, segmented, *gateway.SCRIPTS, *overlay.SCRIPTS, *parent.SCRIPTS,
)  # fmt: skip


def scripts() -> Iterator[Script]:
    """Every scenario."""
    for make in SCRIPTS:
        yield make()


if __name__ == "__main__":
    for script in scripts():
        for path, octets in script.files():
            path.write_bytes(octets)
