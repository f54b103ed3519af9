"""`container create`, `rename`, `rm`, and what of `run` is about networks: DOCKER.md 1.3, 1.8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import World, bind, endpoint, key, refuses

from dataplane.desired import naming
from dataplane.desired.records import State
from dataplane.desired.words import PLACES, QUALITIES

IP_WORDS = "user specified IP address is supported on user defined networks only"
ALIAS_WORDS = "network-scoped alias is supported only for containers in user defined networks"
SETTINGS = "invalid endpoint settings:\n"


@pytest.mark.parametrize("mode", ["", "default", "bridge"])
def test_the_default_network(mode):
    world = World()
    made = world.create("c1", mode)
    assert (made.network_mode, list(made.attachments)) == ("bridge", [key("bridge")])
    assert made.hostname == made.short


def test_modes_without_a_network_of_their_own():
    """DOCKER.md 1.1: host, null (none), container:X."""
    world = World()
    first = world.create("c1")
    assert (world.create("c2", "host").network_mode, dict(world.container("c2").attachments)) == ("host", {})
    assert list(world.create("c3", "none").attachments) == [key("none")]
    shared = world.create("c4", "container:c1")
    assert (shared.network_mode, dict(shared.attachments), shared.hostname) == (f"container:{first.id}", {}, "")
    assert world.container("c2").hostname == ""


def test_a_network_by_name_or_id_and_others_besides():
    world = World()
    one, two = world.net("net1"), world.net("net2")
    assert list(world.create("c1", "net1").attachments) == [one.id]
    assert world.create("c2", one.id[:12]).network_mode == one.id
    both = world.create("c3", "net1", {"net2": endpoint(aliases=("x",)), "net1": endpoint(aliases=("y",))})
    assert [(at.network, at.aliases) for at in both.attachments.values()] == [(one.id, ("y",)), (two.id, ("x",))]
    assert list(world.create("c4", "", {"net2": endpoint()}).attachments) == [two.id]
    assert list(world.create("c5", "default", {"default": endpoint()}).attachments) == [key("bridge")]


@pytest.mark.parametrize(
    ("words", "mode", "more"),
    [
        ("conflicting options: hostname and the network mode", "container:c1", {"hostname": "x"}),
        (
            "conflicting options: port publishing and the container type network mode",
            "container:c1",
            {"ports": (bind(80, 8080),)},
        ),
        ("conflicting options: port publishing and the container type network mode", "container:c1", {"publish_all": True}),
        ("conflicting options: port exposing and the container type network mode", "container:c1", {"expose": ("80/tcp",)}),
        ("conflicting options: dns and the network mode", "container:c1", {"dns": ("192.0.2.1",)}),
        (
            "conflicting options: custom host-to-IP mapping and the network mode",
            "container:c1",
            {"extra_hosts": (("x", "192.0.2.1"),)},
        ),
        (
            "conflicting options: mac-address and the network mode",
            "container:c1",
            {"nets": {"bridge": endpoint(mac="02:42:00:00:00:01")}},
        ),
        ("conflicting options: mac-address and the network mode", "host", {"nets": {"host": endpoint(mac="02:42:00:00:00:01")}}),
        (
            "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
            "host",
            {"links": [("c1", "db")]},
        ),
        (
            "conflicting options: container type network can't be used with links. This would result in undefined behavior",
            "container:c1",
            {"links": [("c1", "db")]},
        ),
        ("Invalid network mode: invalid container format container:<name|id>", "container:", {}),
    ],
)
def test_options_that_do_not_go_together(words, mode, more):
    """DOCKER.md 1.8, container:; 1.1, container:X conflicts: hostname, -p, links, dns, mac."""
    world = World()
    world.create("c1")
    refuses(400, words, world.create, "c2", mode, **more)


def test_who_and_what_is_not_there():
    """DOCKER.md 1.8: connect unknown ctr, and networks."""
    world = World()
    refuses(400, "network nosuch not found", world.create, "c1", "", {"nosuch": endpoint()})
    words = "could not get container for nosuch: No such container: nosuch"
    refuses(400, words, world.create, "c1", links=[("nosuch", "x")])


def test_a_network_may_come_after_the_container():
    """dockerd 20.10, seen: `run --network nosuch` makes the container, and the start fails."""
    world = World()
    world.create("c1", "later", {"later": endpoint(aliases=("x",))})
    world.create("c2", "container:c3")
    refuses(404, "network later not found", world.start, "c1")
    refuses(500, "joining network namespace of container: No such container: c3", world.start, "c2")
    net, other = world.net("later"), world.run("c3")
    world.start("c1")
    world.start("c2")
    assert (world.container("c1").network_mode, world.ip("c1", "later")) == (net.id, "172.18.0.2")
    assert world.container("c2").network_mode == f"container:{other.id}"


def test_the_default_bridge_has_neither_addresses_nor_aliases():
    """DOCKER.md 1.8: --ip, alias on default; 1.3."""
    world = World()
    prefix = f"invalid config for network bridge: {SETTINGS}"
    refuses(400, prefix + IP_WORDS, world.create, "c1", "", {"bridge": endpoint("172.17.0.9")})
    refuses(400, prefix + ALIAS_WORDS, world.create, "c1", "", {"bridge": endpoint(aliases=("db",))})
    both = f"{prefix}* {IP_WORDS}\n* {ALIAS_WORDS}"
    refuses(400, both, world.create, "c1", "", {"bridge": endpoint("172.17.0.9", aliases=("db",))})


def test_addresses_that_cannot_be():
    """DOCKER.md 1.3, --ip, --ip6: HEAD's `no configured subnet contains IP address X`; 1.4, bad MAC text."""
    world = World()
    world.net("n", "10.0.0.0/24")
    prefix = "invalid config for network n: "
    words = f"{prefix}{SETTINGS}no configured subnet contains IP address 10.44.0.9"
    refuses(400, words, world.create, "c1", "n", {"n": endpoint("10.44.0.9")})
    words = f"{prefix}{SETTINGS}no configured subnet contains IP address fd00::9"
    refuses(400, words, world.create, "c1", "n", {"n": endpoint(ip6="fd00::9")})
    refuses(400, f"{prefix}{SETTINGS}invalid IPv4 address: 0.0.0.0", world.create, "c1", "n", {"n": endpoint("0.0.0.0")})
    for bad in ("zz:zz", "02:42", "02:42:00:00:00:00:01", "01:00:5e:00:00:01", "00:00:00:00:00:00"):
        refuses(400, f"{prefix}{bad} is not a valid mac address", world.create, "c1", "n", {"n": endpoint(mac=bad)})


