"""Networks of driver overlay become bridges that a VTEP goes on from; what their options say, and what they may not say."""

from ipaddress import ip_address

import pytest

from dataplane import compose
from dataplane.actions import applied, diff
from dataplane.drawing import dot, mermaid, text
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.plan import make_plan
from dataplane.portnames import resolve_port

VNI = "com.docker.network.driver.overlay.vxlanid_list"
MTU = "com.docker.network.driver.mtu"
UDP = {"kind": "udp", "address": "192.0.2.2", "peers": ["192.0.2.3", "192.0.2.4"]}
TAP = {**UDP, "kind": "tap", "address": "192.0.2.130/30"}
PACKET = {**UDP, "kind": "packet", "name": "eth9", "address": "192.0.2.2/24"}


def network(subnet="10.0.9.0/24", vni="7", underlay=None, **options):
    written = {"driver": "overlay", "driver_opts": {VNI: vni, **options}, "ipam": {"config": [{"subnet": subnet}]}}
    return {**written, **({"x-dataplane": {"underlay": underlay}} if underlay else {})}


def plan(underlay=UDP, networks=None, address="10.0.9.2", **options):
    networks = networks or {"ov": network(**options)}
    service = {"image": "host", "networks": {"ov": {"ipv4_address": address}}}
    file = {"name": "lab", "services": {"web": service}, "networks": networks, "x-dataplane": {"underlay": underlay}}
    return make_plan(compose.load(file))


def wired(underlay=UDP, arp=True, **kwargs):
    return wire(plan(underlay, **kwargs), arp=arp)


def rules(wiring):
    return {name: dict(rule.settings) for name, rule in wiring.rules.items() if rule.node == "vtep"}


def test_an_overlay_is_a_bridge_a_vtep_and_an_underlay():
    wiring = wired()
    assert {name: node.kind for name, node in wiring.nodes.items()} == {
        "bridge ov": "bridge", "web.ov": "port", "vtep": "vtep", "underlay": "port",
    }  # fmt: skip
    assert sorted(wiring.links) == [("vtep", "bridge ov"), ("vtep", "underlay"), ("web.ov", "bridge ov")]
    assert dict(wiring.nodes["vtep"].settings) == {
        "mac": "02:42:c0:00:02:02", "ipv4": "192.0.2.2/32", "ipv6": "", "mtu": 1500, "udp_port": 4789, "tunnels": 4096,
        "strict": False, "any_hop": True, "permanent": False,
    }  # fmt: skip
    assert dict(wiring.links["vtep", "bridge ov"].settings) == {
        "vni": 7, "local": "192.0.2.2", "group": "", "learning": True, "unknown": "flood", "permitted_only": False,
        "inner_vlan": "strip", "ttl": 64, "dscp": 0, "checksum": "", "flood_rate": 10000, "peer_limit": 256, "fdb_limit": 65536,
        "mss": "",
    }  # fmt: skip
    assert rules(wiring) == {
        "peer 192.0.2.3 of ov": {"address": "192.0.2.3", "flood": True},
        "peer 192.0.2.4 of ov": {"address": "192.0.2.4", "flood": True},
    }
    assert wiring.nodes["underlay"].settings["sockets"] == "192.0.2.2"


def test_it_has_no_gateway_and_no_default_route():
    """The router is for bridges; who is on an overlay alone goes nowhere else."""
    made = plan()
    assert made.networks["ov"].pools[0].gateway is None
    assert made.networks["ov"].gateway_mac is None
    assert made.instances["web"].routes == ()
    assert "router" not in wire(made).nodes


def test_a_gateway_that_is_written_is_somebody_elses():
    written = network()
    written["ipam"]["config"][0]["gateway"] = "10.0.9.1"
    made = plan(networks={"ov": written})
    assert str(made.instances["web"].routes[0].gateway) == "10.0.9.1"
    assert "router" not in wire(made).nodes


@pytest.mark.parametrize(
    ("underlay", "mtu"),
    [(UDP, 1450), ({**UDP, "mtu": 9000}, 8950), ({"kind": "udp", "address": "fd01::2", "peers": ["fd01::3"]}, 1430)],
)
def test_the_mtu_is_what_the_underlay_leaves(underlay, mtu):
    assert wired(underlay).nodes["web.ov"].settings["mtu"] == mtu
    assert wired(underlay, **{MTU: "1400"}).nodes["web.ov"].settings["mtu"] == 1400


