"""`network create`, `rm`, `prune`: what DOCKER.md 1.2 and 1.8 allow, and Docker's words for the rest."""

import pytest
from worlds import World, around, refuses

from dataplane.desired.wishes import PoolWish
from dataplane.drivers import wire
from dataplane.errors import UserError

MTU = "com.docker.network.driver.mtu"
ICC = "com.docker.network.bridge.enable_icc"
NAME = "com.docker.network.bridge.name"
MODE4 = "com.docker.network.bridge.gateway_mode_ipv4"


def test_what_is_asked_for_is_kept():
    """DOCKER.md 1.2: -d, --subnet, --gateway, --ip-range, --aux-address, --internal, --label, -o."""
    world = World()
    pool = PoolWish(
        subnet="10.88.0.0/24", ip_range="10.88.0.128/25", gateway="10.88.0.254", aux_addresses={"router": "10.88.0.129"}
    )
    made = world.net("net2", pool, driver="bridge", internal=True, attachable=True, labels={"a": "b"}, options={MTU: "1400"})
    assert (made.driver, made.internal, made.attachable, dict(made.labels), dict(made.options)) == (
        ("bridge", True, True, {"a": "b"}, {MTU: "1400"})
    )
    (found,) = made.pools
    assert [str(one) for one in (found.subnet, found.gateway, found.ip_range, found.aux_addresses["router"])] == [
        "10.88.0.0/24",
        "10.88.0.254",
        "10.88.0.128/25",
        "10.88.0.129",
    ]
    assert world.warning == ""


def test_a_bridge_is_the_default():
    """DOCKER.md 1.2: -d, default bridge; automatic pool, gateway its first address."""
    made = World().net("net1")
    assert (made.driver, str(made.pools[0].subnet), str(made.pools[0].gateway)) == ("bridge", "172.18.0.0/16", "172.18.0.1")
    assert (made.enable_ipv4, made.enable_ipv6, made.ipam_driver) == (True, False, "default")


@pytest.mark.parametrize(
    ("http", "words", "wish"),
    [
        (403, "operation is not permitted on predefined bridge network", {"name": "bridge"}),
        (403, "operation is not permitted on predefined host network", {"name": "host"}),
        (403, "operation is not permitted on predefined none network", {"name": "none"}),
        (403, "operation is not permitted on predefined default network", {"name": "default"}),
        (409, "network with name net1 already exists", {"name": "net1"}),
        (403, 'only one instance of "host" network is allowed', {"name": "x", "driver": "host"}),
        (403, 'only one instance of "null" network is allowed', {"name": "x", "driver": "null"}),
        (404, 'plugin "nosuch" not found', {"name": "x", "driver": "nosuch"}),
        (404, 'plugin "other" not found', {"name": "x", "ipam_driver": "other"}),
        (
            403,
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and '
            "try again.",
            {"name": "x", "driver": "overlay"},
        ),
        (403, "Ingress network can only be global scope network", {"name": "x", "ingress": True}),
        (403, "cannot create a swarm scoped network when swarm is not active", {"name": "x", "scope": "swarm"}),
        (400, "invalid network name: name is empty", {"name": " "}),
        (
            400,
            f'failed to parse {MTU} value: abc (strconv.Atoi: parsing "abc": invalid syntax)',
            {"name": "x", "options": {MTU: "abc"}},
        ),
        (
            400,
            f'failed to parse {ICC} value: maybe (strconv.ParseBool: parsing "maybe": invalid syntax)',
            {"name": "x", "options": {ICC: "maybe"}},
        ),
        (
            400,
            "gateway mode 'isolated' can only be used for an internal network",
            {"name": "x", "options": {MODE4: "isolated"}},
        ),
        (400, "IPv4 or IPv6 must be enabled", {"name": "x", "enable_ipv4": False}),
        (
            400,
            'driver-opt "com.docker.network.enable_ipv6" is not a valid bool',
            {"name": "x", "options": {"com.docker.network.enable_ipv6": "maybe"}},
        ),
    ],
)
def test_refusals_of_create(http, words, wish):
    """DOCKER.md 1.8: create dup, bridge/host/none, -d host/null, -d overlay; 1.2: unknown driver, bad values."""
    world = World()
    world.net("net1")
    before = world.state
    refuses(http, words, world.net, wish.pop("name"), **wish)
    assert world.state is before


def test_unknown_options_are_accepted():
    """DOCKER.md 1.2: unknown -o keys are accepted silently."""
    assert World().net("net1", options={"my.opt": "1"}).options["my.opt"] == "1"


def test_names_are_free():
    """DOCKER.md 1.8: network names are free."""
    world = World()
    for name in ("bad name", "a/b", "ä", "x" * 300):
        assert world.net(name).name == name