def test_options_of_an_endpoint():
    """DOCKER.md 1.3, --driver-opt: endpoint.sysctls and endpoint.ifname."""
    world = World()
    world.net("n")
    sysctls, ifname = "com.docker.network.endpoint.sysctls", "com.docker.network.endpoint.ifname"
    world.run("c1", "n", {"n": endpoint(driver_opts={ifname: "foo0", sysctls: "net.ipv4.conf.IFNAME.log_martians=1"})})
    assert world.interfaces("c1") == ["foo0"]
    words = (
        "invalid config for network n: invalid endpoint settings:\nunrecognised network interface sysctl 'net.ipv4.x=1'; "
        "represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'"
    )
    refuses(400, words, world.create, "c2", "n", {"n": endpoint(driver_opts={sysctls: "net.ipv4.x=1"})})
    words = "invalid config for network n: 'a/b' cannot be the name of an interface"
    refuses(400, words, world.create, "c2", "n", {"n": endpoint(driver_opts={ifname: "a/b"})})


def test_published_ports_of_the_host_network_are_discarded():
    """DOCKER.md 1.1, host: the warning."""
    world = World()
    world.run("c1", "host", ports=(bind(80, 8080),))
    assert world.warnings == ["Published ports are discarded when using host network mode"]
    assert world.ports("c1") == []


