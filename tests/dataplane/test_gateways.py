"""Options of a network's gateway, and which network gives an instance its default route (DOCKER.md 1.4)."""

import itertools

import pytest
from topologies import attach, network, service, topology

from dataplane.errors import UserError
from dataplane.gateways import gateway
from dataplane.plan import make_plan

BRIDGE = "com.docker.network.bridge"
MODE4, MODE6 = f"{BRIDGE}.gateway_mode_ipv4", f"{BRIDGE}.gateway_mode_ipv6"
BOTH = ("10.0.0.0/24", "fd00::/64")


def decided(*subnets, **kwargs):
    six = any(":" in subnet for subnet in subnets)
    plan = make_plan(topology([network("n", *subnets, enable_ipv6=six, **kwargs)], [service("a", "n")]))
    return gateway(plan.networks["n"])


def routes(*services, networks):
    plan = make_plan(topology(list(networks), list(services)))
    return {name: [(r.port, r.interface, str(r.gateway)) for r in one.routes] for name, one in plan.instances.items()}


def test_by_default_ipv4_is_translated_and_ipv6_routed_and_both_are_published():
    found = decided(*BOTH)
    assert {version: str(address) for version, address in found.addresses.items()} == {4: "10.0.0.1/24", 6: "fd00::1/64"}
    assert (found.modes, found.masquerade, found.publishes) == ({4: "nat", 6: "routed"}, {4: True, 6: False}, {4: True, 6: True})
    assert (found.sources, found.binding) == ({}, None)


def test_ipv6_is_masqueraded_when_asked_and_routed_in_dockers_sense_when_that_is_asked():
    assert decided(*BOTH, options={MODE6: "nat"}).masquerade == {4: True, 6: True}
    routed = decided(*BOTH, options={MODE6: "routed", MODE4: "routed"})
    assert (routed.masquerade, routed.publishes) == ({4: False, 6: False}, {4: False, 6: False})


def test_options_are_read():
    options = {
        f"{BRIDGE}.enable_ip_masquerade": "false",
        f"{BRIDGE}.host_binding_ipv4": "127.0.0.1",
        "com.docker.network.host_ipv4": "192.0.2.5",
        "com.docker.network.host_ipv6": "2001:db8::5",
        f"{BRIDGE}.inhibit_ipv4": "true",
        MODE4: "nat-unprotected",
    }
    found = decided(*BOTH, options=options)
    assert {version: str(address) for version, address in found.addresses.items()} == {6: "fd00::1/64"}
    assert (found.masquerade, str(found.binding)) == ({4: False, 6: False}, "127.0.0.1")
    assert {version: str(address) for version, address in found.sources.items()} == {4: "192.0.2.5", 6: "2001:db8::5"}
    assert found.publishes == {4: True, 6: True}
    assert decided(*BOTH, options={f"{BRIDGE}.host_binding_ipv4": "0.0.0.0"}).binding is None


def test_an_internal_network_is_not_masqueraded_and_isolated_has_no_gateway():
    assert decided(*BOTH, internal=True).masquerade == {4: False, 6: False}
    isolated = decided(*BOTH, internal=True, options={MODE4: "isolated"})
    assert list(isolated.addresses) == [6]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({MODE4: "isolated"}, "gateway mode 'isolated' can only be used for an internal network"),
        ({MODE4: "bridge"}, f"failed to parse {MODE4} value: bridge (unknown gateway mode bridge)"),
        ({MODE6: ""}, f"failed to parse {MODE6} value:  (unknown gateway mode )"),
        ({f"{BRIDGE}.host_binding_ipv4": "all"}, f"failed to parse {BRIDGE}.host_binding_ipv4 value: all (nil ip)"),
        (
            {"com.docker.network.host_ipv4": "fd00::1"},
            "failed to parse com.docker.network.host_ipv4 value: fd00::1 (not an IPv4 address)",
        ),
        (
            {f"{BRIDGE}.enable_ip_masquerade": "maybe"},
            f'failed to parse {BRIDGE}.enable_ip_masquerade value: maybe (strconv.ParseBool: parsing "maybe": invalid syntax)',
        ),
    ],
)
def test_bad_options_are_refused_in_dockers_words(options, words):
    with pytest.raises(UserError) as caught:
        decided("10.0.0.0/24", options=options)
    assert (caught.value.what, caught.value.where) == (words, "lab.yaml: networks.n")
    assert caught.value.mend


