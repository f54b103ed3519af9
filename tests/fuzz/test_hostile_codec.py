"""Hostile frames into VXLAN and out of it, without a VTEP: any octets, offload facts that were guessed, outer headers that lie."""

import io
import os
import random

from files import ETHERNET, Files
from pool import Pool
from pool import frame as pool_frame
from test_nodes import assert_nothing_vanished, entered, reasons

from fastpath import Capture, Decapsulator, Encapsulator, Engine, MemoryPort, Node, Outbox, PcapPort, PcapWriter, Replay
from tests.fuzz.counted import FRAMES
from tests.vxlan.stage import ENDS, Push

SETTINGS = (
    {},
    {"checksum": True, "ttl": -1, "dscp": -1},
    {"checksum": False, "strip_vlan": True},
    {"source_port": 0, "ttl": 0, "dscp": 63, "port": 8472},
)


def tunnels(engine: Engine) -> Encapsulator:
    """All settings, by IPv4 and by IPv6."""
    node = Encapsulator(engine, "encap")
    for ends in ENDS.values():
        for vni, settings in enumerate(SETTINGS, 1):
            node.add_tunnel(vni, **ends, **settings)
    return node


def networks(engine: Engine, ports: list[MemoryPort], **settings) -> Decapsulator:
    """VNIs 1 and 2 apart, the others together, the rest along."""
    node = Decapsulator(engine, "decap", note=True, **settings)
    for vni, port in enumerate(ports[:2], 1):
        node.lead_network(vni, port)
    node.lead_all(ports[2])
    node.lead_rest(ports[3])
    return node


def memory(node: Node, outbox: Outbox, count: int) -> list[MemoryPort]:
    return [MemoryPort(node.graph, f"port {n}", outbox=outbox, mtu=65_535) for n in range(count)]


def test_any_frame_into_any_tunnel_and_out_again(reached):
    """What went in comes out, or has a reason; nothing else comes."""
    pool, outbox = Pool(31), Outbox()
    engine = Engine()
    encap = tunnels(engine)
    decap = Decapsulator(engine, "decap")
    sources = memory(encap, outbox, encap.n_tunnels)
    target = MemoryPort(engine, "target", outbox=outbox, mtu=65_535)
    for number, port in enumerate(sources):
        port.lead_to(encap, number)
    encap.lead_to(decap)
    decap.lead_all(target)
    came = sent = now = 0
    while min(entered(engine, "encap"), entered(engine, "decap")) < FRAMES:
        burst = [bytes(one) for one in pool.round()]
        for at, one in enumerate(burst):
            sources[at % 3].push(one)
            if at % 256 == 255:
                now += 1
                engine.run_until_idle(now)
        engine.run_until_idle(now)
        out = [octets for _, _, octets in outbox.take()]
        assert set(out) <= {frame for at, one in enumerate(burst) for frame in (one, without_tags(one))[: 1 + (at % 3 == 2)]}
        sent, came = sent + len(burst), came + len(out)
        assert_nothing_vanished(engine)
    assert came > sent // 2
    assert reasons(engine) == {"runt"}
    reached("Encapsulator", entered(engine, "encap"))


def without_tags(frame: bytes) -> bytes:
    while frame[12:14] in {b"\x81\x00", b"\x88\xa8", b"\x91\x00"}:
        frame = frame[:12] + frame[16:]
    return frame


def test_outer_headers_that_lie(reached):
    """Right ones in which octets were changed and ends cut off, and any frames beside them; strict, and not."""
    chance = random.Random(32)
    outer: list[bytes] = []
    for version in ENDS:
        for vni, settings in enumerate(SETTINGS, 1):
            outer += Push(version, vni=vni, **settings).send(*(pool_frame(chance) for _ in range(200)))
    pool = Pool(33, outer + [pool_frame(chance) for _ in range(300)])
    for strict in (False, True):
        outbox = Outbox()
        engine = Engine()
        source = MemoryPort(engine, "source", mtu=65_535)
        ports = [MemoryPort(engine, f"port {n}", outbox=outbox, mtu=65_535) for n in range(4)]
        node = networks(engine, ports, strict=strict, strip_vlan=strict)
        source.lead_to(node)
        now = 0
        while entered(engine, "decap") < FRAMES:
            for at, one in enumerate(pool.round()):
                source.push(one)
                if at % 256 == 255:
                    now += 1
                    engine.run_until_idle(now)
            engine.run_until_idle(now)
            outbox.take()
            assert_nothing_vanished(engine)
        assert {1, 2} <= set(node.vnis())
        assert reasons(engine) >= {"bad vxlan header", "bad checksum", "bad transport", "runt"}
        reached("Decapsulator", entered(engine, "decap"))


def test_super_frames_into_tunnels(reached):
    """Guessed offloads go through the tunnel, and are finished where the outer frames are written."""
    chance = random.Random(34)
    sources = [Files(number, link=ETHERNET, cut=0.01) for number in range(3)]
    sent = left = 0
    while sent < FRAMES:
        engine = Engine()
        encap = tunnels(engine)
        out = PcapPort(engine, "out", writer=PcapWriter(os.devnull), mtu=chance.choice([600, 1500, 65_535]))
        encap.lead_to(out)
        replay = Replay(engine)
        for number in range(encap.n_tunnels):
            port = PcapPort(engine, f"in {number}", mtu=chance.choice([68, 600, 1400]), complete_checksums=True, segment=True)
            port.lead_to(encap, number)
            replay.add(Capture(io.BytesIO(chance.choice(sources).changed()), port.name), port)
        assert replay.run() == []
        assert_nothing_vanished(engine)
        sent += entered(engine, "encap")
        left += int(engine.traffic()["out_frames"].sum())
    assert left
    reached("Encapsulator, super-frames", sent)
