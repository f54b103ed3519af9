"""Who reaches whom between networks, published ports, one-to-one addresses, hairpin (Docker's current model)."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import GRE, Ether

from fastpath.flows import Flows
from fastpath.rules import RULES_DTYPE, Rules
from fastpath.trial import Trial
from tests.fastpath.tracked import FAMILIES, HEADER, SECOND, V4, good, tcp, udp

UPLINK, FRONT, BACK, INTERNAL = range(4)
NETWORKS = {
    "IPv4": ("172.31.255", "172.18.0", "172.19.0", "172.20.0"),
    "IPv6": ("fd00:ff:", "fd00:1:", "fd00:2:", "fd00:3:"),
}


def address(family, network, host):
    return NETWORKS[family.name][network] + (f".{host}" if family is V4 else f":{host}")


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def lab(request):
    return Lab(request.param)


class Lab:
    """Two networks, an internal one and an uplink behind which the host is `.1`; we are `.2` there and `.1` in the networks."""

    def __init__(self, family, *, modes=None, icc=True, masquerade=True, **flows):
        self.family = family
        self.flows = Flows(1000, **flows)
        self.rules = Rules(self.flows)
        self.trial = Trial(self.flows)
        self.ours = {address(family, UPLINK, 2)} | {address(family, network, 1) for network in (FRONT, BACK, INTERNAL)}
        self.host = address(family, UPLINK, 1)
        pool = self.flows.add_pool([address(family, UPLINK, 2)]) if masquerade else 0
        modes = modes or {}
        for network, name in ((FRONT, "front"), (BACK, "back"), (INTERNAL, "internal")):
            mode = modes.get(network, "nat")
            self.rules.set_interface(network, name=name, internal=name == "internal", ipv4=mode, ipv6=mode, icc=icc,
                                     masquerade4=pool, masquerade6=pool)  # fmt: skip
        self.rules.set_interface(UPLINK, kind="uplink", name="uplink", trusted=[self.host], host=self.host)

    def route(self, target):
        for network in (FRONT, BACK, INTERNAL):
            if target.startswith(NETWORKS[self.family.name][network]):
                return network
        return UPLINK

    def send(self, source, target, payload):
        """From one address to another: what becomes of it, and the packet as it leaves."""
        frame = bytes(HEADER / self.family.ip(src=source, dst=target) / payload)
        ingress = self.route(source)
        word, octets = self.trial.handle(frame, SECOND, rules=self.rules, ingress=ingress, ours=self.ours, route=self.route)
        if not octets:
            return word, None
        assert good(octets, self.family)
        return word.split()[0], Ether(octets)[self.family.ip]

    def hits(self, rule):
        return {row["rule"]: int(row["packets"]) for row in self.rules.rows() if rule in row["rule"]}


def at(network, host):
    return lambda lab: address(lab.family, network, host)


OUTSIDE = lambda lab: lab.family.remote[0]  # noqa: E731
CLIENT, SERVER, DATABASE, SECRET = at(FRONT, 5), at(FRONT, 6), at(BACK, 7), at(INTERNAL, 8)


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        (CLIENT, SERVER, "forward"),
        (CLIENT, DATABASE, "other network"),
        (CLIENT, at(BACK, 1), "deliver"),
        (CLIENT, OUTSIDE, "forward"),
        (CLIENT, SECRET, "internal network"),
        (SECRET, DATABASE, "internal network"),
        (SECRET, OUTSIDE, "internal network"),
        (SECRET, at(INTERNAL, 1), "deliver"),
        (SECRET, at(INTERNAL, 9), "forward"),
        (OUTSIDE, CLIENT, "not published"),
        (OUTSIDE, SECRET, "internal network"),
        (lambda lab: lab.host, CLIENT, "forward"),
        (lambda lab: lab.host, SECRET, "forward"),
        (OUTSIDE, at(UPLINK, 2), "deliver"),
        (OUTSIDE, lambda lab: lab.family.remote[1], "not published"),
    ],
)
def test_who_reaches_whom(lab, source, target, word):
    """DOCKER 1.6: the columns of today's Docker, by ping."""
    assert lab.send(source(lab), target(lab), lab.family.echo(1))[0] == word


