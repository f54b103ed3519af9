"""A lab's gateway from Python: who reaches whom, what is translated, and the tables that say so."""

import numpy as np
import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import ARP, Ether

from dataplane import Lab
from dataplane.errors import UserError

FILE = """
name: shop
services:
  web: {image: host, networks: [front, back], ports: ["8080:80", "9000-9009:9000-9009/udp"]}
  client: {image: host, networks: [front]}
  db: {image: host, networks: [back]}
  other: {image: host, networks: [apart]}
networks:
  front: {enable_ipv6: true, ipam: {config: [{subnet: 10.1.0.0/24}, {subnet: "fd01::/64"}]}}
  back: {internal: true, ipam: {config: [{subnet: 10.2.0.0/24}]}}
  apart: {ipam: {config: [{subnet: 10.3.0.0/24}]}}
x-dataplane:
  uplink:
    kind: packet
    name: eth0
    address: [203.0.113.2/24, "2001:db8::2/64"]
    gateway: [203.0.113.1, "2001:db8::1"]
    gateway_mac: "02:00:00:00:00:01"
"""
ISP, OURS = "02:00:00:00:00:01", "02:42:cb:00:71:02"
SMALL = {
    "name": "small",
    "services": {"web": {"image": "host", "networks": ["n"]}},
    "networks": {"n": {"ipam": {"config": [{"subnet": "10.1.0.0/24"}]}}},
}
PACKET = {
    "x-dataplane": {
        "uplink": {
            "kind": "packet",
            "name": "eth0",
            "address": "203.0.113.2/24",
            "gateway": "203.0.113.1",
            "gateway_mac": "02:00:00:00:00:01",
        }
    }
}
GATEWAY = {"front": "02:42:0a:01:00:01", "back": "02:42:0a:02:00:01", "apart": "02:42:0a:03:00:01"}


@pytest.fixture
def lab():
    return Lab.load(FILE)


def mac(lab, port):
    return next(e.mac for e in lab.plan.endpoints() if e.port == port)


def send(lab, port, packet, now=1.0):
    """The packet, sent to the gateway; what leaves, as (port, frame), without what a bridge floods to others than it is for."""
    network = port.partition(".")[2]
    frame = Ether(src=mac(lab, port), dst=GATEWAY[network]) if network else Ether(src=ISP, dst=OURS)
    macs = {e.mac for e in lab.plan.endpoints()}
    out = [(name, Ether(octets)) for name, octets in lab.inject(port, frame / packet, now=now)]
    return [(name, one) for name, one in out if one.dst not in macs or one.dst == mac(lab, name)]


def ends(packet):
    layer = packet[TCP] if TCP in packet else packet[UDP]
    return packet[IP].src, layer.sport, packet[IP].dst, layer.dport


def dropped(lab):
    return {str(row["reason"]) for row in lab.drops() if row["scope"] == "node"}


def test_the_uplink_is_the_last_port(lab):
    assert lab.ports == ("web.front", "web.back", "client.front", "db.back", "other.apart", "uplink")


def test_a_gateway_answers_its_own_network_and_the_others(lab):
    for target in ("10.1.0.1", "10.2.0.1", "10.3.0.1", "203.0.113.2"):
        ((port, answer),) = send(lab, "client.front", IP(src="10.1.0.3", dst=target) / ICMP())
        assert (port, answer.dst, answer[IP].src, answer[ICMP].type) == ("client.front", mac(lab, "client.front"), target, 0)
    ((port, answer),) = send(lab, "client.front", IPv6(src="fd01::3", dst="fd01::1") / ICMPv6EchoRequest())
    assert (port, answer[IPv6].src) == ("client.front", "fd01::1")
    assert ICMPv6EchoReply in answer


def test_arp_for_the_gateway_is_answered_and_flooded(lab):
    """BR-19."""
    question = Ether(src=mac(lab, "client.front"), dst="ff:ff:ff:ff:ff:ff") / ARP(
        hwsrc=mac(lab, "client.front"), psrc="10.1.0.3", pdst="10.1.0.1"
    )
    out = dict(lab.inject("client.front", question, now=1))
    assert out["web.front"] == bytes(question)
    answer = Ether(out["client.front"])
    assert (answer[ARP].op, answer[ARP].psrc, answer[ARP].hwsrc) == (2, "10.1.0.1", GATEWAY["front"])


