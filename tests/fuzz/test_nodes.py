"""Hostile frames into every node: nothing crashes (run it sanitised: `make debug`), nothing vanishes, every loop ends."""

import contextlib
import io
import os
import random
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from files import ETHERNET, Files, virtio
from pool import STATIONS, Pool
from pool import frame as pool_frame

from bench.namespaces import open_tap
from dataplane.proc import kernel
from fastpath import (
    Bridge,
    Capture,
    DropWriter,
    Engine,
    Loop,
    MemoryPort,
    Node,
    Outbox,
    PacketPort,
    PcapPort,
    PcapWriter,
    Replay,
    TapPort,
    open_packet,
)
from tests.fuzz.counted import FRAMES

SECOND = 10**9


def assert_nothing_vanished(engine: Engine) -> None:
    """The equation of every node, and in sum; and what ports dropped is what nodes dropped of theirs."""
    counted = engine.counters()
    into = counted["in"] + counted["cloned"] + counted["originated"]
    assert (into == counted["out"] + counted["consumed"] + counted["dropped"] + counted["held"]).all(), counted
    drops = engine.drops()
    assert drops["count"][drops["scope"] == "port"].sum() == drops["count"][drops["scope"] == "node"].sum()
    assert not engine.held


def entered(engine: Engine, node: str) -> int:
    counted = engine.counters()
    return int(counted["in"][counted["node"] == node].sum())


def reasons(engine: Engine) -> set[str]:
    return {str(row["reason"]) for row in engine.drops()}


def test_a_bridge_and_memory_ports(reached):
    """BR-12 and BR-18's equation, while members change, stations age, MTUs are too small and limits are met."""
    chance = random.Random(7)
    pool = Pool(7)
    engine, outbox = Engine(), Outbox()
    bridge = Bridge(engine, "bridge", limit=30, ageing=5 * SECOND)
    ports = [MemoryPort(engine, f"port {n}", outbox=outbox) for n in range(6)]
    members = [bridge.add_member(port, hairpin=n == 0, isolated=n in (1, 2)) for n, port in enumerate(ports)]
    for port, member in zip(ports, members, strict=True):
        port.lead_to(bridge, member)
    now = sent = received = 0
    while entered(engine, "bridge") < max(FRAMES, 50_000):  # fewer meet not all of this
        burst = pool.round()
        for at in range(0, len(burst), 100):
            push = ports[chance.randrange(6)].push
            for one in burst[at : at + 100]:
                push(one)
            if at % 300 == 0:
                now += chance.randrange(SECOND)
                engine.turn(now)
        engine.run_until_idle(now)
        sent += len(burst)
        received += len(outbox.take())
        assert_nothing_vanished(engine)
        which = chance.randrange(6)
        ports[which].lead_to(None)
        bridge.remove_member(members[which])
        members[which] = bridge.add_member(ports[which], hairpin=chance.random() < 0.2, isolated=chance.random() < 0.3)
        ports[which].lead_to(bridge, members[which])
        ports[which].set_mtu(chance.choice([68, 600, 1500, 9000]))
    traffic = engine.traffic()
    assert traffic["in_frames"].sum() == sent
    assert traffic["out_frames"].sum() == received
    assert reasons(engine) >= {"invalid source", "reserved address", "same port", "isolated", "mtu", "runt"}
    assert bridge.named_counters()["refused"] and bridge.named_counters()["aged"] and len(bridge.stations(now)) <= 30
    reached("Bridge", entered(engine, "bridge"))
    reached("MemoryPort", sent)