def test_options_reach_the_wiring():
    options = {
        "dataplane.learning": "false", "dataplane.permitted_only": "true", "dataplane.inner_vlan": "keep",
        "dataplane.ttl": "inherit",
        "dataplane.dscp": "46", "dataplane.checksum": "true", "dataplane.flood_rate": "5", "dataplane.peer_limit": "0",
        "dataplane.mss": "1300", "dataplane.strict": "true", "dataplane.fdb_limit": "100",
    }  # fmt: skip
    wiring = wired(**options)
    assert dict(wiring.links["vtep", "bridge ov"].settings) == {
        "vni": 7, "local": "192.0.2.2", "group": "", "learning": False, "unknown": "drop", "permitted_only": True,
        "inner_vlan": "keep", "ttl": "inherit", "dscp": 46, "checksum": True, "flood_rate": 5, "peer_limit": 0, "fdb_limit": 100,
        "mss": 1300,
    }  # fmt: skip
    assert wiring.nodes["vtep"].settings["strict"] is True
    assert (
        wired(**{"dataplane.learning": "false", "dataplane.unknown": "flood"}).links["vtep", "bridge ov"].settings["unknown"]
        == "flood"
    )


def test_with_a_group_peers_get_no_copies():
    wiring = wired(**{"dataplane.group": "239.1.1.1"})
    assert wiring.links["vtep", "bridge ov"].settings["group"] == "239.1.1.1"
    assert rules(wiring)["peer 192.0.2.3 of ov"] == {"address": "192.0.2.3", "flood": False}


def test_a_tap_has_the_hosts_end_for_its_next_hop():
    wiring = wired(TAP, arp=False)
    assert wiring.nodes["vtep"].settings["permanent"] is True
    assert dict(wiring.nodes["underlay"].settings) | {"sockets": "", "udp_port": "", "groups": ""} == {
        "interface": "dpu-lab", "mac": "02:42:c0:00:02:81", "ipv4": "192.0.2.129/30", "ipv6": "", "kind": "tap", "accepts": "",
        "sockets": "", "udp_port": "", "groups": "", "netns": "", "mtu": 1500,
    }  # fmt: skip
    assert rules(wiring)["vtep route 0.0.0.0/0"] == {"destination": "0.0.0.0/0", "gateway": "192.0.2.129"}
    assert rules(wiring)["vtep neighbor 192.0.2.129"] == {"address": "192.0.2.129", "mac": "02:42:c0:00:02:81"}
    assert "vtep neighbor 192.0.2.129" not in rules(wired(TAP))


def test_the_hosts_side_of_a_tap_has_a_peers_address_only_where_no_other_is_left():
    below = {"kind": "tap", "address": "192.0.2.1/29", "peers": ["192.0.2.2", "192.0.2.3"]}
    assert plan(below).underlays["underlay"].gateway4 == ip_address("192.0.2.4")
    assert plan({**below, "address": "192.0.2.1/30"}).underlays["underlay"].gateway4 == ip_address("192.0.2.2")


def test_of_a_packet_underlay_the_macs_that_are_written_are_known():
    peers = [{"address": "192.0.2.3", "mac": "02:00:00:00:00:03"}]
    wiring = wired({**PACKET, "peers": peers, "neighbors": {"192.0.2.9": "02:00:00:00:00:09"}})
    assert wiring.nodes["underlay"].settings["accepts"] == "02:42:c0:00:02:02"
    assert rules(wiring)["vtep neighbor 192.0.2.3"]["mac"] == "02:00:00:00:00:03"
    assert rules(wiring)["vtep neighbor 192.0.2.9"]["mac"] == "02:00:00:00:00:09"


def test_endpoints_become_stations_and_keep_their_addresses_from_ours():
    peers = [{"address": "192.0.2.3", "endpoints": ["10.0.9.5", {"mac": "02:00:00:00:00:06"}]}]
    wiring = wired({**UDP, "peers": peers})
    assert rules(wiring)["station 02:42:0a:00:09:05 of ov"] == {
        "mac": "02:42:0a:00:09:05", "peer": "192.0.2.3", "addresses": "10.0.9.5",
    }  # fmt: skip
    assert rules(wiring)["station 02:00:00:00:00:06 of ov"]["addresses"] == ""
    with pytest.raises(UserError, match=r"Address already in use: 10\.0\.9\.5"):
        wired({**UDP, "peers": peers}, address="10.0.9.5")
    with pytest.raises(UserError, match=r"the endpoint 10\.8\.0\.5 of 192\.0\.2\.3 is not on the overlay"):
        wired({**UDP, "peers": [{"address": "192.0.2.3", "endpoints": ["10.8.0.5"]}]})


