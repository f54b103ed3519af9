"""Published ports: NAT-32; and back to oneself by them: NAT-33."""

import pytest

from tests.gateway import judge
from tests.gateway.fragments import thirds

KINDS = ["tcp", "udp"]


def publish(world, kind="tcp", first=8080, last=None, host="a", port=80, **more):
    return world.rules.publish(kind, first, last or first, target=world.at(host), target_port=port, name=f"{host}.front", **more)


def serves(world, kind, public, host, port, client="r1", sport=5000, address="up"):
    """A client's first packet arrives at the host, client address and port kept, and the answer comes from the public port."""
    world.passes(
        "up", world.query(kind, client, sport, address, public), host, world.query(kind, client, sport, host, port, ttl=63)
    )
    world.passes(
        host, world.answer(kind, host, port, client, sport), "up", world.answer(kind, address, public, client, sport, ttl=63)
    )


@pytest.mark.row("NAT-32")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("public", "port"), [(8080, 80), (80, 80), (1, 65535), (65535, 1), (1023, 1024)])
def test_a_published_port_both_ways(world, kind, public, port):
    publish(world, kind, public, host="a", port=port)
    serves(world, kind, public, "a", port)


@pytest.mark.row("NAT-32")
@pytest.mark.parametrize("kind", KINDS)
def test_many_clients(world, kind):
    """Also of one address with many ports, and of many addresses with one port."""
    publish(world, kind)
    for sport in (1, 1024, 5000, 5001, 65535):
        serves(world, kind, 8080, "a", 80, "r1", sport)
    for client in ("r2", "r3", "hop"):
        serves(world, kind, 8080, "a", 80, client, 5000)


@pytest.mark.row("NAT-32")
@pytest.mark.parametrize("kind", KINDS)
def test_a_range_keeps_the_offset(world, kind):
    """9000-9999:3000-3999 is one entry whatever its width."""
    publish(world, kind, 9000, 9999, "b", 3000)
    assert len(world.rules.rows()[world.rules.rows()["kind"] == "dnat"]) == 1
    for public in (9000, 9001, 9500, 9999):
        serves(world, kind, public, "b", public - 6000)
    for public in (8999, 10000):
        world.vanishes("up", world.query(kind, "r1", 1, "up", public))


@pytest.mark.row("NAT-32")
def test_all_ports_at_once(world):
    publish(world, "udp", 1, 65535, "a", 1)
    for public in (1, 2, 1023, 32768, 65535):
        serves(world, "udp", public, "a", public)


@pytest.mark.row("NAT-32")
def test_misses_are_dropped(world):
    """Another port, another protocol, another address."""
    publish(world, "tcp", 8080, address=world.at("up"))
    world.vanishes("up", world.tcp("r1", 1, "up", 8081))
    world.vanishes("up", world.udp("r1", 1, "up", 8080))
    world.vanishes("up", world.tcp("r1", 1, "pub1", 8080))
    world.vanishes("up", world.tcp("r1", 1, "a", 80), "not published")


@pytest.mark.row("NAT-32")
def test_the_published_endpoint_itself_is_not_reached_directly(world):
    """DOCKER.md 1.6, mode nat: outside -> container's address, published port: dropped."""
    publish(world, "tcp", 8080)
    world.vanishes("up", world.tcp("r1", 1, "a", 80), "not published")
    world.vanishes("d", world.tcp("d", 1, "a", 80), "other network")


@pytest.mark.row("NAT-32")
def test_an_address_of_its_own(make):
    """Bound to one address, or to any of ours and of the host's."""
    world = make(pool=("up",))
    world.rules.set_local([world.at("pub1"), world.at("pub2")])
    publish(world, "tcp", 8080, host="a", address=world.at("pub1"))
    publish(world, "tcp", 8080, host="b", address=world.at("pub2"))
    publish(world, "tcp", 8081, host="c")
    serves(world, "tcp", 8080, "a", 80, address="pub1")
    serves(world, "tcp", 8080, "b", 80, address="pub2")
    world.vanishes("up", world.tcp("r1", 1, "up", 8080))
    for sport, address in enumerate(("up", "pub1", "pub2"), 5001):
        serves(world, "tcp", 8081, "c", 80, sport=sport, address=address)
    world.vanishes("up", world.tcp("r1", 1, "pub3", 8081))


