"""A million SYNs from one container hurt nobody else."""

from fastpath.flows import Flows
from fastpath.trial import Load
from tests.fastpath.tracked import SECOND, V4, World, tcp

FLOOD = 1_000_000
ESTABLISHED = 1000


def syns(count: int) -> list[bytes]:
    """SYNs of one more inside host from every port to many targets, their checksums as Scapy's first packet has them, adjusted."""
    base = bytearray(V4.packet("10.9.9.9", "198.18.0.1", tcp(1024, 80, "S", 1)))
    frames = []
    for number in range(count):
        base[34:36] = (1024 + number % 64_000).to_bytes(2, "big")
        base[36:38] = (80 + number // 64_000).to_bytes(2, "big")
        frames.append(bytes(base))
    return frames


def test_a_million_syns_of_one_host():
    """1,000 established flows of others still pass, both ways, and 100 new ones open: default capacity, one address."""
    world = World(V4, Flows())
    ports = {}
    for host in range(ESTABLISHED):
        ports[host] = world.out(tcp(5000, 80, "S", 1), source=host)[1].sport
        assert world.back(tcp(80, ports[host], "SA", 1, 2))[0] == "forward"
        assert world.out(tcp(5000, 80, "A", 2, 2), source=host)[0] == "forward"
    load = Load(world.flows, syns(FLOOD))
    passed, refused, _ = load.run(FLOOD, world.now, 1000, pool=world.pool)
    assert passed + refused == FLOOD
    assert world.flows.count <= world.flows.capacity
    world.wait(1)
    for host, port in ports.items():
        assert world.out(tcp(5000, 80, "PA", 2, 2, b"x"), source=host, opens=False)[0] == "forward"
        assert world.back(tcp(80, port, "A", 2, 3))[0] == "forward"
    for host in range(100):
        word, packet = world.out(tcp(6000 + host, 80, "S", 1), source=host)
        assert word == "forward"
        assert world.back(tcp(80, packet.sport, "SA", 1, 2))[1].dst == V4.inside[host]
        assert world.out(tcp(6000 + host, 80, "A", 2, 2), source=host)[0] == "forward"
    assert world.now < 10 * SECOND
