"""What the file leaves open is decided the same way every time, and what cannot be is refused."""

from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from topologies import attach, network, service, topology

from dataplane.errors import UserError
from dataplane.plan import make_plan
from dataplane.sandbox import sandbox_of


def rows(plan):
    return [(e.port, e.interface, e.mac, str(e.ipv4 or ""), str(e.ipv6 or "")) for e in plan.endpoints()]


def test_ports_interfaces_addresses_and_macs_follow_the_file():
    plan = make_plan(
        topology([network("front"), network("back", "10.9.0.0/24")], [service("web", "front", "back"), service("db", "back")])
    )
    assert rows(plan) == [
        ("web.front", "eth0", "02:42:ac:11:00:02", "172.17.0.2", ""),
        ("web.back", "eth1", "02:42:0a:09:00:02", "10.9.0.2", ""),
        ("db.back", "eth0", "02:42:0a:09:00:03", "10.9.0.3", ""),
    ]
    assert [str(p.gateway) for n in plan.networks.values() for p in n.pools] == ["172.17.0.1", "10.9.0.1"]


def test_scaled_services_are_numbered_even_when_there_is_one():
    plan = make_plan(
        topology(
            [network("n")], [service("one", "n", scaled=True), service("two", "n", scaled=True, replicas=2), service("plain", "n")]
        )
    )
    assert [e.port for e in plan.endpoints()] == ["one-1.n", "two-1.n", "two-2.n", "plain.n"]
    assert [(i.name, i.index) for i in plan.instances.values()][1:3] == [("two-1", 1), ("two-2", 2)]


def test_a_service_scaled_to_nothing_has_no_instance():
    assert make_plan(topology([network("n")], [service("web", "n", scaled=True, replicas=0)])).instances == {}


def test_given_addresses_are_kept_free_for_their_owners_whatever_the_order():
    plan = make_plan(topology([network("n", "10.0.0.0/24")], [service("a", "n"), service("b", attach("n", "10.0.0.2"))]))
    assert [str(e.ipv4) for e in plan.endpoints()] == ["10.0.0.3", "10.0.0.2"]


def test_automatic_subnets_keep_clear_of_written_ones_and_of_the_host():
    plan = make_plan(topology([network("auto"), network("written", "172.18.0.0/16")], []), [ip_network("172.17.0.0/24")])
    assert [str(n.pools[0].subnet) for n in plan.networks.values()] == ["172.19.0.0/16", "172.18.0.0/16"]


def test_families_are_as_the_network_has_them():
    """IPv6 alone takes its MAC from a hash of the port's name: stable, unicast, locally administered, one owner."""
    lab = topology(
        [
            network("six", enable_ipv4=False, enable_ipv6=True),
            network("both", enable_ipv6=True),
            network("off", "fd01::/64", "10.0.0.0/24"),
        ],
        [service("web", "six", "both", "off"), service("db", "six", "both", "off")],
    )
    plan = make_plan(lab)
    six, both, off = plan.instances["web"].endpoints
    assert six.ipv4 is None
    assert six.ipv6 is not None
    assert six.mac.startswith("02:42:")
    assert six.mac != plan.instances["db"].endpoints[0].mac
    assert both.ipv4 is not None
    assert both.ipv6 is not None
    assert both.mac == f"02:42:{both.ipv4.packed.hex(':')}"
    assert off.ipv6 is None
    assert [str(p.subnet) for p in plan.networks["off"].pools] == ["10.0.0.0/24"]
    assert rows(make_plan(lab)) == rows(plan)


def test_interface_names_are_given_or_the_next_free_one():
    plan = make_plan(
        topology(
            [network("a"), network("b"), network("c", options={"com.docker.network.container_iface_prefix": "lan"}), network("d")],
            [
                service(
                    "web",
                    "a",
                    attach("b", interface_name="eth0"),
                    "c",
                    attach("d", driver_opts={"com.docker.network.endpoint.ifname": "dmz"}),
                )
            ],
        )
    )
    assert [e.interface for e in plan.endpoints()] == ["eth1", "eth0", "lan0", "dmz"]


