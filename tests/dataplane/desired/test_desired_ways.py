"""The daemon's way out: decided once, clear of what is there."""

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st
from worlds import World, around, refuses

from dataplane.desired.networks import fresh
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.ways import with_way_out
from dataplane.ipam import default_pools
from dataplane.uplink import UPLINK


def test_both_families_and_clear_of_dockers_pools():
    uplink = World().state.uplinks[UPLINK]
    assert (str(uplink.ipv4), str(uplink.gateway4), uplink.name) == ("10.255.255.2/30", "10.255.255.1", "dp-dataplane")
    assert uplink.ipv6.network.prefixlen == 126
    assert not any(pool.overlaps(uplink.ipv4.network) for pool in default_pools())


def test_a_second_daemon_has_another():
    """Two daemons run side by side: the route of the first one's TAP is in the second's way."""
    one = World()
    other = World(around("dp-dataplane 10.255.255.0/30", daemon="second"))
    assert str(other.state.uplinks[UPLINK].ipv4) == "10.255.255.6/30"
    assert other.state.uplinks[UPLINK].ipv6 != one.state.uplinks[UPLINK].ipv6
    assert other.state.uplinks[UPLINK].name == "dp-second"


def test_it_stays_until_a_network_is_in_its_way():
    world = World()
    before = world.state.uplinks
    assert with_way_out(world.state, around("eth0 10.255.0.0/16")) is world.state
    world.net("a")
    assert world.state.uplinks is before
    world.net("b", "10.0.0.0/8")
    ours = world.state.uplinks[UPLINK].ipv4.network
    assert not ours.overlaps(IPv4Network("10.0.0.0/8"))
    assert not any(ours.overlaps(pool.subnet) for one in world.state.networks.values() for pool in one.pools)


def test_no_room():
    state = World(out=False).state
    words = "no network is free for the way out: every candidate is routed already"
    everything = around("eth0 10.0.0.0/8", "eth0 172.16.0.0/12", "eth0 192.168.0.0/16")
    refuses(500, words, with_way_out, state, everything)


@given(st.lists(st.integers(0, 255), max_size=12), st.integers(16, 30))
def test_it_overlaps_no_route(thirds, length):
    routes = tuple(("eth0", IPv4Network((f"10.255.{third}.0", length), strict=False)) for third in thirds)
    host = Surroundings(routes=routes)
    ours = with_way_out(fresh(host, ids="abc", now=0), host).uplinks[UPLINK].ipv4.network
    assert not any(ours.overlaps(route) for _, route in routes)
