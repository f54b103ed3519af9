"""Mechanism at C speed: frames, nodes, ports. Knows nothing of containers.

An `Engine` holds nodes and turns them; ports bring frames in and out; a `Bridge` joins ports:

    engine = Engine()
    outbox = Outbox()
    a, b = (MemoryPort(engine, name, outbox=outbox) for name in "ab")
    bridge = Bridge(engine, "front")
    for port in (a, b):
        port.lead_to(bridge, bridge.add_member(port))
    a.push(frame)
    engine.turn(now=1_000)
    outbox.take()          # [(port index, time in ns, octets), ...]
"""

from fastpath.bridge import Bridge
from fastpath.capture import Capture, CaptureError
from fastpath.codec import Decapsulator, Encapsulator
from fastpath.counters import REASONS, reason_name, sentence
from fastpath.engine import Engine
from fastpath.flows import Flows
from fastpath.graph import Graph, Node
from fastpath.ipvlan import Ipvlan
from fastpath.loop import LinkEvent, Loop
from fastpath.macvlan import Macvlan
from fastpath.memory import MemoryPort, Outbox
from fastpath.packet import PacketPort
from fastpath.packetsocket import open_packet
from fastpath.pcap import PcapPort
from fastpath.port import Port
from fastpath.replay import OwnerError, Replay
from fastpath.router import Router
from fastpath.rules import Rules
from fastpath.tap import OFFLOADS, TapPort
from fastpath.udp import UdpPort
from fastpath.udpsocket import open_udp
from fastpath.vlan import Vlan
from fastpath.vtep import Vtep
from fastpath.writer import DropWriter, PcapWriter

__all__ = [
    "OFFLOADS",
    "REASONS",
    "Bridge",
    "Capture",
    "CaptureError",
    "Decapsulator",
    "DropWriter",
    "Encapsulator",
    "Engine",
    "Flows",
    "Graph",
    "Ipvlan",
    "LinkEvent",
    "Loop",
    "Macvlan",
    "MemoryPort",
    "Node",
    "Outbox",
    "OwnerError",
    "PacketPort",
    "PcapPort",
    "PcapWriter",
    "Port",
    "Replay",
    "Router",
    "Rules",
    "TapPort",
    "UdpPort",
    "Vlan",
    "Vtep",
    "open_packet",
    "open_udp",
    "reason_name",
    "sentence",
]
