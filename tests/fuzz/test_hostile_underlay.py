"""Hostile datagrams into UDP sockets, hostile frames out of them, hostile segments to be merged: nothing crashes or vanishes."""

import contextlib
import os
import random
import socket
import struct
import subprocess
import threading

import pytest
from pool import Pool, changed
from pool import frame as pool_frame

from dataplane.proc import kernel
from fastpath import Engine, Loop, MemoryPort, Outbox, UdpPort, open_udp
from fastpath.merge import merged
from fastpath.offload import segments
from tests.fastpath.test_merge import Flow
from tests.fuzz.counted import FRAMES

MAC = 0x020000000001
PORT = 4789
LOCAL = {4: "127.0.0.1", 6: "::1"}


def host() -> tuple[list[int], list[socket.socket]]:
    """Sockets for a port and some to send to it from, in a namespace of their own, which lasts as long as they."""
    made: list = []

    def work() -> None:
        try:
            kernel.unshare(kernel.CLONE_NEWNET)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            sockets = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
            made.append((open_udp(LOCAL.values(), PORT), sockets))
        except (OSError, subprocess.CalledProcessError) as error:
            made.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    if isinstance(made[0], Exception):
        pytest.skip(f"no namespace: {made[0]}")
    return made[0]


def outer(chance: random.Random, payload: bytes) -> bytes:
    """A frame that a Vtep might have made, or nearly: to a port of ours, to one where nobody is, to nowhere."""
    lie = chance.random() < 0.05
    service, ttl = (0, 64) if chance.random() < 0.7 else (chance.randrange(256), chance.randrange(256))
    udp = struct.pack(
        ">HHHH",
        chance.choice([50000, 60000, chance.randrange(65536)]),
        chance.choice([PORT, PORT, PORT, 9, 0]),
        chance.randrange(65536) if lie else 8 + len(payload),
        0,
    )
    if chance.random() < 0.5:
        target = chance.choice([b"\x7f\0\0\1", b"\x7f\0\0\1", b"\x7f\0\0\2", b"\xc0\0\2\1", b"\xe0\0\0\1"])
        ip = struct.pack(">BBHHHBBH", 0x45, service, 28 + len(payload), 0, 0x4000, ttl, 17, 0)
        return bytes(12) + b"\x08\0" + ip + b"\x7f\0\0\1" + target + udp + payload
    target = chance.choice([bytes(15) + b"\1", bytes(15) + b"\1", b"\xfd" + bytes(15), b"\xff\2" + bytes(13) + b"\1"])
    ip = struct.pack(">IHBB", 6 << 28 | service << 20 | chance.randrange(1 << 20), 8 + len(payload), 17, ttl)
    return bytes(12) + b"\x86\xdd" + ip + bytes(15) + b"\1" + target + udp + payload


def test_udp_ports(reached):
    """Datagrams of any length, alone and in one piece; frames that are none of VXLAN, or lie, towards ports where nobody is."""
    chance = random.Random(21)
    fds, sockets = host()
    engine, outbox = Engine(burst=100), Outbox()
    port = UdpPort(engine, "underlay", fds, mac=MAC, mtu=9000)
    inside = MemoryPort(engine, "inside", outbox=outbox, mtu=65535)
    port.lead_to(inside)
    inside.lead_to(port)
    loop = Loop(engine)
    loop.add(port)
    frames = [outer(chance, chance.randbytes(chance.choice([0, 8, 50, 50, 50, 1400, 1400, 9100]))) for _ in range(1_500)]
    pool = Pool(21, frames + [pool_frame(chance) for _ in range(300)])
    thread = threading.Thread(target=loop.run, kwargs={"signals": False}, daemon=True)
    thread.start()
    pushed = 0
    noise = chance.randbytes(1 << 17)

    def push(burst: list[memoryview]) -> None:
        for one in burst:
            inside.push(one)

    try:
        while pushed < FRAMES or int(traffic(loop, engine)["in_frames"]) < FRAMES:
            burst = pool.round()
            for at in range(0, len(burst), 200):
                loop.submit(lambda at=at, burst=burst: push(burst[at : at + 200])).result(60)
                for number, one in enumerate(sockets):
                    size = chance.choice([0, 1, 8, 100, 1400])
                    one.setsockopt(17, 103, size)
                    start = chance.randrange(1 << 16)
                    with contextlib.suppress(OSError):
                        one.sendto(
                            noise[start : start + chance.randrange(1 + 40 * size or 60_000)], (LOCAL[4 if number == 0 else 6], PORT)
                        )
            pushed += len(burst)
            loop.submit(outbox.take).result(60)
            loop.submit(lambda: nothing_vanished(engine)).result(60)
    finally:
        loop.stop()
        thread.join(60)
    told = {str(row["reason"]) for row in engine.drops()}
    assert told >= {"not ip", "bad ip header", "bad ip length", "bad transport", "spoofed source", "no route", "mtu"}
    named = port.named_counters()
    assert named["segmented"] and named["joined"] and named["unreachable"]
    reached("UdpPort, frames", pushed)
    reached("UdpPort, datagrams", engine.traffic()[0]["in_frames"])
    port.close()
    for one in sockets:
        one.close()


