"""The kernel's bridge, routing and nftables are the judge of our gateway: equal frames in, equal frames out.

Permitted differences are those of docs/linux-differences.md, "The gateway"; each has a test here by its number.
"""

from __future__ import annotations

import random

import pytest

from tests.gateway import judge
from tests.gateway.fragments import thirds
from tests.gateway.world import World
from tests.live.oracle_nat import KernelGateway

pytestmark = pytest.mark.live

PUBLISHED = (("tcp", 8080, "a", 80), ("udp", 8080, "b", 80))
DATA = random.Random(99).randbytes(4000)


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"], scope="module")
def kernel(request):
    with KernelGateway(PUBLISHED) as gateway:
        gateway.v = request.param
        yield gateway


class Both:
    """The kernel's gateway and ours; ports of flows must be new in each test, since the kernel's flows live on."""

    def __init__(self, kernel: KernelGateway) -> None:
        self.kernel = kernel
        self.ours = World(kernel.v)
        self.rules = []
        self.publish(resumes=False)

    def publish(self, *, resumes):
        """Instead of what was published."""
        for number in self.rules:
            self.ours.rules.unpublish(number)
        self.rules = [
            self.ours.rules.publish(
                protocol, port, port, target=self.ours.at(host), target_port=inside, address=self.ours.at("up"), resumes=resumes
            )
            for protocol, port, host, inside in PUBLISHED
        ]

    def send(self, port, *packets, to=None):
        frames = [self.ours.framed(port, packet, to) for packet in packets]
        return self.kernel.send_frames(port, *frames), self.ours.send_frames(port, *frames)

    def same(self, port, packet, *expected, to=None):
        """Both let the same frames out, by these ports."""
        kernel, ours = self.send(port, packet, to=to)
        assert [one.port for one in kernel] == list(expected), "the kernel does otherwise"
        assert ours == kernel
        return ours


@pytest.fixture
def both(kernel):
    return Both(kernel)


KINDS = ["udp", "tcp", "icmp"]


@pytest.mark.row("NAT-1", "NAT-2")
@pytest.mark.parametrize("kind", KINDS)
def test_out_and_back(both, kind):
    """Whole frames: MACs, TTL, checksums, identification."""
    make = both.ours
    base = 2000 + 100 * KINDS.index(kind)
    for n, size in enumerate((0, 1, 2, 9, 100, 1399, 1400)):
        fields = {"payload": DATA[:size], "tos": 0x28, "id": n}
        both.same("a", make.query(kind, "a", base + n, "r1", 80, **fields), "up")
        both.same("up", make.answer(kind, "r1", 80, "up", base + n, **fields), "a")


@pytest.mark.row("NAT-15")
def test_a_connection(both):
    make = both.ours
    for flags, seq, ack, data in (("S", 99, 0, b""), ("A", 100, 500, b""), ("PA", 100, 500, b"GET"), ("FA", 103, 501, b"")):
        both.same("a", make.tcp("a", 3000, "r1", 80, flags, seq=seq, ack=ack, payload=data), "up")
        answer = {"S": ("SA", 499, 100), "A": None, "PA": ("PA", 500, 103), "FA": ("FA", 501, 104)}[flags]
        if answer:
            more = {"payload": b"x"} if "P" in answer[0] else {}
            both.same("up", make.tcp("r1", 80, "up", 3000, answer[0], seq=answer[1], ack=answer[2], **more), "a")


@pytest.mark.row("NAT-7", "NAT-17")
def test_who_may_come_in(both):
    make = both.ours
    both.same("a", make.udp("a", 3100, "r1", 53), "up")
    both.same("up", make.udp("r1", 53, "up", 3100), "a")
    both.same("up", make.udp("r2", 53, "a", 3100))
    both.same("up", make.tcp("r2", 53, "a", 3100))