@pytest.mark.parametrize("name", ["lo", "", "a/b", "sixteen-letters-", "a b", ".."])
def test_bad_interface_names_are_refused(name):
    with pytest.raises(UserError, match="cannot be the name of an interface"):
        make_plan(topology([network("a")], [service("web", attach("a", driver_opts={"com.docker.network.endpoint.ifname": name}))]))


def test_a_given_mac_is_normal_and_marked():
    plan = make_plan(topology([network("n")], [service("web", attach("n", mac_address="02-00-00-00-00-AB"))]))
    assert [(e.mac, e.given_mac) for e in plan.endpoints()] == [("02:00:00:00:00:ab", True)]


WRONG = [
    ([network("n", "10.0.0.0/24")], [service("a", attach("n", "10.1.0.5"))], "no configured subnet contains IP address 10.1.0.5"),
    ([network("n", "10.0.0.0/24")], [service("a", attach("n", "fd00::5"))], "no configured subnet contains IP address fd00::5"),
    ([network("n", "10.0.0.0/24")], [service("a", attach("n", "10.0.0.1"))], "Address already in use: 10.0.0.1"),
    (
        [network("n", "10.0.0.0/24")],
        [service("a", attach("n", "10.0.0.9"), scaled=True, replicas=2)],
        "Address already in use: 10.0.0.9",
    ),
    ([network("n", "10.0.0.0/30")], [service("a", "n"), service("b", "n")], "no available addresses on this pool"),
    ([network("a", "10.0.0.0/24"), network("b", "10.0.0.0/25")], [], "Pool overlaps with other one"),
    ([network("n")], [service("a", attach("n", mac_address="zz:zz"))], "zz:zz is not a valid mac address"),
    ([network("n")], [service("a", attach("n", mac_address="01:00:00:00:00:01"))], "is not a valid mac address"),
    ([network("n")], [service("a", attach("n", mac_address="00:00:00:00:00:00"))], "is not a valid mac address"),
    (
        [network("n")],
        [service("a", attach("n", mac_address="02:00:00:00:00:01"), scaled=True, replicas=2)],
        "'a-1.n' and 'a-2.n' both have the MAC address",
    ),
    (
        [network("n", "10.0.0.0/24")],
        [service("a", "n"), service("b", attach("n", mac_address="02:42:0a:00:00:02"))],
        "both have the MAC address 02:42:0a:00:00:02",
    ),
    ([network("n")], [service("a", "n", scaled=True), service("a-1", "n")], "'a' and 'a-1' both have an instance called 'a-1'"),
    ([network("c"), network("b.c")], [service("a", "b.c"), service("a.b", "c")], "two ports are called 'a.b.c'"),
    (
        [network("a"), network("b")],
        [service("x", attach("a", interface_name="up"), attach("b", interface_name="up"))],
        "two interfaces of 'x' are called 'up'",
    ),
    ([], [service("a", network_mode="service:b")], "No such service: b"),
    ([], [service("a", network_mode="container:b")], "No such container: b"),
    ([], [service("a", network_mode="service:b"), service("b", network_mode="service:a")], "form a circle: a -> b -> a"),
    ([], [service("a", network_mode="service:a")], "form a circle: a -> a"),
    ([network("n")], [service("a", "n", network_mode="netns:/x", scaled=True, replicas=2)], "2 copies of 'a' cannot share"),
    (
        [network("m"), network("n")],
        [service("a", "m", network_mode="netns:/x"), service("b", "n", network_mode="netns:/x")],
        "'a' and 'b' both make 'eth0' in /x",
    ),
]


@pytest.mark.parametrize(("networks", "services", "words"), WRONG, ids=[w[2] for w in WRONG])
def test_what_cannot_be_is_refused_with_its_place_and_the_mend(networks, services, words):
    with pytest.raises(UserError, match=words) as caught:
        make_plan(topology(networks, services))
    assert caught.value.where.startswith("lab.yaml")
    assert caught.value.mend
    assert caught.value.status == 2


