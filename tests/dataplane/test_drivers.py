"""Drivers turn networks into wirings; what they are asked in the wrong way they refuse in Docker's words."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from topologies import attach, network, service, topology

from dataplane import compose
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.plan import make_plan


def wired(*networks, services=()):
    return wire(make_plan(topology(list(networks), list(services))))


def test_a_bridge_network_is_a_bridge_with_a_port_for_each_endpoint():
    wiring = wired(
        network("front", "10.0.0.0/24", "fd00::/64", enable_ipv6=True), services=[service("web", "front"), service("db", "front")]
    )
    assert {name: (node.kind, dict(node.settings)) for name, node in wiring.nodes.items() if name != "router"} == {
        "bridge front": ("bridge", {"ageing_ns": 300_000_000_000, "fdb_limit": 65536}),
        "web.front": (
            "port",
            {"interface": "eth0", "mac": "02:42:0a:00:00:02", "ipv4": "10.0.0.2/24", "ipv6": "fd00::2/64", "mtu": 1500},
        ),
        "db.front": (
            "port",
            {"interface": "eth0", "mac": "02:42:0a:00:00:03", "ipv4": "10.0.0.3/24", "ipv6": "fd00::3/64", "mtu": 1500},
        ),
    }
    assert {ends: dict(link.settings) for ends, link in wiring.links.items() if "router" not in ends} == {
        (port, "bridge front"): {"hairpin": False, "isolated": False, "fdb_limit": 8192} for port in ("web.front", "db.front")
    }


def test_networks_do_not_touch_each_other():
    """BR-17: two bridges, no link between them but the router's, whatever the names."""
    wiring = wired(network("a"), network("bridge"), services=[service("web", "a", "bridge"), service("bridge", "a")])
    assert sorted(wiring.nodes) == ["bridge a", "bridge bridge", "bridge.a", "router", "web.a", "web.bridge"]
    assert sorted(wiring.links) == [
        ("bridge.a", "bridge a"),
        ("router", "bridge a"),
        ("router", "bridge bridge"),
        ("web.a", "bridge a"),
        ("web.bridge", "bridge bridge"),
    ]


def test_options_reach_the_wiring_and_unknown_ones_are_nobodys_business():
    options = {
        "com.docker.network.driver.mtu": "1400",
        "com.docker.network.bridge.name": "br0",
        "dataplane.ageing": "0.5",
        "dataplane.fdb_limit": "100",
        "dataplane.port_limit": "7",
        "whatever": "else",
    }
    own = {"dataplane.hairpin": "true", "dataplane.isolated": "1", "dataplane.fdb_limit": "3"}
    wiring = wired(network("n", options=options), services=[service("a", attach("n", driver_opts=own)), service("b", "n")])
    assert dict(wiring.nodes["bridge n"].settings) == {"ageing_ns": 500_000_000, "fdb_limit": 100}
    assert wiring.nodes["a.n"].settings["mtu"] == 1400
    assert dict(wiring.links["a.n", "bridge n"].settings) == {"hairpin": True, "isolated": True, "fdb_limit": 3}
    assert dict(wiring.links["b.n", "bridge n"].settings) == {"hairpin": False, "isolated": False, "fdb_limit": 7}


def test_offloads_are_said_only_where_they_are_off():
    options = {"dataplane.offloads": "false"}
    on_again = attach("n", driver_opts={"dataplane.offloads": "true"})
    wiring = wired(network("n", options=options), services=[service("a", "n"), service("b", on_again)])
    assert wiring.nodes["a.n"].settings["offloads"] is False
    assert "offloads" not in wiring.nodes["b.n"].settings


def test_without_icc_endpoints_are_isolated():
    wiring = wired(network("n", options={"com.docker.network.bridge.enable_icc": "false"}), services=[service("a", "n")])
    assert wiring.links["a.n", "bridge n"].settings["isolated"] is True


