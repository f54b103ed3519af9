"""Hostile and random wishes: whatever is asked for is granted or refused, in words and with a status; and what is granted runs."""

from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World, around, bind

from dataplane.actions import diff
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish, PoolWish
from dataplane.drivers import wire
from dataplane.parents import placed

addresses = st.builds("10.0.{}.{}".format, st.integers(0, 1), st.integers(0, 255)) | st.sampled_from(["fd00::1", "fd00::", "x", ""])
subnets = st.builds(
    "{}/{}".format,
    st.sampled_from(["10.0.0.0", "10.0.1.0", "10.0.0.1", "0.0.0.0", "fd00::", "::", "127.0.0.0", ""]),
    st.integers(-1, 130),
)
pools = st.builds(
    PoolWish,
    subnet=subnets,
    ip_range=st.just("") | subnets,
    gateway=st.just("") | addresses,
    aux_addresses=st.dictionaries(st.sampled_from("ab"), addresses, max_size=2),
)
texts = st.text(max_size=8) | st.sampled_from(
    ["true", "0", "1500", "99999999999999999999", "isolated", "routed", "l3", "eth0", "eth0.7", "eth0.0"]
)
OPTIONS = (
    "com.docker.network.bridge.name",
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.gateway_mode_ipv4",
    "com.docker.network.bridge.gateway_mode_ipv6",
    "com.docker.network.bridge.host_binding_ipv4",
    "com.docker.network.bridge.inhibit_ipv4",
    "com.docker.network.container_iface_prefix",
    "com.docker.network.driver.mtu",
    "com.docker.network.enable_ipv4",
    "com.docker.network.enable_ipv6",
    "com.docker.network.host_ipv4",
    "dataplane.fdb_limit",
    "macvlan_mode",
    "ipvlan_mode",
    "ipvlan_flag",
    "parent",
)
given_addresses = st.none() | st.sampled_from(
    [ip_address(one) for one in ("10.0.0.5", "10.0.0.0", "172.18.0.9", "fd00::5", "0.0.0.0")]
)


def attempt(call, *arguments, **more) -> bool:
    """Whether it was granted; a refusal says why and with which status."""
    try:
        call(*arguments, **more)
    except Refused as refused:
        assert refused.what
        assert refused.http in {400, 403, 404, 409, 500}
        return False
    return True


@settings(max_examples=300)
@given(
    st.text(min_size=1, max_size=6),
    st.lists(pools, max_size=3),
    st.dictionaries(st.sampled_from(OPTIONS), texts, max_size=3),
    st.sampled_from(["", "bridge", "macvlan", "ipvlan", "overlay", "x"]),
    st.booleans(),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, True, False]),
    st.sampled_from(["", "default", "null"]),
)
def test_networks(name, wishes, options, driver, internal, ipv4, ipv6, ipam):
    world = World(around("eth0 192.0.2.0/24", links=frozenset({"eth0"})))
    more = {"options": options, "driver": driver, "internal": internal, "ipam_driver": ipam}
    if not attempt(world.net, name, *wishes, enable_ipv4=ipv4, enable_ipv6=ipv6, **more):
        return
    for number in range(3):
        attempt(world.run, f"c{number}", name, ports=(bind(80),))
    plan = placed(world.plan(), {})
    assert not diff(wire(plan), wire(placed(world.plan(), {})))


@settings(max_examples=300)
@given(
    st.sampled_from(["", "n", "host", "none", "container:c0", "container:", "nosuch", "x" * 64]) | st.text(max_size=6),
    given_addresses,
    given_addresses,
    st.text(max_size=18) | st.sampled_from(["02:42:00:00:00:09", "01:00:00:00:00:00", "024200000009"]),
    st.lists(st.text(max_size=5), max_size=2),
    st.dictionaries(
        st.sampled_from(["com.docker.network.endpoint.ifname", "com.docker.network.endpoint.sysctls", "dataplane.isolated"]),
        st.text(max_size=16),
        max_size=2,
    ),
)
def test_containers(mode, ipv4, ipv6, mac, aliases, options):
    world = World()
    world.net("n", "10.0.0.0/28", "fd00::/64", enable_ipv6=True)
    world.run("c0")
    wish = EndpointWish(ipv4=ipv4, ipv6=ipv6, mac=mac, aliases=tuple(aliases), driver_opts=options)
    attempt(world.run, "c1", mode, {"n": wish})
    attempt(world.connect, "n", "c0", wish)
    try:
        wire(world.plan())
    except Exception as error:
        # A driver's own word on an option of an endpoint comes when it is wired: the change is taken back then.
        assert "dataplane.isolated" in str(error)
