"""A UdpPort and a memory port that lead to each other: outer frames leave by sockets, datagrams come out as frames."""

from __future__ import annotations

import errno
import ipaddress
import random
import struct
import threading
import time
from types import TracebackType
from typing import Any

from fastpath import Engine, Loop, MemoryPort, Outbox, UdpPort, open_udp
from fastpath.wire import checksum

MAC = 0x020000000001
OURS = {4: "127.0.0.1", 6: "::1"}
FAMILIES = {4: 2, 6: 10}


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def outer(
    source: str, target: str, payload: bytes, *, sport: int = 50000, dport: int = 4789, ttl: int = 64, service: int = 0
) -> bytes:
    """A frame as a Vtep makes it: Ethernet, IP, UDP without a checksum."""
    udp = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    if ":" in source:
        ip = struct.pack(">IHBB", 6 << 28 | service << 20, len(udp), 17, ttl) + packed(source) + packed(target)
        return bytes(12) + b"\x86\xdd" + ip + udp
    ip = struct.pack(">BBHHHBBH", 0x45, service, 20 + len(udp), 0, 0x4000, ttl, 17, 0) + packed(source) + packed(target)
    return bytes(12) + b"\x08\x00" + ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + udp


class Underlay:
    """`with Underlay("127.0.0.1") as underlay`: sockets at a port that is free, unless one is given; a loop in a thread."""

    def __init__(self, *addresses: str, port: int = 0, mtu: int = 1500, groups: tuple[str, ...] = (), **settings: Any) -> None:
        self.engine = Engine(**settings)
        self.outbox = Outbox()
        self.fds = opened(addresses, port, groups)
        self.port = UdpPort(self.engine, "underlay", self.fds, mac=MAC, mtu=mtu)
        self.inside = MemoryPort(self.engine, "inside", outbox=self.outbox, mtu=65535)
        self.port.lead_to(self.inside)
        self.inside.lead_to(self.port)
        self.loop = Loop(self.engine)
        self.loop.add(self.port)
        self.thread = threading.Thread(target=self.loop.run, kwargs={"signals": False}, daemon=True)

    def __enter__(self) -> Underlay:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.loop.stop()
        self.thread.join()
        self.port.close()
        if error is None:
            for row in self.engine.counters():
                came = row["in"] + row["cloned"] + row["originated"]
                assert came == row["out"] + row["consumed"] + row["dropped"] + row["held"], row

    def send(self, *frames: bytes) -> None:
        """In one burst."""
        self.loop.submit(lambda: [self.inside.push(frame) for frame in frames]).result(30)
        self.loop.submit(lambda: None).result(30)

    def came(self, wanted: int, seconds: float = 30.0) -> list[bytes]:
        """The frames that came in, as soon as there are so many."""
        end = time.monotonic() + seconds
        frames: list[bytes] = []
        while len(frames) < wanted and time.monotonic() < end:
            frames += [octets for _port, _time, octets in self.loop.submit(self.outbox.take).result(30)]
            time.sleep(0.002)
        return frames

    def drops(self) -> dict[str, int]:
        """By reason."""
        rows = self.loop.submit(self.engine.drops).result(30)
        return {str(row["reason"]): int(row["count"]) for row in rows if row["scope"] == "node"}


def opened(addresses: tuple[str, ...], port: int, groups: tuple[str, ...] = ()) -> list[int]:
    """Sockets at a port, or at one that chance finds free."""
    while True:
        try:
            return open_udp(addresses, port or random.randrange(20000, 30000), groups=groups)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise
