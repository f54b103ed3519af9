"""Changes to a running gateway: what is established goes on, what is new follows the new rules."""

import os
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, ip_address
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from topologies import network, service, topology

from dataplane.actions import diff
from dataplane.apply import Dataplane, MemoryPorts
from dataplane.drivers import wire
from dataplane.errors import UserError
from dataplane.model import PortBinding
from dataplane.nat import Nat
from dataplane.plan import make_plan
from dataplane.uplink import Uplink
from dataplane.wiring import RuleSpec, Wiring

PACKET = Uplink(
    kind="packet",
    name="eth9",
    ipv4=IPv4Interface("192.0.2.2/24"),
    gateway4=IPv4Address("192.0.2.1"),
    gateway_mac="02:00:00:00:00:01",
)
NETWORK = network("n", "10.0.0.0/24")
PUBLISHED = PortBinding(target=80, target_last=80, first=8080, last=8080)
A, B = service("a", "n", ports=(PUBLISHED,)), service("b", "n")
MACS = {"a.n": "02:42:0a:00:00:02", "b.n": "02:42:0a:00:00:03", "uplink": "02:00:00:00:00:01"}
REMOTE = "198.51.100.7"


class Bench:
    def __init__(self):
        self.ports = MemoryPorts()
        self.dataplane = Dataplane(self.ports)
        self.now = 10**9

    def change(self, networks, services, *, nat=None, uplink=PACKET):
        file = replace(topology(networks, services), uplink=uplink, nat=nat or Nat())
        self.plan = make_plan(file)
        wiring = wire(self.plan, arp=False)
        actions = self.dataplane.change_to(wiring)
        assert self.dataplane.wiring == wiring
        assert diff(self.dataplane.wiring, wiring) == ()
        return [str(action) for action in actions]

    def send(self, port, packet):
        """As (port, source, source port, target, target port) of what leaves, to whom it is for: bridges flood, too."""
        ours = self.plan.uplink.mac if port == "uplink" else self.plan.networks[port.partition(".")[2]].gateway_mac
        self.ports.push(port, bytes(Ether(src=MACS[port], dst=ours) / packet))
        self.now += 10**6
        self.dataplane.engine.run_until_idle(self.now)
        found = [(name, Ether(octets)) for name, _, octets in self.ports.take()]
        return [(name, p[IP].src, p[UDP].sport, p[IP].dst, p[UDP].dport) for name, p in found if UDP in p and p.dst == MACS[name]]

    def call(self, sport=5000, dport=8080):
        return self.send("uplink", IP(src=REMOTE, dst="192.0.2.2") / UDP(sport=sport, dport=dport))

    def ask(self, port="b.n", sport=4000):
        source = {"a.n": "10.0.0.2", "b.n": "10.0.0.3"}[port]
        return self.send(port, IP(src=source, dst=REMOTE) / UDP(sport=sport, dport=53))


@pytest.fixture
def bench():
    bench = Bench()
    bench.change([NETWORK], [udp(A), B])
    return bench


def udp(one, **changes):
    return replace(one, ports=(replace(PUBLISHED, protocol="udp", **changes),))


def test_a_rule_taken_away_stops_what_is_new_and_nothing_else(bench):
    assert bench.call() == [("a.n", REMOTE, 5000, "10.0.0.2", 80)]
    assert bench.change([NETWORK], [replace(A, ports=()), B]) == ["- publish *:8080/udp a.n"]
    assert bench.call() == [("a.n", REMOTE, 5000, "10.0.0.2", 80)]
    assert bench.call(sport=5001) == []


def test_a_rule_that_changes_leads_what_is_new_elsewhere(bench):
    bench.call()
    changes = bench.change([NETWORK], [udp(A, target=81, target_last=81), B])
    assert changes == ["~ publish *:8080/udp a.n: target_port 80 -> 81"]
    assert bench.call() == [("a.n", REMOTE, 5000, "10.0.0.2", 80)]
    assert bench.call(sport=5001) == [("a.n", REMOTE, 5001, "10.0.0.2", 81)]


def test_a_network_that_becomes_internal_lets_its_replies_in_still(bench):
    assert bench.ask() == [("uplink", "192.0.2.2", 4000, REMOTE, 53)]
    bench.change([replace(NETWORK, internal=True)], [B])
    assert bench.ask() == [("uplink", "192.0.2.2", 4000, REMOTE, 53)]
    assert bench.ask(sport=4001) == []
    bench.change([NETWORK], [B])
    assert bench.ask(sport=4002) != []


def test_other_public_addresses_are_for_what_is_new(bench):
    bench.ask()
    bench.change([NETWORK], [udp(A), B], nat=Nat(addresses=(ip_address("192.0.2.9"),)))
    assert bench.ask() == [("uplink", "192.0.2.2", 4000, REMOTE, 53)]
    assert [row[1] for row in bench.ask(port="a.n", sport=4001)] == ["192.0.2.9"]
    bench.change([NETWORK], [udp(A), B])
    assert [row[1] for row in bench.ask(port="a.n", sport=4002)] == ["192.0.2.2"]


def test_one_network_more_or_less_leaves_the_others_flows(bench):
    bench.ask()
    other = network("m", "10.1.0.0/24")
    bench.change([NETWORK, other], [udp(A), B, service("c", "m")])
    assert [row["interface"] for row in bench.dataplane.routes() if row["destination"] == "10.1.0.0/24"] == ["m"]
    assert len(bench.dataplane.conntrack()) == 1
    bench.change([NETWORK], [udp(A), B])
    assert [row for row in bench.dataplane.routes() if row["destination"] == "10.1.0.0/24"] == []
    assert bench.send("uplink", IP(src=REMOTE, dst="192.0.2.2") / UDP(sport=53, dport=4000)) == [
        ("b.n", REMOTE, 53, "10.0.0.3", 4000)
    ]


def test_a_gateway_of_another_mac_or_address_is_one_at_once(bench):
    bench.change([replace(NETWORK, gateway_mac="02:00:00:00:00:fe")], [udp(A), B])
    assert bench.ask() == [("uplink", "192.0.2.2", 4000, REMOTE, 53)]
    pool = replace(NETWORK.pools[0], gateway=ip_address("10.0.0.254"))
    moved = replace(NETWORK, pools=(pool,), gateway_mac="02:00:00:00:00:fe")
    changes = bench.change([moved], [replace(udp(A)), B])
    assert "~ router -- bridge n: ipv4 10.0.0.1/24 -> 10.0.0.254/24" in changes


def test_the_mss_and_the_rate_of_errors_change_in_place(bench):
    """Flows go on: only the setting is another."""
    bench.ask()
    for nat, words in (
        (Nat(mss="clamp"), "mss none -> clamp"),
        (Nat(mss=1200, icmp_rate=7), "mss clamp -> 1200, icmp_rate 100 -> 7"),
    ):
        assert bench.change([NETWORK], [udp(A), B], nat=nat) == [f"~ router: {words}"]
        router = bench.dataplane.gateway.router
        assert (router.mss, router.icmp_rate) == (nat.mss, nat.icmp_rate)
    assert len(bench.dataplane.conntrack()) == 1


def test_translations_are_chosen_and_limited(bench):
    for port in (4000, 4001, 4002):
        bench.ask(sport=port)
    bench.call()
    rows, more = bench.dataplane.nat()
    assert (len(rows), more) == (4, 0)
    assert sorted(rows["kind"]) == ["dnat", "snat", "snat", "snat"]
    for chosen, count in (({"kind": "dnat"}, 1), ({"inside": "10.0.0.3"}, 3), ({"outside": "192.0.2.2", "protocol": "udp"}, 4),
                          ({"inside": "10.0.0.9"}, 0), ({"protocol": "tcp"}, 0)):  # fmt: skip
        assert (len(bench.dataplane.nat(**chosen)[0]), bench.dataplane.nat(**chosen)[1]) == (count, 0)
        assert bench.dataplane.nat(limit=0, **chosen)[1] == count
    rows, more = bench.dataplane.nat(limit=2)
    assert (len(rows), more) == (2, 2)
    with pytest.raises(UserError, match="is not an IP address"):
        bench.dataplane.nat(inside="web")


def test_a_router_of_another_size_is_made_anew_with_all_its_links_and_rules(bench):
    bench.ask()
    changes = bench.change([NETWORK], [udp(A), B], nat=Nat(flows=1024))
    assert "- router" in changes
    assert len(bench.dataplane.conntrack()) == 0
    assert bench.ask() != []
    assert bench.call() != []


def test_all_can_be_taken_down_and_put_up_again(bench):
    for _ in range(3):
        assert bench.ask() != []
        bench.dataplane.change_to(Wiring())
        assert list(bench.dataplane.counters()["node"]) == ["unconnected", "hop budget"]
        assert len(bench.dataplane.routes()) == len(bench.dataplane.conntrack()) == 0
        bench.change([NETWORK], [udp(A), B])


def test_addresses_of_the_host_are_ours_too(bench):
    wiring = wire(bench.plan, arp=False)
    local = RuleSpec("local", "local", {"addresses": "198.18.0.1 fd00::1"})
    packet = IP(src="10.0.0.3", dst="198.18.0.1") / UDP(sport=6000, dport=8080)
    bench.dataplane.change_to(Wiring.of(wiring.nodes.values(), wiring.links.values(), [*wiring.rules.values(), local]))
    assert [row[3:] for row in bench.send("b.n", packet)] == [("10.0.0.2", 80)]
    bench.dataplane.change_to(wiring)
    assert [row[0] for row in bench.send("b.n", IP(src="10.0.0.3", dst="198.18.0.1") / UDP(sport=6001, dport=8080))] == ["uplink"]


def test_flows_can_be_forgotten(bench):
    for port in (4000, 4001, 4002):
        bench.ask(sport=port)
    bench.call()
    assert bench.dataplane.flows_known() == (4, 65536)
    assert [len(bench.dataplane.conntrack(limit=limit)) for limit in (0, 3, 9)] == [0, 3, 4]
    assert (bench.dataplane.count_flows(), bench.dataplane.count_flows(source="10.0.0.3")) == (4, 3)
    assert bench.dataplane.count_flows(state="nonsense") == len(bench.dataplane.conntrack(state="nonsense")) == 0
    assert bench.dataplane.forget_flows(source_port=4000) == 1
    assert bench.dataplane.forget_flows(source="10.0.0.3", protocol="udp") == 2
    state = bench.dataplane.conntrack()[0]["state"].item()
    assert bench.dataplane.forget_flows(state=state) == 1
    assert bench.dataplane.forget_flows() == 0
    assert bench.send("uplink", IP(src=REMOTE, dst="192.0.2.2") / UDP(sport=53, dport=4000)) == []


def test_an_unknown_kind_of_rule_is_a_mistake_of_ours(bench):
    wiring = bench.dataplane.wiring
    odd = RuleSpec("odd", "odd")
    with pytest.raises(ValueError, match="no such kind of rule: odd"):
        bench.dataplane.change_to(Wiring.of(wiring.nodes.values(), wiring.links.values(), [*wiring.rules.values(), odd]))


def test_memory_does_not_grow_by_what_came_and_went(bench):
    """A network with a published container, made and removed 2,000 times over."""
    less = wire(bench.plan, arp=False)
    other = network("m", "10.1.0.0/24")
    bench.change([NETWORK, other], [udp(A), B, service("c", "m", ports=(replace(PUBLISHED, first=9090, last=9090),))])
    more = wire(bench.plan, arp=False)
    assert len(more.nodes) == len(less.nodes) + 2

    def turns(times):
        for _ in range(times):
            bench.dataplane.change_to(less)
            bench.dataplane.change_to(more)
            bench.now += 10**6
            bench.dataplane.engine.turn(bench.now)
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = turns(200)
    bursts = bench.dataplane.engine.bursts
    grown = turns(2_000) - before
    if "asan" not in os.environ.get("LD_PRELOAD", ""):  # which keeps what was freed for a while
        assert grown < 2**20  # a burst a node was 8 MB
    assert bench.dataplane.engine.bursts == bursts
    assert bench.ask() != []
