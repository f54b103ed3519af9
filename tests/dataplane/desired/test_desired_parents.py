"""macvlan and ipvlan networks of a daemon: DOCKER.md 1.1, their rows; 1.8, macvlan bad parent/mode."""

from ipaddress import ip_address, ip_interface

import pytest
from worlds import World, around, bind, endpoint, refuses

from dataplane.desired.wishes import PoolWish
from dataplane.drivers import wire
from dataplane.parent import Seen
from dataplane.parents import placed

LINKS = frozenset({"eth0", "eth1", "lo"})
SEEN = {("", "eth0"): Seen(mac="52:54:00:00:00:01", mtu=9000, addresses=(ip_interface("192.0.2.5/24"),))}


@pytest.fixture
def world():
    return World(around("eth0 192.0.2.0/24", links=LINKS))


@pytest.mark.parametrize(
    ("driver", "words", "options"),
    [
        ("macvlan", "invalid subinterface vlan name nosuch, example formatting is eth0.10", {"parent": "nosuch"}),
        ("ipvlan", "invalid subinterface vlan name nosuch, example formatting is eth0.10", {"parent": "nosuch"}),
        ("macvlan", "-o parent interface was not found on the host: nosuch", {"parent": "nosuch.10"}),
        ("macvlan", "vlan id must be between 1-4094, received: 4095", {"parent": "eth0.4095"}),
        ("macvlan", "loopback interface is not a valid macvlan parent link", {"parent": "lo"}),
        (
            "macvlan",
            "requested macvlan mode 'bogus' is not valid, 'bridge' mode is the macvlan driver default",
            {"parent": "eth0", "macvlan_mode": "bogus"},
        ),
        (
            "ipvlan",
            "requested ipvlan mode 'bogus' is not valid, 'l2' mode is the ipvlan driver default",
            {"parent": "eth0", "ipvlan_mode": "bogus"},
        ),
        (
            "ipvlan",
            "requested ipvlan flag 'bogus' is not valid, 'bridge' is the ipvlan driver default",
            {"ipvlan_flag": "bogus"},
        ),
    ],
)
def test_refusals(world, driver, words, options):
    """DOCKER.md 1.8: macvlan bad parent/mode."""
    refuses(400, words, world.net, "m", driver=driver, options=options)


def test_a_parent_may_be_shared_but_not_with_passthru(world):
    """DOCKER.md 1.1: HEAD: parent may be shared except with passthru, its words."""
    world.net("m1", driver="macvlan", options={"parent": "eth0"})
    world.net("m2", driver="macvlan", options={"parent": "eth0"})
    words = "cannot use mode passthru, macvlan network m1 is already using parent interface eth0"
    refuses(403, words, world.net, "m3", driver="macvlan", options={"parent": "eth0", "macvlan_mode": "passthru"})
    world.net("m4", driver="macvlan", options={"parent": "eth0.10", "macvlan_mode": "passthru"})
    words = "macvlan network m4 is already using parent interface eth0.10 in mode passthru"
    refuses(403, words, world.net, "m5", driver="macvlan", options={"parent": "eth0.10"})


def test_passthru_has_one_endpoint(world):
    """DOCKER.md 1.1: passthru one endpoint only, 2nd: its words."""
    world.net("m", driver="macvlan", options={"parent": "eth0", "macvlan_mode": "passthru"})
    world.run("c1", "m")
    words = "failed to create the macvlan port: invalid argument"
    refuses(500, words, world.run, "c2", "m")
    world.run("c3")
    refuses(500, words, world.connect, "m", "c3")
    world.stop("c1")
    world.start("c2")


def test_several_subnets(world):
    """Issue: several subnets, where the driver may; the default route leads to the gateway beside the address."""
    pools = [PoolWish(subnet=f"10.0.{number}.0/30", gateway=f"10.0.{number}.1") for number in (0, 1)]
    world.net("m", *pools, driver="macvlan", options={"parent": "eth0"})
    world.run("c1", "m")
    world.run("c2", "m")
    assert (world.ip("c1", "m"), world.ip("c2", "m")) == ("10.0.0.2", "10.0.1.2")
    assert (world.routes("c1"), world.routes("c2")) == ([("eth0", "10.0.0.1")], [("eth0", "10.0.1.1")])


