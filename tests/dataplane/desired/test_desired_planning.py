"""`plan_of`: what must run, known by names, and cheap to ask again."""

from dataclasses import replace

from worlds import World, bind, endpoint

from dataplane.desired import fates
from dataplane.desired.planning import plan_of
from dataplane.drivers import wire
from dataplane.sandbox import sandbox_of


def test_only_what_is_alive():
    world = World()
    world.net("n")
    world.run("c1", "n")
    world.create("c2", "n")
    world.run("c3", "none")
    world.run("c4", "host")
    world.run("c5", "container:c1")
    plan = world.plan()
    short = {name: world.container(name).short for name in ("c1", "c2", "c3", "c4", "c5")}
    assert list(plan.instances) == [short[name] for name in ("c1", "c3", "c4", "c5")]
    modes = [one.service.network_mode for one in plan.instances.values()]
    assert modes == ["", "none", "host", f"container:{short['c1']}"]
    assert sandbox_of(plan, short["c5"]) == short["c1"]
    world.stop("c5")
    world.stop("c1")
    assert [one.instance for one in world.plan().endpoints()] == []


def test_networks_are_known_by_name_and_instances_by_short_id():
    world = World()
    net = world.net("n")
    made = world.run("web", "n")
    plan = world.plan()
    assert list(plan.networks) == ["bridge", "n"]
    (endpoint_,) = plan.endpoints()
    assert (endpoint_.network, endpoint_.instance, endpoint_.port) == ("n", made.short, "web.n")
    assert world.at("web", "n").endpoint.network == net.id
    assert plan.uplinks == world.state.uplinks
    assert plan.networks["n"].gateway_mac == "02:42:ac:12:00:01"


def test_the_order_of_interfaces_is_that_of_connecting():
    world = World()
    for name in ("n1", "n2"):
        world.net(name)
    made = world.run("c1")
    world.connect("n2", "c1")
    world.connect("n1", "c1")
    world.disconnect("bridge", "c1")
    world.connect("bridge", "c1")
    instance = world.plan().instances[made.short]
    assert [one.network for one in instance.endpoints] == ["n2", "n1", "bridge"]
    assert [one.interface for one in instance.endpoints] == ["eth1", "eth2", "eth0"]


def test_an_unchanged_container_is_the_very_same_instance():
    """What did not change is not made again; what did is."""
    world = World()
    world.net("n")
    one, two = world.run("c1", "n"), world.run("c2", "n")
    before = world.plan()
    world.connect("bridge", "c2")
    after = world.plan()
    assert after.instances[one.short] is before.instances[one.short]
    assert after.networks["n"] is before.networks["n"]
    assert after.instances[two.short] is not before.instances[two.short]
    assert len(after.instances[two.short].endpoints) == 2
    paused = fates.with_fate(world.state, one.id, replace(world.container("c1").fate, state="paused"))
    assert plan_of(paused).instances[one.short].endpoints == before.instances[one.short].endpoints


def test_equal_states_give_equal_plans_whatever_was_asked_before():
    def made(name: str, others: int) -> tuple:
        world = World()
        for number in range(others):
            world.run(f"x{number}")
            plan_of(world.state, name)
            world.stop(f"x{number}")
        world.net("n")
        world.run("c1", "n", {"n": endpoint("172.18.0.9")}, ports=(bind(80, 8080),))
        plan = plan_of(world.state, name)
        return [(e.port, e.ipv4, e.mac) for e in plan.endpoints()], [(p.first, p.endpoint) for p in plan.published], plan.networks

    assert made("a", 0) == made("b", 5) == made("a", 2)


def test_templates_and_the_hosts_network_have_no_wiring():
    world = World()
    world.net("template", config_only=True)
    assert list(world.plan().networks) == ["bridge"]
    assert "bridge bridge" in wire(world.plan()).nodes


def test_ipv6_is_translated_where_nothing_is_said():
    """DOCKER.md 1.6, gateway modes: nat is the default of both families, so that nobody reaches another network's containers."""
    world = World()
    world.net("n", enable_ipv6=True)
    world.net("r", enable_ipv6=True, options={"com.docker.network.bridge.gateway_mode_ipv6": "routed"})
    links = wire(world.plan()).links
    assert [links["router", f"bridge {name}"].settings["mode6"] for name in ("n", "r")] == ["nat", "routed"]
    assert "com.docker.network.bridge.gateway_mode_ipv6" not in world.network("n").options


def test_a_daemon_without_a_way_out():
    """An ordinary user's: no uplink; it works inside."""
    world = World(out=False)
    world.run("c1", ports=(bind(80, 8080),))
    plan = world.plan()
    assert not plan.uplinks
    assert "uplink" not in wire(plan).nodes


def test_connections_by_published_ports_outlive_the_daemon():
    """tests/live/test_published_streams.py shows them; this, that the plan asks for it."""
    world = World()
    world.net("n")
    world.run("web", "n")
    assert world.plan().topology.nat.resumes