MTU, ICC = "com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc"
BAD = [
    ({MTU: "abc"}, f'failed to parse {MTU} value: abc (strconv.Atoi: parsing "abc": invalid syntax)'),
    ({MTU: ""}, f'failed to parse {MTU} value:  (strconv.Atoi: parsing "": invalid syntax)'),
    ({MTU: "15 00"}, f'failed to parse {MTU} value: 15 00 (strconv.Atoi: parsing "15 00": invalid syntax)'),
    ({MTU: "67"}, f"{MTU} is 67, and must be from 68 to 65535"),
    ({MTU: "-1"}, f"{MTU} is -1, and must be from 68 to 65535"),
    ({ICC: "maybe"}, f'failed to parse {ICC} value: maybe (strconv.ParseBool: parsing "maybe": invalid syntax)'),
    ({"dataplane.ageing": "5m"}, "dataplane.ageing is '5m', which is not a number of seconds"),
    ({"dataplane.ageing": "-1"}, "dataplane.ageing is '-1', which is not a number of seconds"),
    ({"dataplane.ageing": "nan"}, "dataplane.ageing is 'nan', which is not a number of seconds"),
    ({"dataplane.fdb_limit": "0"}, "dataplane.fdb_limit is 0, and must be from 1 to 268435456"),
    ({"dataplane.port_limit": "x"}, 'failed to parse dataplane.port_limit value: x (strconv.Atoi: parsing "x": invalid syntax)'),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=[b[1] for b in BAD])
def test_bad_options_are_refused(options, words):
    with pytest.raises(UserError) as caught:
        wired(network("n", options=options))
    assert caught.value.what == words
    assert caught.value.where == "lab.yaml: networks.n"
    assert caught.value.mend


def test_ipv6_has_a_least_mtu():
    """RFC 8200, 5: Linux refuses an IPv6 address on an interface with less than 1280."""
    with pytest.raises(UserError) as caught:
        wired(network("n", enable_ipv6=True, options={MTU: "1279"}))
    assert caught.value.what == "IPv6 needs an MTU of 1280, and the network has 1279"
    assert caught.value.mend
    wired(network("n", enable_ipv6=True, options={MTU: "1280"}))
    wired(network("n", options={MTU: "1279"}))


def test_bad_options_of_an_endpoint_name_it():
    with pytest.raises(UserError, match=r"dataplane\.hairpin") as caught:
        wired(network("n"), services=[service("a", attach("n", driver_opts={"dataplane.hairpin": "ja"}))])
    assert "a.n" in caught.value.where


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        ("weave", 'plugin "weave" not found'),
        ("host", 'only one instance of "host" network is allowed'),
        ("none", 'only one instance of "null" network is allowed'),
        ("null", 'only one instance of "null" network is allowed'),
    ],
)
def test_other_drivers_are_refused(driver, words):
    with pytest.raises(UserError) as caught:
        wired(replace(network("n"), driver=driver))
    assert caught.value.what == words
    assert caught.value.where == "lab.yaml: networks.n"


def test_a_bridge_has_one_subnet_of_a_family():
    with pytest.raises(UserError, match="bridge driver doesn't support multiple subnets"):
        wired(network("n", "10.0.0.0/24", "10.0.1.0/24"))


ROOT = Path(compose.__file__).parents[1]
DOCS = Path(__file__).parents[2] / "docs" / "drivers.md"


def test_the_documented_options_are_those_that_are_read():
    """docs/drivers.md names every option of ours and no other, with its default; its example works."""
    text = DOCS.read_text()
    modules = ("drivers/bridge.py", "drivers/ports.py", "interfaces.py", "gateways.py", "overlays.py", "parents.py")
    sources = "".join((ROOT / name).read_text() for name in modules)
    read = set(re.findall(r'"((?:com\.docker|dataplane)\.[a-z0-9_.]+|encrypted|parent|(?:mac|ip)vlan_mode|ipvlan_flag)"', sources))
    assert set(re.findall(r"^\| `([a-z0-9_.]+)`", text, re.M)) == read
    wiring = wire(make_plan(compose.load(re.search(r"```yaml\n(.*?)```", text, re.S)[1])))
    assert wiring.nodes["bridge front"].settings["ageing_ns"] == 60_000_000_000
    assert wiring.nodes["web.front"].settings["mtu"] == 9000
    assert wiring.links["web.front", "bridge front"].settings["isolated"] is True
