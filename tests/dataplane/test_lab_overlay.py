"""A lab's overlay on memory ports: its tables by name, and changes that leave what runs alone."""

import numpy as np
import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN

from dataplane import Lab, compose
from dataplane.apply import Dataplane, MemoryPorts, vtep_tables
from dataplane.drivers import wire
from dataplane.looking.vtep_view import overlay_rows, read
from dataplane.plan import make_plan

VNI = "com.docker.network.driver.overlay.vxlanid_list"
BROADCAST = "ff:ff:ff:ff:ff:ff"
OURS, THEIRS = "02:42:c0:00:02:01", "02:42:c0:00:02:02"
PEERS = [{"address": "192.0.2.2", "mac": THEIRS, "endpoints": ["10.0.9.12"]}]


def topology(peers=PEERS, **options):
    services = {
        name: {"image": "host", "networks": {"ov": {"ipv4_address": f"10.0.9.{n}"}}} for n, name in enumerate(("a", "b"), 2)
    }
    network = {"driver": "overlay", "driver_opts": {VNI: "7", **options}, "ipam": {"config": [{"subnet": "10.0.9.0/24"}]}}
    below = {"kind": "packet", "name": "eth0", "address": "192.0.2.1/24", "peers": peers}
    return compose.load({"name": "lab", "services": services, "networks": {"ov": network}, "x-dataplane": {"underlay": below}})


def mac(address):
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def ping(source, target, target_mac=None):
    return Ether(src=mac(source), dst=target_mac or mac(target)) / IP(src=source, dst=target) / ICMP() / b"ping"


def carried(inner, peer="192.0.2.2", link=THEIRS, vni=7):
    return (
        Ether(src=link, dst=OURS) / IP(src=peer, dst="192.0.2.1") / UDP(sport=50000, dport=4789, chksum=0) / VXLAN(vni=vni) / inner
    )


def test_short_names_and_what_comes_and_goes():
    lab = Lab.load(topology())
    assert lab.ports == ("a.ov", "b.ov", "underlay")
    ((port, sent),) = lab.inject("a", ping("10.0.9.2", "10.0.9.12"), now=1.0)
    assert port == "underlay"
    assert (Ether(sent).dst, Ether(sent)[IP].dst, Ether(sent)[VXLAN].vni) == (THEIRS, "192.0.2.2", 7)
    assert bytes(Ether(sent)[VXLAN].payload) == bytes(ping("10.0.9.2", "10.0.9.12"))
    answer = ping("10.0.9.12", "10.0.9.2")
    assert lab.inject("underlay", carried(answer), now=1.1) == [("a.ov", bytes(answer))]


def test_the_fdb_names_the_vtep_behind_which_a_station_is():
    lab = Lab.load(topology())
    lab.inject("a", ping("10.0.9.2", "10.0.9.12"), now=1.0)
    lab.inject("underlay", carried(ping("10.0.9.13", "10.0.9.2")), now=1.1)
    assert [(row["mac"], row["port"]) for row in lab.fdb("ov")] == [
        (mac("10.0.9.2"), "a.ov"), (mac("10.0.9.13"), "vtep 192.0.2.2"),
    ]  # fmt: skip


