"""Tracking without TCP: what is known, for how long, and who goes when the table is full."""

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import GRE
from scapy.layers.sctp import SCTP, SCTPChunkInit

from fastpath.flows import Flows
from tests.fastpath.tracked import FAMILIES, SECOND, TICK, V4, World, tcp, udp


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request):
    return request.param


def test_out_and_back(family):
    """NAT-1, NAT-2: the source becomes the outside address, the port stays; the reply finds its way."""
    world = World(family)
    word, packet = world.out(udp(5000, 53))
    assert (word, packet.src, packet.dst, packet.sport, packet.dport) == ("forward", family.outside[0], family.remote[0], 5000, 53)
    word, packet = world.back(udp(53, 5000))
    assert (word, packet.src, packet.dst, packet.sport, packet.dport) == ("forward", family.remote[0], family.inside[0], 53, 5000)


def test_without_a_pool_nothing_changes(family):
    world = World(family, addresses=0)
    frame = family.packet(family.inside[0], family.remote[0], udp(1, 2))
    assert world.trial.handle(frame, SECOND)[1] == frame
    frame = family.packet(family.remote[0], family.inside[0], udp(2, 1))
    assert world.trial.handle(frame, SECOND, opens=False)[1] == frame


@pytest.mark.parametrize("port", [1, 1023, 1024, 65535])
def test_edge_ports_are_kept(family, port):
    """NAT-2."""
    world = World(family)
    assert world.out(udp(port, 53))[1].sport == port


def test_two_hosts_of_one_port(family):
    """NAT-3: different outside ports, and each reply finds its host."""
    world = World(family)
    first, second = (world.out(udp(5000, 53), source=host)[1].sport for host in (0, 1))
    assert first != second
    assert world.back(udp(53, first))[1].dst == family.inside[0]
    assert world.back(udp(53, second))[1].dst == family.inside[1]


def test_another_remote_port_is_no_reply(family):
    """NAT-7: address and port have to be those that were sent to."""
    world = World(family)
    world.out(udp(5000, 53))
    assert world.back(udp(54, 5000))[0] == "no flow"
    assert world.back(udp(53, 5000), source=1)[0] == "no flow"
    assert world.back(udp(53, 5001))[0] == "no flow"


def test_protocols_have_ports_of_their_own(family):
    """NAT-40: TCP and UDP of one port do not meet."""
    world = World(family)
    assert world.out(udp(5000, 53))[1].sport == 5000
    assert world.out(tcp(5000, 53, "S"), source=1)[1].sport == 5000


@pytest.mark.parametrize(("seconds", "lives"), [(119, True), (299, True), (301.1, False)])
def test_udp_lives_five_minutes_without_a_reply(family, seconds, lives):
    """NAT-8."""
    world = World(family)
    world.out(udp(5000, 53))
    world.wait(seconds)
    assert world.back(udp(53, 5000))[0] == ("forward" if lives else "no flow")


def test_packets_refresh(family):
    """NAT-9: outbound ones, and inbound ones too."""
    world = World(family)
    world.out(udp(5000, 53))
    for _ in range(4):
        world.wait(200)
        assert world.out(udp(5000, 53), opens=False)[0] == "forward"
        world.wait(200)
        assert world.back(udp(53, 5000))[0] == "forward"


def test_echo(family):
    """NAT-23: identifiers are distinct for one target, and restored."""
    world = World(family)
    first = world.out(family.echo(77))[1]
    second = world.out(family.echo(77), source=1)[1]
    assert first.src == second.src == family.outside[0]
    assert first.lastlayer().underlayer is not None
    ids = [packet.payload.id for packet in (first, second)]
    assert ids[0] == 77 != ids[1]
    for host, identifier in enumerate(ids):
        answer = world.back(family.echo(identifier, reply=True))[1]
        assert answer.dst == family.inside[host]
        assert answer.payload.id == 77
    assert world.back(family.echo(4711, reply=True))[0] == "no flow"
    assert world.send(family.packet(family.remote[0], family.outside[0], family.echo(4711, reply=True)))[0] == "invalid state"