# -- names --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "-ab", "a b", "ä1", "a/b", ".a", "a\n", "../etc"])
def test_names_that_no_container_has(name):
    """DOCKER.md 1.8: container names need at least 2 chars of [a-zA-Z0-9][a-zA-Z0-9_.-]."""
    words = f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    refuses(400, words, World().create, name)


def test_a_name_that_another_has():
    """The plan's conflict text, 409."""
    world = World()
    made = world.create("web")
    words = (
        f'Conflict. The container name "/web" is already in use by container "{made.id}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )
    refuses(409, words, world.create, "web")
    refuses(409, words, world.create, "/web")
    world.create("other")
    refuses(409, f"Error when allocating new name: {words}", world.rename, "other", "web")


def test_rename():
    """The DNS name follows at once; the port keeps its name until the next start."""
    world = World()
    world.net("n")
    made = world.run("web", "n", {"n": endpoint(aliases=("db",))})
    world.rename("web", "shop")
    assert world.at("shop", "n").names == ("shop", "db", made.short)
    assert world.at("shop", "n").endpoint.port == "web.n"
    world.stop("shop")
    world.start("shop")
    assert world.at("shop", "n").endpoint.port == "shop.n"
    refuses(400, "Neither old nor new names may be empty", world.rename, "shop", "")
    refuses(400, "Renaming a container with the same name as its current name", world.rename, "shop", "shop")
    refuses(400, "Invalid container name (x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", world.rename, "shop", "x")


def test_rm():
    world = World()
    made = world.run("web")
    words = 'cannot remove container "/web": container is running: stop the container before removing or force remove'
    refuses(409, words, world.remove, "web")
    world.stop("web")
    world.remove("web")
    assert made.id not in world.state.containers


def test_names_are_invented_as_dockers_are():
    """adjective_surname there, a quality and a place here; none twice."""
    world = World()
    names = [world.create("", "none").name for _ in range(300)]
    assert len(set(names)) == 300
    for name in names:
        quality, _, place = name.partition("_")
        assert quality in QUALITIES
        assert place.rstrip("0123456789") in PLACES


@given(st.integers(0, 2**256 - 1))
def test_invented_names_are_names(number):
    assert naming.require_free(State(), naming.invented(State(), f"{number:064x}")) is None


@given(st.text(max_size=12))
def test_whatever_is_a_name_makes_a_port(name):
    """No name that is accepted can be read as a path."""
    world = World()
    try:
        world.run(name) if name.removeprefix("/") else None
    except Exception as error:
        assert getattr(error, "http", 0) == 400
    else:
        assert all("/" not in one.endpoint.port for one in world.state.endpoints.values())


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("invalid hostname: a b", {"hostname": "a b"}),
        ("invalid hostname: a\n192.0.2.1 bank", {"hostname": "a\n192.0.2.1 bank"}),
        (f"invalid hostname: {'x' * 65}", {"hostname": "x" * 65}),
        ("invalid domain name: a\0", {"domainname": "a\0"}),
        ("invalid extra host: a\nb", {"extra_hosts": (("a\nb", "192.0.2.1"),)}),
        ("invalid link: a\tb", {"links": [("c0", "a\tb")]}),
        ('ParseAddr("1.1.1.1\nnameserver 6.6.6.6"): unable to parse IP', {"dns": ("1.1.1.1\nnameserver 6.6.6.6",)}),
        ("invalid DNS search domain: a\nnameserver 6.6.6.6", {"dns_search": ("a\nnameserver 6.6.6.6",)}),
        ("invalid DNS option: ndots:1 x", {"dns_opt": ("ndots:1 x",)}),
    ],
)
def test_names_that_would_not_stay_in_their_line(words, more):
    """Issue: hostile requests. What comes into /etc/hosts, and into the kernel, is one word."""
    world = World()
    world.run("c0")
    refuses(400, words, world.create, "c1", **more)
