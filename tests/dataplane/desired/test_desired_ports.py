"""Which host ports a container gets: DOCKER.md 1.7, the choice of them, and Docker's words where one cannot be had."""

import pytest
from worlds import World, bind, endpoint, refuses

from dataplane.desired import ports

BINDING = "com.docker.network.bridge.host_binding_ipv4"
MODE4, MODE6 = (f"com.docker.network.bridge.gateway_mode_ipv{version}" for version in (4, 6))


def bound(name, endpoint_id, words):
    return f"driver failed programming external connectivity on endpoint {name} ({endpoint_id}): {words}"


@pytest.mark.parametrize(
    ("binding", "rows"),
    [
        (bind(80, 8080), [("c1.bridge", "*", 8080, 8080, 80)]),
        (bind(80, 8080, ip="127.0.0.1"), [("c1.bridge", "127.0.0.1", 8080, 8080, 80)]),
        (bind(80), [("c1.bridge", "*", 32768, 32768, 80)]),
        (bind(80, 8080, ip="::1"), [("c1.bridge", "::1", 8080, 8080, 80)]),
        (bind(9000, 9000, 9002, to=9002), [("c1.bridge", "*", 9000, 9002, 9000)]),
        (bind(80, 8000, 8010), [("c1.bridge", "*", 8000, 8000, 80)]),
    ],
)
def test_forms(binding, rows):
    """DOCKER.md 1.7, form: fixed, with an address, ephemeral, a range to a range, the first free of a range."""
    world = World()
    world.run("c1", ports=(binding,))
    assert world.ports("c1") == rows


def test_no_address_means_both_families():
    """DOCKER.md 1.7: no host ip, both 0.0.0.0 and [::], the same number."""
    world = World()
    world.net("n", "10.0.0.0/24", "fd00::/64", enable_ipv6=True)
    world.run("c1", "n", ports=(bind(80, 8080),))
    (row,) = world.state.published[world.container("c1").id]
    assert (str(row.ipv4), str(row.ipv6), row.first) == ("10.0.0.2", "fd00::2", 8080)


def test_ephemeral_ports_are_sequential_and_free_again():
    """DOCKER.md 1.7, ephemeral range: sequential, 32768 first."""
    world = World()
    for name in ("c1", "c2"):
        world.run(name, ports=(bind(80), bind(81)))
    assert [row[2] for name in ("c1", "c2") for row in world.ports(name)] == [32768, 32769, 32770, 32771]
    world.stop("c1")
    assert world.ports("c1") == []
    world.run("c3", ports=(bind(80),))
    assert world.ports("c3")[0][2] == 32768


def test_publish_all():
    """DOCKER.md 1.7: -P, all exposed; those written keep their number."""
    world = World()
    world.run("c1", publish_all=True, expose=("80/tcp", "53/udp", "8000-8001"), ports=(bind(80, 8080),))
    rows = [(one.protocol, one.target, one.first) for one in world.state.published[world.container("c1").id]]
    assert rows == [("tcp", 80, 8080), ("udp", 53, 32768), ("tcp", 8000, 32768), ("tcp", 8001, 32769)]


def test_protocols_do_not_meet():
    """DOCKER.md 1.7: /udp, /sctp."""
    world = World()
    world.run("c1", ports=tuple(bind(53, 5353, protocol=protocol) for protocol in ("tcp", "udp", "sctp")))
    assert len(world.ports("c1")) == 3


def test_a_port_that_another_container_has():
    """DOCKER.md 1.7, taken by docker: the text, and nothing of the container is there."""
    world = World()
    world.run("web", ports=(bind(80, 8080),))
    made = world.create("web2", ports=(bind(80, 8080),))
    before = world.state
    with pytest.raises(Exception, match="port is already allocated") as caught:
        world.start("web2")
    assert caught.value.http == 500
    assert caught.value.what.startswith("driver failed programming external connectivity on endpoint web2 (")
    assert caught.value.what.endswith("): Bind for 0.0.0.0:8080 failed: port is already allocated")
    assert world.state is before
    assert world.state.containers[made.id].fate.state == "created"
    world.stop("web")
    world.start("web2")


