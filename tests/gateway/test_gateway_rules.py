"""What networks may do to one another, as Docker's current rules have it (`docs/gateways.md` and the table in rules.pxd)."""

import pytest

from tests.gateway.errors import assert_echo_reply
from tests.gateway.world import World

KINDS = ["udp", "tcp", "icmp"]


def with_networks(v, **networks):
    return World(v, networks=networks)


def mode(name, **more):
    return {"ipv4": name, "ipv6": name, **more}


def reaches(world, source, target, kind="udp", port=80):
    """A first packet arrives as it was sent but for its TTL, and the answer comes back."""
    there = "up" if target in {"r1", "r2", "near"} else target
    world.passes(
        source, world.query(kind, source, 4000, target, port), there, world.query(kind, source, 4000, target, port, ttl=63)
    )
    back = "up" if there == "up" else target
    answer = world.answer(kind, target, port, source, 4000)
    world.passes(back, answer, source, world.answer(kind, target, port, source, 4000, ttl=63))


@pytest.mark.parametrize("kind", KINDS)
def test_another_networks_endpoint_is_not_reached(world, kind):
    """And the sender hears nothing."""
    world.vanishes("a", world.query(kind, "a", 4000, "d", 80), "other network")
    world.vanishes("d", world.query(kind, "d", 4000, "f", 80), "other network")


def test_another_networks_gateway_answers(world):
    assert_echo_reply(world, world.send("a", world.echo("a", "gw-back")), "a", "gw-back", 7, 1, b"ping")


@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize("by", ["up", "gw-back", "gw"])
def test_another_networks_published_port_is_reached_by_any_address_of_ours(world, kind, by):
    """Masqueraded, and the answers come back: established."""
    world.rules.publish(kind, 8080, 8080, target=world.at("d"), target_port=80, name="web.back")
    out = world.send("a", world.query(kind, "a", 4000, by, 8080))
    assert [one.port for one in out] == ["d"], world.drops()
    world.assert_sums(out)


def test_in_one_network_routed_back_to_it(world):
    """Two hosts that talk by the gateway (a route of theirs): the same network, so yes."""
    world.passes("a", world.udp("a", 4000, "b", 80), "b", world.udp("a", 4000, "b", 80, ttl=63))


def test_without_icc_not_but_by_published_ports(v):
    """com.docker.network.bridge.enable_icc: false."""
    world = with_networks(v, front={"icc": False})
    world.vanishes("a", world.udp("a", 4000, "b", 80), "other network", "isolated")
    world.rules.publish("udp", 8080, 8080, target=world.at("b"), target_port=80, name="web.front")
    world.passes("a", world.udp("a", 4000, "up", 8080), "b", world.udp("up", 4000, "b", 80, ttl=63))
    assert world.opened("udp", "a", 4001) == 4001


@pytest.mark.parametrize("kind", KINDS)
def test_an_internal_network_reaches_nothing_and_nothing_reaches_it(v, kind):
    world = with_networks(v, back={"internal": True})
    for target in ("r1", "near", "isp", "a"):
        world.vanishes("d", world.query(kind, "d", 4000, target, 80), "internal network")
    for port, source in (("a", "a"), ("up", "r1")):
        world.vanishes(port, world.query(kind, source, 4000, "d", 80), "internal network", "other network", "not published")
    assert world.advance(7) == []


def test_an_internal_networks_gateway_answers_it(v):
    """DOCKER.md 1.6: the bridge's address and the host's others answer."""
    world = with_networks(v, back={"internal": True})
    for target in ("gw-back", "gw", "up"):
        assert_echo_reply(world, world.send("d", world.echo("d", target)), "d", target, 7, 1, b"ping")


def test_an_internal_network_is_not_published_nor_does_it_reach_published_ports(v):
    world = with_networks(v, back={"internal": True})
    world.rules.publish("udp", 8080, 8080, target=world.at("d"), target_port=80, name="web.back")
    world.rules.publish("udp", 9090, 9090, target=world.at("a"), target_port=80, name="web.front")
    world.vanishes("up", world.udp("r1", 4000, "up", 8080), "internal network")
    world.vanishes("a", world.udp("a", 4000, "up", 8080), "internal network")
    world.vanishes("d", world.udp("d", 4000, "up", 9090), "internal network")


