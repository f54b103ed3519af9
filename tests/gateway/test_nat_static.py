"""One-to-one (NAT-35), other protocols (NAT-36), several public addresses (NAT-38), no translation (NAT-39), and NAT-40."""

import struct

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from tests.gateway import judge
from tests.gateway.errors import assert_echo_reply
from tests.gateway.world import World


@pytest.fixture
def static(world):
    """a is pub1, b is pub2."""
    world.rules.add_static(outside=world.at("pub1"), inside=world.at("a"))
    world.rules.add_static(outside=world.at("pub2"), inside=world.at("b"))
    return world


@pytest.mark.row("NAT-35")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_one_to_one_begun_inside(static, kind):
    """RFC 3022, 2.1: the port stays, whatever it is; the answer comes back."""
    for port in (1, 1024, 4000, 65535):
        static.passes("a", static.query(kind, "a", port, "r1", 80), "up", static.query(kind, "pub1", port, "r1", 80, ttl=63))
        static.passes("up", static.answer(kind, "r1", 80, "pub1", port), "a", static.answer(kind, "r1", 80, "a", port, ttl=63))


@pytest.mark.row("NAT-35")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_one_to_one_begun_outside(static, kind):
    for port in (1, 22, 4000, 65535):
        static.passes("up", static.query(kind, "r1", 5000, "pub2", port), "b", static.query(kind, "r1", 5000, "b", port, ttl=63))
        back = static.answer(kind, "b", port, "r1", 5000)
        static.passes("b", back, "up", static.answer(kind, "pub2", port, "r1", 5000, ttl=63))


@pytest.mark.row("NAT-35")
@pytest.mark.parametrize("protocol", [47, 50, 132, 253])
def test_one_to_one_of_any_protocol(static, protocol):
    data = struct.pack(">HHII", 5000, 80, 0, 0) + bytes(20)
    one, two = (static.other(source, "r1", protocol, data, ttl=ttl) for source, ttl in (("a", 64), ("pub1", 63)))
    static.passes("a", one, "up", two)
    data = struct.pack(">HHII", 80, 5000, 0, 0) + bytes(20)
    one, two = (static.other("r1", target, protocol, data, ttl=ttl) for target, ttl in (("pub1", 64), ("a", 63)))
    static.passes("up", one, "a", two)
    one, two = (static.other("r2", target, protocol, data, ttl=ttl) for target, ttl in (("pub1", 64), ("a", 63)))
    static.passes("up", one, "a", two)


@pytest.mark.row("NAT-35", "NAT-33")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_hairpin_between_one_to_one_hosts(static, kind):
    static.passes("a", static.query(kind, "a", 4000, "pub2", 80), "b", static.query(kind, "pub1", 4000, "b", 80, ttl=63))
    static.passes("b", static.answer(kind, "b", 80, "pub1", 4000), "a", static.answer(kind, "pub2", 80, "a", 4000, ttl=63))


@pytest.mark.row("NAT-35")
def test_others_are_masqueraded_as_ever(static):
    assert static.opened("udp", "c", 4000) == 4000
    static.vanishes("up", static.udp("r1", 1, "pub3", 2))


@pytest.mark.row("NAT-35")
def test_removed_one_to_one_serves_no_new_flow(static):
    static.rules.remove_static(static.at("pub1"))
    static.vanishes("up", static.udp("r1", 1, "pub1", 2))
    assert static.opened("udp", "a", 4000) == 4000


@pytest.mark.row("NAT-35", "NAT-25")
def test_errors_about_one_to_one_flows(static):
    static.passes("a", static.udp("a", 4000, "r1", 80), "up", static.udp("pub1", 4000, "r1", 80, ttl=63))
    before = static.error("hop", "pub1", "port unreachable", static.udp("pub1", 4000, "r1", 80, ttl=3))
    static.passes("up", before, "a", static.error("hop", "a", "port unreachable", static.udp("a", 4000, "r1", 80, ttl=3), ttl=63))


