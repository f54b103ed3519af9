"""Two uplinks with NAT: each network has its own way out, and flows keep theirs."""

import pytest

from tests.gateway.plan import GATEWAYS
from tests.gateway.two_uplinks import TABLE, TwoUplinks

KINDS = ["udp", "tcp", "icmp"]


@pytest.fixture
def two(v):
    return TwoUplinks(v)


def goes_out(world, kind, source, by, sport, remote="r1", dport=80):
    """Masqueraded by the uplink's own address, and the answer comes back by the same uplink; the outside port."""
    out = world.send(source, world.query(kind, source, sport, remote, dport))
    port = world.opened_port(kind, out, by)
    assert world.outward(by, world.query(kind, by, port, remote, dport, ttl=63)) == out[0].frame
    answer = world.answer(kind, remote, dport, by, port)
    world.passes(by, answer, source, world.answer(kind, remote, dport, source, sport, ttl=63))
    return port


def publish(world, host, realm, port=8080, **more):
    return world.rules.publish("udp", port, port, target=world.at(host), target_port=80, realm=realm, name=host, **more)


def serves(world, by, address, host, client="r1", port=8080):
    world.passes(by, world.udp(client, 5000, address, port), host, world.udp(client, 5000, host, 80, ttl=63))
    for _ in range(2):
        world.passes(host, world.udp(host, 80, client, 5000), by, world.udp(address, port, client, 5000, ttl=63))


@pytest.mark.parametrize("kind", KINDS)
def test_each_network_is_masqueraded_by_its_own_uplink(two, kind):
    """The same remote endpoint and the same inside port, in turn."""
    for _ in range(2):
        goes_out(two, kind, "a", "up", 4000)
        goes_out(two, kind, "d", "up-b", 4000)


def test_an_answer_by_the_other_uplink_is_nobodys(two):
    """Its target is an address of the first uplink, but the second one leads to another world."""
    port = goes_out(two, "udp", "d", "up-b", 4000)
    assert two.send("up", two.udp("r2", 80, "up-b", port)) == []


def test_published_in_each_realm(two):
    """One port number leads to a container of each, and is answered where it was asked."""
    publish(two, "a", 0)
    publish(two, "d", TABLE)
    serves(two, "up", "up", "a")
    serves(two, "up-b", "up-b", "d")
    serves(two, "up", "up", "a", "r2")
    serves(two, "up-b", "up-b", "d", "r2")


def test_not_published_by_the_other_uplink(two):
    publish(two, "d", TABLE)
    two.vanishes("up", two.udp("r1", 5000, "up", 8080), "no service")
    two.vanishes("up", two.udp("r1", 5000, "up-b", 8080), "not published")
    two.vanishes("up", two.udp("r1", 5000, "gw-back", 8080), "not published")
    two.vanishes("up-b", two.udp("r1", 5000, "gw", 8080), "no service")


def test_another_networks_published_port_is_reached_inside(two):
    """By the gateway's address of the network that publishes it."""
    publish(two, "d", TABLE)
    out = two.send("a", two.udp("a", 4000, "gw-back", 8080))
    assert [one.port for one in out] == ["d"]
    two.assert_sums(out)
    out = two.send("a", two.udp("a", 4001, "gw", 8080))
    assert [one.port for one in out] == ["a"], "an error: nothing is published there"
    assert two.drops() == {"no service": 1}


def test_endpoints_behind_the_other_uplink_are_not_reached(v):
    """Also where they need not be published."""
    two = TwoUplinks(v, networks={"front": {"ipv4": "nat-unprotected", "ipv6": "nat-unprotected"}})
    two.passes("up", two.udp("r1", 1, "a", 2), "a", two.udp("r1", 1, "a", 2, ttl=63))
    two.vanishes("up-b", two.udp("r2", 1, "a", 2), "not published")


def test_the_other_uplinks_own_subnet_is_not_reached(two):
    """It is connected, and still another network's way out."""
    two.vanishes("a", two.udp("a", 1, "isp-b", 2), "other uplink")
    two.vanishes("d", two.udp("d", 1, "isp", 2), "other uplink")
    two.vanishes("up", two.udp("r1", 1, "isp-b", 2), "not published")


