"""Which endpoint and which host port each entry of ``ports`` becomes (DOCKER.md 1.7)."""

from dataclasses import replace
from ipaddress import IPv4Interface, ip_address

import pytest
from topologies import attach, network, service, topology

from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.model import PortBinding
from dataplane.plan import make_plan
from dataplane.uplink import Uplink

WAY = {"uplink": Uplink(ipv4=IPv4Interface("10.255.0.2/30"), gateway4=ip_address("10.255.0.1"), mac="02:42:0a:ff:00:02")}
MODE4, MODE6 = (f"com.docker.network.bridge.gateway_mode_ipv{version}" for version in (4, 6))


def bind(target, first=0, last=0, ip=None, protocol="tcp", to=0):
    return PortBinding(
        target=target,
        target_last=to or target,
        first=first,
        last=last or first,
        host_ip=ip_address(ip) if ip else None,
        protocol=protocol,
    )


def plan(*services, networks=(), **kwargs):
    return make_plan(topology(list(networks) or [network("n", "10.0.0.0/24")], list(services)), **kwargs)


def rows(*services, networks=(), **kwargs):
    return [
        (p.endpoint, str(p.host_ip or "*"), p.first, p.last, p.target, p.transfer)
        for p in plan(*services, networks=networks, **kwargs).published
    ]


def web(*ports, name="web", **kwargs):
    return service(name, "n", ports=ports, **kwargs)


def test_a_port_leads_to_the_endpoint():
    (one,) = plan(web(bind(80, 8080))).published
    assert (one.protocol, one.first, one.last, one.target, one.transfer, one.chosen) == ("tcp", 8080, 8080, 80, 8080, False)
    assert (one.instance, one.endpoint, str(one.ipv4), one.ipv6, one.opened) == ("web", "web.n", "10.0.0.2", None, ())


def test_a_range_is_one_entry_whatever_its_width():
    assert rows(web(bind(9000, 9000, 9999, to=9999))) == [("web.n", "*", 9000, 9999, 9000, 9000)]


def test_open_numbers_are_taken_in_order_after_the_fixed_ones():
    assert rows(web(bind(80), bind(81), bind(82, 32769), bind(90, to=92))) == [
        ("web.n", "*", 32768, 32768, 80, 32768),
        ("web.n", "*", 32770, 32770, 81, 32770),
        ("web.n", "*", 32769, 32769, 82, 32769),
        *(("web.n", "*", 32771 + n, 32771 + n, 90 + n, 32771 + n) for n in range(3)),
    ]


def test_the_first_free_of_a_range():
    assert rows(web(bind(80, 8000, 8010), scaled=True, replicas=2), web(bind(80, 8000), name="fixed")) == [
        ("web-1.n", "*", 8001, 8001, 80, 8001),
        ("web-2.n", "*", 8002, 8002, 80, 8002),
        ("fixed.n", "*", 8000, 8000, 80, 8000),
    ]
    with pytest.raises(UserError, match="all ports are allocated: 8000-8001/tcp") as caught:
        rows(web(bind(80, 8000, 8001), scaled=True, replicas=3))
    assert caught.value.where == "lab.yaml: services.web.ports"


def test_what_the_host_refused_is_not_chosen_and_what_was_chosen_stays():
    taken = {("tcp", 32768), ("udp", 32769)}
    assert [row[2] for row in rows(web(bind(80), bind(81)), taken=taken)] == [32769, 32770]
    before = plan(web(bind(80), bind(81)), taken=taken)
    assert [one.first for one in plan(web(bind(81), bind(80)), previous=before).published] == [32770, 32769]
    assert [one.first for one in plan(web(bind(81), bind(5, 32770)), previous=before).published] == [32768, 32770]


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (bind(80, 8080), bind(81, 8080), "0.0.0.0:8080"),
        (bind(80, 8080), bind(81, 8080, ip="127.0.0.1"), "127.0.0.1:8080"),
        (bind(80, 8080, ip="0.0.0.0"), bind(81, 8080, ip="127.0.0.1"), "127.0.0.1:8080"),
        (bind(80, 8080, ip="::"), bind(81, 8080, ip="::1"), "[::1]:8080"),
        (bind(80, 8080, ip="::"), bind(81, 8080), "0.0.0.0:8080"),
        (bind(80, 8000, 8009, to=89), bind(90, 8005), "0.0.0.0:8005"),
    ],
)
def test_two_that_want_one_port_get_dockers_words(one, other, words):
    with pytest.raises(UserError) as caught:
        plan(web(one), web(other, name="web2"))
    assert caught.value.what == (
        f"driver failed programming external connectivity on endpoint web2: Bind for {words} failed: port is already allocated"
    )
    assert (caught.value.where, caught.value.mend[:10]) == ("lab.yaml: services.web2.ports", "web has it")