def test_several_overlays_on_one_underlay_share_the_vtep():
    """VX-22: their VNIs keep them apart, and endpoints are told apart by their addresses."""
    peers = [{"address": "192.0.2.3", "endpoints": ["10.0.9.5", "10.0.10.5"]}]
    both = {"ov": network(), "two": network("10.0.10.0/24", "8")}
    wiring = wired({**UDP, "peers": peers}, networks=both)
    assert sorted(name for name in wiring.nodes if name.startswith("vtep")) == ["vtep"]
    assert [name for name in rules(wiring) if name.startswith("station")] == [
        "station 02:42:0a:00:09:05 of ov", "station 02:42:0a:00:0a:05 of two",
    ]  # fmt: skip
    with pytest.raises(UserError, match="the networks 'ov' and 'two' have one VNI, 7, on one underlay"):
        wired(networks={"ov": network(), "two": network("10.0.10.0/24", "7")})
    with pytest.raises(UserError, match="may be on any of ov, two"):
        wired({**UDP, "peers": [{"address": "192.0.2.3", "endpoints": [{"mac": "02:00:00:00:00:06"}]}]}, networks=both)


def test_a_network_with_an_underlay_of_its_own_has_a_vtep_of_its_own():
    own = {"kind": "udp", "address": "192.0.2.99", "peers": ["192.0.2.3"]}
    both = {"ov": network(), "two": network("10.0.10.0/24", "7", own)}
    made = plan(networks=both)
    assert made.ports() == ("web.ov", "underlay", "underlay.two")
    wiring = wire(made)
    assert ("vtep.two", "underlay.two") in wiring.links
    assert ("vtep.two", "bridge two") in wiring.links
    assert resolve_port(made, "underlay") == "underlay"
    alone = plan(networks={"ov": network(underlay=own)})
    assert resolve_port(alone, "underlay") == "underlay.ov"
    with pytest.raises(UserError, match=r"underlay and underlay\.two have one address"):
        wired(networks={"ov": network(), "two": network("10.0.10.0/24", "7", {**own, "address": "192.0.2.2"})})


def test_a_lab_without_an_overlay_has_no_underlay():
    made = plan(networks={"ov": {"ipam": {"config": [{"subnet": "10.0.9.0/24"}]}}})
    assert made.underlays == {}
    assert "underlay" not in wire(made).nodes
    with pytest.raises(UserError, match="this lab has no underlay"):
        resolve_port(made, "underlay")


BAD = [
    ({"vni": "0"}, f"{VNI} is 0, and must be from 1 to 16777215"),
    ({"vni": "7,8"}, f"{VNI} is 7,8: an overlay has one VNI here"),
    ({"vni": "x"}, f'failed to parse {VNI} value: x (strconv.Atoi: parsing "x": invalid syntax)'),
    ({"encrypted": ""}, "encrypted overlays are not in this version, and in the clear it would not be what was asked for"),
    ({"encrypted": "true"}, "encrypted overlays are not in this version, and in the clear it would not be what was asked for"),
    ({"dataplane.unknown": "ask"}, "dataplane.unknown is 'ask', and must be one of flood, drop"),
    ({"dataplane.inner_vlan": "drop"}, "dataplane.inner_vlan is 'drop', and must be one of strip, keep"),
    ({"dataplane.group": "192.0.2.9"}, "dataplane.group is '192.0.2.9', which is not a multicast group"),
    ({"dataplane.group": "x"}, "dataplane.group is 'x', which is not a multicast group"),
    ({"dataplane.group": "ff05::1"}, "the peers of an overlay are of one family, and these are of both"),
    ({"dataplane.ttl": "0"}, "dataplane.ttl is 0, and must be from 1 to 255"),
    ({"dataplane.dscp": "64"}, "dataplane.dscp is 64, and must be from 0 to 63"),
    ({"dataplane.flood_rate": "-1"}, "dataplane.flood_rate is -1, and must be from 0 to 100000000"),
    ({"dataplane.mss": "70000"}, "dataplane.mss is 70000, and must be from 0 to 65495"),
    (
        {"dataplane.learning": "no"},
        'failed to parse dataplane.learning value: no (strconv.ParseBool: parsing "no": invalid syntax)',
    ),
]