def test_nat_unprotected_is_reached_directly(v):
    world = with_networks(v, back=mode("nat-unprotected"))
    world.passes("up", world.udp("r1", 4000, "d", 80), "d", world.udp("r1", 4000, "d", 80, ttl=63))
    world.passes("d", world.udp("d", 80, "r1", 4000), "up", world.udp("d", 80, "r1", 4000, ttl=63))
    assert world.opened("udp", "d", 5000) == 5000


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_routed_keeps_its_source_and_opens_its_published_ports(v, kind):
    world = with_networks(v, back=mode("routed"))
    reaches(world, "d", "r1", kind)
    world.vanishes("up", world.query(kind, "r1", 4000, "d", 80), "not published")
    world.rules.publish(kind, 80, 80, target=world.at("d"), target_port=80, address=world.at("d"), name="web.back")
    world.passes("up", world.query(kind, "r1", 4000, "d", 80), "d", world.query(kind, "r1", 4000, "d", 80, ttl=63))
    world.passes("d", world.answer(kind, "d", 80, "r1", 4000), "up", world.answer(kind, "d", 80, "r1", 4000, ttl=63))
    world.vanishes("up", world.query(kind, "r1", 4000, "d", 81), "not published")


def test_routed_answers_pings(v):
    world = with_networks(v, back=mode("routed"))
    world.passes("up", world.echo("r1", "d"), "d", world.echo("r1", "d", ttl=63))


def test_isolated_is_alone(v):
    world = with_networks(v, back=mode("isolated", internal=True))
    world.vanishes("d", world.udp("d", 4000, "r1", 80), "internal network")
    world.vanishes("up", world.udp("r1", 4000, "d", 80), "internal network", "not published")


def test_a_trusted_host_reaches_endpoints_directly(v):
    """DOCKER.md 1.6, host -> container: yes, with its own address; internal ones too."""
    world = World(v, networks={"back": {"internal": True}}, uplink={"trusted": ["198.51.100.254", "2001:db8:ff::254"]})
    for host in ("a", "d"):
        world.passes("up", world.udp("isp", 4000, host, 80), host, world.udp("isp", 4000, host, 80, ttl=63))
        world.passes(host, world.udp(host, 80, "isp", 4000), "up", world.udp(host, 80, "isp", 4000, ttl=63))
    world.vanishes("up", world.udp("r1", 4000, "a", 80), "not published")


def test_replies_to_established_flows_always_pass(world):
    """Whatever the rules have become since."""
    world.opened("udp", "a", 4000)
    changed = {"kind": "network", "name": "front", "internal": True, "ipv4": "nat", "ipv6": "nat"}
    world.rules.set_interface(world.interfaces["gw"], **changed, masquerade4=world.pool, masquerade6=world.pool)
    world.passes("up", world.udp("r1", 53, "up", 4000), "a", world.udp("r1", 53, "a", 4000, ttl=63))
    world.passes("a", world.udp("a", 4000, "r1", 53), "up", world.udp("up", 4000, "r1", 53, ttl=63))
    world.vanishes("a", world.udp("a", 4001, "r1", 53), "internal network")


def test_a_service_of_the_hosts_at_the_gateways_address(v):
    """The redirection: TCP and UDP to an address of ours that nothing else takes go to the host, masqueraded."""
    host = "198.51.100.254" if v == 4 else "2001:db8:ff::254"
    world = World(v, uplink={"host": host})
    for kind in ("udp", "tcp"):
        world.passes("a", world.query(kind, "a", 4000, "gw", 80), "up", world.query(kind, "up", 4000, "isp", 80, ttl=63))
        world.passes("up", world.answer(kind, "isp", 80, "up", 4000), "a", world.answer(kind, "gw", 80, "a", 4000, ttl=63))
    world.rules.publish("udp", 80, 80, target=world.at("b"), target_port=8000, name="web.front")
    world.passes("a", world.udp("a", 4001, "gw", 80), "b", world.udp("up", 4001, "b", 8000, ttl=63))
    assert_echo_reply(world, world.send("a", world.echo("a", "gw")), "a", "gw", 7, 1, b"ping")


def test_what_nobody_serves_at_the_gateway(world):
    """No service: dropped by name; a host may be told (RFC 1122, 3.2.2.1), the outside never is (NAT-17)."""
    out = world.send("a", world.udp("a", 4000, "gw", 99))
    assert world.drops() == {"no service": 1}
    assert all(one.port == "a" for one in out)
    world.vanishes("up", world.udp("r1", 4000, "up", 99))


def test_the_rules_in_force_with_their_hits(world):
    world.rules.publish("tcp", 8080, 8080, target=world.at("a"), target_port=80, name="web.front")
    world.send("up", world.tcp("r1", 5000, "up", 8080))
    world.opened("udp", "a", 4000)
    world.vanishes("a", world.udp("a", 4000, "d", 80), "other network")
    rows = world.rules.rows()
    assert set(rows["kind"]) == {"isolation", "snat", "dnat"}
    hits = rows.dtype.names[-1]
    for kind in ("isolation", "snat", "dnat"):
        assert rows[rows["kind"] == kind][hits].sum() >= 1, kind
    (dnat,) = rows[rows["kind"] == "dnat"]
    assert "8080" in dnat["rule"]
    assert int(dnat[hits]) == 1