def test_answers_always_come_back(lab):
    lab.send(CLIENT(lab), OUTSIDE(lab), udp(5000, 53))
    _, packet = lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), udp(53, 5000))
    assert packet.dst == CLIENT(lab)
    lab.rules.set_interface(FRONT, name="front", internal=True)
    _, packet = lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), udp(53, 5000))
    assert packet.dst == CLIENT(lab)


def test_the_host_keeps_its_address_and_gets_answers(lab):
    _, packet = lab.send(lab.host, CLIENT(lab), tcp(5000, 22, "S", 1))
    assert packet.src == lab.host
    _, packet = lab.send(CLIENT(lab), lab.host, tcp(22, 5000, "SA", 1, 2))
    assert packet.src == CLIENT(lab)


def test_without_icc_only_published_ports(lab):
    lab = Lab(lab.family, icc=False)
    lab.rules.publish("udp", 8080, 8080, target=SERVER(lab), target_port=80)
    assert lab.send(CLIENT(lab), SERVER(lab), udp(1, 80))[0] == "isolated"
    assert lab.send(CLIENT(lab), address(lab.family, FRONT, 1), udp(1, 8080))[0] == "forward"


# -- modes --------------------------------------------------------------------------------------------------------------


def test_unprotected(lab):
    lab = Lab(lab.family, modes={FRONT: "nat-unprotected"})
    assert lab.send(OUTSIDE(lab), CLIENT(lab), udp(1, 9))[0] == "forward"
    assert lab.send(DATABASE(lab), CLIENT(lab), udp(1, 9))[0] == "forward"
    assert lab.send(SECRET(lab), CLIENT(lab), udp(1, 9))[0] == "internal network"
    assert lab.send(CLIENT(lab), OUTSIDE(lab), udp(1, 9))[1].src == address(lab.family, UPLINK, 2)


def test_routed(lab):
    """No translation; ICMP and published ports of endpoints are open, by their own addresses."""
    lab = Lab(lab.family, modes={FRONT: "routed"})
    assert lab.send(CLIENT(lab), OUTSIDE(lab), udp(1, 9))[1].src == CLIENT(lab)
    assert lab.send(OUTSIDE(lab), SERVER(lab), lab.family.echo(1))[0] == "forward"
    assert lab.send(OUTSIDE(lab), SERVER(lab), tcp(1, 80, "S"))[0] == "not published"
    assert lab.send(DATABASE(lab), SERVER(lab), tcp(1, 80, "S"))[0] == "other network"
    lab.rules.publish("tcp", 80, 81, target=SERVER(lab), target_port=80, address=SERVER(lab), name="web")
    _, packet = lab.send(OUTSIDE(lab), SERVER(lab), tcp(1, 80, "S"))
    assert (packet.src, packet.dst) == (OUTSIDE(lab), SERVER(lab))
    assert lab.send(DATABASE(lab), SERVER(lab), tcp(1, 81, "S"))[1].src == DATABASE(lab)
    assert lab.send(OUTSIDE(lab), SERVER(lab), tcp(1, 82, "S"))[0] == "not published"


def test_isolated(lab):
    lab = Lab(lab.family, modes={FRONT: "isolated"})
    assert lab.send(CLIENT(lab), OUTSIDE(lab), udp(1, 9))[0] == "internal network"
    assert lab.send(OUTSIDE(lab), CLIENT(lab), udp(1, 9))[0] == "internal network"
    assert lab.send(DATABASE(lab), CLIENT(lab), udp(1, 9))[0] == "internal network"


# -- published ports ----------------------------------------------------------------------------------------------------