@pytest.mark.row("NAT-32")
def test_one_client_by_two_ports_that_lead_to_one(world):
    """The server could not tell its two connections apart: the second one's source port is another, and both are answered."""
    publish(world, "tcp", 8080)
    publish(world, "tcp", 8081)
    serves(world, "tcp", 8080, "a", 80)
    port = world.opened_port("tcp", world.send("up", world.tcp("r1", 5000, "up", 8081)), "a")
    assert port != 5000
    world.passes("a", world.tcp("a", 80, "r1", port, "SA", ack=1), "up", world.tcp("up", 8081, "r1", 5000, "SA", ack=1, ttl=63))
    world.passes("a", world.tcp("a", 80, "r1", 5000, "A", ack=1), "up", world.tcp("up", 8080, "r1", 5000, "A", ack=1, ttl=63))


@pytest.mark.row("NAT-32")
@pytest.mark.parametrize("kind", KINDS)
def test_the_servers_own_flows_are_masqueraded(world, kind):
    """Also from the very port that is published, and while a client is served."""
    publish(world, kind)
    serves(world, kind, 8080, "a", 80)
    assert world.opened(kind, "a", 4000, "r2", 443) == 4000
    own = world.opened(kind, "a", 80, "r2", 443)
    world.passes("up", world.answer(kind, "r2", 443, "up", own), "a", world.answer(kind, "r2", 443, "a", 80, ttl=63))


@pytest.mark.row("NAT-32")
def test_a_published_port_is_not_given_to_others(world):
    """Nobody's flow is translated to a port on which clients are served."""
    publish(world, "udp", 8080)
    serves(world, "udp", 8080, "a", 80, "r1", 53)
    port = world.opened("udp", "b", 8080, "r1", 53)
    assert port != 8080
    serves(world, "udp", 8080, "a", 80, "r2", 53)


@pytest.mark.row("NAT-32")
def test_a_source_may_be_masqueraded_too(world):
    """`pool`: for clients whose address the server could not answer (127.0.0.1 on the host)."""
    inner = world.flows.add_pool([world.at("gw")])
    publish(world, "tcp", 8080, pool=inner)
    out = world.send("up", world.tcp("r1", 5000, "up", 8080))
    world.expect(out, ("a", world.tcp("gw", 5000, "a", 80, ttl=63)))
    world.passes(
        "a",
        world.tcp("a", 80, "gw", 5000, "SA", ack=1),
        "up",
        world.tcp("up", 8080, "r1", 5000, "SA", ack=1, ttl=63),
    )


@pytest.mark.row("NAT-32")
def test_unpublishing_keeps_what_is_established(world):
    """Changing a rule in a running lab disturbs no flow; new clients are refused."""
    number = publish(world, "tcp", 8080)
    serves(world, "tcp", 8080, "a", 80)
    world.rules.unpublish(number)
    world.vanishes("up", world.tcp("r2", 5000, "up", 8080))
    for _ in range(2):
        world.passes(
            "up",
            world.tcp("r1", 5000, "up", 8080, "A", seq=1, ack=1),
            "a",
            world.tcp("r1", 5000, "a", 80, "A", seq=1, ack=1, ttl=63),
        )
    publish(world, "tcp", 8080, host="b")
    serves(world, "tcp", 8080, "b", 80, "r3", 5000)
    world.passes(
        "up", world.tcp("r1", 5000, "up", 8080, "A", seq=1, ack=1), "a", world.tcp("r1", 5000, "a", 80, "A", seq=1, ack=1, ttl=63)
    )