@pytest.mark.parametrize(("seconds", "lives"), [(59.5, True), (61.1, False)])
def test_echo_lives_a_minute(family, seconds, lives):
    """NAT-24."""
    world = World(family)
    world.out(family.echo(77))
    world.wait(seconds)
    assert world.back(family.echo(77, reply=True))[0] == ("forward" if lives else "no flow")


def test_linux_timeouts(family):
    world = World(family, Flows(100, timeouts="linux"))
    world.out(udp(5000, 53))
    world.wait(31)
    assert world.back(udp(53, 5000))[0] == "no flow"
    world.out(udp(5001, 53))
    world.back(udp(53, 5001))
    world.wait(119)
    assert world.back(udp(53, 5001))[0] == "forward"
    world.wait(121)
    assert world.back(udp(53, 5001))[0] == "no flow"


def test_gre_by_address():
    """NAT-36: translated by address; a second host of the same remote cannot be told apart, and is dropped."""
    world = World(V4)
    packet = world.out(GRE(proto=0x800) / IP() / UDP())[1]
    assert packet.src == V4.outside[0]
    assert world.back(GRE(proto=0x800) / IP() / UDP())[1].dst == V4.inside[0]
    assert world.out(GRE(proto=0x800) / IP() / UDP(), source=1)[0] == "ports exhausted"
    assert world.out(GRE(proto=0x800) / IP() / UDP(), source=1, target=1)[0] == "forward"


def test_sctp_ports_and_checksum(family):
    """NAT-36: the CRC32c covers the ports (RFC 9260, 6.8); tracked.good compares it with Scapy's."""
    world = World(family)
    assert world.out(SCTP(sport=9, dport=7) / SCTPChunkInit())[1].sport == 9
    moved = world.out(SCTP(sport=9, dport=7) / SCTPChunkInit(), source=1)[1]
    assert moved.src == family.outside[0]
    assert moved.sport != 9
    assert world.back(SCTP(sport=7, dport=moved.sport) / SCTPChunkInit())[1].dport == 9


def test_a_client_of_two_ports_of_one_service(family):
    """Two published ports that lead to one endpoint: the client's second flow gets another source port, and both work."""
    world = World(family, addresses=0)
    frames = [family.packet(family.remote[0], family.outside[0], udp(5000, port)) for port in (8080, 8081)]
    seen = []
    for frame in frames:
        _, packet = world.send(frame, target=family.inside[0], target_port=80)
        assert (packet.dst, packet.dport, packet.src) == (family.inside[0], 80, family.remote[0])
        seen.append(packet.sport)
    assert seen[0] == 5000 != seen[1]
    for sport, port in zip(seen, (8080, 8081), strict=True):
        _, packet = world.send(family.packet(family.inside[0], family.remote[0], udp(80, sport)), opens=False)
        assert (packet.src, packet.sport, packet.dport) == (family.outside[0], port, 5000)


# -- the limit ----------------------------------------------------------------------------------------------------------


def test_the_oldest_half_open_flow_goes_first(family):
    world = World(family, Flows(4))
    for port in range(4):
        world.out(udp(5000 + port, 53))
        world.wait(2)
    assert world.out(udp(6000, 53))[0] == "forward"
    assert world.back(udp(53, 5000))[0] == "no flow"
    assert world.back(udp(53, 5001))[0] == "forward"
    assert world.flows.count == 4


def test_an_expired_flow_goes_before_a_half_open_one(family):
    world = World(family, Flows(2))
    world.out(family.echo(1))
    world.wait(30)
    world.out(udp(5000, 53))
    world.wait(31.2)
    world.out(udp(5001, 53))
    assert world.back(udp(53, 5000))[0] == "forward"
    counters = world.flows.named_counters()
    assert (counters["expired"], counters["recycled"]) == (1, 0)