def traffic(loop: Loop, engine: Engine):
    rows = loop.submit(engine.traffic).result(60)
    return rows[rows["port"] == "underlay"][0]


def nothing_vanished(engine: Engine) -> None:
    counted = engine.counters()
    into = counted["in"] + counted["cloned"] + counted["originated"]
    assert (into == counted["out"] + counted["consumed"] + counted["dropped"] + counted["held"]).all(), counted


def test_a_receiver_that_tells_nothing():
    """Not a UDP socket any longer: no address beside the octets, so no frame can be made of them."""
    fds, sockets = host()
    for fd in fds[65:]:
        os.close(fd)
    engine, outbox = Engine(), Outbox()
    port = UdpPort(engine, "underlay", fds[:65], mac=MAC)
    inside = MemoryPort(engine, "inside", outbox=outbox)
    port.lead_to(inside)
    theirs, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    theirs.setblocking(False)
    os.dup2(theirs.fileno(), port.fd, inheritable=False)
    theirs.close()
    loop = Loop(engine)
    loop.add(port)
    thread = threading.Thread(target=loop.run, kwargs={"signals": False}, daemon=True)
    thread.start()
    for size in (0, 1, 1400, 60_000):
        ours.send(bytes(size))
    while int(traffic(loop, engine)["in_frames"]) < 4:
        pass
    loop.stop()
    thread.join(60)
    nothing_vanished(engine)
    assert [(str(row["reason"]), int(row["count"])) for row in engine.drops() if row["scope"] == "node"] == [("bad offload", 4)]
    port.close()
    for one in (ours, *sockets):
        one.close()


def test_segments_to_be_merged(reached):
    """Bursts of segments some octets of which are others: what comes out is what came in, those of a flow in the same order."""
    chance = random.Random(22)
    frames = []
    for n in range(40):
        flow = Flow(chance.choice([4, 6]), port=1000 + n, tags=chance.choice([b"", b"", b"\x81\0\0\7"]))
        frames += [
            flow.segment(chance.randbytes(chance.choice([1000, 1000, 1000, 200])), flags=chance.choice([16, 16, 16, 24]))
            for _ in range(20)
        ]
    pool = Pool(22, frames)
    n = runs = 0
    while n < FRAMES:
        octets = changed(pool.chance, pool.octets, pool.starts, pool.lengths, len(frames) // 8).tobytes()
        whole = [octets[start : start + size] for start, size in zip(pool.starts, pool.lengths, strict=True)]
        for at in range(0, len(whole), 250):
            burst = whole[at : at + 250]
            if chance.random() < 0.3:
                burst.sort(key=lambda one: one[20:])
            own = chance.choice([0, 128])
            found = merged(burst, own=own, valid=chance.random() < 0.1)
            assert sum(one["frames"] for one in found) == len(burst)
            for one in found:
                if one["frames"] > 1:
                    runs += 1
                    facts = {name: value for name, value in one.items() if name not in ("octets", "frames")}
                    assert len(segments(one["octets"], **facts)) == one["frames"]
            n += len(burst)
    assert runs
    reached("merge", n)
