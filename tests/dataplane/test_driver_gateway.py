"""The lab's router: what it is linked to, with which addresses, and the rules that a file asks for."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_address, ip_network

import pytest
from topologies import network, service, topology

from dataplane.actions import ChangeLink, ChangeRule, RemoveRule, diff
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.model import PortBinding
from dataplane.nat import Nat
from dataplane.plan import make_plan
from dataplane.uplink import Uplink

BRIDGE = "com.docker.network.bridge"
PACKET = Uplink(
    kind="packet",
    name="eth9",
    ipv4=IPv4Interface("192.0.2.2/24"),
    ipv6=IPv6Interface("2001:db8::2/64"),
    gateway4=IPv4Address("192.0.2.1"),
    neighbors=((ip_address("192.0.2.9"), "02:00:00:00:00:09"),),
)

POOL = Nat(addresses=(ip_address("192.0.2.5"), ip_address("2001:db8::5"), ip_address("192.0.2.6")))


def bind(target, first, last=0, ip=None, to=0):
    return PortBinding(
        target=target, target_last=to or target, first=first, last=last or first, host_ip=ip_address(ip) if ip else None
    )


def wired(*networks, services=(), uplink=None, nat=None, arp=True, way_out=True):
    file = replace(topology(list(networks), list(services)), uplink=uplink, nat=nat or Nat())
    plan = make_plan(file, way_out=way_out)
    return wire(plan, arp=arp)


def rules(wiring, kind):
    return {name.removeprefix(f"{kind} "): dict(rule.settings) for name, rule in wiring.rules.items() if rule.kind == kind}


FRONT = network("front", "10.0.0.0/24", "fd00::/64", enable_ipv6=True)
BACK = network("back", "10.1.0.0/24", internal=True)
WEB = service("web", "front", ports=(bind(80, 8080),))


def test_one_router_has_a_place_on_every_bridge_and_on_the_uplink():
    wiring = wired(FRONT, BACK, services=[WEB, service("db", "back")])
    assert [node.name for node in wiring.nodes.values() if node.kind in {"router", "port"}] == [
        "web.front",
        "db.back",
        "router",
        "uplink",
    ]
    host6 = wiring.links["router", "uplink"].settings["host6"]
    assert {ends: dict(link.settings) for ends, link in wiring.links.items() if ends[0] == "router"} == {
        ("router", "bridge front"): {
            "mac": "02:42:0a:00:00:01",
            "ipv4": "10.0.0.1/24",
            "ipv6": "fd00::1/64",
            "mtu": 1500,
            "internal": False,
            "isolated": False,
            "mode4": "nat",
            "mode6": "routed",
            "masquerade4": "172.31.255.2",
            "masquerade6": "",
            "permanent": False,
        },
        ("router", "bridge back"): {
            "mac": "02:42:0a:01:00:01",
            "ipv4": "10.1.0.1/24",
            "ipv6": "",
            "mtu": 1500,
            "internal": True,
            "isolated": False,
            "mode4": "nat",
            "mode6": "",
            "masquerade4": "",
            "masquerade6": "",
            "permanent": False,
        },
        ("router", "uplink"): {
            "mac": "02:42:ac:1f:ff:02",
            "ipv4": "172.31.255.2/30",
            "ipv6": f"{host6[:-1]}2/126",
            "mtu": 1500,
            "host4": "172.31.255.1",
            "host6": host6,
            "more": "",
            "permanent": False,
        },
    }
    outside = wiring.nodes["uplink"].settings
    assert (outside["kind"], outside["interface"], outside["ipv4"], outside["mac"]) == (
        "tap",
        "dp-lab",
        "172.31.255.1/30",
        "02:42:ac:1f:ff:01",
    )
    assert rules(wiring, "route") == {
        "0.0.0.0/0": {"destination": "0.0.0.0/0", "gateway": "172.31.255.1"},
        "::/0": {"destination": "::/0", "gateway": host6},
    }


def test_no_gateway_no_router():
    isolated = {f"{BRIDGE}.gateway_mode_ipv4": "isolated"}
    assert wired(network("n", "10.0.0.0/24", internal=True, options=isolated), services=[service("a", "n")]).rules == {}
    assert "router" not in wired(network("n", "10.0.0.0/24", internal=True, options=isolated)).nodes
    assert "router" not in wired().nodes
    assert "uplink" not in wired(FRONT, way_out=None).nodes
    inhibited = wired(network("n", "10.0.0.0/24", options={f"{BRIDGE}.inhibit_ipv4": "1"}), BACK)
    assert [ends for ends in inhibited.links if ends[0] == "router"] == [("router", "bridge back"), ("router", "uplink")]


def test_options_reach_the_link():
    options = {
        f"{BRIDGE}.enable_icc": "false",
        "com.docker.network.driver.mtu": "9000",
        f"{BRIDGE}.gateway_mode_ipv6": "nat",
        f"{BRIDGE}.gateway_mode_ipv4": "nat-unprotected",
    }
    link = wired(replace(FRONT, options=options), uplink=PACKET).links["router", "bridge front"].settings
    assert {name: link[name] for name in ("isolated", "mtu", "mode4", "mode6", "masquerade4", "masquerade6")} == {
        "isolated": True,
        "mtu": 9000,
        "mode4": "nat-unprotected",
        "mode6": "nat",
        "masquerade4": "192.0.2.2",
        "masquerade6": "2001:db8::2",
    }


@pytest.mark.parametrize(
    ("options", "uplink", "nat", "expected"),
    [
        ({}, PACKET, Nat(), "192.0.2.2"),
        (
            {},
            PACKET,
            Nat(addresses=(ip_address("192.0.2.5"), ip_address("2001:db8::5"), ip_address("192.0.2.6"))),
            "192.0.2.5 192.0.2.6",
        ),
        ({"com.docker.network.host_ipv4": "192.0.2.7"}, PACKET, Nat(), "192.0.2.7"),
        ({"com.docker.network.host_ipv4": "192.0.2.7"}, Uplink(), Nat(), ""),
        ({f"{BRIDGE}.enable_ip_masquerade": "false"}, PACKET, Nat(), ""),
        ({f"{BRIDGE}.gateway_mode_ipv4": "routed"}, PACKET, Nat(), ""),
        ({}, Uplink(kind="none"), Nat(), ""),
    ],
)
def test_what_sources_become(options, uplink, nat, expected):
    wiring = wired(network("n", "10.0.0.0/24", options=options), uplink=uplink, nat=nat)
    assert wiring.links["router", "bridge n"].settings["masquerade4"] == expected


def test_public_addresses_are_ours_on_the_uplink():
    nat = Nat(
        addresses=(ip_address("192.0.2.2"), ip_address("192.0.2.5")), static=((ip_address("192.0.2.7"), ip_address("10.0.0.2")),)
    )
    host_ipv4 = network("n", "10.0.0.0/24", options={"com.docker.network.host_ipv4": "192.0.2.9"})
    assert wired(host_ipv4, uplink=PACKET, nat=nat).links["router", "uplink"].settings["more"] == "192.0.2.5 192.0.2.7 192.0.2.9"
    assert wired(host_ipv4, uplink=Uplink()).links["router", "uplink"].settings["more"] == ""
    many = Nat(addresses=tuple(ip_address("192.0.2.10") + number for number in range(29)))
    with pytest.raises(UserError, match="29 addresses besides its own, and 28 is the most"):
        wired(FRONT, uplink=PACKET, nat=many)


class TestPublished:
    def test_without_an_address_one_rule_a_family_serves_all_and_routed_is_opened(self):
        assert rules(wired(FRONT, services=[WEB]), "publish") == {
            "*:8080/tcp web.front": self.rule(8080, "10.0.0.2", network="front"),
            "[*]:8080/tcp web.front": self.rule(8080, "fd00::2", network="front"),
            "[fd00::2]:80/tcp web.front": self.rule(80, "fd00::2", "fd00::2", network="front"),
        }

    def test_a_range_is_one_rule(self):
        found = rules(wired(BACKWARD, services=[service("a", "n", ports=(bind(1, 1001, 2000, to=1000),))]), "publish")
        assert found == {"*:1001-2000/tcp a.n": self.rule(1001, "10.0.0.2", last=2000, port=1)}

    def test_an_address_of_the_host_has_two_and_this_machines_own_one(self):
        ports = (bind(80, 80, ip="192.0.2.1"), bind(81, 80, ip="127.0.0.1"), bind(82, 82, ip="0.0.0.0"))
        assert rules(wired(BACKWARD, services=[service("a", "n", ports=ports)]), "publish") == {
            "192.0.2.1:80/tcp a.n": self.rule(80, "10.0.0.2", "192.0.2.1"),
            "172.31.255.2:80/tcp a.n": self.rule(80, "10.0.0.2", "172.31.255.2", clients="uplink"),
            "172.31.255.2:61000/tcp a.n": self.rule(61000, "10.0.0.2", "172.31.255.2", port=81, clients="trusted"),
            "*:82/tcp a.n": self.rule(82, "10.0.0.2", port=82),
        }
        bound = service("a", "n", ports=ports[:2])
        assert list(rules(wired(BACKWARD, services=[bound], uplink=PACKET), "publish")) == ["192.0.2.1:80/tcp a.n"]

    def test_what_resumes_where_the_gateway_is_made_anew_under_its_clients(self):
        """Where clients from outside come in; not what is relayed, nor what is for the lab's own. A lab asks for none of it."""
        relayed = (bind(83, 83, ip="::1"), bind(84, 84, ip="::"))
        ports = (bind(80, 80, ip="192.0.2.1"), bind(81, 81, ip="127.0.0.1"), bind(82, 82, ip="0.0.0.0"), *relayed)
        one = service("a", "n", ports=ports)
        found = rules(wired(BACKWARD, services=[one], nat=Nat(resumes=True)), "publish")
        lasting = [(rule["address"], rule["target_port"]) for rule in found.values() if "resumes" in rule]
        assert sorted(lasting) == [("", 82), ("172.31.255.2", 80), ("172.31.255.2", 81)]
        assert {rule["target_port"] for rule in found.values() if rule["clients"] == "trusted"} == {81, 83, 84}
        assert not any("resumes" in rule for rule in rules(wired(BACKWARD, services=[one]), "publish").values())

    def test_one_container_port_published_twice_is_opened_once(self):
        options = {f"{BRIDGE}.gateway_mode_ipv4": "routed"}
        ports = (bind(80, 80), bind(80, 8080))
        found = wired(network("n", "10.0.0.0/24", options=options), services=[service("a", "n", ports=ports)])
        assert list(rules(found, "publish")) == ["10.0.0.2:80/tcp a.n"]

    def test_another_target_is_a_change_in_place(self):
        before = wired(BACKWARD, services=[service("a", "n", ports=(bind(80, 80),))])
        after = wired(BACKWARD, services=[service("a", "n", ports=(bind(81, 80),))])
        assert [type(action) for action in diff(before, after)] == [ChangeRule]
        assert [type(action) for action in diff(before, wired(BACKWARD, services=[service("a", "n")]))] == [RemoveRule]

    @staticmethod
    def rule(first, target, address="", last=0, port=80, network="n", clients=""):
        return {
            "network": "front" if target.endswith("::2") or (port == 80 and first == 8080) else "n",
            "protocol": "tcp",
            "first": first,
            "last": last or first,
            "address": address,
            "target": target,
            "target_port": port,
            "clients": clients,
        }