def test_a_bridge_has_one_subnet_of_a_family():
    """DOCKER.md 1.1, bridge: one v4 and one v6 subnet only."""
    words = "bridge driver doesn't support multiple subnets"
    refuses(400, words, World().net, "net1", "10.0.0.0/24", "10.0.1.0/24")
    assert len(World().net("net1", "10.0.0.0/24", "fd00::/64", enable_ipv6=True).pools) == 2


def test_two_networks_have_no_bridge_in_common():
    """libnetwork's conflictsWithNetworks."""
    world = World()
    first = world.net("net1", options={NAME: "br-x"})
    with pytest.raises(Exception, match="networks have same bridge name") as refused:
        world.net("net2", options={NAME: "br-x"})
    assert refused.value.http == 403
    assert first.id in refused.value.what
    with pytest.raises(Exception, match="networks have same bridge name"):
        world.net("net3", options={NAME: "docker0"})


def test_pools_that_overlap_are_refused():
    """DOCKER.md 1.4: overlap, HEAD's words."""
    world = World()
    world.net("net1", "10.1.0.0/16")
    words = "invalid pool request: Pool overlaps with other one on this address space"
    for subnet in ("10.1.2.0/24", "10.0.0.0/8", "10.1.0.0/16", "172.17.0.0/24"):
        refuses(403, words, world.net, "net2", subnet)
    refuses(403, words, world.net, "net2", "10.2.0.0/24", "10.2.0.0/25")


def test_host_routes_are_no_error_but_a_warning_that_names_them():
    """Issue: an explicit subnet that overlaps one is created with a warning that names the route; automatic ones skip it."""
    world = World(around("eth0 192.0.2.0/24", "wg0 10.8.0.0/16", "172.18.0.0/16"))
    made = world.net("net1", "10.8.3.0/24")
    assert str(made.pools[0].subnet) == "10.8.3.0/24"
    assert "10.8.0.0/16 dev wg0" in world.warning
    assert str(world.net("net2").pools[0].subnet) == "172.19.0.0/16"
    assert world.warning == ""


@pytest.mark.parametrize(
    ("driver", "options", "warned"),
    [
        ("macvlan", {"parent": "eth0"}, False),
        ("ipvlan", {"parent": "eth0"}, False),
        ("ipvlan", {"parent": "eth0", "ipvlan_mode": "l3"}, True),  # it needs a subnet of its own
        ("macvlan", {"parent": "eth0.7"}, True),
        ("macvlan", {"parent": "eth1"}, True),
        ("macvlan", {}, True),
    ],
)
def test_a_network_may_well_have_its_parents_subnet(driver, options, warned):
    """macvlan and ipvlan are part of the network that the parent is on: nothing is hidden, and nothing is said."""
    world = World(around("eth0 192.0.2.0/24", links=frozenset({"eth0", "eth1"})))
    world.net("lan", "192.0.2.0/24", driver=driver, options=options)
    assert ("192.0.2.0/24 dev eth0" in world.warning) == warned


def test_rm():
    """DOCKER.md 1.8: rm predefined, rm in use (HEAD's words)."""
    world = World()
    made = world.net("net1")
    for name in ("bridge", "host", "none"):
        refuses(403, f"{name} is a pre-defined network and cannot be removed", world.rm, name)
    one = world.run("c1", "net1")
    words = f'error while removing network: network net1 has active endpoints (name:"c1" id:"{one.short}")'
    refuses(403, words, world.rm, "net1")
    two = world.run("c2", "net1")
    words = words[:-1] + f', name:"c2" id:"{two.short}")'
    refuses(403, words, world.rm, "net1")
    world.stop("c1")
    world.disconnect("net1", "c2")
    world.rm("net1")
    assert made.id not in world.state.networks


def test_who_was_made_on_a_network_that_is_gone_does_not_start():
    """Docker: the container stays, and its start names what it misses."""
    world = World()
    made = world.net("net1")
    world.create("c1", "net1")
    world.rm("net1")
    refuses(404, f"network {made.id} not found", world.start, "c1")


def test_a_removed_subnet_is_the_next_to_be_chosen():
    """DOCKER.md 1.4: local pools in order; what is free again is first."""
    world = World()
    for name in "abc":
        world.net(name)
    world.rm("b")
    assert str(world.net("d").pools[0].subnet) == "172.19.0.0/16"


def test_prune():
    """DOCKER.md 1.9: prune takes networks without endpoints that the filter chooses, never the three."""
    world = World()
    for name, labels in (("used", {}), ("idle", {}), ("kept", {"keep": "1"}), ("joined", {})):
        world.net(name, labels=labels)
    world.run("c1", "used")
    world.create("c2", "joined")  # does not run: no endpoint
    assert world.prune(lambda record: "keep" not in record.labels) == ["idle", "joined"]
    assert [one.name for one in world.state.networks.values()] == ["bridge", "host", "none", "used", "kept"]