@pytest.mark.row("NAT-36")
@pytest.mark.parametrize("protocol", [47, 50, 89, 103, 253, 255])
def test_other_protocols_by_address(world, protocol):
    """RFC 6888 REQ-1: out, back, and a second host to the same remote is dropped rather than confused."""
    world.passes("a", world.other("a", "r1", protocol, bytes(24)), "up", world.other("up", "r1", protocol, bytes(24), ttl=63))
    world.passes("up", world.other("r1", "up", protocol, bytes(24)), "a", world.other("r1", "a", protocol, bytes(24), ttl=63))
    world.passes("b", world.other("b", "r2", protocol, bytes(24)), "up", world.other("up", "r2", protocol, bytes(24), ttl=63))
    out = world.send("b", world.other("b", "r1", protocol, bytes(24)))
    assert [one for one in out if one.port == "up"] == []
    assert world.drops()["ports exhausted"] == 1, "it is told that this is prohibited: NAT-37"
    world.passes("up", world.other("r1", "up", protocol, bytes(24)), "a", world.other("r1", "a", protocol, bytes(24), ttl=63))
    world.vanishes("up", world.other("r3", "up", protocol, bytes(24)))


@pytest.mark.row("NAT-36")
def test_sctp(world):
    """RFC 4960's checksum is over ports, not addresses: the port stays where it can, or the checksum is made anew."""

    def init(source, target, sport, dport, ttl=64):
        ip = world.ip(source, target, ttl=ttl)
        return ip / SCTP(sport=sport, dport=dport, tag=0) / SCTPChunkInit(init_tag=1, a_rwnd=1500)

    world.passes("a", init("a", "r1", 4000, 80), "up", init("up", "r1", 4000, 80, 63))
    world.passes("up", init("r1", "up", 80, 4000), "a", init("r1", "a", 80, 4000, 63))
    for one in world.send("b", init("b", "r1", 4000, 80)):
        upper = judge.read(one.packet).upper
        port = int.from_bytes(upper[:2], "big")
        assert port != 4000
        assert one.packet == bytes(init("up", "r1", port, 80, 63)), "with the CRC32c of the new port"


@pytest.mark.row("NAT-36")
def test_unknown_protocols_without_octets(world):
    """Nothing behind the IP header: translated or dropped."""
    for protocol in (47, 50, 253):
        for one in world.send("a", world.other("a", "r1", protocol, b"")):
            assert one.packet == bytes(world.other("up", "r1", protocol, b"", ttl=63))


@pytest.mark.row("NAT-38")
def test_several_public_addresses_are_paired(make):
    """RFC 4787 REQ-2, RFC 6888 REQ-2: all of one host's flows come from one address, and hosts use all addresses."""
    world = make(pool=("pub1", "pub2", "pub3"))
    seen = {}
    for n in range(60):
        host = world.guest(n)
        for port, remote in ((4000, "r1"), (4001, "r1"), (4000, "r2"), (9, "r3")):
            for kind in ("udp", "tcp"):
                address, _ = world.external(world.send("a", world.query(kind, host, port, remote, 80)))
                seen.setdefault(host, set()).add(address)
    assert all(len(addresses) == 1 for addresses in seen.values())
    assert set.union(*seen.values()) == {world.at(name) for name in ("pub1", "pub2", "pub3")}


@pytest.mark.row("NAT-38")
def test_replies_to_every_public_address_return(make):
    world = make(pool=("pub1", "pub2", "pub3"))
    for host in "abcdef":
        address, port = world.external(world.send(host, world.udp(host, 4000, "r1", 53)))
        world.passes("up", world.udp("r1", 53, address, port), host, world.udp("r1", 53, host, 4000, ttl=63))


@pytest.mark.row("NAT-38")
def test_echo_is_paired_with_the_rest(make):
    world = make(pool=("pub1", "pub2", "pub3"))
    for host in "abcdef":
        address, _ = world.external(world.send(host, world.udp(host, 4000, "r1", 53)))
        out = world.send(host, world.echo(host, "r1", id=9))
        id_ = world.opened_port("icmp", out)
        assert out[0].packet == bytes(world.echo(address, "r1", id=id_, ttl=63))