def test_networks_are_kept_apart(lab):
    assert send(lab, "client.front", IP(src="10.1.0.3", dst="10.3.0.2") / UDP(dport=53)) == []
    assert dropped(lab) == {"other network"}
    assert send(lab, "client.front", IP(src="10.1.0.3", dst="10.2.0.3") / UDP(dport=53)) == []
    assert send(lab, "db.back", IP(src="10.2.0.3", dst="198.51.100.1") / UDP(dport=53)) == []
    assert dropped(lab) == {"other network", "internal network"}


def test_what_leaves_is_masqueraded_and_comes_back(lab):
    ((port, out),) = send(lab, "client.front", IP(src="10.1.0.3", dst="198.51.100.1") / UDP(sport=4000, dport=53))
    assert (port, out.src, out.dst) == ("uplink", OURS, ISP)
    assert ends(out) == ("203.0.113.2", 4000, "198.51.100.1", 53)
    ((port, back),) = send(lab, "uplink", IP(src="198.51.100.1", dst="203.0.113.2") / UDP(sport=53, dport=4000), now=2)
    assert (port, ends(back)) == ("client.front", ("198.51.100.1", 53, "10.1.0.3", 4000))


def test_ipv6_is_routed_as_it_is(lab):
    ((port, out),) = send(lab, "client.front", IPv6(src="fd01::3", dst="2001:db8:9::1") / UDP(sport=4000, dport=53))
    assert (port, out[IPv6].src, out[IPv6].hlim) == ("uplink", "fd01::3", 63)


def test_published_ports_are_reached_from_outside_and_from_inside(lab):
    ((port, packet),) = send(lab, "uplink", IP(src="198.51.100.7", dst="203.0.113.2") / TCP(sport=5000, dport=8080))
    assert (port, ends(packet)) == ("web.front", ("198.51.100.7", 5000, "10.1.0.2", 80))
    ((port, packet),) = send(lab, "uplink", IP(src="198.51.100.7", dst="203.0.113.2") / UDP(sport=5000, dport=9004))
    assert (port, ends(packet)[2:]) == ("web.front", ("10.1.0.2", 9004))
    for dialled in ("10.3.0.1", "203.0.113.2", "10.1.0.1"):
        ((port, packet),) = send(lab, "other.apart", IP(src="10.3.0.2", dst=dialled) / TCP(sport=6000, dport=8080))
        assert (port, ends(packet)[2:]) == ("web.front", ("10.1.0.2", 80))
    six = IPv6(src="2001:db8:9::9", dst="2001:db8::2") / TCP(sport=5000, dport=8080)
    ((port, packet),) = send(lab, "uplink", six)
    assert (port, packet[IPv6].dst, packet[TCP].dport) == ("web.front", "fd01::2", 80)


def test_nobody_else_is_reached_from_outside(lab):
    for target, dport in (("203.0.113.2", 81), ("10.1.0.2", 80), ("10.1.0.3", 80)):
        assert send(lab, "uplink", IP(src="198.51.100.7", dst=target) / TCP(sport=5000, dport=dport)) == []


def test_the_tables_say_what_goes_on(lab):
    send(lab, "client.front", IP(src="10.1.0.3", dst="198.51.100.1") / UDP(sport=4000, dport=53))
    send(lab, "client.front", IP(src="10.1.0.3", dst="198.51.100.2") / UDP(sport=4000, dport=53))
    send(lab, "uplink", IP(src="198.51.100.7", dst="203.0.113.2") / TCP(sport=5000, dport=8080), now=2)
    flows = lab.conntrack()
    assert sorted(flows["protocol"]) == ["tcp", "udp", "udp"]
    (tcp,) = lab.conntrack(protocol="tcp")
    assert (tcp["source"], tcp["target"], tcp["target_port"], tcp["reply_source"], tcp["reply_source_port"]) == (
        "198.51.100.7",
        "203.0.113.2",
        8080,
        "10.1.0.2",
        80,
    )
    assert len(lab.conntrack(source="10.1.0.3", target="198.51.100.2", target_port=53)) == 1
    assert len(lab.conntrack(target_port=54)) == 0
    with pytest.raises(UserError, match="'nowhere' is not an IP address"):
        lab.conntrack(source="nowhere")
    assert lab.nat().tolist() == [
        ("dnat", "tcp", "10.1.0.2:80", "203.0.113.2:8080", 1),
        ("snat", "udp", "10.1.0.3:4000", "203.0.113.2:4000", 2),
    ]
    assert lab.nat(kind="dnat", inside="10.1.0.2").tolist() == lab.nat().tolist()[:1]
    kinds = set(lab.rules()["kind"])
    assert kinds == {"isolation", "snat", "dnat"}
    assert set(lab.rules("front")["network"]) == {"front"}
    assert sum(lab.rules()["hits"]) > 0


