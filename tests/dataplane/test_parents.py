"""What macvlan and ipvlan networks say of their parents, and the parents decided (DOCKER.md 1.1 and 1.8)."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest
from topologies import attach, network, service, topology

from dataplane.errors import UserError
from dataplane.gateways import leads_out
from dataplane.model import EMPTY
from dataplane.parent import Seen
from dataplane.parents import no_such_parent, placed, segment_mac, wish, with_mtu
from dataplane.plan import make_plan

ETH0 = {("", "eth0"): Seen(mac="02:00:00:00:00:01", mtu=1500)}


def lan(key="lan", driver="macvlan", *subnets, internal=False, **options):
    given = {name.replace("__", "."): value for name, value in options.items()}
    return network(key, *(subnets or ("10.0.0.0/24",)), driver=driver, internal=internal, options=given)


def planned(*networks, services=None, seen=EMPTY):
    services = services if services is not None else [service("a", *(one.key for one in networks))]
    return make_plan(topology(list(networks), services), seen=seen)


def refused(*networks, **more):
    with pytest.raises(UserError) as caught:
        planned(*networks, **more)
    return caught.value.what


@pytest.mark.parametrize(
    ("written", "interface", "vlan"),
    [("eth0", "eth0", 0), ("eth0.10", "eth0", 10), ("br.lan", "br.lan", 0), ("a.b.4094", "a.b", 4094), ("", "", 0)],
)
def test_a_parent_is_an_interface_or_a_vlan_of_one(written, interface, vlan):
    """DOCKER.md 1.1: parent `eth0.10` makes a VLAN sub-interface."""
    found = wish(lan(parent=written))
    assert (found.interface, found.vlan) == (interface, vlan)


def test_internal_means_no_parent():
    """DOCKER.md 1.1: no parent / --internal: a dummy."""
    assert wish(lan(internal=True, parent="eth0")).interface == ""
    plan = planned(lan(internal=True, parent="eth0"))
    assert plan.parents == {}
    assert plan.instances["a"].routes == ()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            lan(macvlan_mode="bogus"),
            "requested macvlan mode 'bogus' is not valid, 'bridge' mode is the macvlan driver default",
        ),
        (
            lan(driver="ipvlan", ipvlan_mode="l4"),
            "requested ipvlan mode 'l4' is not valid, 'l2' mode is the ipvlan driver default",
        ),
        (lan(driver="ipvlan", ipvlan_flag="x"), "requested ipvlan flag 'x' is not valid, 'bridge' is the ipvlan driver default"),
        (lan(parent="lo"), "loopback interface is not a valid macvlan parent link"),
        (lan(parent="eth0.0"), "vlan id must be between 1-4094, received: 0"),
        (lan(parent="eth0.4095"), "vlan id must be between 1-4094, received: 4095"),
    ],
)
def test_bad_options_in_dockers_words(one, words):
    """DOCKER.md 1.8."""
    assert refused(one) == words
    assert refused(one, services=[]) == words


def test_a_parent_that_is_not_there_in_dockers_words():
    """DOCKER.md 1.8."""
    assert no_such_parent("nosuch").what == "invalid subinterface vlan name nosuch, example formatting is eth0.10"
    assert no_such_parent("nosuch.7").what == "-o parent interface was not found on the host: nosuch"


def test_passthru_is_for_one_endpoint_and_shares_with_nobody():
    """DOCKER.md 1.1: HEAD's texts."""
    alone = lan(parent="eth0", macvlan_mode="passthru")
    assert planned(alone).parents["parent.lan"].everything
    two = [service("a", "lan"), service("b", "lan")]
    assert refused(alone, services=two) == "failed to create the macvlan port: invalid argument"
    other = lan("other", "macvlan", "10.1.0.0/24", parent="eth0")
    assert refused(alone, other) == "macvlan network lab_lan is already using parent interface eth0 in mode passthru"
    late = lan("late", "macvlan", "10.2.0.0/24", parent="eth0", macvlan_mode="passthru")
    assert refused(other, late) == "cannot use mode passthru, macvlan network lab_other is already using parent interface eth0"
    assert planned(alone, lan("tagged", "macvlan", "10.1.0.0/24", parent="eth0.5")).parents.keys() == {"parent.lan"}


def test_networks_share_a_parent_if_they_are_of_one_kind():
    """DOCKER.md 1.1: HEAD shares parents; one driver a parent, as the kernel has it."""
    first = lan(parent="eth0")
    second = lan("second", "macvlan", "10.1.0.0/24", parent="eth0", macvlan_mode="private")
    parent = planned(first, second).parents["parent.lan"]
    assert (parent.networks, parent.vlans) == (("lan", "second"), (0, 0))
    assert parent.stations == ("02:42:0a:00:00:01", "02:42:0a:01:00:01")
    other = lan("other", "ipvlan", "10.2.0.0/24", parent="eth0")
    assert refused(first, other) == "failed to create the ipvlan port: device or resource busy"
    l3 = lan("third", "ipvlan", "10.3.0.0/24", parent="eth0", ipvlan_mode="l3")
    assert refused(other, l3) == "network lab_other is already using parent interface eth0"


