"""Which outside endpoint an inside endpoint gets, and who may send to it."""

import pytest

from fastpath.flows import Flows
from tests.fastpath.tracked import FAMILIES, V4, World, tcp, udp

DEPENDENT = "endpoint-dependent"


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request):
    return request.param


def test_one_outside_port_whatever_the_target(family):
    """NAT-6, also where another host holds the wanted port."""
    world = World(family)
    world.out(udp(5000, 53))
    ports = {world.out(udp(5000, 53 + target), source=1, target=target)[1].sport for target in range(20)}
    assert len(ports) == 1
    assert ports != {5000}
    for target in range(20):
        assert world.back(udp(53 + target, *ports), source=target)[1].dst == family.inside[1]


def test_the_mapping_lives_as_long_as_one_of_its_flows(family):
    """Its first flow may go before the others, and comes back to the same port."""
    world = World(family)
    world.out(udp(5000, 53))
    port = world.out(udp(5000, 1), source=1)[1].sport
    world.wait(200)
    world.out(udp(5000, 2), source=1)
    world.wait(150)
    world.trial.expire(world.now)
    assert world.flows.count == 1
    assert world.out(udp(5000, 3), source=1)[1].sport == port
    world.flows.delete()
    assert world.out(udp(port, 3), source=2)[1].sport == port


def test_dependent_mapping_keeps_the_port_for_other_targets(family):
    world = World(family, Flows(100, mapping=DEPENDENT))
    assert world.out(udp(5000, 53))[1].sport == 5000
    assert world.out(udp(5000, 54), source=1)[1].sport == 5000
    third = world.out(udp(5000, 53), source=1)[1].sport
    assert third != 5000
    assert world.back(udp(54, 5000))[1].dst == family.inside[1]
    assert world.back(udp(53, 5000))[1].dst == family.inside[0]
    assert world.back(udp(53, third))[1].dst == family.inside[1]


@pytest.mark.parametrize("mapping", ["endpoint-independent", DEPENDENT])
@pytest.mark.parametrize("port", [2, 999, 5000, 5001, 65535])
def test_class_and_parity(family, mapping, port):
    """NAT-4, NAT-5."""
    world = World(family, Flows(1000, mapping=mapping))
    for host in range(100):
        got = world.out(udp(port, 53), source=host)[1].sport
        assert got % 2 == port % 2
        assert (got < 1024) == (port < 1024)


@pytest.mark.parametrize("mapping", ["endpoint-independent", DEPENDENT])
def test_a_class_is_used_up_to_its_last_port(family, mapping):
    """NAT-4, NAT-37: 1,023 of the lower class, of either parity in the end; then the reason is named, and who has one keeps it."""
    world = World(family, Flows(2000, mapping=mapping))
    hosts = [world.out(udp(100, 53), source=host % 1000, target=0) for host in range(1000)]
    more = [world.out(udp(101, 53), source=host, target=0) for host in range(23)]
    ports = {packet.sport for _, packet in hosts + more}
    assert ports == set(range(1, 1024))
    assert world.out(udp(101, 53), source=30)[0] == "ports exhausted"
    assert world.flows.named_counters()["exhausted"] == 1
    assert world.out(udp(5000, 53), source=30)[0] == "forward"
    assert world.back(udp(53, hosts[7][1].sport))[1].dst == family.inside[7]
    if mapping == DEPENDENT:
        assert world.out(udp(101, 53), source=30, target=1)[0] == "forward"
    world.wait(301.1)
    assert world.out(udp(101, 53), source=30)[0] == "forward"


def test_a_full_upper_class_is_searched_quickly():
    """All 64,512 ports are given, each once."""
    world = World(V4, Flows(70_000))
    trial, pool = world.trial, world.pool
    frames = [V4.packet(V4.inside[host], V4.remote[0], udp(1024, 53)) for host in range(1000)]
    for frame in frames:
        assert trial.handle(frame, world.now, pool=pool)[0].startswith("forward")
    base = bytearray(frames[0])
    for number in range(1000, 64512):
        base[26:30] = bytes((10, 77, number >> 8, number & 255))
        base[24:26] = checksum(base[14:34])
        assert trial.handle(bytes(base), world.now, pool=pool)[0].startswith("forward")
    rows = world.flows.rows(world.now)
    assert set(rows["reply_target_port"]) == set(range(1024, 65536))
    base[26:30] = bytes((10, 78, 0, 1))
    base[24:26] = checksum(base[14:34])
    assert trial.handle(bytes(base), world.now, pool=pool)[0] == "ports exhausted"


def checksum(header: bytearray) -> bytes:
    from fastpath.wire import checksum as of

    return of(bytes(header[:10]) + b"\0\0" + bytes(header[12:])).to_bytes(2, "big")


def test_a_half_open_tcp_mapping_goes_where_no_port_is_left():
    """The oldest goes for a newcomer, as at the table's limit: who floods with SYNs takes nobody's way out."""
    world = World(V4, Flows(5000))
    for number in range(1023):
        assert world.out(tcp(1 + number, 80, "S", 1), source=0)[0] == "forward"
    assert world.out(tcp(7, 80, "S", 1), source=1)[1].sport == 1