BACKWARD = network("n", "10.0.0.0/24")


def test_neighbors_are_written_down_where_nobody_is_asked():
    web = service("web", "front")
    asking = wired(FRONT, services=[web], uplink=PACKET)
    assert rules(asking, "neighbor") == {"192.0.2.9": {"address": "192.0.2.9", "mac": "02:00:00:00:00:09"}}
    quiet = wired(FRONT, services=[web], uplink=PACKET, arp=False)
    assert {name: quiet.rules[f"neighbor {name}"].interface for name in rules(quiet, "neighbor")} == {
        "10.0.0.2": "bridge front",
        "fd00::2": "bridge front",
        "192.0.2.9": "uplink",
    }
    assert all(quiet.links["router", far].settings["permanent"] for far in ("bridge front", "uplink"))
    given = replace(PACKET, gateway_mac="02:00:00:00:00:01")
    assert rules(wired(FRONT, uplink=given), "neighbor")["192.0.2.1"]["mac"] == "02:00:00:00:00:01"
    assert rules(wired(FRONT), "neighbor") == {}
    assert rules(wired(FRONT, arp=False), "neighbor")["172.31.255.1"]["mac"] == "02:42:ac:1f:ff:01"


def test_how_it_translates_is_the_routers_own():
    nat = Nat(
        mapping="endpoint-dependent",
        strict=True,
        timeouts={"udp": 30, "icmp": 5},
        static=((ip_address("192.0.2.7"), ip_address("10.0.0.2")),),
        exclude=(ip_network("10.9.0.0/16"),),
        mss="clamp",
        icmp_rate=1000,
    )
    wiring = wired(FRONT, uplink=PACKET, nat=nat)
    assert dict(wiring.nodes["router"].settings) == {
        "flows": 65536,
        "neighbors": 4096,
        "mapping": "endpoint-dependent",
        "filtering": "address-and-port-dependent",
        "strict": True,
        "linux": False,
        "timeouts": "udp 30, icmp 5",
        "mss": "clamp",
        "icmp_rate": 1000,
    }
    assert rules(wiring, "static") == {"192.0.2.7": {"outside": "192.0.2.7", "inside": "10.0.0.2"}}
    assert rules(wiring, "exclude") == {"10.9.0.0/16": {"prefix": "10.9.0.0/16"}}


def test_what_a_network_lets_pass_changes_in_place():
    before, after = wired(FRONT, uplink=PACKET), wired(replace(FRONT, internal=True), uplink=PACKET)
    (change,) = diff(before, after)
    assert isinstance(change, ChangeLink)
    assert str(change) == "~ router -- bridge front: internal off -> on, masquerade4 192.0.2.2 -> none"
