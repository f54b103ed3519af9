"""A million random, mutated and truncated frames into every node: nothing crashes (run it sanitised), nothing vanishes."""

import random

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from switch import SECOND, Switch, balanced, mac, octets

FRAMES = 1_000_000
ROUND = 20_000
STATIONS = [octets(mac(n)) for n in range(300)]
SPECIAL = [bytes(6), b"\xff" * 6, *(octets(f"01:80:c2:00:00:{n:02x}") for n in (0, 0x0E, 0x10)), octets("33:33:00:00:00:fb")]
GOOD = [
    bytes(Ether() / IP() / TCP() / bytes(100)),
    bytes(Ether() / IPv6() / UDP() / bytes(1400)),
    bytes(Ether() / Dot1Q(vlan=5) / IP() / UDP()),
    bytes(Ether() / ARP()),
    bytes(1514),
]


def made(chance: random.Random) -> bytes:
    """A plausible frame, a frame with some octets changed, a frame cut anywhere, or octets without meaning."""
    source = chance.choice(STATIONS if chance.random() < 0.95 else SPECIAL)
    target = chance.choice(STATIONS if chance.random() < 0.9 else SPECIAL)
    frame = target + source + chance.choice(GOOD)[12:]
    kind = chance.random()
    if kind < 0.5:
        return frame
    if kind < 0.7:
        at = chance.randrange(len(frame))
        return frame[:at] + chance.randbytes(4) + frame[at + 4 :]
    if kind < 0.9:
        return frame[: chance.randrange(len(frame) + 1)]
    if kind < 0.999:
        return chance.randbytes(chance.randrange(100))
    return frame + bytes(chance.randrange(65_549 - len(frame)))


def test_a_million_frames_into_a_bridge():
    """BR-12, BR-18, and the equation of every node, while members change, stations age and limits are met."""
    chance = random.Random(7)
    switch = Switch(
        6, limit=200, ageing=5 * SECOND, members={"a": {"hairpin": True}, "b": {"isolated": True}, "c": {"isolated": True}}
    )
    ports = list(switch.ports.items())
    now = sent = received = 0
    while sent < FRAMES:
        pool = [made(chance) for _ in range(500)]
        for number in range(ROUND):
            ports[chance.randrange(6)][1].push(pool[number % 500])
            if number % 97 == 0:
                now += chance.randrange(SECOND)
                switch.engine.turn(now)
        switch.engine.run_until_idle(now)
        sent += ROUND
        received += len(switch.emitted())
        assert balanced(switch.engine)
        letter, port = ports[chance.randrange(6)]
        port.lead_to(None)
        switch.bridge.remove_member(switch.members[letter])
        switch.members[letter] = switch.bridge.add_member(port, hairpin=chance.random() < 0.2, isolated=chance.random() < 0.3)
        port.lead_to(switch.bridge, switch.members[letter])
        port.set_mtu(chance.choice([68, 600, 1500, 9000]))
    traffic = switch.engine.traffic()
    assert traffic["in_frames"].sum() == sent
    assert traffic["out_frames"].sum() == received
    assert set(switch.dropped()) >= {"invalid source", "reserved address", "same port", "isolated"}
    assert len(switch.stations(now / SECOND)) <= 200