def test_a_loop_of_floods_and_a_hairpin_loop_end(reached):
    """Two bridges joined twice: every broadcast would go round for ever. Unconnected ports and small MTUs beside them."""
    chance = random.Random(11)
    pool = Pool(11)
    engine, outbox = Engine(clones=2048), Outbox()
    ports = [MemoryPort(engine, f"port {n}", outbox=outbox, mtu=mtu) for n, mtu in enumerate((68, 576, 1500, 9000, 65_535))]
    left, right = (Bridge(engine, name, limit=20, ageing=10**9) for name in ("left", "right"))
    for port, bridge in zip(ports, (left, left, right, right), strict=False):
        port.lead_to(bridge, bridge.add_member(port, hairpin=chance.random() < 0.5))
    for _ in range(2):
        # Each member leads to the number that its other half is about to have.
        ahead = len(right.names)
        there = left.add_member(right, target_input=ahead)
        assert right.add_member(left, target_input=there) == ahead
    now = sent = 0
    # Each frame becomes hundreds there.
    while sent < FRAMES // 50 or entered(engine, "left") + entered(engine, "right") < FRAMES:
        burst = pool.round()
        for at in range(0, len(burst), 10):
            push = chance.choice(ports).push
            for one in burst[at : at + 10]:
                push(one)
                sent += 1
            now += chance.randrange(10**8)
            while engine.turn(now):
                pass
            outbox.take()
            assert_nothing_vanished(engine)
    assert {"turn budget", "mtu", "unconnected", "runt", "invalid source", "reserved address"} <= reasons(engine)
    reached("bridges in a loop", entered(engine, "left") + entered(engine, "right"))


def test_frames_that_go_in_circles_and_frames_that_lead_nowhere(reached):
    """A station that each of two bridges holds to be behind the other; and a port that leads to nothing."""
    engine = Engine()
    here, there = Bridge(engine, "here"), Bridge(engine, "there")
    port, lonely = MemoryPort(engine, "port"), MemoryPort(engine, "lonely")
    port.lead_to(here, here.add_member(port))
    ahead = len(there.names)
    link = here.add_member(there, target_input=ahead, hairpin=True)
    assert there.add_member(here, target_input=link, hairpin=True) == ahead
    for station in STATIONS:
        here.add_static(int.from_bytes(station), link)
        there.add_static(int.from_bytes(station), ahead)
    pool = Pool(13)
    now = 0
    while min(entered(engine, "hop budget"), entered(engine, "unconnected")) < FRAMES:
        for one in pool.round():
            port.push(one)
            lonely.push(one)
        now += 1
        engine.run_until_idle(now)
        assert_nothing_vanished(engine)
    for name in ("hop budget", "unconnected"):
        reached(f"DropNode ({name})", entered(engine, name))


# -- ports on files and devices ------------------------------------------------------------------------------------------------


def test_pcap_ports_with_guessed_offloads(reached):
    """Replayed with every guess on, towards ports of other MTUs: segmented, completed, written or dropped by name."""
    chance = random.Random(12)
    sources = [Files(number, link=link, cut=0.01) for number, link in enumerate((ETHERNET, ETHERNET, ETHERNET, 101, 113, 276))]
    told: set[str] = set()
    sent = left = dropped = 0
    while sent < FRAMES:
        engine = Engine()
        bridge = Bridge(engine, "bridge")
        guess = {"complete_checksums": chance.random() < 0.7, "segment": chance.random() < 0.7}
        ports = [
            PcapPort(engine, f"port {n}", writer=PcapWriter(os.devnull), mtu=chance.choice([68, 600, 1500]), **guess)
            for n in range(4)
        ]
        for port in ports:
            port.lead_to(bridge, bridge.add_member(port))
        drops = DropWriter(os.devnull, {port.index: port.name for port in ports})
        replay = Replay(engine, drops=drops)
        for station in STATIONS:
            replay.own(int.from_bytes(station), chance.choice(ports))
        replay.own_rest(ports[0])
        for number, port in enumerate(ports):
            file = chance.choice(sources).changed()
            replay.add(Capture(io.BytesIO(file), port.name), None if number == 3 else port)
        assert replay.run() == []
        assert_nothing_vanished(engine)
        told |= reasons(engine)
        traffic = engine.traffic()
        sent += int(traffic["in_frames"].sum())
        left += int(traffic["out_frames"].sum())
        dropped += drops.frames
    assert left and dropped
    assert told >= {"sliced", "mtu", "runt", "invalid source"}
    reached("PcapPort", sent)


def alone(make: Callable[[], int]) -> int:
    """The descriptor that `make` opens in a network namespace of its own, which lasts as long as the descriptor."""
    made: list[int | OSError] = []

    def work() -> None:
        try:
            kernel.unshare(kernel.CLONE_NEWNET)
            made.append(make())
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        pytest.skip(f"no device: {made[0]}")
    return made[0]