def test_the_gateways_mac_is_that_of_its_address_unless_given():
    plan = make_plan(
        topology(
            [
                network("a", "10.0.0.0/24"),
                network("b", "10.1.0.0/24", gateway_mac="02:00:00:00:00:FE"),
                network("c", "fd00::/64", enable_ipv4=False, enable_ipv6=True),
            ],
            [],
        )
    )
    macs = [one.gateway_mac for one in plan.networks.values()]
    assert macs[:2] == ["02:42:0a:00:00:01", "02:00:00:00:00:fe"]
    assert macs[2].startswith("02:42:")


def test_the_gateways_mac_is_its_own():
    taken = service("a", attach("n", mac_address="02:42:0a:00:00:01"))
    with pytest.raises(UserError, match=r"'a\.n' and 'the gateway of n' both have the MAC address 02:42:0a:00:00:01"):
        make_plan(topology([network("n", "10.0.0.0/24")], [taken]))
    with pytest.raises(UserError, match="nonsense is not a valid mac address"):
        make_plan(topology([network("n", gateway_mac="nonsense")], []))


class TestDefaultRoutes:
    """Less of libnetwork, clause by clause."""

    def test_one_network_gives_one_a_family(self):
        assert routes(service("a", "n"), service("b"), networks=[network("n", *BOTH, enable_ipv6=True)]) == {
            "a": [("a.n", "eth0", "10.0.0.1"), ("a.n", "eth0", "fd00::1")],
            "b": [],
        }

    def test_the_highest_priority_wins_even_internal(self):
        networks = [network("x", "10.0.0.0/24"), network("z", "10.1.0.0/24", internal=True)]
        high = service("a", attach("z", gw_priority=1), "x")
        assert routes(high, networks=networks)["a"] == [("a.z", "eth0", "10.1.0.1")]
        low = service("a", attach("x", gw_priority=-1), "z")
        assert routes(low, networks=networks)["a"] == [("a.z", "eth1", "10.1.0.1")]

    def test_then_one_that_is_not_internal(self):
        networks = [network("a", "10.0.0.0/24", internal=True), network("z", "10.1.0.0/24")]
        assert routes(service("s", "a", "z"), networks=networks)["s"] == [("s.z", "eth1", "10.1.0.1")]

    def test_then_one_with_both_families(self):
        networks = [network("a", "10.0.0.0/24"), network("z", "10.1.0.0/24", "fd01::/64", enable_ipv6=True)]
        assert routes(service("s", "a", "z"), networks=networks)["s"] == [
            ("s.z", "eth1", "10.1.0.1"),
            ("s.z", "eth1", "fd01::1"),
        ]

    def test_then_the_name_whatever_the_order_in_the_file(self):
        networks = [network(key, f"10.{number}.0.0/24") for number, key in enumerate("abc")]
        for order in itertools.permutations("abc"):
            assert routes(service("s", *order), networks=networks)["s"][0][0] == "s.a"

    def test_the_families_are_chosen_apart(self):
        networks = [
            network("a", "10.0.0.0/24"),
            network("z", "fd01::/64", enable_ipv4=False, enable_ipv6=True),
        ]
        assert routes(service("s", "a", "z"), networks=networks)["s"] == [("s.a", "eth0", "10.0.0.1"), ("s.z", "eth1", "fd01::1")]

    def test_isolated_gives_none_and_inhibited_still_does(self):
        isolated = network("n", "10.0.0.0/24", internal=True, options={MODE4: "isolated"})
        assert routes(service("s", "n"), networks=[isolated])["s"] == []
        inhibited = network("n", "10.0.0.0/24", options={f"{BRIDGE}.inhibit_ipv4": "1"})
        assert routes(service("s", "n"), networks=[inhibited])["s"] == [("s.n", "eth0", "10.0.0.1")]
