"""Floods and full tables: half-open flows never push out established ones (issue), deletes, counts, memory."""

import random

import pytest

from tests.gateway.world import World

FULL = 512


def small(v, **flows):
    return World(v, flows={"capacity": FULL, **flows})


def fill_established(world, n):
    for at in range(n):
        world.handshake("a", 20_000 + at)


def syn_flood(world, host, n, seed=0):
    """SYNs of one container to random endpoints, in bursts."""
    chance = random.Random(seed)
    frame = world.framed(host, world.tcp(host, 1, "r1", 80, "S"))
    at = 14 + (20 if world.v == 4 else 40)
    head, tail, port = frame[:at], frame[at + 4 :], world.ports[host]
    for begin in range(0, n, 10_000):
        for _ in range(min(10_000, n - begin)):
            port.push(head + chance.randbytes(4) + tail)
        world.engine.run_until_idle(world.now)
        world.emitted()


@pytest.mark.row("NAT-37")
def test_a_syn_flood_leaves_established_flows_alone(v):
    """And new ones of others still open: they take the place of the oldest half-open flow."""
    world = small(v)
    fill_established(world, 100)
    syn_flood(world, "b", 5000)
    assert world.flows.count <= FULL
    data = {"seq": 100, "ack": 500, "payload": b"still"}
    for at in range(100):
        port = 20_000 + at
        world.passes("a", world.tcp("a", port, "r1", 80, "PA", **data), "up", world.tcp("up", port, "r1", 80, "PA", ttl=63, **data))
    for at in range(20):
        world.handshake("c", 30_000 + at)


@pytest.mark.row("NAT-37")
def test_after_a_million_syns_of_one_container(v):
    """1,000 established flows of others still pass, and 100 new ones open: with the default table, and one public address."""
    world = World(v, flows={"capacity": 65536})
    fill_established(world, 1000)
    syn_flood(world, "b", 1_000_000)
    data = {"seq": 100, "ack": 500, "payload": b"still"}
    for at in range(1000):
        port = 20_000 + at
        world.passes("a", world.tcp("a", port, "r1", 80, "PA", **data), "up", world.tcp("up", port, "r1", 80, "PA", ttl=63, **data))
    for at in range(100):
        world.handshake("c", 30_000 + at)


@pytest.mark.row("NAT-37")
def test_when_all_are_established_a_newcomer_is_refused(v):
    """Never an established one for a half-open one; the drop says why, and established ones go on."""
    world = small(v)
    fill_established(world, FULL)
    assert world.flows.count == FULL
    out = world.send("b", world.tcp("b", 4000, "r1", 80))
    assert [one for one in out if one.port == "up"] == []
    assert world.drops() == {"flow limit": 1}
    back = {"seq": 500, "ack": 100}
    world.passes("up", world.tcp("r1", 80, "up", 20_000, "A", **back), "a", world.tcp("r1", 80, "a", 20_000, "A", ttl=63, **back))
    world.advance(7445)
    world.handshake("b", 4000)


@pytest.mark.row("NAT-37")
def test_expired_flows_go_first(v):
    """Then the half-open ones, oldest first."""
    world = small(v)
    for at in range(FULL):
        world.opened("udp", "a", 10_000 + at)
    world.engine.turn(world.now)
    assert world.opened("udp", "b", 4000) == 4000
    assert world.flows.count == FULL
    world.vanishes("up", world.udp("r1", 53, "up", 10_000))
    world.passes("up", world.udp("r1", 53, "up", 10_001), "a", world.udp("r1", 53, "a", 10_001, ttl=63))


def test_answered_udp_stays_while_unanswered_goes(v):
    world = small(v)
    for at in range(100):
        world.opened("udp", "a", 10_000 + at)
        assert world.send("up", world.udp("r1", 53, "up", 10_000 + at))
    for at in range(2 * FULL):
        world.send("b", world.udp("b", 20_000 + at, "r2", 53))
    for at in range(100):
        assert len(world.send("up", world.udp("r1", 53, "up", 10_000 + at))) == 1


def test_memory_is_fixed_and_small(v):
    """128 octets a flow, all in, at a million; no more when they are there."""
    world = World(v, flows={"capacity": 1 << 20})
    before = world.flows.octets
    assert before <= 128 * (1 << 20)
    for at in range(200):
        world.opened("udp", "a", 10_000 + at)
    assert world.flows.octets == before


def test_flows_are_listed_and_deleted(world):
    for host in "ab":
        for remote in ("r1", "r2"):
            world.opened("udp", host, 4000, remote)
    world.handshake("c", 5000)
    rows = world.flows.rows(world.now)
    assert len(rows) == world.flows.count == 5
    tcp = rows[rows["source"] == world.at("c")][0]
    assert (tcp["target"].item(), int(tcp["target_port"])) == (world.at("r1"), 80)
    assert (tcp["reply_target"].item(), int(tcp["reply_target_port"])) == (world.at("up"), 5000)
    assert bool(tcp["assured"])
    assert world.flows.delete(source=world.at("a")) == 2
    assert world.flows.count == 3
    world.vanishes("up", world.udp("r1", 53, "up", 4000))
    assert world.flows.delete(protocol="tcp") == 1
    assert world.flows.delete() == 2
    assert world.flows.count == 0
    assert world.opened("udp", "a", 4000) == 4000


def test_what_is_deleted_gives_its_port_back(world):
    world.opened("udp", "a", 4000)
    assert world.opened("udp", "b", 4000) != 4000
    world.flows.delete()
    assert world.opened("udp", "b", 4000) == 4000


@pytest.mark.row("NAT-37")
def test_a_session_limit_is_the_tables_capacity(v):
    world = small(v)
    for at in range(3 * FULL):
        world.send("a", world.udp("a", 1024 + at, "r1", 53))
    assert world.flows.count == FULL


@pytest.mark.parametrize("capacity", [1, 2, 3, 64])
def test_tiny_tables(v, capacity):
    world = World(v, flows={"capacity": capacity})
    for at in range(200):
        world.send("a", world.udp("a", 1024 + at, "r1", 53))
        assert world.flows.count <= capacity
    assert len(world.send("up", world.udp("r1", 53, "up", 1024 + 199))) == 1


def test_churn_against_a_plain_model(v):
    """Opening, answering, expiring, deleting at random: every answer finds its host or nobody, as the model says."""
    world = World(v, flows={"capacity": 4096})
    chance = random.Random(v)
    last = {}
    for step in range(3000):
        if chance.random() < 0.02:
            world.advance(chance.choice([1, 50, 200]))
        host, port, remote = chance.choice("abcdef"), chance.choice(range(4000, 4010)), chance.choice(["r1", "r2", "r3"])
        out = world.send(host, world.udp(host, port, remote, 53))
        external = world.external(out)[1]
        last[external, remote] = (host, port, world.now)
        if chance.random() < 0.5:
            external, remote = chance.choice(list(last))
            host, port, when = last[external, remote]
            idle = (world.now - when) / 1e9
            found = world.send("up", world.udp(remote, 53, "up", external))
            if idle < 300 or (idle <= 302 and found):
                world.expect(found, (host, world.udp(remote, 53, host, port, ttl=63)))
                last[external, remote] = (host, port, world.now)
            elif idle > 302:
                assert found == [], step
                del last[external, remote]