@pytest.mark.parametrize(("options", "words"), BAD, ids=[each[1] for each in BAD])
def test_bad_options_are_refused(options, words):
    with pytest.raises(UserError) as caught:
        wired(**options)
    assert caught.value.what == words
    assert "networks.ov" in caught.value.where
    assert caught.value.mend


def test_a_vni_is_the_files_to_choose():
    written = network()
    del written["driver_opts"][VNI]
    with pytest.raises(UserError) as caught:
        wired(networks={"ov": written})
    assert VNI in caught.value.what
    assert VNI in caught.value.mend


def test_more_vteps_than_there_is_room_for_are_refused():
    both = {"ov": network(), "two": network("10.0.10.0/24", "8", **{"dataplane.peer_limit": "65536"})}
    with pytest.raises(UserError, match="would reach 65,798 VTEPs, and 65,534 is the most"):
        wired(networks=both)
    both["two"] = network("10.0.10.0/24", "8", **{"dataplane.peer_limit": "3000"})
    assert wired(networks=both).nodes["vtep"].settings["tunnels"] == 8192


def test_who_cannot_be_reached_is_refused():
    with pytest.raises(UserError, match=r"there is no way to the peer 10\.1\.1\.1"):
        wired({**PACKET, "peers": ["10.1.1.1"]})
    assert wired({**PACKET, "gateway": "192.0.2.1", "peers": ["10.1.1.1"]})
    with pytest.raises(UserError, match=r"the underlay's network 192\.0\.2\.0/24 overlaps 192\.0\.2\.0/24 of the network 'ov'"):
        wired(PACKET, subnet="192.0.2.0/24", address="192.0.2.7")


def test_changes_are_made_in_place_where_they_can_be():
    """Options change the link; peers and stations are rules: neither touches what is there."""
    before = wired()
    peers = ["192.0.2.3", {"address": "192.0.2.5", "endpoints": ["10.0.9.5"]}]
    after = wired({**UDP, "peers": peers}, **{"dataplane.ttl": "9", "dataplane.learning": "false"})
    actions = diff(before, after)
    assert [str(action) for action in actions] == [
        "- peer 192.0.2.4 of ov",
        "~ vtep -- bridge ov: learning on -> off, unknown flood -> drop, ttl 64 -> 9",
        "+ peer 192.0.2.5 of ov (address 192.0.2.5, flood)",
        "+ station 02:42:0a:00:09:05 of ov (mac 02:42:0a:00:09:05, peer 192.0.2.5, addresses 10.0.9.5)",
    ]
    assert applied(before, actions) == after
    again = diff(before, wired(vni="9"))
    assert [str(action).partition(" (")[0] for action in again] == [
        "- peer 192.0.2.3 of ov", "- peer 192.0.2.4 of ov", "- vtep -- bridge ov",
        "+ vtep -- bridge ov", "+ peer 192.0.2.3 of ov", "+ peer 192.0.2.4 of ov",
    ]  # fmt: skip


def test_the_drawings_show_it():
    wiring = wired(TAP)
    drawn = text(wiring)
    assert "└── vtep" in drawn.split("bridge ov")[1]
    assert "vni 7, local 192.0.2.130" in drawn
    assert "├── peer 192.0.2.3 of ov  flood\n" in drawn
    assert "└── vtep" in drawn.split("port underlay")[1]
    assert "192.0.2.130/30" in drawn.split("port underlay")[1]
    assert '["vtep<br/>192.0.2.130/30"]' in mermaid(wiring)
    assert "---|VNI 7|" in mermaid(wiring)
    assert '[label="VNI 7"]' in dot(wiring)


def test_ipv6_alone_takes_macs_of_addresses():
    """Another host may have a service of the name: MACs are of addresses there, so both have their own."""

    def of(address):
        written = network("fd00:9::/64")
        written |= {"enable_ipv4": False, "enable_ipv6": True}
        service = {"image": "host", "networks": {"ov": {"ipv6_address": address}}}
        file = {"name": "lab", "services": {"web": service}, "networks": {"ov": written}, "x-dataplane": {"underlay": UDP}}
        return make_plan(compose.load(file)).endpoints()[0].mac

    assert of("fd00:9::2") != of("fd00:9::3")
