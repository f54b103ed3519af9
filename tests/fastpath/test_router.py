"""The router on memory ports and with a Bridge: its Python face, and what tests/gateway does not look at.

The rows L3-1 to L3-11 are shown in tests/gateway.
"""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, Ether
from switch import balanced

from fastpath import Bridge, Engine, MemoryPort, Outbox, Router

SECOND = 1_000_000_000
OURS = (0x0242_0A000001, 0x0242_0B000001)
HOSTS = (0x0200_00000002, 0x0200_00000003)
A, B = (mac.to_bytes(6, "big").hex(":") for mac in HOSTS)
LEFT, RIGHT = (mac.to_bytes(6, "big").hex(":") for mac in OURS)


class Two:
    """A router between 10.0.0.0/24 and 10.1.0.0/24 (fd00::/64 and fd01::/64), a port on each side."""

    def __init__(self, **settings):
        self.engine, self.outbox = Engine(), Outbox()
        self.router = Router(self.engine, "router", **settings)
        self.ports = [MemoryPort(self.engine, name, outbox=self.outbox) for name in ("left", "right")]
        for n, port in enumerate(self.ports):
            number = self.router.add_interface(port.name, mac=OURS[n], addresses=[f"10.{n}.0.1/24", f"fd0{n}::1/64"])
            assert number == n
            self.router.lead(n, port)
            port.lead_to(self.router, n)
            self.router.add_neighbor(n, f"10.{n}.0.2", HOSTS[n])
            self.router.add_neighbor(n, f"fd0{n}::2", HOSTS[n])

    def send(self, frame, port=0, now=0):
        self.ports[port].push(bytes(frame))
        self.engine.run_until_idle(now)
        assert balanced(self.engine)
        return [(index - 1, Ether(octets)) for index, _, octets in self.outbox.take()]

    def dropped(self):
        return {row["reason"].item(): int(row["count"]) for row in self.engine.drops() if row["scope"] == "node"}


@pytest.fixture
def two():
    return Two()


@pytest.mark.parametrize("packet", [IP(src="10.0.0.2", dst="10.1.0.2"), IPv6(src="fd00::2", dst="fd01::2")])
def test_a_packet_crosses(two, packet):
    """L3-1: the long way and the short cut do the same."""
    for _ in range(3):
        ((port, out),) = two.send(Ether(src=A, dst=LEFT) / packet / UDP(sport=1, dport=2) / b"data")
        assert (port, out.src, out.dst) == (1, RIGHT, B)
        expected = packet.copy() / UDP(sport=1, dport=2) / b"data"
        if packet.version == 4:
            expected.ttl = 63
        else:
            expected.hlim = 63
        assert bytes(out)[14:] == bytes(expected)
    assert two.router.named_counters()["forwarded"] == 3


def test_changes_are_seen_at_once(two):
    """What was kept for a target counts no longer when a route, a neighbor, an MTU or an edge changes."""
    frame = Ether(src=A, dst=LEFT) / IP(src="10.0.0.2", dst="192.0.2.7", flags="DF") / UDP() / bytes(1000)
    two.router.add_route("192.0.2.0/24", interface=1, gateway="10.1.0.2")
    assert two.send(frame)[0][1].dst == B
    assert two.send(frame)[0][1].dst == B
    two.router.add_neighbor(1, "10.1.0.2", HOSTS[1] + 5)
    assert two.send(frame)[0][1].dst == "02:00:00:00:00:08"
    two.router.add_route("192.0.2.7/32", interface=0)
    two.router.add_neighbor(0, "192.0.2.7", HOSTS[0] + 7)
    ((port, out),) = two.send(frame)
    assert (port, out.dst) == (0, "02:00:00:00:00:09")
    assert two.router.remove_route("192.0.2.7/32")
    assert not two.router.remove_route("192.0.2.7/32")
    assert two.send(frame)[0][0] == 1
    two.router.set_interface(1, mtu=576)
    ((port, out),) = two.send(frame)
    assert (port, out["ICMP"].type, out["ICMP"].code, out["ICMP"].nexthopmtu) == (0, 3, 4, 576)
    two.router.set_interface(1, mtu=1500)
    two.router.lead(1, two.ports[0])
    assert two.send(frame)[0][0] == 0
    two.router.lead(1, None)
    assert two.send(frame) == []
    assert two.dropped()["unconnected"] == 1
    two.router.remove_interface(1)
    two.send(frame)
    assert two.dropped()["no route"] == 1
    assert two.router.names == ["left", None]