@pytest.mark.row("NAT-32")
@pytest.mark.parametrize(("kind", "host"), [("tcp", "a"), ("udp", "b")])
def test_a_published_port(both, kind, host):
    make = both.ours
    for client, sport in (("r1", 5000), ("r1", 5001), ("r2", 5000)):
        both.same("up", make.query(kind, client, sport, "up", 8080), host)
        both.same(host, make.answer(kind, host, 80, client, sport), "up")


@pytest.mark.row("NAT-33")
@pytest.mark.parametrize(("kind", "host", "client"), [("tcp", "a", "b"), ("udp", "b", "a"), ("tcp", "a", "a"), ("udp", "b", "d")])
def test_hairpin(both, kind, host, client):
    """nftables is told to give it the uplink's address, as RFC 4787 REQ-9a wants; Docker's masquerading gives it the bridge's."""
    make = both.ours
    sport = 5100 + ord(client)
    both.same(client, make.query(kind, client, sport, "up", 8080), host)
    both.same(host, make.answer(kind, host, 80, "up", sport), client)


@pytest.mark.row("NAT-25", "NAT-26")
@pytest.mark.parametrize("error", ["port unreachable", "host unreachable", "too big", "time exceeded"])
@pytest.mark.parametrize("kind", KINDS)
def test_errors_from_outside(both, kind, error):
    make = both.ours
    number = 3200 + 10 * KINDS.index(kind) + len(error)
    (out,) = both.same("a", make.query(kind, "a", number, "r1", 80, payload=b"payload"), "up")
    both.same("up", make.error("hop", "up", error, out.packet, mtu=1280 if error == "too big" else 0), "a")


@pytest.mark.row("NAT-29")
def test_an_inside_hosts_error(both):
    make = both.ours
    (arrived,) = both.same("up", make.udp("r3", 5200, "up", 8080), "b")
    both.same("b", make.error("b", "r3", "port unreachable", arrived.packet), "up")


@pytest.mark.row("NAT-28", "NAT-27")
def test_errors_about_nothing(both):
    make = both.ours
    quoted = make.udp("up", 3999, "r1", 53, ttl=9)
    both.same("up", make.error("hop", "up", "port unreachable", quoted))
    both.same("a", make.error("a", "r1", "port unreachable", make.udp("r1", 53, "a", 3999)))


@pytest.mark.row("NAT-13")
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_fragments(both, order):
    """The kernel emits fragments of the sizes that came; ours as few as fit: compared after reassembly."""
    make = both.ours
    parts = thirds(make.udp("a", 3300 + order[0], "r1", 53, DATA[:3000]), id=5 + order[0])
    out = [both.send("a", parts[at]) for at in order]
    wholes = []
    for world in (0, 1):
        frames = [one for step in out for one in step[world]]
        assert {one.port for one in frames} == {"up"}
        wholes.append(judge.reassembled([one.packet for one in frames]))
    assert wholes[0].upper == wholes[1].upper
    assert wholes[0].header[12:20] == wholes[1].header[12:20] if make.v == 4 else wholes[0].header[8:40] == wholes[1].header[8:40]


@pytest.mark.row("L3-6", "L3-8", "NAT-30")
def test_errors_of_the_gateways_own(both):
    """Equal but for what difference 5 permits: the octets behind the outer IP header."""
    make = both.ours
    packet = make.udp("a", 3400, "r1", 53, b"x" * 20, ttl=1)
    kernel, ours = both.send("a", packet)
    assert [one.port for one in kernel] == [one.port for one in ours] == ["a"]
    assert judge.read(kernel[0].packet).upper == judge.read(ours[0].packet).upper