# -- several addresses --------------------------------------------------------------------------------------------------


def test_a_host_has_one_of_several_addresses(family):
    """NAT-38: paired; replies return; hosts spread over all."""
    world = World(family, addresses=4)
    used = set()
    for host in range(40):
        sources = {world.out(udp(port, 53, b""), source=host)[1].src for port in (1, 5000, 6000)}
        sources |= {world.out(tcp(5000, 80, "S"), source=host)[1].src}
        assert len(sources) == 1
        used |= sources
    assert used == set(family.outside)


def test_unpaired_hosts_go_on_to_the_next_address():
    world = World(V4, Flows(5000), addresses=0)
    pool = world.flows.add_pool(V4.outside[:2], paired=False)
    sent = [world.out(udp(port, 53), source=host, pool=pool)[1] for host in range(2) for port in range(1, 1024)]
    assert len({(packet.src, packet.sport) for packet in sent}) == 2046
    assert world.out(udp(3, 53), source=3, pool=pool)[0] == "ports exhausted"
    again = world.out(udp(77, 54), source=1, pool=pool)[1]
    assert (again.src, again.sport) == (sent[1023 + 76].src, sent[1023 + 76].sport)


def test_a_pool_of_both_families():
    flows = Flows(100)
    pool = flows.add_pool([V4.outside[0], FAMILIES[1].outside[0]])
    for family in FAMILIES:
        world = World(family, flows, addresses=0)
        assert world.out(udp(5000, 53), pool=pool)[1].src == family.outside[0]
    only = flows.add_pool([V4.outside[0]])
    assert World(FAMILIES[1], flows, addresses=0).out(udp(5001, 53), pool=only)[0] == "ports exhausted"


# -- filtering ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filtering", "same", "other_port", "other_host"),
    [
        ("address-and-port-dependent", True, False, False),
        ("address-dependent", True, True, False),
        ("endpoint-independent", True, True, True),
    ],
)
def test_who_may_send_to_a_mapping(family, filtering, same, other_port, other_host):
    """NAT-7. A flow from outside is as good as one from inside: replies go back by it."""
    world = World(family, Flows(100, filtering=filtering))
    world.out(udp(5000, 53), source=1)
    port = world.out(udp(5000, 53), source=0)[1].sport
    for allowed, remote, remote_port in ((same, 0, 53), (other_port, 0, 99), (other_host, 7, 99)):
        word, packet = world.back(udp(remote_port, port), source=remote, opens=True, mapping=True)
        if allowed:
            assert (packet.dst, packet.dport) == (family.inside[0], 5000)
            answer = world.out(udp(5000, remote_port), target=remote, opens=False)[1]
            assert (answer.src, answer.sport) == (family.outside[0], port)
        else:
            assert word == "filtered"


def test_filtering_by_address_follows_its_flows(family):
    """An address is let in as long as one flow to it lives, in whatever order they end."""
    world = World(family, Flows(100, filtering="address-dependent"))
    for target in (0, 1, 0, 2, 1, 0):
        world.out(udp(5000, 100 + world.flows.count), target=target)

    def lets_in(target):
        word, _ = world.back(udp(9, 5000), source=target, opens=True, mapping=True)
        world.flows.delete(target_port=9)
        return word == "forward"

    assert [lets_in(target) for target in range(4)] == [True, True, True, False]
    assert world.flows.delete(target_port=100) == 1
    assert world.flows.delete(target_port=104) == 1
    assert [lets_in(target) for target in range(4)] == [True, True, True, False]
    assert world.flows.delete(target_port=102) + world.flows.delete(target_port=105) == 2
    assert [lets_in(target) for target in range(4)] == [False, True, True, False]
    assert world.flows.delete(target_port=101) + world.flows.delete(target_port=103) == 2
    assert [lets_in(target) for target in range(4)] == [False, False, False, False]


def test_an_open_mapping_closes_with_its_flows(family):
    world = World(family, Flows(100, filtering="endpoint-independent"))
    world.out(udp(5000, 53))
    world.wait(301.1)
    assert world.back(udp(99, 5000), source=7, opens=True, mapping=True)[0] == "filtered"


def test_tcp_from_outside_by_an_open_mapping(family):
    """The states count from who began: here the outside did."""
    world = World(family, Flows(100, filtering="endpoint-independent"))
    world.out(tcp(5000, 80, "S", 1))
    syn = tcp(99, 5000, "S", 500)
    assert world.back(syn, source=7, opens=True, mapping=True)[1].dst == family.inside[0]
    assert world.out(tcp(5000, 99, "SA", 70, 501), target=7, opens=False)[0] == "forward"
    assert world.back(tcp(99, 5000, "A", 501, 71), source=7)[0] == "forward"
    assert {"established", "SYN sent"} == {row["state"] for row in world.flows.rows(world.now)}
    assert world.back(tcp(99, 5000, "R", 501), source=7)[0] == "forward"
    assert "closed" in {row["state"] for row in world.flows.rows(world.now)}