@pytest.mark.row("NAT-38")
def test_when_the_paired_address_is_full_the_flow_is_dropped_or_keeps_its_address(make):
    """RFC 4787 REQ-2 again: another address would break applications; unpaired pools use all their ports."""
    world = make(pool=("pub1", "pub2"), paired=False)
    used = set()
    for n in range(700):
        out = world.send("a", world.udp(world.guest(n % 200), 2 * (n // 200) + 1, "r1", 80))
        used.add(world.external(out))
    assert len(used) == 700


@pytest.mark.row("NAT-39")
def test_excluded_targets_are_not_translated(world):
    """A VPN's network behind the uplink: routed as it is, both ways."""
    world.rules.exclude("192.0.2.11/32" if world.v == 4 else "2001:db8:1::11/128")
    world.passes("a", world.udp("a", 4000, "r2", 53), "up", world.udp("a", 4000, "r2", 53, ttl=63))
    world.passes("up", world.udp("r2", 53, "a", 4000), "a", world.udp("r2", 53, "a", 4000, ttl=63))
    assert world.opened("udp", "a", 4000, "r1") == 4000
    world.rules.unexclude("192.0.2.11/32" if world.v == 4 else "2001:db8:1::11/128")
    world.passes("c", world.udp("c", 4321, "r2", 53), "up", world.udp("up", 4321, "r2", 53, ttl=63))


@pytest.mark.row("NAT-39")
def test_between_inside_networks_nothing_is_translated(make):
    """RFC 6888 REQ-6: where networks may reach each other (routed ones), with their own addresses."""
    world = make(networks={name: {"ipv4": "nat-unprotected", "ipv6": "nat-unprotected"} for name in ("front", "back")})
    world.passes("a", world.udp("a", 4000, "d", 53), "d", world.udp("a", 4000, "d", 53, ttl=63))
    world.passes("d", world.udp("d", 53, "a", 4000), "a", world.udp("d", 53, "a", 4000, ttl=63))


@pytest.mark.row("NAT-39")
def test_the_gateway_answers_on_both_sides(world):
    for target in ("gw", "gw-back", "up"):
        assert_echo_reply(world, world.send("a", world.echo("a", target)), "a", target, 7, 1, b"ping")
    assert_echo_reply(world, world.send("up", world.echo("r1", "up")), "up", "up", 7, 1, b"ping")


@pytest.mark.row("NAT-40")
@pytest.mark.parametrize(
    "options", [b"\x01" * 4, b"\x94\x04\0\0", b"\x44\x08\x05\0\0\0\0\0", b"\x07\x07\x04\0\0\0\0\0", b"\x01" * 40]
)
def test_options_are_kept(options):
    """RFC 1812, 5.2.2: header checksum over all of it. A router may fill record route and timestamp: ours does not."""
    world = World(4)
    for n in range(3):
        before = world.udp("a", 4000, "r1", 53, bytes(n), options=options)
        world.passes("a", before, "up", world.udp("up", 4000, "r1", 53, bytes(n), options=options, ttl=63))
    back = world.udp("r1", 53, "up", 4000, options=options)
    world.passes("up", back, "a", world.udp("r1", 53, "a", 4000, options=options, ttl=63))


@pytest.mark.row("NAT-40")
def test_extension_headers_are_kept():
    world = World(6)
    for chain in ([IPv6ExtHdrDestOpt], [IPv6ExtHdrHopByHop], [IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt, IPv6ExtHdrDestOpt]):

        def packet(source, ttl, chain=chain):
            built = world.ip(source, "r1", ttl=ttl)
            for header in chain:
                built = built / header()
            return built / UDP(sport=4000, dport=53) / Raw(b"data")

        world.passes("a", packet("a", 64), "up", packet("up", 63))


@pytest.mark.row("NAT-40")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_ethernet_padding_is_ignored(world, kind):
    before = world.query(kind, "a", 4000, "r1", 53, payload=b"x")
    after = bytes(world.query(kind, "up", 4000, "r1", 53, payload=b"x", ttl=63))
    for trailer in (bytes(17), b"\xff" * 17):
        out = world.send_frames("a", world.framed("a", before) + trailer)
        assert [one.packet[: len(after)] for one in out] == [after]
        assert out[0].packet[len(after) :] in (b"", trailer)


@pytest.mark.row("NAT-40", "BR-19")
def test_nat_behind_a_bridge_interface(world):
    """All of front is one bridge: hosts on its ports, one gateway; stations still reach each other without it."""
    for host in "abc":
        port = world.opened("udp", host, 4000)
        world.passes("up", world.udp("r1", 53, "up", port), host, world.udp("r1", 53, host, 4000, ttl=63))
    packet = world.udp("a", 1, "b", 2)
    assert [(one.port, one.packet) for one in world.send("a", packet, to="b")] == [("b", bytes(packet))]