@pytest.mark.row("NAT-32")
def test_many_ranges_are_published(world):
    numbers = [publish(world, "tcp", first, first + 999, "abc"[first // 1000 % 3], first) for first in range(1000, 61000, 1000)]
    for number in numbers[::2]:
        world.rules.unpublish(number)
    serves(world, "tcp", 2500, "abc"[2], 2500)
    world.vanishes("up", world.tcp("r1", 1, "up", 1500))


@pytest.mark.row("NAT-33")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("client", ["a", "b", "d"])
def test_hairpin_by_the_public_address(world, kind, client):
    """RFC 4787 REQ-9a, RFC 5382 REQ-8: from the same network, from another, the source is the external address."""
    publish(world, kind, 8080, host="b" if client == "a" else "a")
    server = "b" if client == "a" else "a"
    packet = world.query(kind, client, 5000, "up", 8080)
    out = world.send(client, packet)
    world.expect(out, (server, world.query(kind, "up", 5000, server, 80, ttl=63)))
    world.passes(server, world.answer(kind, server, 80, "up", 5000), client, world.answer(kind, "up", 8080, client, 5000, ttl=63))


@pytest.mark.row("NAT-33")
@pytest.mark.parametrize("kind", KINDS)
def test_hairpin_to_oneself(world, kind):
    """RFC 4787 REQ-9: the server reaches itself by its public port."""
    publish(world, kind, 8080, host="a")
    world.passes("a", world.query(kind, "a", 5000, "up", 8080), "a", world.query(kind, "up", 5000, "a", 80, ttl=63))
    world.passes("a", world.answer(kind, "a", 80, "up", 5000), "a", world.answer(kind, "up", 8080, "a", 5000, ttl=63))


@pytest.mark.row("NAT-33")
def test_hairpin_of_icmp_errors(world):
    """RFC 5508 REQ-7: the server's error about a hairpinned packet reaches the client, as from the public address."""
    publish(world, "udp", 8080, host="b")
    world.passes("a", world.udp("a", 5000, "up", 8080), "b", world.udp("up", 5000, "b", 80, ttl=63))
    before = world.error("b", "up", "port unreachable", world.udp("up", 5000, "b", 80, ttl=63))
    after = world.error("up", "a", "port unreachable", world.udp("a", 5000, "up", 8080, ttl=63), ttl=63)
    world.passes("b", before, "a", after)


@pytest.mark.row("NAT-33")
def test_a_clients_error_about_a_hairpinned_answer(world):
    publish(world, "udp", 8080, host="b")
    world.passes("a", world.udp("a", 5000, "up", 8080), "b", world.udp("up", 5000, "b", 80, ttl=63))
    world.passes("b", world.udp("b", 80, "up", 5000), "a", world.udp("up", 8080, "a", 5000, ttl=63))
    before = world.error("a", "up", "port unreachable", world.udp("up", 8080, "a", 5000, ttl=63))
    after = world.error("up", "b", "port unreachable", world.udp("b", 80, "up", 5000, ttl=63), ttl=63)
    world.passes("a", before, "b", after)


@pytest.mark.row("NAT-33", "NAT-13")
def test_hairpin_of_fragments_to_oneself(world):
    publish(world, "udp", 8080, host="a")
    data = bytes(range(256)) * 4
    parts = thirds(world.udp("a", 5000, "up", 8080, data))
    out = [one for part in parts for one in world.send("a", part)]
    world.assert_sums(out)
    assert {one.port for one in out} == {"a"}
    whole = judge.reassembled([one.packet for one in out])
    assert whole.upper == judge.read(bytes(world.udp("up", 5000, "a", 80, data))).upper


@pytest.mark.row("NAT-33")
def test_hairpin_where_the_public_port_wanted_is_taken(world):
    publish(world, "tcp", 8080, host="b")
    world.passes("c", world.tcp("c", 5000, "up", 8080), "b", world.tcp("up", 5000, "b", 80, ttl=63))
    out = world.send("a", world.tcp("a", 5000, "up", 8080))
    assert [one.port for one in out] == ["b"]
    port = int.from_bytes(out[0].packet[20:22] if world.v == 4 else out[0].packet[40:42], "big")
    assert port != 5000
    world.passes("b", world.tcp("b", 80, "up", port, "SA", ack=1), "a", world.tcp("up", 8080, "a", 5000, "SA", ack=1, ttl=63))
