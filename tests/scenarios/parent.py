"""Scenarios of stations behind a parent: who sends what, and what must be on the parent's network or at services."""

from __future__ import annotations

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw

from tests.scenarios.script import BROADCAST, Script

ROUTER, HOST, STRANGER = "02:00:00:00:00:fe", "02:00:00:00:00:01", "02:00:00:00:00:99"


def station(name: str) -> str:
    """The MAC of a service of these files."""
    return f"02:00:00:00:01:{ord(name):02x}"


def datagram(source: str, target: str, link: tuple[str, str], payload: bytes = b"payload") -> Packet:
    """UDP from address to address, in a frame from MAC to MAC."""
    ip = IPv6(src=source, dst=target) if ":" in source else IP(src=source, dst=target)
    return Ether(src=link[0], dst=link[1]) / ip / UDP(sport=1000, dport=2000) / Raw(payload)


def whois(source: str, mac: str, target: str) -> Packet:
    """An ARP request to all."""
    return Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=source, pdst=target)


def macvlan() -> Script:
    """DOCKER.md 1.1, macvlan: bridge, private and vepa on one parent; what a switch sends back; who is nobody here."""
    a, b, p, q, v, w, outside = "a.lan", "b.lan", "p.shy", "q.shy", "v.loop", "w.loop", "parent.lan"
    script = Script("macvlan", (a, b, p, q, v, w, outside))

    def between(one: str, other: str) -> Packet:
        macs = [station(name) if len(name) == 1 else name for name in (one, other)]
        return datagram("10.0.0.1", "10.0.0.2", (macs[0], macs[1]))

    script.send(a, between("a", "b"), b)
    script.send(a, between("a", ROUTER), outside)
    script.send(outside, between(ROUTER, "a"), a)
    script.send(a, between("a", "p"), outside)
    script.send(a, whois("10.0.0.1", station("a"), "10.0.0.9"), b, outside)
    script.send(outside, whois("10.0.0.1", station("a"), "10.0.0.9"), v, w)  # sent back: bridge members saw it on its way out
    script.send(p, between("p", "q"), outside)
    script.send(outside, between("p", "q"))  # sent back, and in vain
    script.send(p, whois("10.0.1.1", station("p"), "10.0.1.9"), outside)
    script.send(outside, whois("10.0.1.1", station("p"), "10.0.1.9"), p)
    script.send(outside, between(ROUTER, "q"), q)
    script.send(v, between("v", "w"), outside)
    script.send(outside, between("v", "w"), w)
    script.send(v, whois("10.0.2.1", station("v"), "10.0.2.9"), outside)
    script.send(outside, whois("10.0.2.1", station("v"), "10.0.2.9"), a, b, w)
    script.send(outside, whois("10.0.0.254", ROUTER, "10.0.0.1"), a, b, p, q, v, w)
    script.send(outside, between(ROUTER, STRANGER))
    script.send(outside, between(ROUTER, HOST))
    return script


def passthru() -> Script:
    """DOCKER.md 1.1, macvlan_mode passthru: all that comes in, and from any address out."""
    script = Script("macvlan-passthru", ("a.lan", "parent.lan"))
    for target in (station("a"), STRANGER, BROADCAST, "01:80:c2:00:00:0e"):
        script.send("parent.lan", datagram("10.0.0.9", "10.0.0.2", (ROUTER, target)), "a.lan")
    script.send("a.lan", datagram("10.0.0.9", "10.0.0.2", (STRANGER, ROUTER)), "parent.lan")
    return script


def tagged(identifier: int, packet: Packet, priority: int = 0) -> Packet:
    """The same with a tag in front of what it is of."""
    octets = bytes(packet)
    return Raw(octets[:12] + b"\x81\x00" + (priority << 13 | identifier).to_bytes(2, "big") + octets[12:])