@pytest.mark.row("L3-1", "NAT-40")
def test_ten_thousand_random_packets(both):
    """Hosts, remotes, ports that no two hosts share, kinds, sizes, TTLs, answers: equal one by one."""
    chance = random.Random(2026)
    make = both.ours
    sent = []
    for step in range(10_000 // 4):
        host = chance.choice("abcdef")
        number = 10_000 + 5_000 * "abcdef".index(host) + chance.randrange(5_000)
        remote, kind = chance.choice(["r1", "r2", "r3"]), chance.choice(["udp", "udp", "icmp", "tcp"])
        fields = {"payload": DATA[: chance.choice([0, 1, 8, 64, 500, 1400])], "ttl": chance.choice([2, 64, 255]), "id": step}
        if kind == "tcp":
            number = 10_000 + 5_000 * "abcdef".index(host) + step
            fields["payload"] = b""
        both.same(host, make.query(kind, host, number, remote, 443, **fields), "up")
        sent.append((kind, host, number, remote))
        if chance.random() < 0.7:
            kind, host, number, remote = chance.choice(sent[-200:])
            if kind != "tcp":
                both.same("up", make.answer(kind, remote, 443, "up", number, **fields), host)


def external(frames):
    return [int.from_bytes(judge.read(one.packet).upper[:2], "big") for one in frames if one.port == "up"]


def test_difference_6_parity(both):
    """NAT-5: a re-chosen port keeps its parity with us; the kernel takes any."""
    make = both.ours
    kernel, ours = [], []
    for host in "abcdef":
        one, two = both.send(host, make.udp(host, 7001, "r1", 53))
        kernel += external(one)
        ours += external(two)
    assert len(set(kernel)) == len(set(ours)) == 6
    assert kernel[0] == ours[0] == 7001
    assert all(port % 2 for port in ours)


def test_difference_7_mapping(both):
    """NAT-6: where another host holds the port, ours is endpoint-independent still; the kernel's may be."""
    make = both.ours
    both.same("b", make.udp("b", 7101, "r1", 53), "up")
    found = [external(both.send("a", make.udp("a", 7101, remote, 53))[1]) for remote in ("r1", "r2", "r3")]
    assert found[0] == found[1] == found[2] != [7101]


@pytest.mark.parametrize("target", ["240.0.0.1", "169.254.7.7"])
def test_difference_8_martians(both, target):
    """L3-9, L3-10: the kernel forwards 240/4 and 169.254/16."""
    if both.ours.v == 6:
        pytest.skip("the addresses are IPv4's")
    kernel, ours = both.send("a", both.ours.udp("a", 7201, target, 53))
    assert [one.port for one in kernel] == ["up"]
    assert ours == []


def test_difference_9_corrupt(both):
    """NAT-12: a wrong UDP checksum is invalid to the kernel, which drops it when told to; it passes ours as corrupt as it came."""
    packet = bytearray(bytes(both.ours.udp("a", 7301, "r1", 53, b"data")))
    packet[-1] ^= 1
    kernel, ours = both.send("a", bytes(packet))
    assert kernel == []
    assert [one.port for one in ours] == ["up"]
    assert judge.faults(ours[0].packet)


@pytest.mark.row("NAT-21", "NAT-32")
def test_a_published_port_in_mid_stream(both):
    """nf_conntrack_tcp_loose: what a client sends in the middle of a connection goes where the rule leads, and is answered."""
    both.publish(resumes=True)
    make = both.ours
    for client, sport in (("r1", 5900), ("r2", 5900)):
        both.same("up", make.tcp(client, sport, "up", 8080, "PA", seq=700, ack=900, payload=b"more"), "a")
        both.same("a", make.tcp("a", 80, client, sport, "PA", seq=900, ack=704, payload=b"yes"), "up")
        both.same("up", make.tcp(client, sport, "up", 8080, "A", seq=704, ack=903), "a")


@pytest.mark.row("NAT-21", "NAT-32")
def test_20_a_server_that_speaks_first_in_mid_stream(both):
    """The kernel masquerades it, from a port that the client does not know: we answer from the published one."""
    both.publish(resumes=True)
    make = both.ours
    theirs, ours = both.send("a", make.tcp("a", 80, "r3", 5901, "PA", seq=900, ack=704, payload=b"yes"))
    assert [judge.read(one.packet).upper[:2] for one in (*theirs, *ours)] == [(80).to_bytes(2, "big"), (8080).to_bytes(2, "big")]
