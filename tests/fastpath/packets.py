"""Packets for tests of what gateways do with single ones: built and judged by Scapy, sent through one node."""

from __future__ import annotations

import io
import ipaddress
import struct
from typing import Any

from scapy.layers.l2 import Ether

from fastpath import Capture, Engine, MemoryPort, Outbox, PcapPort, Replay
from fastpath.testing import OneWay
from fastpath.wire import checksum
from tests.fastpath.captures import pcap

ETHER = Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02")
OURS = ("10.0.0.254", "fd00::fe")


def octets_of(address: str) -> bytes:
    """The address in 16 octets."""
    parsed = ipaddress.ip_address(address)
    return parsed.packed if parsed.version == 6 else bytes(10) + b"\xff\xff" + parsed.packed


def judged(octets: bytes) -> bytes:
    """The octets with every length and checksum computed afresh by Scapy; what an ICMP error quotes is left alone."""
    packet = Ether(octets)
    layer = packet
    while layer.name not in ("Raw", "NoPayload"):
        for field in ("len", "chksum", "cksum", "plen", "ihl", "dataofs"):
            if field in layer.fields:
                del layer.fields[field]
        layer.raw_packet_cache = None
        if layer.name.startswith("ICMP"):
            break
        layer = layer.payload
    return bytes(packet)


def undone(octets: bytes) -> bytes:
    """The frame (IPv4 or IPv6 without options, TCP or UDP) with the pseudo-header's sum only where its checksum belongs."""
    start, addresses, protocol = (34, octets[26:34], octets[23]) if octets[12:14] == b"\x08\0" else (54, octets[22:54], octets[20])
    at = start + (16 if protocol == 6 else 6)
    pseudo = 0xFFFF ^ checksum(addresses + struct.pack(">HH", len(octets) - start, protocol))
    return octets[:at] + struct.pack(">H", pseudo) + octets[at + 2 :]


class Stage:
    """One node between two memory ports: `send` frames, see what comes out."""

    def __init__(self, kind: type[OneWay], *words: Any, **settings: Any) -> None:
        self.engine = Engine()
        self.outbox = Outbox()
        self.inside = MemoryPort(self.engine, "in", mtu=65535)
        self.outside = MemoryPort(self.engine, "out", outbox=self.outbox, mtu=65535)
        self.node: Any = kind(self.engine, "node", *words, **settings)
        self.inside.lead_to(self.node)
        self.node.lead_to(self.outside)

    def send(self, *frames: bytes, now: float = 0.0) -> list[bytes]:
        """What comes out when these come in at once; every frame is accounted for."""
        for octets in frames:
            self.inside.push(octets)
        self.engine.run_until_idle(int(now * 1e9))
        self.check()
        return [octets for _port, _time, octets in self.outbox.take()]

    def replay(self, *frames: bytes) -> list[bytes]:
        """The same for frames captured where a card had work to do still: checksums to complete, super-frames to split."""
        port = PcapPort(self.engine, "captured", mtu=1500, complete_checksums=True, segment=True)
        port.lead_to(self.node)
        replay = Replay(self.engine)
        replay.add(Capture(io.BytesIO(pcap([(10**9, octets) for octets in frames])), "captured"), port)
        assert replay.run() == []
        self.check()
        return [octets for _port, _time, octets in self.outbox.take()]

    def check(self) -> None:
        for row in self.engine.counters():
            left = row["in"] + row["cloned"] + row["originated"]
            assert left == row["out"] + row["consumed"] + row["dropped"] + row["held"], row

    @property
    def held(self) -> int:
        return self.engine.held

    def drops(self) -> dict[str, int]:
        return {row["reason"]: int(row["count"]) for row in self.engine.drops() if row["scope"] == "node"}
