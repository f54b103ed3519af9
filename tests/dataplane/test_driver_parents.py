"""macvlan and ipvlan networks as wirings, their parents, and what a change of them asks for."""

import io
from pathlib import Path

import pytest
from test_parents import lan, planned
from topologies import service

from dataplane import Lab
from dataplane.actions import diff
from dataplane.drawing import dot, mermaid, text
from dataplane.drivers import wire
from dataplane.portnames import resolve_port
from dataplane.replay import replay
from fastpath import Capture


def wired(*networks, **more):
    return wire(planned(*networks, **more))


def test_a_macvlan_network_is_a_node_with_a_port_for_each_endpoint_and_the_parent():
    wiring = wired(lan(parent="eth0"))
    assert [*wiring.nodes] == ["macvlan lan", "a.lan", "parent.lan"]
    assert dict(wiring.nodes["parent.lan"].settings) == {
        "interface": "eth0", "kind": "packet", "stations": "02:42:0a:00:00:01", "netns": "", "mtu": 1500,
    }  # fmt: skip
    assert {ends: dict(link.settings) for ends, link in wiring.links.items()} == {
        ("a.lan", "macvlan lan"): {"station": "02:42:0a:00:00:01", "mode": "bridge"},
        ("parent.lan", "macvlan lan"): {},
    }


def test_networks_of_one_parent_are_one_segment():
    """DOCKER.md 1.1, HEAD: a parent may be shared."""
    wiring = wired(lan(parent="eth0"), lan("b", "macvlan", "10.1.0.0/24", parent="eth0", macvlan_mode="vepa"))
    assert "macvlan b" not in wiring.nodes
    assert wiring.links["a.b", "macvlan lan"].settings["mode"] == "vepa"


def test_vlans_have_a_node_between():
    networks = [
        lan(parent="eth0.10"),
        lan("b", "ipvlan", "10.1.0.0/24", parent="eth0.20"),
        lan("c", "macvlan", "10.2.0.0/24", parent="eth0"),
    ]
    wiring = wired(*networks)
    assert {ends: link.settings.get("vlan") for ends, link in wiring.links.items() if "parent" in ends[0]} == {
        ("parent.lan", "vlan parent.lan"): None,
        ("vlan parent.lan", "macvlan lan"): 10,
        ("vlan parent.lan", "ipvlan b"): 20,
        ("vlan parent.lan", "macvlan c"): 0,
    }
    assert wiring.nodes["parent.lan"].settings["stations"].count(":") == 15


def test_in_l3_the_segment_knows_the_parents_host():
    options = {"parent": "eth0", "ipvlan_mode": "l3", "dataplane__parent_address": "192.0.2.1/24"}
    wiring = wired(lan(driver="ipvlan", **options))
    assert dict(wiring.links["parent.lan", "ipvlan lan"].settings) == {
        "host": "192.0.2.1/24", "gateways": "", "neighbors": "", "permanent": False,
    }  # fmt: skip
    assert wiring.nodes["a.lan"].settings["arp"] is False


def test_without_endpoints_there_is_nothing():
    for driver in ("macvlan", "ipvlan"):
        assert not wired(lan(driver=driver, parent="eth0"), services=[]).nodes


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_a_service_more_touches_nobody(driver):
    """The parent takes in one address more, in place; a change of nothing is none."""
    before = wired(lan(driver=driver, parent="eth0"), services=[service("a", "lan")])
    after = wired(lan(driver=driver, parent="eth0"), services=[service("a", "lan"), service("b", "lan")])
    assert diff(after, after) == ()
    words = [str(action).split(" (")[0] for action in diff(before, after)]
    added = ["+ port b.lan", "+ b.lan -- " + f"{driver} lan"]
    assert words == [words[0], *added]
    assert words[0].startswith(f"~ port parent.lan: {'stations' if driver == 'macvlan' else 'addresses'}")


def test_changes_of_a_mode_and_of_a_vlan():
    first = wired(lan(parent="eth0"))
    mode = [str(action) for action in diff(first, wired(lan(parent="eth0", macvlan_mode="private")))]
    assert mode == ["~ a.lan -- macvlan lan: mode bridge -> private"]
    tagged = [str(action) for action in diff(wired(lan(parent="eth0.10")), wired(lan(parent="eth0.11")))]
    assert tagged == ["- vlan parent.lan -- macvlan lan", "+ vlan parent.lan -- macvlan lan (vlan 11)"]


def test_the_drawings_show_them():
    wiring = wired(lan(parent="eth0.10"))
    assert "vlan 10" in text(wiring)
    for drawing in (mermaid, dot):
        assert "parent.lan" in drawing(wiring)


def test_a_lab_has_the_parent_as_a_port_and_follows_changes():
    plan = planned(lan(parent="eth0.10"), lan("b", "macvlan", "10.1.0.0/24", parent="eth0.20"))
    assert plan.ports()[-1] == "parent.lan"
    for name in ("parent", "parent.lan", "parent.b"):
        assert resolve_port(plan, name) == "parent.lan"
    lab = Lab(plan)
    frame = bytes.fromhex("ffffffffffff 02420a000002 88b5") + bytes(46)
    assert lab.inject("a.lan", frame, now=1) == [("parent.lan", frame[:12] + bytes.fromhex("8100000a") + frame[12:])]
    lab._dataplane.change_to(wire(planned(lan(parent="eth0"))))
    assert lab.inject("a.lan", frame, now=2) == [("parent.lan", frame)]
    lab._dataplane.change_to(wire(planned(lan(parent="eth0", macvlan_mode="passthru"))))
    assert lab.inject("parent.lan", frame, now=3) == [("a.lan", frame)]
    lab._dataplane.change_to(wire(planned(lan(driver="ipvlan", parent="eth0"))))
    assert lab.inject("a.lan", frame, now=4) == [("parent.lan", frame)]
    lab._dataplane.change_to(wire(planned(lan())))
    assert lab.inject("a.lan", frame, now=5) == []


def test_a_replay_gives_the_parent_what_nobody_here_has_sent(tmp_path):
    """`--in auto=`: a capture of the parent's interface, whose frames come from services and from outside."""
    folder = Path(__file__).parents[1] / "scenarios" / "macvlan-passthru"
    for name in ("in.a.lan.pcap", "in.parent.lan.pcap"):  # neither has a service's address for its source
        summary = replay(folder / "compose.yaml", inputs=[("auto", folder / name)], out=tmp_path / name)
        assert summary.faults == ()
        sent = [octets for _, octets, _ in Capture(io.BytesIO((folder / name).read_bytes()), "")]
        got = [octets for _, octets, _ in Capture(io.BytesIO((tmp_path / name / "a.lan.pcap").read_bytes()), "")]
        assert got == sent
