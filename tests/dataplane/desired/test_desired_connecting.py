"""`network connect` and `disconnect`, hot and of containers that are stopped: DOCKER.md 1.3, 1.8, and gateways of 1.4."""

from ipaddress import ip_address

import pytest
from worlds import World, bind, endpoint, key, refuses

from dataplane.desired.wishes import EndpointWish, PoolWish

HOST = "container cannot be disconnected from host network or connected to host network"
NONE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"
SHARED = "container sharing network namespace with another container or host cannot be connected to any other network"
IFNAME = "com.docker.network.endpoint.ifname"
PREFIX = "com.docker.network.container_iface_prefix"
MODE4 = "com.docker.network.bridge.gateway_mode_ipv4"


def test_hot_connect_takes_the_next_free_interface():
    """DOCKER.md 1.3: hot; the nic appears as next free ethN."""
    world = World()
    for name in ("n1", "n2", "n3"):
        world.net(name)
    world.run("c1")
    world.connect("n1", "c1")
    world.connect("n2", "c1")
    assert world.interfaces("c1") == ["eth0", "eth1", "eth2"]
    world.disconnect("n1", "c1")
    assert world.interfaces("c1") == ["eth0", "eth2"]
    world.connect("n3", "c1")
    assert (world.interfaces("c1"), world.at("c1", "n3").endpoint.interface) == (["eth0", "eth2", "eth1"], "eth1")


def test_of_a_stopped_container_it_waits_for_the_start():
    """DOCKER.md 1.3: also allowed on stopped containers."""
    world = World()
    world.net("n1")
    world.create("c1")
    world.connect("n1", "c1", endpoint(aliases=("db",)))
    assert not world.state.endpoints
    world.connect("n1", "c1", endpoint(aliases=("other",)))  # Docker keeps what is there
    world.start("c1")
    assert world.interfaces("c1") == ["eth0", "eth1"]
    assert world.at("c1", "n1").names == ("c1", "db", world.container("c1").short)
    world.stop("c1")
    world.disconnect("n1", "c1")
    world.start("c1")
    assert world.interfaces("c1") == ["eth0"]


def test_what_is_not_said_twice():
    """DOCKER.md 1.8: connect twice; disconnect."""
    world = World()
    world.net("net1")
    made = world.run("c1", "net1")
    refuses(403, "endpoint with name c1 already exists in network net1", world.connect, "net1", "c1")
    world.disconnect("net1", "c1")
    refuses(500, f"container {made.id} is not connected to network net1", world.disconnect, "net1", "c1")
    refuses(500, f"container {made.id} is not connected to network net1", world.disconnect, "net1", "c1", force=True)
    world.stop("c1")
    refuses(500, f"container {made.id} is not connected to the network net1", world.disconnect, "net1", "c1")


def test_host_and_none():
    """DOCKER.md 1.8: host / none."""
    world = World()
    world.net("net1")
    for name, mode in (("c1", "bridge"), ("c2", "host"), ("c3", "none"), ("c4", "container:c1")):
        world.run(name, mode)
    refuses(400, HOST, world.connect, "host", "c1")
    refuses(400, HOST, world.disconnect, "host", "c2")
    words = f"container {world.container('c1').id} is not connected to network host"
    refuses(500, words, world.disconnect, "host", "c1")
    refuses(400, SHARED, world.connect, "net1", "c2")
    refuses(400, SHARED, world.connect, "net1", "c4")
    refuses(400, NONE, world.connect, "net1", "c3")
    refuses(400, NONE, world.connect, "none", "c1")
    world.disconnect("none", "c3")
    world.connect("net1", "c3")
    assert world.interfaces("c3") == ["eth0"]


def test_aliases_and_addresses_of_the_default_bridge():
    """DOCKER.md 1.8: --ip, alias on default, by connect."""
    world = World()
    world.run("c1", "none")
    world.disconnect("none", "c1")
    words = "invalid endpoint settings:\nnetwork-scoped alias is supported only for containers in user defined networks"
    refused = refuses(400, words, world.connect, "bridge", "c1", endpoint(aliases=("x",)))
    assert refused.mend == "leave it out, or use a network of your own: network create"
    words = "invalid endpoint settings:\nuser specified IP address is supported on user defined networks only"
    assert refuses(400, words, world.connect, "bridge", "c1", endpoint("172.17.0.9")).mend == refused.mend
    world.net("mine", PoolWish(subnet="10.80.0.0/24"))
    words = "invalid endpoint settings:\nno configured subnet contains IP address 10.81.0.2"
    assert refuses(400, words, world.connect, "mine", "c1", endpoint("10.81.0.2")).mend == "the subnets of mine are 10.80.0.0/24"