def test_namespaces_are_followed_to_their_owner():
    plan = make_plan(
        topology(
            [network("n")],
            [
                service("web", "n", scaled=True, replicas=2),
                service("side", network_mode="service:web"),
                service("tail", network_mode="container:side"),
                service("second", network_mode="container:web-2"),
                service("out", network_mode="host"),
                service("mine", "n", network_mode="netns:/run/netns/mine"),
            ],
        )
    )
    owners = {name: sandbox_of(plan, name) for name in plan.instances}
    assert owners == {
        "web-1": "web-1",
        "web-2": "web-2",
        "side": "web-1",
        "tail": "web-1",
        "second": "web-2",
        "out": "out",
        "mine": "mine",
    }
    assert [e.interface for e in plan.instances["mine"].endpoints] == ["eth0"]


@given(st.lists(st.lists(st.sampled_from("abc"), unique=True), max_size=6), st.integers(1, 3))
def test_no_two_endpoints_of_a_network_have_anything_in_common(choices, replicas):
    lab = topology(
        [network("a"), network("b", enable_ipv6=True), network("c", enable_ipv4=False, enable_ipv6=True)],
        [service(f"s{i}", *nets, scaled=True, replicas=replicas) for i, nets in enumerate(choices)],
    )
    plan = make_plan(lab)
    endpoints = plan.endpoints()
    for values in (
        [e.port for e in endpoints],
        [(e.network, e.mac) for e in endpoints],
        [(e.instance, e.interface) for e in endpoints],
        [e.ipv4 for e in endpoints if e.ipv4],
        [e.ipv6 for e in endpoints if e.ipv6],
    ):
        assert len(values) == len(set(values))
    for endpoint in endpoints:
        subnets = [p.subnet for p in plan.networks[endpoint.network].pools]
        for address in filter(None, (endpoint.ipv4, endpoint.ipv6)):
            assert any(address in subnet for subnet in subnets)
    assert make_plan(lab) == plan


def test_a_network_of_65532_endpoints_is_planned():
    plan = make_plan(topology([network("n")], [service("s", "n", scaled=True, replicas=65_532)]))
    assert plan.endpoints()[-1].ipv4 == IPv4Address("172.17.255.253")


def test_a_changed_file_renumbers_nobody_who_did_not_change():
    old = make_plan(
        topology([network("m"), network("n", enable_ipv6=True)], [service("a", "n"), service("b", "n"), service("c", "m", "n")])
    )
    lab = topology(
        [network("new"), network("n", enable_ipv6=True), network("m")],
        [service("z", "n", "new"), service("c", "m", "n"), service("b", "n")],
    )
    new = make_plan(lab, [ip_network("172.16.0.0/12")], previous=old)
    before = {row[0]: row for row in rows(old)}
    assert {row[0]: row for row in rows(new) if row[0] in before} == {port: before[port] for port in ("b.n", "c.m", "c.n")}
    assert {row[0]: row[3] for row in rows(new) if row[0] not in before} == {"z.n": "172.18.0.2", "z.new": "192.168.0.2"}
    assert rows(make_plan(lab, previous=new)) == rows(new)


def test_what_the_new_file_gives_comes_before_what_was():
    old = make_plan(topology([network("n"), network("m")], [service("a", "n"), service("b", "n", "m")]))
    lab = topology([network("n"), network("m", "172.17.0.0/24")], [service("a", "n"), service("b", attach("n", "172.19.0.2"), "m")])
    with pytest.raises(UserError, match="no configured subnet contains"):
        make_plan(lab, previous=old)
    lab = topology([network("n"), network("m")], [service("a", "n"), service("b", attach("n", "172.17.0.2"), "m")])
    assert [row[3] for row in rows(make_plan(lab, previous=old))] == ["172.17.0.3", "172.17.0.2", "172.18.0.2"]


def test_a_family_switched_off_is_gone():
    old = make_plan(topology([network("n", enable_ipv6=True)], [service("a", "n")]))
    new = make_plan(topology([network("n", enable_ipv4=False, enable_ipv6=True)], [service("a", "n")]), previous=old)
    assert [(e.ipv4, e.ipv6) for e in new.endpoints()] == [(None, old.endpoints()[0].ipv6)]