def test_a_published_port(lab):
    """NAT-32: the target is rewritten, the client's address kept; the answer comes from the public port."""
    lab.rules.publish("tcp", 8080, 8080, target=SERVER(lab), target_port=80, name="web.front")
    public = address(lab.family, UPLINK, 2)
    for client in lab.family.remote[:3]:
        for port in (5000, 5001):
            _, packet = lab.send(client, public, tcp(port, 8080, "S", 7))
            assert (packet.src, packet.sport, packet.dst, packet.dport) == (client, port, SERVER(lab), 80)
            _, packet = lab.send(SERVER(lab), client, tcp(80, port, "SA", 1, 8))
            assert (packet.src, packet.sport, packet.dst, packet.dport) == (public, 8080, client, port)
    assert lab.send(OUTSIDE(lab), public, tcp(1, 8081, "S"))[0] == "deliver"
    assert lab.send(OUTSIDE(lab), public, udp(1, 8080))[0] == "deliver"
    assert lab.hits("8080") == dict.fromkeys(lab.hits("8080"), 6)
    assert lab.send(SERVER(lab), OUTSIDE(lab), tcp(80, 9, "S"))[1].src == public


def test_a_range_is_one_rule(lab):
    """NAT-32."""
    rule = lab.rules.publish("udp", 9000, 9999, target=SERVER(lab), target_port=1000)
    public = address(lab.family, UPLINK, 2)
    for port in (9000, 9500, 9999):
        assert lab.send(OUTSIDE(lab), public, udp(1, port))[1].dport == port - 8000
    assert lab.send(OUTSIDE(lab), public, udp(1, 10000))[0] == "deliver"
    assert len(lab.hits("9000-9999")) == 1
    lab.rules.unpublish(rule)
    assert lab.send(OUTSIDE(lab), public, udp(2, 9000))[0] == "deliver"
    assert lab.send(OUTSIDE(lab), public, udp(1, 9000))[0] == "forward"


def test_a_given_address_before_any(lab):
    public, gateway = address(lab.family, UPLINK, 2), address(lab.family, FRONT, 1)
    lab.rules.publish("tcp", 80, 80, target=SERVER(lab), target_port=80)
    lab.rules.publish("tcp", 80, 80, target=DATABASE(lab), target_port=80, address=public)
    assert lab.send(OUTSIDE(lab), public, tcp(1, 80, "S"))[1].dst == DATABASE(lab)
    assert lab.send(CLIENT(lab), gateway, tcp(1, 80, "S"))[1].dst == SERVER(lab)


@pytest.mark.parametrize("clients", ["all", "uplink", "trusted"])
def test_a_published_port_for_some_clients_only(lab, clients):
    """Others meet what they would without it: a container, the host; whoever comes from outside, a closed port."""
    public = address(lab.family, UPLINK, 2)
    lab.rules.publish("tcp", 80, 80, target=DATABASE(lab), target_port=80, address=public, clients=clients, name="db")
    said = {
        name: lab.send(client(lab), public, tcp(number, 80, "S"))
        for number, (name, client) in enumerate({"host": lambda lab: lab.host, "outside": OUTSIDE, "container": CLIENT}.items(), 1)
    }
    led = {name for name, (word, packet) in said.items() if word == "forward" and packet.dst == DATABASE(lab)}
    assert led == {"all": {"host", "outside", "container"}, "uplink": {"host", "outside"}, "trusted": {"host"}}[clients]
    if clients == "trusted":
        assert said["outside"][0] == "deliver"
    if clients != "all":
        assert said["container"][1].dst == lab.host
    place = f"tcp {public} port 80{ {'all': '', 'uplink': ' from the uplink', 'trusted': ' from the host'}[clients] }:"
    assert list(lab.hits(place).values()) == [len(led)]
    with pytest.raises(ValueError, match="clients: one of all, uplink, trusted"):
        lab.rules.publish("tcp", 81, 81, target=DATABASE(lab), target_port=80, clients="some")


def test_the_hosts_own_address_counts_as_ours(lab):
    """A container reaches what is published by the host's address, too."""
    hosts = lab.family.remote[9]
    lab.rules.publish("tcp", 80, 80, target=DATABASE(lab), target_port=80)
    assert lab.send(CLIENT(lab), hosts, tcp(1, 80, "S"))[1].dst == hosts
    lab.rules.set_local([hosts])
    assert lab.send(CLIENT(lab), hosts, tcp(2, 80, "S"))[1].dst == DATABASE(lab)