def test_two_labs_with_an_underlay_between_them():
    """Each other's only peer: ARP, and a packet each way, by what the two say to each other."""

    def half(n, other):
        services = {"web": {"image": "host", "networks": {"ov": {"ipv4_address": f"10.0.9.{n}"}}}}
        network = {"driver": "overlay", "driver_opts": {VNI: "7"}, "ipam": {"config": [{"subnet": "10.0.9.0/24"}]}}
        below = {
            "kind": "packet", "name": "eth0", "address": f"192.0.2.{n}/24",
            "peers": [{"address": f"192.0.2.{other}", "mac": f"02:42:c0:00:02:0{other}"}],
        }  # fmt: skip
        return Lab.load({"name": "half", "services": services, "networks": {"ov": network}, "x-dataplane": {"underlay": below}})

    one, two = half(1, 2), half(2, 1)
    asked = Ether(src=mac("10.0.9.1"), dst=BROADCAST) / ARP(hwsrc=mac("10.0.9.1"), psrc="10.0.9.1", pdst="10.0.9.2")
    for sender, receiver, frame in (
        (one, two, asked), (two, one, ping("10.0.9.2", "10.0.9.1")), (one, two, ping("10.0.9.1", "10.0.9.2")),
    ):  # fmt: skip
        now = max(sender.now_ns, receiver.now_ns) + 1000
        ((port, outer),) = sender.inject("web", frame, now_ns=now)
        assert port == "underlay"
        assert receiver.inject("underlay", outer, now_ns=now) == [("web.ov", bytes(frame))]
    assert [row["port"] for row in two.fdb("ov")] == ["vtep 192.0.2.1", "web.ov"]


class Running:
    def __init__(self, **kwargs):
        self.ports = MemoryPorts()
        self.plane = Dataplane(self.ports)
        self.now = 0
        self.change(**kwargs)

    def change(self, **kwargs):
        self.plan = make_plan(topology(**kwargs))
        return [str(action).partition(" (")[0] for action in self.plane.change_to(wire(self.plan, arp=False))]

    def send(self, port, frame):
        self.now += 1_000_000
        self.ports.push(port, bytes(frame))
        self.plane.engine.run_until_idle(self.now)
        return [(name, octets) for name, _, octets in self.ports.take()]

    def rows(self, network=None):
        return overlay_rows(read(self.plane, network, 100), self.plan, network)


def test_the_tables_have_names_for_numbers():
    lab = Running()
    lab.send("a.ov", ping("10.0.9.2", "10.0.9.12"))
    lab.send("underlay", carried(ping("10.0.9.13", "10.0.9.2")))
    lab.send("underlay", carried(ping("10.0.9.14", "10.0.9.2"), "192.0.2.9", "02:00:00:00:00:09"))
    (row,) = lab.rows("ov")
    assert (row["network"], row["vtep"], row["vni"], row["local"], row["group"], row["mtu"]) == (
        "ov",
        "vtep",
        7,
        "192.0.2.1",
        None,
        1450,
    )
    assert (row["underlay"], row["kind"], row["port"]) == ("underlay", "packet", 4789)
    assert [(p["peer"], p["kind"], p["stations"], p["in_frames"], p["out_frames"]) for p in row["peers"]] == [
        ("192.0.2.2", "file", 2, 1, 1), ("192.0.2.9", "heard", 1, 1, 0),
    ]  # fmt: skip
    assert [(s["mac"], s["peer"], s["given"], s["addresses"]) for s in row["stations"]] == [
        (mac("10.0.9.12"), "192.0.2.2", True, ["10.0.9.12"]),
        (mac("10.0.9.13"), "192.0.2.2", False, []),
        (mac("10.0.9.14"), "192.0.2.9", False, []),
    ]
    assert lab.rows()[0]["stations"] == []
    assert vtep_tables.counters(lab.plane)["vtep"]["decapsulated"] == 2


def test_what_looks_wrong_is_reported():
    """A MAC that keeps moving between a service and a tunnel, and an address that two claim."""
    lab = Running()
    for _ in range(20):
        lab.send("a.ov", ping("10.0.9.2", "10.0.9.3"))
        lab.send("underlay", carried(ping("10.0.9.2", "10.0.9.3")))
    for _ in range(3):
        for sender in ("02:00:00:00:00:01", "02:00:00:00:00:02"):
            claim = Ether(src=sender, dst=BROADCAST) / ARP(hwsrc=sender, psrc="10.0.9.13", pdst="10.0.9.2")
            lab.send("underlay", carried(claim))
    (row,) = lab.rows()
    assert [(m["mac"], {m["source"], m["target"]}) for m in row["moving"]] == [(mac("10.0.9.2"), {"a.ov", "vtep 192.0.2.2"})]
    (claimed,) = row["claims"]
    assert (claimed["address"], {claimed["mac"], claimed["other"]}) == ("10.0.9.13", {"02:00:00:00:00:01", "02:00:00:00:00:02"})