def test_answered_flows_never_go(family):
    """A table full of them refuses newcomers."""
    world = World(family, Flows(3))
    for port in range(3):
        world.out(udp(5000 + port, 53))
        world.back(udp(53, 5000 + port))
    assert world.out(udp(6000, 53))[0] == "flow limit"
    assert all(world.back(udp(53, 5000 + port))[0] == "forward" for port in range(3))


def test_64_flows_a_call_expire(family):
    world = World(family, Flows(1000))
    for port in range(200):
        world.out(udp(5000 + port, 53))
    due = world.trial.expire(world.now)
    assert 300 * SECOND <= due - world.now <= 300 * SECOND + 2 * TICK
    world.now = due
    left = []
    while world.flows.count:
        again = world.trial.expire(world.now)
        left.append(world.flows.count)
        assert again > world.now
        assert world.flows.count == 0 or world.trial.expire(world.now) == again, "no more of them in the same turn"
        assert world.flows.count == left[-1]
        world.now = min(again, world.now + SECOND)
    assert left == [136, 72, 8, 0]
    assert world.trial.expire(world.now) == 2**63 - 1


# -- for people ---------------------------------------------------------------------------------------------------------


def test_rows_and_deletion(family):
    world = World(family)
    world.out(udp(5000, 53))
    world.out(tcp(5000, 80, "S"), source=1)
    world.wait(1)
    row = world.flows.rows(world.now)[0]
    assert (row["protocol"], row["source"], row["source_port"]) == (17, family.inside[0], 5000)
    assert (row["target"], row["target_port"], row["reply_source"]) == (family.remote[0], 53, family.remote[0])
    assert (row["reply_target"], row["reply_target_port"], row["state"]) == (family.outside[0], 5000, "unanswered")
    assert abs(int(row["idle_ns"]) - SECOND) <= TICK
    assert world.flows.rows(world.now)[1]["state"] == "SYN sent"
    assert [len(world.flows.rows(world.now, **some)) for some in ({"limit": 1}, {"protocol": 6}, {"target_port": 53})] == [1, 1, 1]
    assert world.flows.matching(world.now, source=family.inside[1], protocol="tcp", source_port=5000) == 1
    assert world.flows.matching(world.now, target=family.inside[1]) == 0
    assert world.flows.delete(protocol="udp", source=family.inside[1]) == 0
    assert world.flows.delete(protocol="udp") == 1
    assert world.back(udp(53, 5000))[0] == "no flow"
    world.wait(241)
    assert len(world.flows.rows(world.now)) == 0
    assert world.flows.delete() == 1
    assert world.flows.count == 0


def test_128_octets_a_flow():
    """All in: records, index, known addresses, ports of 64 addresses; also with filtering that needs a fourth reference."""
    for settings in ({}, {"mapping": "endpoint-dependent"}, {"filtering": "endpoint-independent"}):
        flows = Flows(1_000_000, **settings)
        flows.add_pool([f"203.0.113.{n}" for n in range(64)])
        assert flows.octets <= 128_000_000, (settings, flows.octets)


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"mapping": "cone"}, {"filtering": "none"}, {"timeouts": {"dns": 3}},
                                   {"timeouts": {"udp": 0}}, {"timeouts": "bsd"}])  # fmt: skip
def test_what_is_not_known_is_refused(wrong):
    with pytest.raises(ValueError):
        Flows(**wrong)


def test_pools_come_and_go(family):
    world = World(family, addresses=0)
    pool = world.flows.add_pool([family.outside[0]])
    assert world.out(udp(5000, 53), pool=pool)[1].src == family.outside[0]
    world.flows.remove_pool(pool)
    assert world.back(udp(53, 5000))[0] == "forward"
    assert world.out(udp(5001, 53), pool=pool)[0] == "ports exhausted"
    with pytest.raises(ValueError, match="no pool"):
        world.flows.remove_pool(pool)
    assert world.flows.add_pool([family.outside[1]]) == pool
    assert world.out(udp(5001, 53), pool=pool)[1].src == family.outside[1]