def test_hairpin(lab):
    """NAT-33: from the same network, and from the server itself, by the public address; its source is the external address."""
    lab.rules.publish("tcp", 8080, 8080, target=SERVER(lab), target_port=80)
    public = address(lab.family, UPLINK, 2)
    for number, client in enumerate((CLIENT(lab), SERVER(lab), DATABASE(lab))):
        _, packet = lab.send(client, public, tcp(5000 + number, 8080, "S", 7))
        assert (packet.src, packet.dst, packet.dport) == (public, SERVER(lab), 80)
        _, packet = lab.send(SERVER(lab), public, tcp(80, packet.sport, "SA", 1, 8))
        assert (packet.src, packet.sport, packet.dst, packet.dport) == (public, 8080, client, 5000 + number)


def test_hairpin_without_a_pool(lab):
    """Then the source becomes the address that was dialled."""
    lab = Lab(lab.family, masquerade=False)
    lab.rules.publish("udp", 8080, 8080, target=SERVER(lab), target_port=80)
    gateway = address(lab.family, FRONT, 1)
    _, packet = lab.send(CLIENT(lab), gateway, udp(5000, 8080))
    assert (packet.src, packet.dst) == (gateway, SERVER(lab))
    assert lab.send(SERVER(lab), gateway, udp(80, packet.sport))[1].dst == CLIENT(lab)


def test_an_internal_network_publishes_nothing(lab):
    lab.rules.publish("tcp", 8080, 8080, target=SECRET(lab), target_port=80)
    assert lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), tcp(1, 8080, "S"))[0] == "internal network"
    assert lab.send(SECRET(lab), address(lab.family, INTERNAL, 1), tcp(1, 8080, "S"))[0] == "forward"


def test_clients_masqueraded_by_the_rule(lab):
    pool = lab.flows.add_pool([address(lab.family, FRONT, 1)])
    lab.rules.publish("tcp", 8080, 8080, target=SERVER(lab), target_port=80, pool=pool)
    assert lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), tcp(1, 8080, "S"))[1].src == address(lab.family, FRONT, 1)


def test_mid_stream_from_outside_begins_nothing(lab):
    """NAT-21."""
    lab.rules.publish("tcp", 8080, 8080, target=SERVER(lab), target_port=80)
    assert lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), tcp(1, 8080, "A", 1, 1))[0] == "invalid state"
    assert lab.send(CLIENT(lab), OUTSIDE(lab), tcp(1, 80, "A", 1, 1))[0] == "forward"


def test_the_host_serves_at_the_gateways_address(lab):
    """What nothing here serves goes on to the host, from internal networks too; it sees one of our addresses."""
    for source, gateway in ((CLIENT(lab), address(lab.family, FRONT, 1)), (SECRET(lab), address(lab.family, INTERNAL, 1))):
        _, packet = lab.send(source, gateway, tcp(5000, 22, "S", 1))
        assert (packet.src, packet.dst) == (address(lab.family, UPLINK, 2), lab.host)
        _, packet = lab.send(lab.host, packet.src, tcp(22, packet.sport, "SA", 1, 2))
        assert (packet.src, packet.dst) == (gateway, source)
    assert lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), tcp(1, 22, "S"))[0] == "deliver"


# -- one to one, exclusions, open mappings --------------------------------------------------------------------------------


