"""Who may answer (NAT-7), who may begin (NAT-17), and two dynamic mappings that meet (NAT-34)."""

import pytest

from tests.gateway.world import World

FILTERING = ["endpoint-independent", "address-dependent", "address-and-port-dependent"]
# remote address, remote port, and by which filtering it may come in when the host has sent to r1 port 53
REMOTES = [
    ("r1", 53, FILTERING),
    ("r1", 54, ["endpoint-independent", "address-dependent"]),
    ("r2", 53, ["endpoint-independent"]),
    ("hop", 9999, ["endpoint-independent"]),
]


@pytest.mark.row("NAT-7")
@pytest.mark.parametrize("filtering", FILTERING)
@pytest.mark.parametrize(("remote", "port", "allowed"), REMOTES)
def test_filtering_of_udp(make, filtering, remote, port, allowed):
    """RFC 4787 REQ-8 and section 5."""
    world = make(flows={"filtering": filtering})
    world.opened("udp", "a", 4000, "r1", 53)
    packet = world.udp(remote, port, "up", 4000)
    if filtering in allowed:
        world.passes("up", packet, "a", world.udp(remote, port, "a", 4000, ttl=63))
        world.passes("a", world.udp("a", 4000, remote, port), "up", world.udp("up", 4000, remote, port, ttl=63))
    else:
        world.vanishes("up", packet, "filtered", "no service")


@pytest.mark.row("NAT-7")
@pytest.mark.parametrize("filtering", FILTERING)
@pytest.mark.parametrize(("remote", "port", "allowed"), REMOTES[1:])
def test_filtering_of_tcp(make, filtering, remote, port, allowed):
    """RFC 5382 REQ-3."""
    world = make(flows={"filtering": filtering})
    world.handshake("a", 4000, "r1", 53)
    packet = world.tcp(remote, port, "up", 4000, "S", seq=7)
    if filtering in allowed:
        world.passes("up", packet, "a", world.tcp(remote, port, "a", 4000, "S", seq=7, ttl=63))
        back = {"seq": 1, "ack": 8}
        world.passes(
            "a", world.tcp("a", 4000, remote, port, "SA", **back), "up", world.tcp("up", 4000, remote, port, "SA", ttl=63, **back)
        )
    else:
        world.vanishes("up", packet, "filtered", "no service")


@pytest.mark.row("NAT-7")
def test_the_default_is_by_address_and_port(world):
    """As Linux and Docker."""
    world.opened("udp", "a", 4000, "r1", 53)
    world.vanishes("up", world.udp("r1", 54, "up", 4000), "filtered", "no service")
    world.vanishes("up", world.udp("r2", 53, "up", 4000), "filtered", "no service")
    world.passes("up", world.udp("r1", 53, "up", 4000), "a", world.udp("r1", 53, "a", 4000, ttl=63))


@pytest.mark.row("NAT-7")
@pytest.mark.parametrize("filtering", FILTERING)
def test_without_a_mapping_nobody_comes_in(make, filtering):
    world = make(flows={"filtering": filtering})
    world.opened("udp", "a", 4000)
    for port in (3999, 4001, 1, 65535):
        world.vanishes("up", world.udp("r1", 53, "up", port))
    world.advance(301)
    world.vanishes("up", world.udp("r1", 53, "up", 4000))


@pytest.mark.row("NAT-17")
@pytest.mark.parametrize("target", ["up", "pub1"])
@pytest.mark.parametrize("flags", ["S", "SA", "A", "F", "FA", "R", "RA", "SF", "", "FPU"])
def test_an_unsolicited_segment_is_answered_by_nothing(make, target, flags):
    """RFC 5382 REQ-4: within 6 s no SYN-ACK, no RST, no ICMP error, and nothing inside."""
    world = make(pool=("up", "pub1"))
    world.vanishes("up", world.tcp("r1", 80, target, 4000, flags, seq=1, ack=1))
    assert world.advance(6.5) == []


@pytest.mark.row("NAT-17")
def test_nor_while_the_port_is_mapped_for_another(world):
    world.handshake("a", 4000)
    world.vanishes("up", world.tcp("r2", 80, "up", 4000, "S", seq=1))
    assert world.advance(6.5) == []


@pytest.mark.row("NAT-17")
def test_an_inside_address_is_not_reached_from_outside(world):
    """Whoever routes to us directly (DOCKER.md 1.6: outside -> container, unpublished): dropped, silently."""
    for kind in ("udp", "tcp", "icmp"):
        world.vanishes("up", world.query(kind, "r1", 9, "a", 80), "not published")
    assert world.advance(6.5) == []


@pytest.mark.row("NAT-34")
def test_two_dynamic_mappings_meet(v):
    """RFC 4787 REQ-9: endpoint-independent mapping and filtering; each sees the other's external endpoint."""
    world = World(v, flows={"filtering": "endpoint-independent"})
    port_a = world.opened("udp", "a", 4000, "r1")
    port_b = world.opened("udp", "b", 5000, "r1")
    world.passes("a", world.udp("a", 4000, "up", port_b), "b", world.udp("up", port_a, "b", 5000, ttl=63))
    world.passes("b", world.udp("b", 5000, "up", port_a), "a", world.udp("up", port_b, "a", 4000, ttl=63))


@pytest.mark.row("NAT-34")
def test_two_dynamic_mappings_of_tcp_meet(v):
    world = World(v, flows={"filtering": "endpoint-independent"})
    world.handshake("a", 4000)
    world.handshake("b", 5000)
    syn = {"flags": "S", "seq": 9}
    world.passes("a", world.tcp("a", 4000, "up", 5000, **syn), "b", world.tcp("up", 4000, "b", 5000, ttl=63, **syn))
    both = {"flags": "SA", "seq": 77, "ack": 10}
    world.passes("b", world.tcp("b", 5000, "up", 4000, **both), "a", world.tcp("up", 5000, "a", 4000, ttl=63, **both))


@pytest.mark.row("NAT-34")
def test_of_two_networks_too(v):
    """By the external endpoints: the inside addresses stay apart as ever."""
    world = World(v, flows={"filtering": "endpoint-independent"})
    world.opened("udp", "a", 4000, "r1")
    world.opened("udp", "d", 5000, "r1")
    world.passes("a", world.udp("a", 4000, "up", 5000), "d", world.udp("up", 4000, "d", 5000, ttl=63))
    world.vanishes("a", world.udp("a", 4000, "d", 5000), "other network")


@pytest.mark.row("NAT-34")
def test_with_the_default_filtering_they_do_not(world):
    """The remote has not been sent to: filtered, as everybody's packets are."""
    world.opened("udp", "a", 4000, "r1")
    world.opened("udp", "b", 5000, "r1")
    world.vanishes("a", world.udp("a", 4000, "up", 5000))


@pytest.mark.row("NAT-34")
def test_to_oneself(v):
    """A host that sends to its own external endpoint hears itself, from outside."""
    world = World(v, flows={"filtering": "endpoint-independent"})
    world.opened("udp", "a", 4000, "r1")
    world.passes("a", world.udp("a", 4000, "up", 4000), "a", world.udp("up", 4000, "a", 4000, ttl=63))