def test_addresses_of_the_host_share_a_number():
    world = World()
    world.run("c1", ports=(bind(80, 8080, ip="127.0.0.1"),))
    world.run("c2", ports=(bind(80, 8080, ip="192.0.2.1"),))
    rows = [row for name in ("c1", "c2") for row in world.state.published[world.container(name).id]]
    assert [row.first for row in rows] == [8080, 8080]
    assert len({row.transfer for row in rows}) == 2
    with pytest.raises(Exception, match=r"Bind for 0\.0\.0\.0:8080 failed: port is already allocated"):
        world.run("c3", ports=(bind(80, 8080),))


def test_a_number_on_the_uplink_gives_way():
    """Two addresses of the host share a number, so that one of them has another on the uplink; then somebody publishes that one."""
    world = World()
    world.run("c1", ports=(bind(80, 8080, ip="127.0.0.1"),))
    world.run("c2", ports=(bind(80, 8080, ip="192.0.2.1"),))
    first = world.state.published[world.container("c1").id]
    assert [row.transfer for row in world.state.published[world.container("c2").id]] == [61000]
    world.run("c3", ports=(bind(80, 61000),))
    rows = [row for name in ("c1", "c2", "c3") for row in world.state.published[world.container(name).id]]
    assert [row.transfer for row in rows] == [8080, 61001, 61000]
    assert world.state.published[world.container("c1").id] is first


def test_what_the_host_refused_is_not_chosen():
    """A range and an ephemeral port go on to the next; the range that is used up says so."""
    world = World()
    world.run("c1", taken={("tcp", 8000), ("tcp", 32768)}, ports=(bind(80, 8000, 8001), bind(81)))
    assert [row[2] for row in world.ports("c1")] == [8001, 32769]
    with pytest.raises(Exception, match="all ports are allocated: 8000-8001/tcp"):
        world.run("c2", taken={("tcp", 8000)}, ports=(bind(80, 8000, 8001),))


def test_a_fixed_port_that_the_host_has():
    """DOCKER.md 1.7, taken by host / ip absent: HEAD's text."""
    world = World()
    made = world.run("c1", ports=(bind(80, 8080),))
    end = world.at("c1", "bridge").id
    refused = ports.host_refused(world.state, made.id, address="0.0.0.0", port=8080, protocol="tcp", why="address already in use")
    assert refused.what == bound("c1", end, "failed to bind host port 0.0.0.0:8080/tcp: address already in use")
    refused = ports.host_refused(
        world.state, made.id, address="fd00::1", port=53, protocol="udp", why="cannot assign requested address"
    )
    assert refused.what == bound("c1", end, "failed to bind host port [fd00::1]:53/udp: cannot assign requested address")


def test_the_networks_own_default_address():
    """DOCKER.md 1.2: bridge.host_binding_ipv4, default host ip for -p."""
    world = World()
    world.net("n", options={BINDING: "127.0.0.1"})
    world.run("c1", "n", ports=(bind(80, 8080), bind(81, 8081, ip="192.0.2.9")))
    assert [row[1] for row in world.ports("c1")] == ["127.0.0.1", "192.0.2.9"]


def test_networks_that_publish_nothing():
    """DOCKER.md 1.6: --internal, no -p (`docker port` empty); 1.1: host and none neither."""
    world = World()
    world.net("n", internal=True)
    for name, mode in (("c1", "n"), ("c2", "none"), ("c3", "host")):
        world.run(name, mode, ports=(bind(80, 8080),))
        assert world.ports(name) == []


def test_routed_ports_are_opened_and_not_translated():
    """DOCKER.md 1.6, gateway modes: routed, no NAT, only published container ports are open."""
    world = World()
    world.net("n", "10.0.0.0/24", options={MODE4: "routed"})
    world.run("c1", "n", ports=(bind(80, 8080),))
    (row,) = world.state.published[world.container("c1").id]
    assert (row.ipv4, [str(one) for one in row.opened]) == (None, ["10.0.0.2"])


def test_an_endpoint_that_is_not_the_gateways_does_not_publish():
    """DOCKER.md 1.7, multi-network ctr."""
    world = World()
    world.net("aa")
    world.net("zz", internal=True)
    world.run("c1", "aa", {"zz": endpoint()}, ports=(bind(80, 8080),))
    assert [row[0] for row in world.ports("c1")] == ["c1.aa"]


def test_words_of_a_refusal_name_the_endpoint():
    world = World()
    world.run("c1", ports=(bind(80, 8080),))
    world.create("c2", ports=(bind(80, 8080),))
    with pytest.raises(Exception, match=r"endpoint c2 \([0-9a-f]{64}\): Bind for"):
        world.start("c2")
    refuses(404, "No such container: c9", world.start, "c9")