def behind(port: TapPort | PacketPort) -> socket.socket:
    """From now on the port's descriptor is a socket, which hands over what no kernel would: the socket's other end."""
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (theirs, ours):
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    os.dup2(theirs.fileno(), port.fd, inheritable=False)
    theirs.close()
    return ours


def test_tap_ports_believe_no_kernel(reached):
    """Any octets behind any virtio header of either size, or none, from port to port: with offloads, and segmented without."""
    engine = Engine()
    ports = []
    kinds = (("all", True, True), ("tcp", True, ("csum", "tso4", "tso6")), ("none", True, False), ("plain", False, False))
    for (name, vnet, offloads), mtu in zip(kinds, (600, 1500, 9000, 1500), strict=True):
        opened = alone(partial(open_tap, "eth0", vnet=vnet))
        port = TapPort(engine, name, opened, offloads=offloads, mtu=mtu)
        ports.append((port, (24 if "tunnel" in port.offloads else 10) if vnet else 0))
    between_devices(engine, ports)
    reached("TapPort", engine.traffic()["in_frames"].sum())


def test_packet_ports_believe_no_kernel(reached):
    """The same by packet sockets, with virtio headers and without."""
    engine = Engine()
    ports = []
    for name, offloads, mtu in (("all", True, 600), ("large", True, 9000), ("plain", False, 1500)):
        port = PacketPort(engine, name, alone(partial(open_packet, "lo")), offloads=offloads, mtu=mtu)
        ports.append((port, 10 if offloads else 0))
    between_devices(engine, ports)
    reached("PacketPort", engine.traffic()["in_frames"].sum())


def between_devices(engine: Engine, ports: Sequence[tuple[TapPort | PacketPort, int]]) -> None:
    """A bridge between ports, each with the size of its virtio header, whose outsides hand over FRAMES hostile frames in all."""
    chance = random.Random(15)
    bridge = Bridge(engine, "bridge", limit=30)
    loop = Loop(engine)
    outsides, pools = [], []
    for port, size in ports:
        outsides.append(behind(port))
        port.lead_to(bridge, bridge.add_member(port))
        loop.add(port)
        octets = [pool_frame(chance) for _ in range(2_000)]
        pools.append(Pool(len(pools), [virtio(chance, size, len(one)) + one for one in octets]))
    thread = threading.Thread(target=loop.run, kwargs={"signals": False}, daemon=True)
    thread.start()
    room = bytearray(1 << 17)
    came = 0
    try:
        while int(loop.submit(engine.traffic).result(60)["in_frames"].sum()) < FRAMES:
            for outside, pool in zip(outsides, pools, strict=True):
                for number, octets in enumerate(pool.round()):
                    with contextlib.suppress(BlockingIOError):
                        outside.send(octets or b"!")
                    if number % 100 == 0:
                        came += drained(outsides, room)
            loop.submit(lambda: assert_nothing_vanished(engine)).result(60)
    finally:
        loop.stop()
        thread.join(60)
    assert came
    assert reasons(engine) >= {"bad offload", "mtu", "runt", "invalid source"}
    for outside in outsides:
        outside.close()


def drained(outsides: list[socket.socket], room: bytearray) -> int:
    """How many frames waited there."""
    n = 0
    for outside in outsides:
        with contextlib.suppress(BlockingIOError):
            while outside.recv_into(room):
                n += 1
    return n


def test_every_node_has_a_case():
    """A new kind of node wants hostile frames too: a case here, and its name in this list."""
    kinds, found = [Node], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__ != "fastpath.testing":
            found.add(kind.__name__)
    assert found - {"Node", "Port", "DevicePort", "Members", "UdpSender"} == {
        "Bridge",
        "Decapsulator",
        "Encapsulator",
        "Ipvlan",
        "Macvlan",
        "MemoryPort",
        "PacketPort",
        "PcapPort",
        "Router",
        "TapPort",
        "UdpPort",
        "Vlan",
        "Vtep",
        "DropNode",
    }