def test_a_published_port_answers_by_the_uplink_that_it_was_reached_by(v):
    """One realm, two uplinks: a network leaves by the first, and what came by the second goes back by the second."""
    two = TwoUplinks(v, realm=0)
    publish(two, "a", 0)
    serves(two, "up-b", "up-b", "a")
    serves(two, "up", "up", "a", "r2")
    serves(two, "up-b", "up-b", "a", "r3")
    goes_out(two, "udp", "a", "up", 4000, "r1", 5000)


def test_flows_keep_their_uplink(two):
    """The network gets another one: what is established goes on by the old, what begins goes by the new."""
    port = goes_out(two, "udp", "d", "up-b", 4000)
    back = two.interfaces[GATEWAYS["back"]]
    two.router.set_interface(back, table=0)
    modes = {"ipv4": "nat", "ipv6": "nat", "masquerade4": two.pool, "masquerade6": two.pool}
    two.rules.set_interface(back, kind="network", name="back", realm=0, **modes)
    for _ in range(2):
        two.passes("d", two.udp("d", 4000, "r1", 80), "up-b", two.udp("up-b", port, "r1", 80, ttl=63))
        two.passes("up-b", two.udp("r1", 80, "up-b", port), "d", two.udp("r1", 80, "d", 4000, ttl=63))
    goes_out(two, "udp", "d", "up", 4001)


def test_errors_of_the_way_out_come_back(two):
    """Also where both networks have a flow to the same place."""
    goes_out(two, "udp", "a", "up", 4000)
    port = goes_out(two, "udp", "d", "up-b", 4000)
    quoted = two.udp("up-b", port, "r1", 80, ttl=1)
    out = two.send("up-b", two.error("hop", "up-b", "time exceeded", quoted))
    assert [one.port for one in out] == ["d"]
    two.assert_sums(out)
    assert two.send("up", two.error("hop", "up", "time exceeded", two.udp("up", port + 7, "r1", 80))) == []


def test_the_host_of_each_realm(v):
    """What nothing serves at the gateway goes to the host of the network's own uplink."""
    two = TwoUplinks(v, uplink={"host": ["198.51.100.254", "2001:db8:ff::254"]}, host=("isp-b",))
    asked = (("a", "gw", "up", "isp"), ("d", "gw-back", "up-b", "isp-b"), ("d", "gw", "up-b", "isp-b"))
    for sport, (source, gateway, by, host) in enumerate(asked, 4000):
        out = two.send(source, two.udp(source, sport, gateway, 7000))
        port = two.opened_port("udp", out, by)
        assert two.outward(by, two.udp(by, port, host, 7000, ttl=63)) == out[0].frame
        two.passes(by, two.udp(host, 7000, by, port), source, two.udp(gateway, 7000, source, sport, ttl=63))


def test_addresses_of_the_host_are_those_of_a_realm(two):
    """Published at any address: of ours, and of the host in that world. In the other that address is somebody else's."""
    publish(two, "e", TABLE)
    two.rules.set_local([two.at("pub1")], realm=TABLE)
    two.rules.set_local([two.at("pub2")])
    assert [one.port for one in two.send("d", two.udp("d", 4000, "pub1", 8080))] == ["e"]
    assert [one.port for one in two.send("a", two.udp("a", 4000, "pub1", 8080))] == ["up"]
    assert [one.port for one in two.send("d", two.udp("d", 4001, "pub2", 8080))] == ["up-b"]
    two.rules.set_local([], realm=TABLE)
    assert [one.port for one in two.send("d", two.udp("d", 4002, "pub1", 8080))] == ["up-b"]


def test_a_port_is_published_once_a_realm(two):
    publish(two, "a", 0)
    number = publish(two, "d", TABLE)
    with pytest.raises(ValueError, match="published already"):
        publish(two, "e", TABLE)
    two.rules.unpublish(number)
    publish(two, "e", TABLE)
    serves(two, "up-b", "up-b", "e")
    serves(two, "up", "up", "a")