def test_one_to_one(lab):
    """NAT-35: both may begin, ports stay, and between two such hosts by their outside addresses."""
    outside = lab.family.outside
    lab.rules.add_static(outside[0], SERVER(lab))
    lab.rules.add_static(outside[1], DATABASE(lab))
    assert lab.send(OUTSIDE(lab), outside[0], tcp(1, 80, "S"))[1].dst == SERVER(lab)
    _, packet = lab.send(SERVER(lab), OUTSIDE(lab), udp(999, 53))
    assert (packet.src, packet.sport) == (outside[0], 999)
    assert lab.send(OUTSIDE(lab), outside[0], lab.family.echo(3))[1].dst == SERVER(lab)
    _, packet = lab.send(SERVER(lab), outside[1], udp(7, 8))
    assert (packet.src, packet.sport, packet.dst) == (outside[0], 7, DATABASE(lab))
    assert lab.send(DATABASE(lab), outside[0], udp(8, 7))[1].dst == SERVER(lab)
    if lab.family is V4:
        assert lab.send(OUTSIDE(lab), outside[0], GRE() / IP() / UDP())[1].dst == SERVER(lab)
        assert lab.send(SERVER(lab), lab.family.remote[3], GRE() / IP() / UDP())[1].src == outside[0]
    with pytest.raises(ValueError, match="already"):
        lab.rules.add_static(outside[0], CLIENT(lab))
    lab.rules.remove_static(outside[0])
    assert lab.send(OUTSIDE(lab), outside[0], tcp(2, 80, "S"))[0] == "not published"
    assert lab.send(OUTSIDE(lab), outside[1], tcp(2, 80, "S"))[1].dst == DATABASE(lab)


def test_excluded_targets(lab):
    """NAT-39."""
    prefix = "192.0.2.0/24" if lab.family is V4 else "2001:db8:1::/48"
    lab.rules.exclude(prefix)
    assert lab.send(CLIENT(lab), OUTSIDE(lab), udp(1, 9))[1].src == CLIENT(lab)
    assert lab.send(CLIENT(lab), lab.family.router, udp(1, 9))[1].src == address(lab.family, UPLINK, 2)
    assert list(lab.hits(prefix).values()) == [1]
    lab.rules.unexclude(prefix)
    assert lab.send(CLIENT(lab), OUTSIDE(lab), udp(2, 9))[1].src == address(lab.family, UPLINK, 2)


def test_hairpin_between_two_mappings(lab):
    """NAT-34: with endpoint-independent filtering two hosts behind one address reach each other by their outside endpoints."""
    lab = Lab(lab.family, filtering="endpoint-independent")
    public = address(lab.family, UPLINK, 2)
    lab.send(CLIENT(lab), OUTSIDE(lab), udp(5000, 53))
    lab.send(SERVER(lab), OUTSIDE(lab), udp(6000, 53))
    _, packet = lab.send(CLIENT(lab), public, udp(5000, 6000))
    assert (packet.src, packet.sport, packet.dst, packet.dport) == (public, 5000, SERVER(lab), 6000)
    _, packet = lab.send(SERVER(lab), public, udp(6000, 5000))
    assert (packet.src, packet.sport, packet.dst, packet.dport) == (public, 6000, CLIENT(lab), 5000)
    _, packet = lab.send(lab.family.remote[8], public, udp(99, 6000))
    assert (packet.dst, packet.dport) == (SERVER(lab), 6000)


def test_a_mapping_is_not_open_by_default(lab):
    """NAT-7, and its reason is named."""
    lab.send(CLIENT(lab), OUTSIDE(lab), udp(5000, 53))
    assert lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), udp(54, 5000))[0] == "filtered"
    assert lab.send(OUTSIDE(lab), address(lab.family, UPLINK, 2), udp(54, 5001))[0] == "deliver"


# -- for people ---------------------------------------------------------------------------------------------------------