def test_names_for_the_dns():
    """DOCKER.md 1.5, names: container name, aliases, short id, --hostname; none on the default bridge."""
    world = World()
    world.net("n")
    made = world.run("c1", "n", {"n": endpoint(aliases=("db", "db", "c1"))}, hostname="box")
    assert world.at("c1", "n").names == ("c1", "db", made.short, "box")
    world.run("c2")
    assert world.at("c2", "bridge").names == ()


def test_links_of_a_network_are_kept_as_written():
    """DOCKER.md 1.3, --link: a user network's is a DNS alias private to this container."""
    world = World()
    net = world.net("n")
    world.run("c1", "n", {"n": endpoint(links=(("web", "www"),))})
    assert world.container("c1").attachments[net.id].links == (("web", "www"),)


def test_links_of_the_default_bridge():
    """DOCKER.md 1.3, --link: by id, and the one linked to has to run."""
    world = World()
    other = world.run("db")
    made = world.create("web", links=[("db", "sql"), ("db", "")])
    assert made.links == ((other.id, "sql"), (other.id, "db"))
    world.stop("db")
    refuses(500, "Cannot link to a non running container: /db AS /web/sql", world.start, "web")
    world.start("db")
    world.start("web")


def test_macs():
    """DOCKER.md 1.3, --mac-address per network; 1.4, MAC: 02:42 and the address; without IPv4 a hash."""
    world = World()
    world.net("n")
    world.net("six", enable_ipv4=False, enable_ipv6=True)
    world.run("c1", "n", {"n": endpoint(mac="0A-00-00-00-00-05")})
    world.run("c2", "n", {"six": endpoint()})
    one, two, six = (world.at(*at).endpoint for at in (("c1", "n"), ("c2", "n"), ("c2", "six")))
    assert (one.mac, one.given_mac) == ("0a:00:00:00:00:05", True)
    assert (two.mac, two.given_mac) == ("02:42:ac:12:00:03", False)
    assert six.mac.startswith("02:42:")
    assert six.ipv4 is None


def test_prefix_of_interfaces():
    """DOCKER.md 1.2: com.docker.network.container_iface_prefix."""
    world = World()
    world.net("n", options={PREFIX: "lan"})
    world.run("c1")
    world.connect("n", "c1")
    assert world.interfaces("c1") == ["eth0", "lan0"]
    world.net("m")
    wish = endpoint(driver_opts={IFNAME: "eth0"})
    refuses(400, "two interfaces of the container are called 'eth0'", world.connect, "m", "c1", wish)


def test_ports_have_one_name_each():
    """Ports are called NAME.NETWORK; where that is another's, with the beginning of the id."""
    world = World()
    world.net("b.c")
    world.net("c")
    world.run("a.b", "c")
    two = world.run("aa", "b.c")
    world.run("up", "c")
    world.rename("up", "other")
    three = world.run("up", "c")
    four = world.run("uplink", "c")
    names = [one.endpoint.port for one in world.state.endpoints.values()]
    assert names == ["a.b.c", "aa.b.c", "up.c", f"up-{three.id[:4]}.c", f"uplink-{four.id[:4]}.c"]
    assert two.name == "aa"


def test_ports_of_long_names():
    """A port's name is its interface's alias, by which a later daemon knows it: it has to fit."""
    world = World()
    for name in ("n" * 300, "ü" * 300):
        world.net(name)
    for name in ("c" * 250, "c" * 249):
        world.run(name, "n" * 300)
        world.connect("ü" * 300, name)
    names = [one.endpoint.port for one in world.state.endpoints.values()]
    assert len(set(names)) == 4
    assert max(len(name.encode()) for name in names) < 240


@pytest.mark.parametrize("prefix", ["a/b", "", "x" * 13, "a b", ".", "a%d"])
def test_prefixes_that_no_interface_has(prefix):
    words = f"failed to parse {PREFIX} value: {prefix} (no interface can be called {prefix}0)"
    refuses(400, words, World().net, "n", options={PREFIX: prefix})


# -- the gateway among several ------------------------------------------------------------------------------------------


