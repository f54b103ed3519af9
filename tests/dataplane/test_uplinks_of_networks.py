"""Networks with an uplink of their own: how it is decided, what is wired and published by it, who must not be in whose way."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, ip_address, ip_network

import pytest
from topologies import network, service, topology

from dataplane.actions import AddLink, AddNode, ChangeLink, diff
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.hostnet.rules import host_rules, subnets
from dataplane.model import PortBinding
from dataplane.nat import Nat
from dataplane.plan import make_plan
from dataplane.portnames import resolve_port
from dataplane.uplink import Uplink

TAP, NONE = Uplink(), Uplink(kind="none")
PACKET = Uplink(kind="packet", name="eth9", ipv4=IPv4Interface("192.0.2.2/24"), gateway4=IPv4Address("192.0.2.1"))
FRONT = network("front", "10.0.0.0/24")
BACK = network("back", "10.1.0.0/24", uplink=TAP)


def port(first, target=80, ip=None):
    return PortBinding(target=target, target_last=target, first=first, last=first, host_ip=ip_address(ip) if ip else None)


def planned(*networks, services=(), uplink=None, nat=None, **more):
    rows = services or [service("web", *(one.key for one in networks))]
    return make_plan(replace(topology(list(networks), list(rows)), uplink=uplink, nat=nat or Nat()), **{"way_out": True, **more})


def test_each_has_a_name_a_tap_and_a_transfer_network_of_its_own():
    plan = planned(FRONT, BACK, network("far", "10.2.0.0/24", uplink=PACKET))
    assert list(plan.uplinks) == ["uplink", "uplink.back", "uplink.far"]
    assert [(one.kind, one.name, str(one.ipv4)) for one in plan.uplinks.values()] == [
        ("tap", "dp-lab", "172.31.255.2/30"),
        ("tap", "dp-lab.back", "172.31.255.6/30"),
        ("packet", "eth9", "192.0.2.2/24"),
    ]
    assert len({one.mac for one in plan.uplinks.values()}) == 3
    assert plan.ports()[-3:] == ("uplink", "uplink.back", "uplink.far")
    assert [plan.way(key) for key in plan.networks] == ["uplink", "uplink.back", "uplink.far"]


def test_the_labs_own_is_made_only_where_a_network_has_none():
    assert list(planned(BACK).uplinks) == ["uplink.back"]
    assert list(planned(BACK, network("in", "10.3.0.0/24", internal=True)).uplinks) == ["uplink.back"]
    assert list(planned(BACK, uplink=TAP).uplinks) == ["uplink", "uplink.back"]


def test_kind_none_is_no_way_out_and_others_have_theirs():
    plan = planned(FRONT, replace(BACK, uplink=NONE))
    assert list(plan.uplinks) == ["uplink"]
    assert plan.way("back") == "uplink.back"


def test_without_a_host_what_is_written_stands_and_an_ordinary_user_has_none():
    assert list(planned(FRONT, BACK, way_out=None).uplinks) == ["uplink.back"]
    assert planned(FRONT, BACK, way_out=False).uplinks == {}


def test_what_was_chosen_stays():
    before = planned(BACK)
    assert str(before.uplinks["uplink.back"].ipv4) == "172.31.255.2/30"
    after = planned(FRONT, BACK, previous=before)
    assert after.uplinks["uplink.back"] == before.uplinks["uplink.back"]
    assert str(after.uplinks["uplink"].ipv4) == "172.31.255.6/30"


@pytest.mark.parametrize(
    ("networks", "uplink", "words"),
    [
        (
            (FRONT, replace(BACK, uplink=replace(TAP, ipv4=IPv4Interface("10.0.0.2/30")))),
            None,
            r"uplink.back's network 10.0.0.0/30 overlaps 10.0.0.0/24 of the network 'front'",
        ),
        (
            (FRONT, replace(BACK, uplink=replace(PACKET, name="eth1"))),
            PACKET,
            r"uplink.back's network 192.0.2.0/24 overlaps 192.0.2.0/24 of the uplink",
        ),
        (
            (FRONT, replace(BACK, uplink=replace(TAP, name="way"))),
            replace(TAP, name="way"),
            r"the uplink of the network 'back' has the interface way, which is that of the uplink already",
        ),
    ],
)
def test_they_are_clear_of_one_another(networks, uplink, words):
    with pytest.raises(UserError, match=words) as error:
        planned(*networks, uplink=uplink)
    assert error.value.where.startswith("lab.yaml: networks.back.x-dataplane.uplink")


def test_one_to_one_addresses_are_of_the_labs_uplink():
    nat = Nat(static=((ip_address("192.0.2.7"), ip_address("10.1.0.7")),))
    with pytest.raises(UserError, match=r"10.1.0.7 does not leave by the lab's uplink, where 192.0.2.7 is one to one with it"):
        planned(FRONT, BACK, uplink=PACKET, nat=nat)


def test_the_wiring_says_who_leaves_by_which():
    wiring = wire(planned(FRONT, BACK, network("shut", "10.2.0.0/24", uplink=NONE)))
    assert [name for name, node in wiring.nodes.items() if node.kind == "port" and name.startswith("uplink")] == [
        "uplink",
        "uplink.back",
    ]
    settings = {far: link.settings for (near, far), link in wiring.links.items() if near == "router"}
    assert {far: one.get("by") for far, one in settings.items()} == {
        "bridge front": None,
        "bridge back": "uplink.back",
        "bridge shut": "uplink.shut",
        "uplink": None,
        "uplink.back": "uplink.back",
    }
    assert {far: one.get("masquerade4") for far, one in settings.items() if far.startswith("bridge")} == {
        "bridge front": "172.31.255.2",
        "bridge back": "172.31.255.6",
        "bridge shut": "",
    }
    routes = {name: (rule.interface, dict(rule.settings)) for name, rule in wiring.rules.items() if rule.kind == "route"}
    assert routes == {
        "route 0.0.0.0/0": ("uplink", {"destination": "0.0.0.0/0", "gateway": "172.31.255.1"}),
        "route 0.0.0.0/0 uplink.back": (
            "uplink.back",
            {"destination": "0.0.0.0/0", "gateway": "172.31.255.5", "by": "uplink.back"},
        ),
    }


def published(plan):
    return {
        name.removeprefix("publish "): rule.settings.get("by") for name, rule in wire(plan).rules.items() if rule.kind == "publish"
    }


A, B = service("a", "front", ports=(port(8080),)), service("b", "back", ports=(port(8080),))


def test_one_number_may_be_published_in_two_worlds():
    plan = planned(FRONT, replace(BACK, uplink=replace(TAP, netns="/run/netns/far")), services=[A, B])
    assert [(one.instance, one.first, one.uplink) for one in plan.published] == [("a", 8080, "uplink"), ("b", 8080, "uplink.back")]
    assert published(plan) == {"*:8080/tcp a.front": None, "*:8080/tcp b.back uplink.back": "uplink.back"}
    assert [(way.first, rules.tap) for rules in (host_rules(plan), host_rules(plan, "uplink.back")) for way in rules.ways] == [
        (8080, "dp-lab"),
        (8080, "dp-lab.back"),
    ]


def test_on_one_host_a_number_is_taken_and_reached_by_all_of_its_uplinks():
    with pytest.raises(UserError, match="port is already allocated"):
        planned(FRONT, BACK, services=[A, B])
    plan = planned(FRONT, BACK, services=[A, replace(B, ports=(port(8081), port(8082, ip="192.0.2.9")))])
    assert published(plan) == {
        "*:8080/tcp a.front": None,
        "*:8080/tcp a.front uplink.back": "uplink.back",
        "*:8081/tcp b.back": None,
        "*:8081/tcp b.back uplink.back": "uplink.back",
        "192.0.2.9:8082/tcp b.back": None,
        "192.0.2.9:8082/tcp b.back uplink.back": "uplink.back",
        "172.31.255.6:8082/tcp b.back uplink.back": "uplink.back",
    }


def test_the_host_reaches_each_subnet_by_its_tap_and_has_a_table_for_each():
    plan = planned(FRONT, BACK)
    assert list(subnets(plan)) == [ip_network("10.0.0.0/24")]
    assert list(subnets(plan, "uplink.back")) == [ip_network("10.1.0.0/24")]
    rules = [host_rules(plan), host_rules(plan, "uplink.back")]
    assert [(one.table, one.owner, str(one.router4)) for one in rules] == [
        ("dataplane-lab", "lab", "172.31.255.2/30"),
        ("dataplane-lab.back", "lab/uplink.back", "172.31.255.6/30"),
    ]


def test_by_the_uplink_of_its_default_route_a_service_publishes():
    """gw_priority chooses the network, and the network the uplink."""
    plan = planned(FRONT, BACK, services=[replace(service("a", "front", "back"), ports=(port(80),))])
    (one,) = plan.published
    assert one.uplink == plan.way(one.endpoint.partition(".")[2])


def test_a_network_that_gets_its_own_is_changed_in_place():
    """Nothing of the network goes, so that flows go on."""
    before, after = wire(planned(FRONT, replace(BACK, uplink=None))), wire(planned(FRONT, BACK))
    actions = diff(before, after)
    assert [str(action) for action in actions if isinstance(action, ChangeLink)] == [
        "~ router -- bridge back: masquerade4 172.31.255.2 -> 172.31.255.6, by none -> uplink.back"
    ]
    assert {type(action) for action in actions} <= {ChangeLink, AddNode, AddLink, *(type(a) for a in actions if "route" in str(a))}


def test_the_short_name_means_the_labs_or_the_only_one():
    assert resolve_port(planned(FRONT, BACK), "uplink") == "uplink"
    assert resolve_port(planned(BACK), "uplink") == "uplink.back"
    with pytest.raises(UserError, match="'uplink' has 2 ports"):
        resolve_port(planned(BACK, network("far", "10.2.0.0/24", uplink=PACKET)), "uplink")