def test_what_differs_in_address_family_or_protocol_does_not_collide():
    assert len(rows(web(bind(80, 53), bind(80, 53, protocol="udp"), bind(80, 53, protocol="sctp")))) == 3
    assert len(rows(web(bind(80, 80, ip="0.0.0.0"), bind(80, 80, ip="::")))) == 2
    assert len(rows(web(bind(80, 80, ip="192.0.2.1"), bind(80, 80, ip="192.0.2.2")))) == 2


def test_bindings_that_share_a_number_get_others_on_the_uplink():
    found = rows(
        web(bind(80, 80, ip="192.0.2.1"), bind(81, 80, ip="192.0.2.2"), bind(82, 80, ip="192.0.2.3"), bind(7, 7, ip="192.0.2.3"))
    )
    assert [(row[2], row[5]) for row in found] == [(80, 80), (80, 61000), (80, 61001), (7, 7)]


def test_scale_with_a_fixed_port_collides():
    with pytest.raises(UserError, match=r"endpoint web-2: Bind for 0\.0\.0\.0:80 failed"):
        rows(web(bind(80, 80), scaled=True, replicas=2))


class TestFamilies:
    dual = (network("n", "10.0.0.0/24", "fd00::/64", enable_ipv6=True),)

    def one(self, binding, **options):
        networks = [network("n", "10.0.0.0/24", "fd00::/64", enable_ipv6=True, options=options)]
        (found,) = plan(web(binding), networks=networks).published
        return found.ipv4 and str(found.ipv4), found.ipv6 and str(found.ipv6), [str(address) for address in found.opened]

    def test_no_address_means_both(self):
        assert self.one(bind(80, 80)) == ("10.0.0.2", "fd00::2", ["fd00::2"])

    def test_an_address_means_its_family(self):
        assert self.one(bind(80, 80, ip="0.0.0.0"))[:2] == ("10.0.0.2", None)
        assert self.one(bind(80, 80, ip="::1"))[:2] == (None, "fd00::2")

    def test_routed_opens_the_containers_port_instead(self):
        assert self.one(bind(80, 80), **{MODE4: "routed", MODE6: "routed"}) == (None, None, ["10.0.0.2", "fd00::2"])
        assert self.one(bind(80, 80), **{MODE6: "nat"}) == ("10.0.0.2", "fd00::2", [])

    def test_what_is_bound_to_the_other_family_or_to_this_machine_is_not_opened(self):
        routed = {MODE4: "routed", MODE6: "routed"}
        assert self.one(bind(80, 80, ip="192.0.2.1"), **routed)[2] == ["10.0.0.2"]
        assert self.one(bind(80, 80, ip="::"), **routed)[2] == ["fd00::2"]
        for loopback in ("127.0.0.1", "::1"):
            assert self.one(bind(80, 80, ip=loopback), **routed)[2] == []

    def test_the_networks_own_binding_stands_in(self):
        options = {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}
        networks = [network("n", "10.0.0.0/24", "fd00::/64", enable_ipv6=True, options=options)]
        own, given = plan(web(bind(80, 80), bind(81, 81, ip="192.0.2.1")), networks=networks).published
        assert (str(own.host_ip), own.ipv6, str(given.host_ip)) == ("127.0.0.1", None, "192.0.2.1")


def test_only_on_the_network_of_the_default_route():
    networks = [network("a", "10.0.0.0/24"), network("b", "10.1.0.0/24"), network("in", "10.2.0.0/24", internal=True)]
    ported = service("web", "b", "in", attach("a"), ports=(bind(80, 80),))
    assert rows(ported, networks=networks)[0][0] == "web.a"
    assert rows(service("web", "in", ports=(bind(80, 80),)), networks=networks) == []
    assert rows(service("web", "b", attach("in", gw_priority=5), ports=(bind(80, 80),)), networks=networks) == []
    assert rows(service("web", network_mode="none", ports=(bind(80, 80),)), networks=networks) == []


def test_an_address_of_the_family_that_is_not_there_is_relayed():
    """DOCKER.md 1.7, form `[::1]:8080:80`, of a container with IPv4 alone: Docker's proxy carries it, our relay does."""
    made = plan(
        web(bind(80, 8080, ip="::1"), bind(81, 8081, ip="::"), bind(82, 8082)), web(bind(80, 8081, ip="0.0.0.0"), name="other")
    )
    one, every, both, other = made.published
    assert [(str(row.ipv4), row.ipv6) for row in (one, every, both)] == [("10.0.0.2", None)] * 3
    assert (every.transfer, other.transfer) == (61000, 8081)  # the router tells them apart
    rules = [rule for rule in wire(replace(made, uplinks=WAY)).rules.values() if rule.kind == "publish"]
    shown = {(rule.settings["address"], rule.settings["first"], rule.settings["clients"]) for rule in rules}
    assert shown == {("10.255.0.2", 8080, "trusted"), ("10.255.0.2", 61000, "trusted"), ("", 8082, ""), ("", 8081, "")}