def test_ports_are_ignored(world):
    """DOCKER.md 1.1, macvlan: -p silently ignored (`docker port` empty)."""
    world.net("m", driver="macvlan", options={"parent": "eth0"})
    world.run("c1", "m", ports=(bind(80, 8080),))
    assert world.ports("c1") == []


def test_modes_without_a_gateway(world):
    """DOCKER.md 1.1: external gateway, none that was not told (HEAD); l3/l3s: `default dev eth0`, no gateway; --internal: none."""
    for number, (name, driver, options, internal) in enumerate(
        [
            ("m", "macvlan", {"parent": "eth0"}, False),
            ("l2", "ipvlan", {"parent": "eth0.1"}, False),
            ("l3", "ipvlan", {"parent": "eth0.2", "ipvlan_mode": "l3"}, False),
            ("in", "macvlan", {}, True),
        ]
    ):
        made = world.net(name, f"10.{number}.0.0/24", driver=driver, options=options, internal=internal)
        world.run(f"c{name}", name)
        assert made.pools[0].gateway is None
        assert world.ip(f"c{name}", name) == f"10.{number}.0.1"
    assert [world.routes(f"c{name}") for name in ("m", "l2", "l3", "in")] == [[], [], [("eth0", "0.0.0.0")], []]


def test_without_addresses(world):
    """Issue: endpoints without an address. DOCKER.md 1.2: --ipam-driver null, --ipv4=false."""
    words = "null ipam driver does not handle specific address pool requests"
    refuses(400, words, world.net, "m", "10.0.0.0/24", driver="macvlan", ipam_driver="null")
    refuses(400, "ipv4 pool is empty", world.net, "m", driver="macvlan", ipam_driver="null")
    world.net("m", driver="macvlan", ipam_driver="null", enable_ipv4=False, options={"parent": "eth0"})
    world.net("n", driver="macvlan", enable_ipv4=False, options={"parent": "eth0"})
    for name, net in (("c1", "m"), ("c2", "m"), ("c3", "n")):
        world.run(name, net)
        found = world.at(name, net).endpoint
        assert (found.ipv4, found.ipv6) == (None, None)
    assert world.at("c1", "m").endpoint.mac != world.at("c2", "m").endpoint.mac
    assert wire(world.plan()).nodes["c1.m"].settings["ipv4"] == ""


def test_the_plan_has_the_parents_that_are_in_use(world):
    world.net("m", driver="macvlan", options={"parent": "eth0"})
    world.net("i", "10.9.0.0/24", driver="ipvlan", options={"parent": "eth1"})
    assert not placed(world.plan(), {}).parents
    world.run("c1", "m", {"m": endpoint(mac="02:42:00:00:00:09")})
    world.run("c2", "i")
    plan = placed(world.plan(), {})
    assert {port: one.interface for port, one in plan.parents.items()} == {"parent.m": "eth0", "parent.i": "eth1"}
    assert plan.parents["parent.m"].stations == ("02:42:00:00:00:09",)
    assert plan.parents["parent.i"].hidden == (ip_address("10.9.0.1"),)
    assert {"parent.m", "parent.i"} <= wire(plan).nodes.keys()


def test_endpoints_of_ipvlan_have_their_parents_mac_and_mtu(world):
    """DOCKER.md 1.1, ipvlan: parent's MAC. What the host has of the parent is asked at every plan."""
    words = "invalid config for network i: ipvlan interfaces do not support custom mac address assignment"
    world.net("i", "10.9.0.0/24", driver="ipvlan", options={"parent": "eth0"})
    refuses(400, words, world.create, "c0", "i", {"i": endpoint(mac="02:42:00:00:00:09")})
    one = world.run("c1", "i")
    assert world.at("c1", "i").endpoint.mac == ""
    plan = placed(world.plan(), SEEN)
    assert plan.instances[one.short].endpoints[0].mac == "52:54:00:00:00:01"
    assert wire(plan).nodes["c1.i"].settings["mtu"] == 9000


def test_a_container_called_parent(world):
    """Ports of parents are called parent.NETWORK."""
    world.net("m", driver="macvlan", options={"parent": "eth0"})
    world.run("parent", "m")
    assert len(wire(world.plan()).nodes) == len({*wire(world.plan()).nodes})
    assert world.at("parent", "m").endpoint.port != "parent.m"