def test_routes_as_a_table(two):
    two.router.add_route("0.0.0.0/0", interface=1, gateway="10.1.0.2")
    two.router.add_route("2001:db8::/32", interface=1)
    rows = [tuple(row) for row in two.router.routes()]
    assert rows == [
        ("10.0.0.0/32", 0, "", "broadcast"),
        ("10.0.0.1/32", 0, "", "local"),
        ("10.0.0.255/32", 0, "", "broadcast"),
        ("10.1.0.0/32", 1, "", "broadcast"),
        ("10.1.0.1/32", 1, "", "local"),
        ("10.1.0.255/32", 1, "", "broadcast"),
        ("10.0.0.0/24", 0, "", "link"),
        ("10.1.0.0/24", 1, "", "link"),
        ("0.0.0.0/0", 1, "10.1.0.2", "gateway"),
        ("fd00::/128", 0, "", "local"),
        ("fd00::1/128", 0, "", "local"),
        ("fd01::/128", 1, "", "local"),
        ("fd01::1/128", 1, "", "local"),
        ("fd00::/64", 0, "", "link"),
        ("fd01::/64", 1, "", "link"),
        ("2001:db8::/32", 1, "", "link"),
    ]


def test_an_address_of_ours_hides_a_route_and_gives_it_back(two):
    two.router.add_route("10.0.0.0/24", interface=1, gateway="10.1.0.2")
    two.router.add_route("10.5.0.1/32", interface=1, gateway="10.1.0.2")
    two.router.set_interface(0, addresses=["10.5.0.1/16"])
    kinds = {row["prefix"].item(): (row["kind"].item(), int(row["interface"])) for row in two.router.routes()}
    assert kinds["10.5.0.1/32"] == ("local", 0)
    assert kinds["10.0.0.0/24"] == ("gateway", 1)
    assert "10.0.0.1/32" not in kinds
    two.router.set_interface(0, addresses=["10.0.0.1/24"])
    kinds = {row["prefix"].item(): (row["kind"].item(), int(row["interface"])) for row in two.router.routes()}
    assert kinds["10.5.0.1/32"] == ("gateway", 1)
    assert two.router.remove_route("10.0.0.0/24")
    kinds = {row["prefix"].item(): (row["kind"].item(), int(row["interface"])) for row in two.router.routes()}
    assert kinds["10.0.0.0/24"] == ("link", 0)
    assert "10.5.0.0/16" not in kinds


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (lambda router: router.add_route("10.0.0.1/8", interface=0), "bits behind the prefix"),
        (lambda router: router.add_route("10.0.0.0/8", interface=7), "has no interface 7"),
        (lambda router: router.add_route("10.0.0.0/8", interface=0, gateway="fd00::1"), "of two families"),
        (lambda router: router.add_route("10.0.0.0/8", interface=0, gateway="224.0.0.1"), "no host has this address"),
        (lambda router: router.add_route("house", interface=0), "house"),
        (lambda router: router.add_interface("x", mac=0x0100_00000001), "individual MAC"),
        (lambda router: router.add_interface("x", mac=0x0200_00000009, mtu=60), "68 to 65535"),
        (lambda router: router.add_interface("x", mac=0x0200_00000009, addresses=["127.0.0.1/8"]), "no address that an interface"),
        (lambda router: router.set_interface(0, addresses=["10.0.0.1/24", "ff02::1/64"]), "no address that an interface"),
        (lambda router: router.add_neighbor(0, "10.0.0.9", 0), "individual MAC"),
        (lambda router: router.lead(9, None), "has no interface 9"),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(two, what, message):
    before = two.router.routes().tolist()
    with pytest.raises(ValueError, match=message):
        what(two.router)
    assert two.router.routes().tolist() == before
    assert [name for name in two.router.names if name] == ["left", "right"]