def vlan() -> Script:
    """DOCKER.md 1.1, parent eth0.10: tags by the engine, with an untagged network and one of ipvlan on the same interface."""
    a, b, c, d, e, outside = "a.ten", "b.ten", "c.twenty", "d.none", "e.none", "parent.ten"
    script = Script("vlan-parent", (a, b, c, d, e, outside))
    hello = whois("10.0.0.1", station("a"), "10.0.0.9")
    script.send_for(a, hello, {b: [hello], outside: [tagged(10, hello)]})
    answer = datagram("10.0.0.254", "10.0.0.1", (ROUTER, station("a")))
    script.send_for(outside, tagged(10, answer), {a: [answer]})
    script.send_for(outside, tagged(10, answer, priority=6), {a: [answer]})
    script.send(outside, tagged(20, answer))  # of another network: no such station there
    script.send(outside, tagged(30, answer))  # of nobody's
    script.send(outside, answer)
    out = datagram("10.0.20.2", "10.0.20.254", (HOST, ROUTER))
    script.send_for(c, out, {outside: [tagged(20, out)]})
    back = datagram("10.0.20.254", "10.0.20.2", (ROUTER, HOST))
    script.send_for(outside, tagged(20, back), {c: [back]})
    script.send(d, datagram("10.0.3.1", "10.0.3.2", (station("d"), station("e"))), e)
    script.send(d, datagram("10.0.3.1", "10.0.3.9", (station("d"), ROUTER)), outside)
    plain = datagram("10.0.3.9", "10.0.3.1", (ROUTER, station("d")))
    script.send(outside, plain, d)
    script.send_for(outside, tagged(0, plain, priority=5), {d: [plain]})  # a priority, and no VLAN
    inner = Ether(src=station("a"), dst=station("b")) / Dot1Q(vlan=7) / IP() / UDP()
    script.send(a, inner, b)
    return script


def ipvlan() -> Script:
    """DOCKER.md 1.1, ipvlan l2: one MAC for all, addresses decide; flags private and vepa on parents of their own."""
    a, b, p, q, v, w = "a.lan", "b.lan", "p.shy", "q.shy", "v.loop", "w.loop"
    out, shy, loop = "parent.lan", "parent.shy", "parent.loop"
    script = Script("ipvlan", (a, b, p, q, v, w, out, shy, loop))
    here = (HOST, HOST)
    script.send(a, datagram("10.0.0.2", "10.0.0.3", here), b)
    script.send(b, datagram("fd00::3", "fd00::2", here), a)
    script.send(a, datagram("10.0.0.2", "10.0.0.254", (HOST, ROUTER)), out)
    script.send(a, datagram("10.0.0.2", "10.0.0.77", here))  # the parent's own host, which a packet socket cannot reach
    question = whois("10.0.0.2", HOST, "10.0.0.254")
    script.send(a, question, b, out)
    script.send(out, question)  # sent back by a switch
    script.send(out, Ether(src=ROUTER, dst=HOST) / ARP(op=2, hwsrc=ROUTER, psrc="10.0.0.254", hwdst=HOST, pdst="10.0.0.2"), a)
    script.send(out, whois("10.0.0.254", ROUTER, "10.0.0.3"), a, b)
    script.send(out, datagram("10.0.0.254", "10.0.0.3", (ROUTER, HOST)), b)
    script.send(out, datagram("10.0.0.254", "10.0.0.1", (ROUTER, HOST)))
    script.send(out, datagram("10.0.0.254", "10.0.0.3", (ROUTER, STRANGER)))
    probe = Ether(src=HOST, dst=HOST) / IPv6(src="::", dst="ff02::1:ff00:3", hlim=255) / ICMPv6ND_NS(tgt="fd00::3")
    script.send(a, probe, b)
    script.send(p, datagram("10.0.1.2", "10.0.1.3", here))
    script.send(p, datagram("10.0.1.2", "10.0.1.254", (HOST, ROUTER)), shy)
    script.send(v, datagram("10.0.2.2", "10.0.2.3", here), loop)
    script.send(loop, datagram("10.0.2.2", "10.0.2.3", here), w)
    return script


def ipvlan_l3() -> Script:
    """DOCKER.md 1.1, ipvlan l3: addresses alone; next hops that the file names, and one that it does not; no groups."""
    a, b, out = "a.lan", "b.lan", "parent.lan"
    script = Script("ipvlan-l3", (a, b, out))
    here, there = (HOST, HOST), (HOST, ROUTER)
    script.send(a, datagram("10.0.0.2", "10.0.0.3", here), b)
    script.send(b, datagram("fd00::3", "fd00::2", here), a)
    for target in ("198.51.100.7", "192.0.2.254"):
        script.send_for(a, datagram("10.0.0.2", target, here), {out: [datagram("10.0.0.2", target, there)]})
    script.send_for(a, datagram("fd00::2", "2001:db8:5::5", here), {out: [datagram("fd00::2", "2001:db8:5::5", there)]})
    script.send(a, datagram("10.0.0.2", "192.0.2.77", here))  # on the link, and nobody may be asked
    script.send(a, whois("10.0.0.2", HOST, "10.0.0.9"))
    script.send(out, whois("192.0.2.254", ROUTER, "10.0.0.2"))
    script.send(out, datagram("198.51.100.7", "10.0.0.2", (ROUTER, HOST)), a)
    script.send(out, datagram("198.51.100.7", "192.0.2.1", (ROUTER, HOST)))
    return script


SCRIPTS = (macvlan, passthru, vlan, ipvlan, ipvlan_l3)