def test_options_and_peers_change_under_what_runs():
    lab = Running()
    lab.send("underlay", carried(ping("10.0.9.13", "10.0.9.2")))
    assert lab.change(**{"dataplane.ttl": "9"}) == ["~ vtep -- bridge ov: ttl 64 -> 9"]
    ((_, sent),) = lab.send("a.ov", ping("10.0.9.2", "10.0.9.13"))
    assert Ether(sent)[IP].ttl == 9
    more = [*PEERS, {"address": "192.0.2.3", "mac": "02:42:c0:00:02:03"}]
    assert sorted(lab.change(peers=more, **{"dataplane.ttl": "9"})) == ["+ peer 192.0.2.3 of ov", "+ vtep neighbor 192.0.2.3"]
    flooded = lab.send("a.ov", Ether(src=mac("10.0.9.2"), dst=BROADCAST) / b"to all, with an EtherType of experiments")
    assert sorted(Ether(octets)[IP].dst for port, octets in flooded if port == "underlay") == ["192.0.2.2", "192.0.2.3"]
    lab.change(peers=more[1:], **{"dataplane.ttl": "9"})
    assert [peer["peer"] for peer in lab.rows()[0]["peers"] if peer["kind"] == "file"] == ["192.0.2.3"]
    lab.change(**{"dataplane.learning": "false", "dataplane.group": "239.1.1.1"})
    lab.change(**{VNI: "8"})
    assert lab.rows()[0]["vni"] == 8


def test_taken_apart_nothing_is_left():
    lab = Running()
    lab.plane.change_to(wire(make_plan(compose.load({"name": "lab", "services": {"a": {"image": "host"}}})), arp=False))
    assert lab.plane.ends == {}
    assert "vtep" not in [node.name for node in lab.plane.engine.nodes]
    assert lab.change()[-1] == "+ station 02:42:0a:00:09:0c of ov"
    assert lab.send("a.ov", ping("10.0.9.2", "10.0.9.12"))[0][0] == "underlay"


def test_an_unresolved_next_hop_is_a_drop_that_names_the_key():
    lab = Lab.load(topology(peers=["192.0.2.2"]))
    assert (
        lab.inject("a", Ether(src=mac("10.0.9.2"), dst=BROADCAST) / b"to all, of an EtherType of experiments", now=1.0)[-1][0]
        == "b.ov"
    )
    drops = lab.drops()
    assert len(drops) == 2
    assert "mac" in str(drops["sentence"][0]) or "neighbor" in str(drops["sentence"][0])
    assert np.all(drops["count"] == 1)


@pytest.mark.parametrize("kind", ["udp", "tap"])
def test_the_underlay_is_a_port_like_any_other_whatever_its_kind(kind):
    """DESIGN: in Lab and replay the kinds do not differ, but that sockets need no MAC of anybody."""
    made = topology(peers=["192.0.2.2"])
    file = {
        "name": "lab",
        "services": {"a": {"image": "host", "networks": {"ov": {"ipv4_address": "10.0.9.2"}}}},
        "networks": {"ov": {"driver": "overlay", "driver_opts": {VNI: "7"}, "ipam": {"config": [{"subnet": "10.0.9.0/24"}]}}},
        "x-dataplane": {"underlay": {"kind": kind, "address": "192.0.2.1/24", "peers": ["192.0.2.2", "198.51.100.9"]}},
    }
    assert made.underlay is not None
    lab = Lab.load(file)
    found = lab.inject("a", Ether(src=mac("10.0.9.2"), dst=BROADCAST) / b"to all, of an EtherType of experiments", now=1.0)
    sent = [Ether(octets)[IP].dst for port, octets in found if port == "underlay"]
    assert sent == (["192.0.2.2", "198.51.100.9"] if kind == "udp" else ["198.51.100.9"])  # the first's MAC is asked for