def test_rows():
    lab = Lab(V4)
    lab.rules.publish("tcp", 8080, 8080, target=SERVER(lab), target_port=80, name="web.front")
    lab.rules.publish("udp", 1, 3, target=SERVER(lab), target_port=11, name="dns.front", address="198.51.100.7")
    lab.send(CLIENT(lab), OUTSIDE(lab), udp(1, 2))
    lab.send(CLIENT(lab), DATABASE(lab), udp(1, 2))
    lab.send(OUTSIDE(lab), address(V4, UPLINK, 2), tcp(1, 8080, "S"))
    rows = lab.rules.rows()
    assert rows.dtype == RULES_DTYPE
    texts = [tuple(row) for row in rows.tolist()]
    assert ("front", "snat", "IPv4 to outside: source 172.31.255.2", 1) in texts
    assert ("back", "isolation", "from other networks: published ports accept; else drop", 1) in texts
    assert ("internal", "isolation", "internal: in and out drop", 0) in texts
    assert ("web.front", "dnat", "tcp any address port 8080: to 172.18.0.6:80", 1) in texts
    assert ("dns.front", "dnat", "udp 198.51.100.7 port 1-3: to 172.18.0.6:11-13", 0) in texts
    lab.rules.remove_interface(BACK)
    assert not [row for row in lab.rules.rows() if row["network"] == "back"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda rules: rules.publish("tcp", 85, 95, target="10.0.0.1", target_port=80),
        lambda rules: rules.publish("tcp", 0, 0, target="10.0.0.1", target_port=80),
        lambda rules: rules.publish("tcp", 2, 1, target="10.0.0.1", target_port=80),
        lambda rules: rules.publish("tcp", 1, 9, target="10.0.0.1", target_port=65530),
        lambda rules: rules.publish("dccp", 1, 1, target="10.0.0.1", target_port=80),
        lambda rules: rules.publish("tcp", 1, 1, target="10.0.0.1", target_port=80, address="fd00::1"),
        lambda rules: rules.publish("tcp", 1, 1, target="10.0.0.1", target_port=80, pool=9),
        lambda rules: rules.unpublish(7),
        lambda rules: rules.unpublish(0),
        lambda rules: rules.set_interface(1, kind="bridge"),
        lambda rules: rules.set_interface(1, ipv4="bridged"),
        lambda rules: rules.set_interface(1, masquerade4=3),
        lambda rules: rules.set_interface(1, trusted=["host"]),
        lambda rules: rules.remove_interface(1),
        lambda rules: rules.remove_static("10.0.0.1"),
        lambda rules: rules.unexclude("10.0.0.0/8"),
        lambda rules: rules.exclude("10.0.0.0/40"),
        lambda rules: rules.set_local(["somewhere"]),
    ],
)
def test_what_is_wrong_is_refused_and_changes_nothing(wrong):
    rules = Rules(Flows(10))
    rules.publish("tcp", 80, 90, target="10.0.0.1", target_port=80)
    before = rules.rows().tolist()
    with pytest.raises(ValueError):
        wrong(rules)
    assert rules.rows().tolist() == before


def test_60_thousand_ports_and_a_thousand_addresses():
    """Each is found, and gone when taken back."""
    lab = Lab(V4)
    rules = {port: lab.rules.publish("tcp", port, port, target=SERVER(lab), target_port=80) for port in range(1, 60_001)}
    for number in range(1000):
        own = f"192.168.{number >> 8}.{number & 255}"
        lab.rules.publish("udp", 7, 7, target=DATABASE(lab), target_port=number + 1, address=own)
    public = address(V4, UPLINK, 2)
    for port in (1, 30_000, 60_000):
        assert lab.send(OUTSIDE(lab), public, tcp(5, port, "S"))[1].dst == SERVER(lab)
        lab.rules.unpublish(rules[port])
        assert lab.send(OUTSIDE(lab), public, tcp(6, port, "S"))[0] == "deliver"
    for number in (0, 500, 999):
        assert lab.send(OUTSIDE(lab), f"192.168.{number >> 8}.{number & 255}", udp(5, 7))[1].dport == number + 1
    assert TCP


def test_an_error_through_a_hairpin():
    """NAT-33: the server's error about a client next to it comes from the public address, and quotes what the client had sent."""
    lab = Lab(V4)
    lab.rules.publish("udp", 8080, 8080, target=SERVER(lab), target_port=80)
    public = address(V4, UPLINK, 2)
    sent = IP(src=CLIENT(lab), dst=public) / udp(5000, 8080)
    _, packet = lab.send(CLIENT(lab), public, udp(5000, 8080))
    _, error = lab.send(SERVER(lab), public, ICMP(type=3, code=3) / packet)
    assert (error.src, error.dst) == (public, CLIENT(lab))
    assert bytes(error[ICMP].payload) == bytes(sent)
