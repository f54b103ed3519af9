"""Routing by the interface that a packet came by: a mere router, with a table besides the main one."""

import pytest

from tests.fastpath.outside import number
from tests.gateway import judge
from tests.gateway.plan import GATEWAYS, MACS
from tests.gateway.two_uplinks import DEFAULTS, TABLE, TwoUplinks


@pytest.fixture
def two(v):
    return TwoUplinks(v, nat=None)


def leaves(world, source, by, target="r1", ttl=64):
    world.passes(source, world.udp(source, 1, target, 53, ttl=ttl), by, world.udp(source, 1, target, 53, ttl=ttl - 1))


def test_each_network_leaves_by_its_own(two):
    """To the same target, in turn: what was found for one table is nothing for the other."""
    for _ in range(3):
        leaves(two, "a", "up")
        leaves(two, "d", "up-b")
        leaves(two, "f", "up")


def test_in_one_burst(two):
    """Long enough that targets are read ahead."""
    for port in ("a", "d") * 20:
        two.ports[port].push(two.framed(port, two.udp(port, 1, "r1", 53)))
    two.engine.run_until_idle(two.now)
    out = [one.port for one in two.emitted()]
    assert sorted(out) == ["up"] * 20 + ["up-b"] * 20


def test_what_is_connected_is_connected_in_every_table(two):
    for source, target in (("a", "d"), ("d", "a"), ("d", "f"), ("f", "d")):
        leaves(two, source, target, target)
        leaves(two, source, target, target)
    for uplink in ("up", "up-b"):
        for target in ("a", "d"):
            two.passes(uplink, two.udp("r1", 53, target, 1), target, two.udp("r1", 53, target, 1, ttl=63))


def test_our_addresses_are_ours_in_every_table(two):
    for port in ("a", "d", "up", "up-b"):
        for ours in ("gw", "gw-back", "up", "up-b"):
            source = {"up": "isp", "up-b": "isp-b"}.get(port, port)
            out = two.send(port, two.echo(source, ours))
            assert [one.port for one in out] == [port]
            assert judge.read(out[0].packet).upper == judge.read(bytes(two.reply(ours, source))).upper


def test_errors_go_back_where_the_packet_came_from(two):
    """To an address that both uplinks lead to."""
    for port, source in (("up", "r1"), ("up-b", "r1")):
        out = two.send(port, two.udp(source, 1, "d", 2, ttl=1))
        assert [one.port for one in out] == [port]


def test_without_a_route_of_its_own_a_table_leads_nowhere_else(two):
    """Of the main table's default route it knows nothing."""
    for prefix in DEFAULTS:
        assert two.router.remove_route(prefix, table=TABLE)
        assert not two.router.remove_route(prefix, table=TABLE)
    out = two.send("d", two.udp("d", 1, "r1", 53))
    assert [one.port for one in out] == ["d"], "an error: unreachable"
    assert two.drops() == {"no route": 1}
    leaves(two, "a", "up")
    leaves(two, "d", "a", "a")


def test_reverse_path_by_the_interfaces_table(v):
    """RFC 3704: anybody may be behind the default route of the table, and an inside address may not."""
    two = TwoUplinks(v, nat=None, reverse_path=True)
    two.passes("up-b", two.udp("r1", 1, "d", 2), "d", two.udp("r1", 1, "d", 2, ttl=63))
    two.vanishes("up-b", two.udp("a", 1, "d", 2), "spoofed source")


def test_an_interface_changes_its_table(two):
    back = two.interfaces[GATEWAYS["back"]]
    leaves(two, "d", "up-b")
    two.router.set_interface(back, table=0)
    leaves(two, "d", "up")
    two.router.set_interface(back, table=TABLE)
    leaves(two, "d", "up-b")


def test_a_table_is_there_while_something_needs_it(two):
    assert two.router.routing_tables() == (0, TABLE)
    two.router.remove_interface(two.interfaces["up-b"])
    assert two.router.routing_tables() == (0, TABLE), "back belongs to it"
    assert not any(row["gateway"] for row in two.router.routes(table=TABLE))
    two.router.set_interface(two.interfaces[GATEWAYS["back"]], table=0)
    assert two.router.routing_tables() == (0,)
    leaves(two, "d", "up")
    with pytest.raises(ValueError, match="no table 1"):
        two.router.routes(table=TABLE)
    two.router.add_route("203.0.113.0/24", interface=two.interfaces["up"], table=7)
    assert two.router.routing_tables() == (0, 7)
    assert two.router.remove_route("203.0.113.0/24", table=7)
    assert two.router.routing_tables() == (0,)


def test_a_place_given_back_has_the_main_tables_ways(two):
    """A frame to nobody by an interface that is no more: ignored."""
    two.router.remove_interface(two.interfaces["up-b"])
    raw = bytes(6) + bytes(two.framed("up-b", two.udp("r1", 1, "d", 2)))[6:]
    assert two.send_frames("up-b", raw) == []


def test_an_address_more_is_in_every_table(two):
    """A subnet that comes or goes is connected for all, and shadows a route given by hand."""
    other = "203.0.113.9/24" if two.v == 4 else "2001:db8:aa::9/64"
    target = "pub1"
    leaves(two, "d", "up-b", target)
    first = "10.2.0.1/24" if two.v == 4 else "fd00:c::1/64"
    two.router.set_interface(two.interfaces["gw-inner"], addresses=[first, other])
    two.router.add_neighbor(two.interfaces["gw-inner"], two.at(target), number(MACS["f"]))
    two.passes("d", two.udp("d", 1, target, 53), "f", two.udp("d", 1, target, 53, ttl=63))
    two.router.set_interface(two.interfaces["gw-inner"], addresses=[first])
    leaves(two, "d", "up-b", target)


@pytest.mark.parametrize("table", [256, 70000])
def test_no_such_table(two, table):
    with pytest.raises(ValueError, match="0 to 255"):
        two.router.add_interface("x", mac=number("02:00:00:00:00:77"), table=table)
    with pytest.raises(ValueError, match="0 to 255"):
        two.router.add_route("203.0.113.0/24", interface=0, table=table)
    assert two.router.routing_tables() == (0, TABLE)
