"""Whether a lab has a way out, and with which addresses."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, ip_network

import pytest
from topologies import network, service, topology

from dataplane.errors import UserError
from dataplane.model import PortBinding
from dataplane.plan import make_plan
from dataplane.uplink import Uplink
from dataplane.uplinks import tap_name, transfer_networks

PORTS = (PortBinding(target=80, target_last=80, first=80, last=80),)


def uplink(*networks, written=None, ports=(), name="lab", **kwargs):
    file = replace(topology(list(networks), [service("web", *(n.key for n in networks), ports=ports)], name=name), uplink=written)
    return make_plan(file, **kwargs).uplink


PLAIN, INSIDE = network("n", "10.0.0.0/24"), network("in", "10.2.0.0/24", internal=True)


@pytest.mark.parametrize(
    ("networks", "ports", "way_out", "there"),
    [
        ((PLAIN,), (), True, True),
        ((PLAIN,), (), None, False),
        ((PLAIN,), (), False, False),
        ((PLAIN,), PORTS, True, True),
        ((PLAIN,), PORTS, None, True),
        ((PLAIN,), PORTS, False, False),
        ((INSIDE,), (), True, False),
        ((), (), True, False),
    ],
)
def test_a_default_one_where_it_is_of_use_and_may_be(networks, ports, way_out, there):
    assert (uplink(*networks, ports=ports, way_out=way_out) is not None) is there


def test_what_is_written_stands_whoever_asks():
    for way_out in (True, None, False):
        assert uplink(PLAIN, written=Uplink(kind="none"), ports=PORTS, way_out=way_out) is None
        assert uplink(INSIDE, written=Uplink(), way_out=way_out).kind == "tap"


def test_the_default_is_a_tap_on_a_network_of_its_own():
    found = uplink(PLAIN, way_out=True)
    assert found == Uplink(
        kind="tap",
        name="dp-lab",
        ipv4=IPv4Interface("172.31.255.2/30"),
        gateway4=IPv4Address("172.31.255.1"),
        mac="02:42:ac:1f:ff:02",
        gateway_mac="02:42:ac:1f:ff:01",
    )


def test_ipv6_has_one_where_a_network_that_leads_out_has_it():
    six = network("six", "fd00::/64", enable_ipv4=False, enable_ipv6=True)
    found = uplink(six, way_out=True)
    assert (found.ipv4, found.gateway4, found.ipv6.network.prefixlen, int(found.ipv6) - int(found.gateway6)) == (None, None, 126, 1)
    assert found.ipv6 == uplink(six, way_out=True).ipv6 != uplink(six, way_out=True, name="other").ipv6
    assert uplink(PLAIN, replace(six, internal=True), way_out=True).ipv6 is None
    assert len({found.mac, found.gateway_mac}) == 2


def test_it_is_clear_of_the_host_and_of_the_lab():
    occupied = [ip_network("172.31.255.0/29"), ip_network("0.0.0.0/32")]
    assert str(uplink(PLAIN, way_out=True, occupied=occupied).ipv4) == "172.31.255.10/30"
    assert str(uplink(network("n", "172.31.255.0/24"), way_out=True).ipv4) == "172.31.254.2/30"
    assert str(uplink(network("n", "172.31.0.0/16"), way_out=True).ipv4) == "192.168.255.2/30"
    with pytest.raises(UserError, match="no network is free for the uplink"):
        uplink(PLAIN, way_out=True, occupied=[ip_network("0.0.0.0/1"), ip_network("128.0.0.0/1")])


def test_automatic_subnets_are_clear_of_a_written_uplink():
    way = Uplink(ipv4=IPv4Interface("172.17.5.2/24"))
    file = replace(topology([network("n")], [service("web", "n")]), uplink=way)
    plan = make_plan(file)
    assert (str(plan.networks["n"].pools[0].subnet), str(plan.uplink.gateway4)) == ("172.18.0.0/16", "172.17.5.1")
    with pytest.raises(UserError, match=r"the uplink's network 10\.0\.0\.0/30 overlaps 10\.0\.0\.0/24 of the network 'n'"):
        uplink(PLAIN, written=Uplink(ipv4=IPv4Interface("10.0.0.2/30")))


def test_it_stays_on_its_network_while_the_host_routes_it():
    before = make_plan(topology([PLAIN], [service("web", "n")]), [ip_network("172.31.255.0/30")], way_out=True)
    after = make_plan(topology([PLAIN, INSIDE], []), [ip_network("172.31.255.4/30")], previous=before, way_out=True)
    assert after.uplink == before.uplink
    moved = make_plan(topology([network("n", "172.31.255.0/24")], []), previous=before, way_out=True)
    assert str(moved.uplink.ipv4) == "172.31.254.2/30"


def test_a_packet_uplink_is_what_is_written():
    written = Uplink(kind="packet", name="eth9", ipv4=IPv4Interface("192.0.2.2/24"), mtu=9000)
    assert uplink(PLAIN, written=written) == replace(written, mac="02:42:c0:00:02:02")


def test_ours_and_the_hosts_side_are_two():
    assert str(uplink(PLAIN, written=Uplink(ipv4=IPv4Interface("198.18.0.1/30"))).gateway4) == "198.18.0.2"
    assert str(uplink(PLAIN, written=Uplink(ipv4=IPv4Interface("198.18.0.0/31"))).gateway4) == "198.18.0.1"
    assert str(uplink(PLAIN, written=Uplink(ipv4=IPv4Interface("198.18.0.1/31"))).gateway4) == "198.18.0.0"


def test_names_of_taps_fit():
    assert (tap_name("lab"), tap_name("a-lab-of-12")) == ("dp-lab", "dp-a-lab-of-12")
    long = {tap_name(f"a-very-long-name-{number}") for number in range(50)}
    assert len(long) == 50
    assert all(len(name) == 15 and name.startswith("dp-a-very-") for name in long)


def test_there_are_many_transfer_networks():
    assert len(set(transfer_networks())) == 3 * 256 * 64