def test_tables_are_bounded():
    two = Two(routes=20, neighbors=5)
    with pytest.raises(OverflowError, match="full: 20 routes"):
        for n in range(9):
            two.router.add_route(f"172.16.{n}.0/24", interface=0)
    two.router.add_neighbor(0, "10.0.0.9", 0x0200_00000009)
    with pytest.raises(OverflowError, match="full: 5 neighbors"):
        two.router.add_neighbor(0, "10.0.0.10", 0x0200_00000009)
    assert len(two.router.neighbors(0)) == 5
    assert two.router.remove_neighbor(0, "10.0.0.9")
    assert not two.router.remove_neighbor(0, "10.0.0.9")


def test_with_a_bridge_in_front():
    """BR-19: frames to the gateway are routed and not flooded; broadcast ARP is both answered and flooded."""
    engine, outbox = Engine(), Outbox()
    bridge = Bridge(engine, "front")
    router = Router(engine, "router")
    names = {}
    for n in range(3):
        port = MemoryPort(engine, f"port {n}", outbox=outbox)
        names[port.index] = n
        if n < 2:
            port.lead_to(bridge, bridge.add_member(port))
        else:
            number = router.add_interface("up", mac=OURS[1], addresses=["10.1.0.1/24"], reverse_path=False)
            router.lead(number, port)
            port.lead_to(router, number)
            router.add_neighbor(number, "10.1.0.2", HOSTS[1])
    number = router.add_interface("front", mac=OURS[0], addresses=["10.0.0.1/24"])
    member = bridge.add_member(router, target_input=number)
    router.lead(number, bridge, member)
    bridge.add_static(OURS[0], member)
    ports = {node.name: node for node in engine.nodes if isinstance(node, MemoryPort)}

    def send(frame):
        ports["port 0"].push(bytes(frame))
        engine.run_until_idle(0)
        assert balanced(engine)
        return sorted(((names[index], Ether(octets)) for index, _, octets in outbox.take()), key=lambda row: row[0])

    out = send(Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=A, psrc="10.0.0.2", pdst="10.0.0.1"))
    assert [(port, frame[ARP].op) for port, frame in out] == [(0, 2), (1, 1)]
    assert (out[0][1].src, out[0][1].dst, out[0][1][ARP].hwsrc) == (LEFT, A, LEFT)
    out = send(Ether(src=A, dst=LEFT) / IP(src="10.0.0.2", dst="10.1.0.2") / UDP())
    assert [(port, frame.dst, frame.ttl) for port, frame in out] == [(2, B, 63)]
    # Another's frame reaches the router by a flood, and is none of its business.
    out = send(Ether(src=A, dst=B) / IP(src="10.0.0.2", dst="10.1.0.2") / UDP())
    assert [port for port, _ in out] == [1]
    assert router.named_counters()["ignored"] == 1


def test_a_solicitation_in_fragments_is_not_believed(two):
    """RFC 6980"""
    about = {"src": "fd00::7", "dst": "fd00::1", "hlim": 255}
    message = IPv6(**about) / ICMPv6ND_NS(tgt="fd00::1") / ICMPv6NDOptSrcLLAddr(lladdr=A)
    octets = bytes(message)[40:]
    for at, more in ((0, 1), (16, 0)):
        piece = octets[at : at + 16] if more else octets[at:]
        assert two.send(Ether(src=A, dst=LEFT) / IPv6(**about) / IPv6ExtHdrFragment(nh=58, offset=at // 8, m=more) / piece) == []
    assert two.dropped() == {"bad nd": 1}
    assert len(two.router.neighbors(0)) == 4
