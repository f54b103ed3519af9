"""What holds whatever the traffic: determinism, bursts of any size, order, clones, and changes while flows are under way."""

import random

import pytest

from tests.fastpath.outside import number
from tests.gateway import judge
from tests.gateway.fragments import thirds
from tests.gateway.neighbors import answer
from tests.gateway.plan import MACS
from tests.gateway.world import World

DATA = random.Random(4).randbytes(3000)


def traffic(world, n=600):
    """Frames of all kinds from all sides, by port; answers go to ports that were seen or guessed."""
    chance = random.Random(44)
    frames = []
    for step in range(n):
        host, remote = chance.choice("abcdef"), chance.choice(["r1", "r2", "near"])
        kind, port = chance.choice(["udp", "udp", "tcp", "icmp"]), chance.choice([4000, 4001, 80])
        if chance.random() < 0.3:
            packet = world.answer(kind, remote, 53, "up", port, payload=DATA[: chance.choice([0, 100])])
            frames.append(("up", world.framed("up", packet)))
        elif chance.random() < 0.1:
            for part in thirds(world.udp(host, port, remote, 53, DATA[:2000]), id=step):
                frames.append((host, world.framed(host, part)))
        else:
            packet = world.query(
                kind, host, port, remote, 53, payload=DATA[: chance.choice([0, 100, 1300])], ttl=chance.choice([1, 2, 64])
            )
            frames.append((host, world.framed(host, packet)))
    return frames


def run(world, frames, burst):
    """All of it by one port after another as it comes, in bursts of so many."""
    out = []
    for at in range(0, len(frames), burst):
        for port, frame in frames[at : at + burst]:
            world.ports[port].push(frame)
            if burst == 1:
                break
        world.engine.run_until_idle(world.now)
        out += world.emitted()
    return out


def test_equal_seeds_and_frames_give_equal_output(v):
    """DESIGN, idea 3, bit for bit."""
    one, two = ((world := World(v, seed=9), run(world, traffic(world), 8))[1] for _ in range(2))
    assert one == two
    other = World(v, seed=10)
    assert run(other, traffic(other), 8) != one


@pytest.mark.parametrize("burst", [2, 7, 64, 255, 256])
def test_the_size_of_bursts_changes_nothing(v, burst):
    """From one port: the same packets leave by the same ports in the same order, however many came at once."""
    alone, together = World(v), World(v)
    frames = [(port, frame) for port, frame in traffic(alone) if port == "a"] * 3
    single = run(alone, frames, 1)
    many = run(together, frames, burst)
    for port in alone.ports:
        assert [one.frame for one in many if one.port == port] == [one.frame for one in single if one.port == port]


@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_packets_of_one_flow_stay_in_order_from_the_first_on(world, kind):
    """The first takes the long way, the others the short one, in one burst."""
    packets = [world.query(kind, "a", 4000, "r1", 80, payload=bytes([n]) * 8) for n in range(200)]
    if kind == "tcp":
        packets = [world.tcp("a", 4000, "r1", 80, "PA", seq=1 + 8 * n, ack=1, payload=bytes([n]) * 8) for n in range(200)]
    out = world.send("a", *packets)
    assert [judge.read(one.packet).upper[-8] for one in out] == list(range(200))


@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
@pytest.mark.parametrize("size", [0, 60, 100, 128, 129, 1000, 1400])
def test_flooded_frames_are_translated_too(world, kind, size):
    """The bridge does not know the gateway's MAC: the router gets a clone, whose octets past 128 are others' as well."""
    world.bridges["front"].forget(number(MACS["gw"]))
    before = world.query(kind, "a", 4000, "r1", 80, payload=DATA[:size])
    out = world.send("a", before)
    assert sorted(one.port for one in out) == ["b", "c", "up"]
    for one in out:
        wanted = world.query(kind, "up", 4000, "r1", 80, payload=DATA[:size], ttl=63) if one.port == "up" else before
        assert one.packet == bytes(wanted), one.port


def test_flooded_fragments_and_errors(world):
    """Reassembled from clones; an error that quotes one."""
    world.bridges["front"].forget(number(MACS["gw"]))
    out = [one for part in thirds(world.udp("a", 4000, "r1", 80, DATA[:1200])) for one in world.send("a", part)]
    translated = [one.packet for one in out if one.port == "up"]
    assert judge.reassembled(translated).upper == judge.read(bytes(world.udp("up", 4000, "r1", 80, DATA[:1200]))).upper
    packet = world.udp("a", 4000, "r1", 80, DATA[:1000], ttl=1)
    errors = [one for one in world.send("a", packet) if one.port == "a"]
    assert len(errors) == 1
    quote = judge.read(errors[0].packet).upper[8:]
    assert quote == bytes(packet)[: len(quote)]
    inside = world.error("a", "r1", "port unreachable", world.udp("r1", 80, "a", 4000, DATA[:400]))
    outside = world.error("up", "r1", "port unreachable", world.udp("r1", 80, "up", 4000, DATA[:400]), ttl=63)
    assert [one.packet for one in world.send("a", inside) if one.port == "up"] == [bytes(outside)]