def test_config_only_and_config_from():
    """DOCKER.md 1.2: template networks."""
    world = World()
    template = world.net(
        "template", PoolWish(subnet="10.5.0.0/24", gateway="10.5.0.9"), config_only=True, labels={"a": "1"}, options={MTU: "1300"}
    )
    assert (template.driver, template.config_only) == ("null", True)
    assert not world.plan().networks.keys() & {"template"}
    made = world.net("net1", config_from="template", internal=True)
    assert (made.config_from, made.internal, dict(made.labels), dict(made.options)) == ("template", True, {"a": "1"}, {MTU: "1300"})
    assert (str(made.pools[0].subnet), str(made.pools[0].gateway)) == ("10.5.0.0/24", "10.5.0.9")
    refuses(403, 'error while removing network: configuration network "template" is in use', world.rm, "template")
    words = "invalid config for network template: cannot add endpoint to a configuration-only network"
    refuses(403, words, world.create, "c1", "template")
    world.run("c1")
    refuses(403, "cannot add endpoint to a configuration-only network", world.connect, "template", "c1")
    world.rm("net1")
    world.rm("template")


@pytest.mark.parametrize(
    ("http", "words", "wish"),
    [
        (
            403,
            "configuration network can only contain network specific fields. Network operator fields like "
            "[ ingress | internal | attachable | scope ] are not supported.",
            {"config_only": True, "internal": True},
        ),
        (
            403,
            "a configuration network cannot depend on another configuration network",
            {"config_only": True, "config_from": "template"},
        ),
        (
            403,
            "user specified configurations are not supported if the network depends on a configuration network",
            {"config_from": "template", "labels": {"a": "1"}},
        ),
        (
            403,
            "network driver options are not supported if the network depends on a configuration network",
            {"config_from": "template", "options": {MTU: "1300"}},
        ),
        (404, 'configuration network "nosuch" does not exist', {"config_from": "nosuch"}),
        (404, 'configuration network "plain" does not exist', {"config_from": "plain"}),
    ],
)
def test_refusals_of_templates(http, words, wish):
    """DOCKER.md 1.2: --config-only / --config-from; libnetwork's validateConfiguration."""
    world = World()
    world.net("template", config_only=True)
    world.net("plain")
    refuses(http, words, world.net, "x", **wish)


def test_null_ipam():
    """DOCKER.md 1.2: --ipam-driver null; 1.4: endpoints without an address."""
    world = World()
    refuses(400, "ipv4 pool is empty", world.net, "x", driver="bridge", ipam_driver="null")
    words = "null ipam driver does not handle specific address pool requests"
    refuses(400, words, world.net, "x", "10.0.0.0/24", ipam_driver="null")
    words = "null ipam driver does not handle IPv6 address pool pool requests"
    refuses(400, words, world.net, "x", ipam_driver="null", enable_ipv6=True)


def test_the_default_bridge_is_dockers():
    """DOCKER.md 1.9: what `network inspect bridge` shows of a fresh daemon."""
    record = World().network("bridge")
    assert (str(record.pools[0].subnet), str(record.pools[0].gateway)) == ("172.17.0.0/16", "172.17.0.1")
    assert record.options["com.docker.network.bridge.default_bridge"] == "true"
    assert record.options["com.docker.network.bridge.name"] == "docker0"
    assert World(around("172.17.0.0/16")).network("bridge").pools[0].subnet.network_address.packed[1] == 18


def test_every_network_has_a_wiring():
    """What is created can run: the drivers take all of it."""
    world = World()
    world.net("net1", options={ICC: "false"})
    world.net("net2", "fd00:1::/64", enable_ipv6=True, internal=True)
    world.net("six", enable_ipv4=False, enable_ipv6=True)
    assert {"bridge bridge", "bridge net1", "bridge net2", "bridge six"} <= wire(world.plan()).nodes.keys()


def test_what_to_do_is_said_in_words_that_are_not_of_a_compose_file():
    """A command's user has no `ipam.config`, and `services` of a file do not exist; drivers are named that there are."""
    world, seen = World(), []
    small = world.net("small", PoolWish(subnet="10.80.0.0/30"))
    world.run("c1", small.name)
    tries = (
        lambda: world.run("c2", small.name),
        lambda: world.net("two", PoolWish(subnet="10.81.0.0/24"), PoolWish(subnet="10.82.0.0/24")),
        lambda: world.net("isolated", options={MODE4: "isolated"}),
        lambda: world.net("other", driver="nosuch"),
        lambda: World(around(overlays=True)).net("other", driver="nosuch"),
    )
    for one in tries:
        with pytest.raises(UserError) as refused:
            one()
        seen.append(refused.value.mend)
    assert seen == [
        "10.80.0.0/30: remove containers, or give the network a larger subnet or IP range",
        "a bridge has one IPv4 subnet: leave the others out",
        "make the network internal, or choose another mode",
        "the drivers are bridge, macvlan, ipvlan",
        "the drivers are bridge, macvlan, ipvlan, overlay",
    ]