def test_routes_and_neighbors_are_those_of_the_file(lab):
    assert {(row["destination"], row["gateway"], row["interface"]) for row in lab.routes()} == {
        ("10.1.0.0/24", "", "front"),
        ("fd01::/64", "", "front"),
        ("10.2.0.0/24", "", "back"),
        ("10.3.0.0/24", "", "apart"),
        ("203.0.113.0/24", "", "uplink"),
        ("2001:db8::/64", "", "uplink"),
        ("0.0.0.0/0", "203.0.113.1", "uplink"),
        ("::/0", "2001:db8::1", "uplink"),
    }
    known = {(row["address"], row["mac"], row["interface"]) for row in lab.neighbors()}
    assert known >= {("10.1.0.3", mac(lab, "client.front"), "front"), ("203.0.113.1", ISP, "uplink")}
    assert set(lab.neighbors()["state"]) == {"permanent"}


def test_with_arp_everybody_is_asked():
    lab = Lab.load(FILE, arp=True)
    ((port, question),) = send(lab, "uplink", IP(src="198.51.100.7", dst="203.0.113.2") / TCP(sport=5000, dport=8080))[:1]
    assert (port, question[ARP].op, question[ARP].pdst) == ("web.front", 1, "10.1.0.2")
    answer = Ether(src=mac(lab, "web.front"), dst=GATEWAY["front"]) / ARP(
        op=2, hwsrc=mac(lab, "web.front"), psrc="10.1.0.2", hwdst=GATEWAY["front"], pdst="10.1.0.1"
    )
    ((port, octets),) = lab.inject("web.front", answer, now=1.5)
    assert (port, Ether(octets)[TCP].dport) == ("web.front", 80)


def test_a_next_hop_that_nobody_knows_is_dropped_with_the_key_to_set():
    lab = Lab.load(FILE.replace('    gateway_mac: "02:00:00:00:00:01"\n', ""))
    assert send(lab, "client.front", IP(src="10.1.0.3", dst="198.51.100.1") / UDP(dport=53)) == []
    (row,) = [row for row in lab.drops() if row["scope"] == "node" and row["reason"] == "unresolved"]
    assert "gateway_mac" in row["sentence"] or "neighbors" in row["sentence"]


def test_a_lab_without_a_gateway_has_empty_tables():
    lab = Lab.load("services: {web: {image: host, network_mode: none}}\n")
    for table in (lab.conntrack(), lab.nat(), lab.rules(), lab.routes(), lab.neighbors()):
        assert len(table) == 0
    with pytest.raises(UserError, match="this lab has no uplink"):
        lab.inject("uplink", b"", now=1)


def test_counters_balance(lab):
    for number in range(40):
        send(lab, "client.front", IP(src="10.1.0.3", dst=f"198.51.100.{number % 3}") / UDP(sport=number, dport=53), now=number)
        send(lab, "uplink", IP(src="198.51.100.7", dst="203.0.113.2") / TCP(sport=5000, dport=8080 + number % 2), now=number)
    rows = lab.counters()
    assert np.array_equal(
        rows["in"] + rows["cloned"] + rows["originated"], rows["out"] + rows["consumed"] + rows["dropped"] + rows["held"]
    )


