"""A lab of two worlds from a file: each network leaves by its own uplink, and nothing of one world is in the other."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import rdpcap, wrpcap

from dataplane import Lab
from dataplane.compose import load
from dataplane.drawing import text
from dataplane.drivers import wire
from dataplane.plan import make_plan
from dataplane.replay import replay

FILE = """
name: worlds
services:
  a: {image: host, networks: [front], ports: ["8080:80"]}
  b: {image: host, networks: [back], ports: ["8080:80"]}
  c: {image: host, networks: [shut]}
networks:
  front: {ipam: {config: [{subnet: 10.1.0.0/24}]}}
  back:
    ipam: {config: [{subnet: 10.2.0.0/24}]}
    x-dataplane:
      uplink: {kind: packet, name: eth1, address: 192.0.2.2/24, gateway: 192.0.2.1, gateway_mac: "02:00:00:00:00:02"}
  shut:
    ipam: {config: [{subnet: 10.3.0.0/24}]}
    x-dataplane: {uplink: {kind: none}}
x-dataplane:
  uplink: {kind: packet, name: eth0, address: 203.0.113.2/24, gateway: 203.0.113.1, gateway_mac: "02:00:00:00:00:01"}
"""
HOPS = {"uplink": "02:00:00:00:00:01", "uplink.back": "02:00:00:00:00:02"}
OURS = {"uplink": ("02:42:cb:00:71:02", "203.0.113.2"), "uplink.back": ("02:42:c0:00:02:02", "192.0.2.2")}
WAYS = [("a", "10.1.0", "uplink"), ("b", "10.2.0", "uplink.back")]


@pytest.fixture
def lab():
    return Lab.load(FILE)


def inside(subnet, target, sport=4000, dport=53):
    third = subnet.split(".")[1]
    macs = {"src": f"02:42:0a:0{third}:00:02", "dst": f"02:42:0a:0{third}:00:01"}
    return bytes(Ether(**macs) / IP(src=f"{subnet}.2", dst=target) / UDP(sport=sport, dport=dport) / b"data")


def outside(port, source, dport, sport=53, layer=UDP, **fields):
    mac, address = OURS[port]
    return bytes(Ether(src=HOPS[port], dst=mac) / IP(src=source, dst=address) / layer(sport=sport, dport=dport, **fields))


def one(out):
    assert len(out) == 1, out
    return out[0][0], Ether(out[0][1])


def test_names_of_ports(lab):
    assert lab.ports == ("a.front", "b.back", "c.shut", "uplink", "uplink.back")


@pytest.mark.parametrize(("service", "subnet", "port"), WAYS)
def test_out_and_back_by_its_own(lab, service, subnet, port):
    """The same target for all."""
    for now in (1.0, 2.0):
        by, frame = one(lab.inject(service, inside(subnet, "198.51.100.7"), now=now))
        assert (by, frame.dst, frame[IP].src) == (port, HOPS[port], OURS[port][1])
        by, frame = one(lab.inject(port, outside(port, "198.51.100.7", frame[UDP].sport), now=now))
        assert (by.partition(".")[0], frame[IP].dst) == (service, f"{subnet}.2")


@pytest.mark.parametrize(("service", "subnet", "port"), WAYS)
def test_published_by_its_own(lab, service, subnet, port):
    by, frame = one(lab.inject(port, outside(port, "198.51.100.7", 8080, layer=TCP, flags="S"), now=1.0))
    assert (by.partition(".")[0], frame[IP].dst, frame[TCP].dport) == (service, f"{subnet}.2", 80)
    answer = bytes(
        Ether(src=frame.dst, dst=frame.src) / IP(src=frame[IP].dst, dst=frame[IP].src) / TCP(sport=80, dport=53, flags="SA", ack=1)
    )
    by, frame = one(lab.inject(service, answer, now=1.1))
    assert (by, frame[IP].src, frame[TCP].sport) == (port, OURS[port][1], 8080)


def test_no_way_out_of_a_network_of_kind_none(lab):
    by, frame = one(lab.inject("c", inside("10.3.0", "198.51.100.7"), now=1.0))
    assert (by, frame[IP].proto) == ("c.shut", 1), "an ICMP error"
    assert [(row["reason"], row["count"]) for row in lab.drops() if row["scope"] == "node"] == [("no route", 1)]


def test_neither_is_in_the_others_world(lab):
    assert lab.inject("a", inside("10.1.0", "192.0.2.1"), now=1.0) == []
    assert lab.inject("b", inside("10.2.0", "203.0.113.1"), now=1.0) == []
    assert {row["reason"] for row in lab.drops()} == {"other uplink"}


def test_tables_say_which(lab):
    ways = {(str(row["destination"]), str(row["interface"]), str(row["network"])) for row in lab.routes() if row["gateway"]}
    assert ways == {("0.0.0.0/0", "uplink", ""), ("0.0.0.0/0", "uplink.back", "back")}
    rules = [str(row["rule"]) for row in lab.rules("back")]
    assert "from outside by uplink.back: published ports accept; else drop" in rules
    assert "IPv4 to outside by uplink.back: source 192.0.2.2" in rules
    assert "tcp any address port 8080 by uplink.back: to 10.2.0.2:80" in rules
    assert not [row for row in lab.rules("front") if " by " in str(row["rule"])]


def test_the_drawing_says_which():
    drawn = text(wire(make_plan(load(FILE, text=True, environment={}))))
    assert "by uplink.back" in drawn
    assert "uplink.back" in [line.split(" ")[0] for line in drawn.splitlines()] or "uplink.back" in drawn


def test_replay_knows_by_which_uplink_a_frame_came(tmp_path):
    """auto: by the MAC of the next hop there; what nobody has, by the lab's."""
    frames = [outside(port, "198.51.100.7", 8080, layer=TCP, flags="S") for port in ("uplink.back", "uplink")]
    stranger = frames[1][:6] + bytes.fromhex("0200000000aa") + frames[1][12:]
    wrpcap(str(tmp_path / "in.pcap"), [Ether(frame) for frame in (*frames, stranger, inside("10.2.0", "198.51.100.9"))])
    topology = load(FILE, text=True, environment={})
    done = replay(topology, inputs=[("auto", tmp_path / "in.pcap")], out=tmp_path / "out")
    assert {row.port: row.in_frames for row in done.ports if row.in_frames} == {"uplink": 2, "uplink.back": 1, "b.back": 1}
    assert [frame[IP].dst for frame in rdpcap(str(tmp_path / "out" / "b.back.pcap"))] == ["10.2.0.2"]
    assert [frame[IP].src for frame in rdpcap(str(tmp_path / "out" / "uplink.back.pcap"))] == ["192.0.2.2"]