def test_ipvlan_endpoints_have_the_parents_mac_and_no_other():
    """DOCKER.md 1.1: ipvlan (parent's MAC)."""
    one = lan(driver="ipvlan", parent="eth0")
    services = [service("a", "lan"), service("b", "lan")]
    plan = planned(one, services=services, seen=ETH0)
    assert {endpoint.mac for endpoint in plan.endpoints()} == {"02:00:00:00:00:01"}
    assert plan.parents["parent.lan"].hidden == tuple(ip_address(text) for text in ("10.0.0.1", "10.0.0.2"))
    # Without a host it is invented, the same each time, and another for another interface.
    invented = segment_mac(one)
    assert invented == segment_mac(one) != segment_mac(lan(driver="ipvlan", parent="eth1"))
    assert segment_mac(lan(driver="ipvlan", parent="eth0.7")) == invented
    assert segment_mac(lan(driver="ipvlan", dataplane__parent_mac="02:00:00:00:00:AA")) == "02:00:00:00:00:aa"
    given = [service("a", attach("lan", mac_address="02:00:00:00:00:09"))]
    assert refused(one, services=given) == "ipvlan interfaces do not support custom mac address assignment"
    assert "no interface has such an address" in refused(lan(driver="ipvlan", dataplane__parent_mac="01:00:00:00:00:01"))


def test_default_routes():
    """DOCKER.md 1.1: external gateway, none that was not told (HEAD); in l3 `default dev eth0`. Several subnets: the gateway of
    one's own."""
    for driver in ("macvlan", "ipvlan"):
        assert planned(lan(driver=driver, parent="eth0")).instances["a"].routes == ()
    one = lan(parent="eth0")
    one = replace(one, pools=(replace(one.pools[0], gateway=ip_address("10.0.0.1")),))
    gateways = {route.gateway for route in planned(one).instances["a"].routes}
    assert gateways == {ip_address("10.0.0.1")}
    (route,) = planned(lan(driver="ipvlan", parent="eth0", ipvlan_mode="l3")).instances["a"].routes
    assert route.gateway.is_unspecified
    two = lan("lan", "macvlan", "10.0.0.0/30", "10.1.0.0/24", parent="eth0")
    two = replace(two, pools=tuple(replace(pool, gateway=pool.subnet[1]) for pool in two.pools))
    services = [service(name, "lan") for name in "ab"]
    plan = planned(two, services=services)
    assert [str(one.ipv4) for one in plan.endpoints()] == ["10.0.0.2", "10.1.0.2"]
    assert [str(instance.routes[0].gateway) for instance in plan.instances.values()] == ["10.0.0.1", "10.1.0.1"]


def test_nothing_is_published_and_no_gateway_of_ours():
    """DOCKER.md 1.1: -p silently ignored."""
    assert not leads_out(lan(parent="eth0"))
    plan = planned(lan(parent="eth0"))
    assert plan.published == ()
    assert plan.uplinks == {}
    assert plan.networks["lan"].gateway_mac is None


def test_what_the_host_has_is_used_where_no_option_says_otherwise():
    seen = {
        ("", "eth0"): Seen(
            mac="02:00:00:00:00:01",
            mtu=9000,
            addresses=(ip_interface("192.0.2.1/24"),),
            gateways=(ip_address("192.0.2.254"),),
        )
    }
    l3 = {"driver": "ipvlan", "parent": "eth0", "ipvlan_mode": "l3"}
    parent = planned(lan(**l3), seen=seen).parents["parent.lan"]
    assert (parent.mtu, parent.addresses, parent.gateways) == (9000, (ip_interface("192.0.2.1/24"),), (ip_address("192.0.2.254"),))
    told = {"dataplane__parent_address": "10.9.0.1/24", "dataplane__neighbors": "10.9.0.2=02:00:00:00:00:02"}
    parent = planned(lan(**l3, **told), seen=seen).parents["parent.lan"]
    assert parent.addresses == (ip_interface("10.9.0.1/24"),)
    assert parent.neighbors == ((ip_address("10.9.0.2"), "02:00:00:00:00:02"),)
    for wrong in ({"dataplane__parent_address": "x"}, {"dataplane__neighbors": "10.0.0.1"}):
        assert refused(lan(**l3, **wrong))
    assert (
        with_mtu(lan(parent="eth0", com__docker__network__driver__mtu="1400"), seen).options["com.docker.network.driver.mtu"]
        == "1400"
    )


def test_a_plan_made_without_a_host_is_placed_on_one():
    """What a daemon does: its plan follows from its state, the host's facts come after."""
    one = lan(driver="ipvlan", parent="eth0")
    plan = planned(one)
    bare = replace(plan, parents={})
    seen = {("", "eth0"): replace(ETH0["", "eth0"], mtu=1400)}
    done = placed(bare, seen)
    assert done.parents == planned(one, seen=seen).parents
    assert [endpoint.mac for endpoint in done.endpoints()] == ["02:00:00:00:00:01"]
    assert done.networks["lan"].options["com.docker.network.driver.mtu"] == "1400"
    apart = planned(network("bridged", "10.9.0.0/24"))
    assert placed(apart, seen) is apart


def test_a_parent_without_endpoints_is_not_opened():
    assert planned(lan(parent="eth0"), services=[]).parents == {}