def test_the_host_is_reached_at_the_gateways_address_and_reaches_everybody():
    """An uplink of kind tap: the host's side of it is trusted, and serves what nobody else does."""
    lab = Lab.load({**SMALL, "x-dataplane": {"uplink": {"kind": "tap"}}})
    ours, host = "02:42:ac:1f:ff:02", "02:42:ac:1f:ff:01"
    inside = Ether(src="02:42:0a:01:00:02", dst="02:42:0a:01:00:01")
    ((port, octets),) = lab.inject("web", inside / IP(src="10.1.0.2", dst="10.1.0.1") / TCP(sport=4000, dport=22), now=1)
    out = Ether(octets)
    assert (port, out.src, out.dst, *ends(out)) == ("uplink", ours, host, "172.31.255.2", 4000, "172.31.255.1", 22)
    back = Ether(src=host, dst=ours) / IP(src="172.31.255.1", dst="172.31.255.2") / TCP(sport=22, dport=4000, flags="SA")
    ((port, octets),) = lab.inject("uplink", back, now=1.1)
    assert (port, *ends(Ether(octets))) == ("web.n", "10.1.0.1", 22, "10.1.0.2", 4000)
    call = Ether(src=host, dst=ours) / IP(src="172.31.255.1", dst="10.1.0.2") / TCP(sport=5000, dport=9999)
    ((port, octets),) = lab.inject("uplink", call, now=2)
    assert (port, *ends(Ether(octets))) == ("web.n", "172.31.255.1", 5000, "10.1.0.2", 9999)


@pytest.mark.parametrize(
    ("options", "source", "reached"),
    [
        ({}, "203.0.113.2", False),
        ({"com.docker.network.bridge.enable_ip_masquerade": "false"}, "10.1.0.2", False),
        ({"com.docker.network.bridge.gateway_mode_ipv4": "nat-unprotected"}, "203.0.113.2", True),
        ({"com.docker.network.bridge.gateway_mode_ipv4": "routed"}, "10.1.0.2", False),
        ({"com.docker.network.host_ipv4": "203.0.113.9"}, "203.0.113.9", False),
    ],
)
def test_options_of_a_network_are_what_its_packets_meet(options, source, reached):
    """What the source of a packet that leaves becomes; whether somebody outside reaches a port that is not published."""
    network = {**SMALL["networks"]["n"], "driver_opts": options}
    lab = Lab.load({**SMALL, "networks": {"n": network}, **PACKET})
    inside = Ether(src="02:42:0a:01:00:02", dst="02:42:0a:01:00:01")
    ((port, octets),) = lab.inject("web", inside / IP(src="10.1.0.2", dst="198.51.100.1") / UDP(sport=4000, dport=53), now=1)
    assert (port, Ether(octets)[IP].src) == ("uplink", source)
    call = Ether(src=ISP, dst=OURS) / IP(src="198.51.100.7", dst="10.1.0.2") / UDP(sport=5000, dport=9999)
    assert bool(lab.inject("uplink", call, now=2)) is reached


def test_static_and_excluded_addresses():
    nat = {"static": {"203.0.113.7": "10.1.0.2"}, "exclude": ["198.51.100.128/25"]}
    lab = Lab.load({**SMALL, "x-dataplane": {**PACKET["x-dataplane"], "nat": nat}})
    call = Ether(src=ISP, dst=OURS) / IP(src="198.51.100.7", dst="203.0.113.7") / UDP(sport=5000, dport=9999)
    ((port, octets),) = lab.inject("uplink", call, now=1)
    assert (port, *ends(Ether(octets))) == ("web.n", "198.51.100.7", 5000, "10.1.0.2", 9999)
    question = Ether(src=ISP, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=ISP, psrc="203.0.113.1", pdst="203.0.113.7")
    ((port, octets),) = lab.inject("uplink", question, now=2)
    assert (port, Ether(octets)[ARP].hwsrc) == ("uplink", OURS)
    inside = Ether(src="02:42:0a:01:00:02", dst="02:42:0a:01:00:01")
    ((_, octets),) = lab.inject("web", inside / IP(src="10.1.0.2", dst="198.51.100.1") / UDP(sport=4000, dport=53), now=3)
    assert Ether(octets)[IP].src == "203.0.113.7"
    ((_, octets),) = lab.inject("web", inside / IP(src="10.1.0.2", dst="198.51.100.200") / UDP(sport=4000, dport=53), now=3)
    assert Ether(octets)[IP].src == "10.1.0.2"