def test_the_gateway_is_that_of_the_first_name_and_is_stolen_hot():
    """DOCKER.md 1.4: (5) network name a…z; re-evaluated on each connect (connecting gwaa stole the route from gwmm)."""
    world = World()
    for name in ("gwmm", "gwaa", "gwzz"):
        world.net(name)
    world.run("c1", "gwmm")
    assert world.routes("c1") == [("eth0", "172.18.0.1")]
    world.connect("gwzz", "c1")
    assert world.routes("c1") == [("eth0", "172.18.0.1")]
    world.connect("gwaa", "c1")
    assert world.routes("c1") == [("eth2", "172.19.0.1")]
    world.disconnect("gwaa", "c1")
    assert world.routes("c1") == [("eth0", "172.18.0.1")]


def test_gw_priority_wins():
    """DOCKER.md 1.3: --gw-priority, highest wins, default 0, may be negative."""
    world = World()
    for name in ("aa", "bb", "cc"):
        world.net(name)
    world.run("c1", "bb")
    world.connect("aa", "c1", endpoint(gw_priority=-1))
    assert world.routes("c1") == [("eth0", "172.19.0.1")]
    world.connect("cc", "c1", endpoint(gw_priority=7))
    assert world.routes("c1") == [("eth2", "172.20.0.1")]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.1.1.1", "invalid link local IP address: 10.1.1.1"),
        ("2001:db8::1", "invalid link local IP address: 2001:db8::1"),
        ("0.0.0.0", "invalid link-local IP address: 0.0.0.0"),
        ("fe80::7", "invalid link local IP address: fe80::7: the network has no IPv6"),
    ],
)
def test_link_local_addresses_that_are_none(address, words):
    """DOCKER.md 1.3, --link-local-ip: 169.254.0.0/16, and fe80::/10 where there is IPv6."""
    world = World()
    world.net("n")
    world.net("six", enable_ipv6=True)
    world.run("c1")
    wish = EndpointWish(link_local=(ip_address(address),))
    refuses(400, f"invalid endpoint settings:\n{words}", world.connect, "n", "c1", wish)
    world.connect("six", "c1", EndpointWish(link_local=(ip_address("fe80::7"), ip_address("169.254.0.7"))))


def test_an_internal_network_is_the_last_resort():
    """DOCKER.md 1.4: (3) non --internal."""
    world = World()
    world.net("aa", internal=True)
    world.net("bb")
    world.run("c1", "aa")
    assert world.routes("c1") == [("eth0", "172.18.0.1")]
    world.connect("bb", "c1")
    assert world.routes("c1") == [("eth1", "172.19.0.1")]


def test_both_families_before_one_and_each_chosen_for_itself():
    """DOCKER.md 1.4: (4) both v4 and v6 gateways before one; v4 and v6 chosen separately since 28."""
    world = World()
    world.net("aa")
    world.net("bb", "10.1.0.0/24", "fd01::/64", enable_ipv6=True)
    world.net("cc", "fd02::/64", enable_ipv6=True, enable_ipv4=False)
    world.run("c1", "aa")
    world.connect("cc", "c1")
    assert world.routes("c1") == [("eth0", "172.18.0.1"), ("eth1", "fd02::1")]
    world.connect("bb", "c1")
    assert world.routes("c1") == [("eth2", "10.1.0.1"), ("eth2", "fd01::1")]


def test_an_isolated_gateway_is_none():
    """DOCKER.md 1.6: isolated, no gateway IP on the bridge, no default route."""
    world = World()
    world.net("n", internal=True, options={MODE4: "isolated"})
    world.run("c1", "n")
    assert world.routes("c1") == []
    assert world.ip("c1", "n") == "172.18.0.1"


def test_published_ports_follow_the_gateway():
    """DOCKER.md 1.7, multi-network ctr: published on the gateway endpoint only; the number stays."""
    world = World()
    world.net("mm")
    world.net("aa")
    world.run("c1", "mm", ports=(bind(80), bind(81, 8081)))
    assert world.ports("c1") == [("c1.mm", "*", 32768, 32768, 80), ("c1.mm", "*", 8081, 8081, 81)]
    world.connect("aa", "c1")
    assert world.ports("c1") == [("c1.aa", "*", 32768, 32768, 80), ("c1.aa", "*", 8081, 8081, 81)]
    world.disconnect("aa", "c1")
    world.disconnect("mm", "c1")
    assert world.ports("c1") == []


@pytest.mark.parametrize("mode", ["bridge", "none"])
def test_a_container_that_is_being_removed(mode):
    world = World()
    world.net("n")
    made = world.create("c1", mode)
    world.stop("c1", "dead")
    words = f"Container {made.id} is marked for removal and cannot be connected or disconnected to the network"
    refuses(409, words, world.connect, "n", "c1")
    assert key("n") not in world.container("c1").attachments