def test_a_flow_follows_a_changed_route(world):
    """The way that a flow remembers is asked anew after a change of routes."""
    for _ in range(3):
        world.opened("udp", "a", 4000)
    prefix = "192.0.2.10/32" if world.v == 4 else "2001:db8:1::10/128"
    world.router.add_route(prefix, interface=world.interfaces["up"], gateway=world.at("near"))
    out = world.send("a", world.udp("a", 4000, "r1", 53))
    assert [one.frame for one in out] == [world.outward("up", world.udp("up", 4000, "r1", 53, ttl=63), to="near")]
    world.router.remove_route(prefix)
    world.passes("a", world.udp("a", 4000, "r1", 53), "up", world.udp("up", 4000, "r1", 53, ttl=63))


def test_a_flow_follows_its_neighbors_new_mac(world):
    world.opened("udp", "a", 4000)
    for _ in range(3):
        world.passes("up", world.udp("r1", 53, "up", 4000), "a", world.udp("r1", 53, "a", 4000, ttl=63))
    world.router.add_neighbor(world.interfaces["gw"], world.at("a"), number(MACS["b"]))
    out = world.send("up", world.udp("r1", 53, "up", 4000))
    assert [one.port for one in out] == ["b"]


def test_a_flow_follows_a_smaller_mtu(world):
    """Known ways too: too big from now on."""
    big = world.udp("a", 4000, "r1", 53, DATA[:1350], df=True)
    assert len(world.send("a", big)) == 1
    world.router.set_interface(world.interfaces["up"], mtu=1280)
    (out,) = world.send("a", big)
    assert out.port == "a"


def test_a_removed_interface_takes_nothing_with_it(world):
    """Frames for it are ignored; flows to hosts behind it end in a named drop; the others go on."""
    world.opened("udp", "d", 4000)
    world.opened("udp", "a", 4001)
    world.rules.remove_interface(world.interfaces["gw-back"])
    world.router.remove_interface(world.interfaces["gw-back"])
    out = world.send("up", world.udp("r1", 53, "up", 4000))
    assert out == [], "an inside address does not leave by the uplink"
    assert sum(world.drops().values()) == 1
    assert world.send("d", world.udp("d", 4000, "r1", 53)) == []
    world.passes("up", world.udp("r1", 53, "up", 4001), "a", world.udp("r1", 53, "a", 4001, ttl=63))


def test_a_removed_pool_keeps_its_flows(world):
    """What is under way goes on; new flows take the other pool."""
    other = world.flows.add_pool([world.at("pub1")])
    world.opened("udp", "a", 4000)
    chosen = {"kind": "network", "name": "front", "ipv4": "nat", "ipv6": "nat", "masquerade4": other, "masquerade6": other}
    world.rules.set_interface(world.interfaces["gw"], **chosen)
    for network in ("gw-back", "gw-inner"):
        world.rules.set_interface(world.interfaces[network], **{**chosen, "name": network})
    world.flows.remove_pool(world.pool)
    world.passes("up", world.udp("r1", 53, "up", 4000), "a", world.udp("r1", 53, "a", 4000, ttl=63))
    world.passes("a", world.udp("a", 4000, "r1", 53), "up", world.udp("up", 4000, "r1", 53, ttl=63))
    world.passes("a", world.udp("a", 4002, "r1", 53), "up", world.udp("pub1", 4002, "r1", 53, ttl=63))


def test_an_idle_gateway_has_no_timer(world):
    """When all flows are gone nothing wakes the engine."""
    world.opened("udp", "a", 4000)
    assert world.engine.next_due is not None
    world.advance(310)
    assert world.flows.count == 0
    assert world.engine.next_due is None


def test_waiting_for_a_neighbor_does_not_disturb_a_flow(v):
    """Packets of a new flow wait for the next hop, untranslated as they came, and leave translated in order."""
    world = World(v, ask=True)
    world.know("a")
    packets = [world.udp("a", 4000, "r1", 53, bytes([n])) for n in range(5)]
    asked = world.send("a", *packets)
    assert len(asked) == 1
    assert world.engine.held == 5
    out = world.send_frames("up", answer(world, "isp")) + world.send("a", world.udp("a", 4000, "r1", 53, b"\5"))
    world.expect(out, *(("up", world.udp("up", 4000, "r1", 53, bytes([n]), ttl=63)) for n in range(6)))
