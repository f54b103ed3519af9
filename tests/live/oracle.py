"""Two worlds of four ports: the kernel's bridge over veth pairs, and ours over TAPs. The same frames go into both.

A port's outside is a packet socket on the device that a container would have. Frames go in one at a time, each when the one
before has been forwarded, because what a bridge does depends on what it has learned.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterable
from types import TracebackType

from bench.namespaces import Namespace, Namespaces
from fastpath import Bridge, Engine, Loop, TapPort

PORTS = 4
MTUS = (1500, 1500, 1500, 1000)

SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
SO_RCVBUFFORCE = 33
ETH_P_ALL = 3
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6


def packet_socket(namespace: Namespace, link: str) -> socket.socket:
    """Sees what the device receives, with VLAN tags as auxiliary data."""
    with namespace.entered():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        sock.bind((link, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def receive(sock: socket.socket) -> bytes | None:
    """The next frame as it was on the wire: the kernel takes the outer VLAN tag out, we put it back."""
    try:
        octets, extra, _, _ = sock.recvmsg(70000, 64)
    except BlockingIOError:
        return None
    for level, kind, data in extra:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tag, protocol = struct.unpack("=IIIHHHH", data[:20])
            if status & VLAN_VALID:
                octets = octets[:12] + struct.pack(">HH", protocol if status & TPID_VALID else 0x8100, tag) + octets[12:]
    return octets


def attribute(kind: int, octets: bytes) -> bytes:
    """A netlink attribute, padded (linux/netlink.h)."""
    return struct.pack("=HH", 4 + len(octets), kind) + octets + bytes(-len(octets) % 4)


def limit_stations(namespace: Namespace, bridge: str, stations: int) -> None:
    """IFLA_BR_FDB_MAX_LEARNED (kernel 6.8), which the tools of Debian 12 cannot say yet."""
    info_data = attribute(2, attribute(49, struct.pack("=I", stations)))
    link_info = attribute(18, attribute(1, b"bridge\0") + info_data)
    with namespace.entered(), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        body = struct.pack("=BBHiII", 0, 0, 0, socket.if_nametoindex(bridge), 0, 0) + link_info
        netlink.sendto(struct.pack("=IHHII", 16 + len(body), 16, 5, 1, 0) + body, (0, 0))
        error = -struct.unpack_from("=i", netlink.recv(4096), 16)[0]
    if error:
        raise OSError(error, f"fdb_max_learned: {os.strerror(error)}")


class World:
    """Ports 0 to 3, and one bridge among them."""

    sockets: list[socket.socket]

    def send(self, port: int, frame: bytes) -> None:
        """The frame comes in by the port, and has been forwarded on return."""
        self.sockets[port].send(frame)

    def take(self) -> list[list[bytes]]:
        """By port, what has left since the last call."""
        return [list(iter(lambda sock=sock: receive(sock), None)) for sock in self.sockets]

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


class KernelWorld(World):
    """The bridge of the kernel, without STP and without multicast snooping, which ours does not have."""

    def __init__(self, spaces: Namespaces, ageing: float = 300) -> None:
        self.space = spaces.add("kernel")
        ends = spaces.add("ends")
        for namespace in (self.space, ends):
            namespace.quiet()
        # Otherwise the bridge drops what is no valid IP, for the sake of a packet filter that is empty.
        for table in ("iptables", "ip6tables", "arptables"):
            self.space.run("sysctl", "-qw", f"net.bridge.bridge-nf-call-{table}=0")
        self.space.run("ip", "link", "add", "name", "br0", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        self.space.run("ip", "link", "set", "br0", "type", "bridge", "ageing_time", str(int(ageing * 100)))
        self.space.up("br0")
        for port in range(PORTS):
            mtu = ("mtu", str(MTUS[port]))
            peer = ("type", "veth", "peer", "name", f"e{port}", *mtu, "netns", ends.name)
            self.space.run("ip", "link", "add", "name", f"p{port}", *mtu, *peer)
            ends.up(f"e{port}")
            self.space.run("ip", "link", "set", f"p{port}", "master", "br0")
            self.space.up(f"p{port}")
        self.sockets = [packet_socket(ends, f"e{port}") for port in range(PORTS)]
        # veth hands a frame over through the queue of the processor that sent it: from one, they stay in order.
        self.affinity = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(self.affinity)})

    def isolate(self, *ports: int) -> None:
        for port in ports:
            self.space.run("bridge", "link", "set", "dev", f"p{port}", "isolated", "on")

    def pin(self, mac: str, port: int) -> None:
        self.space.run("bridge", "fdb", "replace", mac, "dev", f"p{port}", "master", "static", "sticky")

    def split(self) -> None:
        """Ports 2 and 3 on a bridge of their own."""
        self.space.run("ip", "link", "add", "name", "br1", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        self.space.up("br1")
        for port in (2, 3):
            self.space.run("ip", "link", "set", f"p{port}", "master", "br1")

    def limit(self, stations: int) -> None:
        limit_stations(self.space, "br0", stations)

    def hairpin(self, port: int) -> None:
        self.space.run("bridge", "link", "set", "dev", f"p{port}", "hairpin", "on")

    def close(self) -> None:
        os.sched_setaffinity(0, self.affinity)
        super().close()


class OurWorld(World):
    """Our bridge, run by a loop in a thread."""

    def __init__(self, spaces: Namespaces, ageing: float = 300) -> None:
        space = spaces.add("ours")
        space.quiet()
        self.engine = Engine()
        self.bridge = Bridge(self.engine, "front", ageing=int(ageing * 1e9))
        self.loop = Loop(self.engine)
        self.ports = []
        for port in range(PORTS):
            fd = space.tap(link=f"e{port}", mtu=MTUS[port])
            self.ports.append(TapPort(self.engine, f"e{port}", fd, mtu=MTUS[port]))
            self.ports[port].lead_to(self.bridge, self.bridge.add_member(self.ports[port]))
            self.loop.add(self.ports[port])
        self.sockets = [packet_socket(space, f"e{port}") for port in range(PORTS)]
        self.thread = threading.Thread(target=self.loop.run, daemon=True)
        self.thread.start()

    def send(self, port: int, frame: bytes) -> None:
        super().send(port, frame)
        # The frame was readable before this was submitted, so its turn comes first.
        self.loop.submit(lambda: None).result(30)

    def isolate(self, *ports: int) -> None:
        for port in ports:
            self.loop.submit(lambda port=port: self.bridge.set_member(port, isolated=True)).result(30)

    def split(self) -> None:
        """Ports 2 and 3 on a bridge of their own."""
        self.loop.submit(lambda: self.move((2, 3), Bridge(self.engine, "back"))).result(30)

    def limit(self, stations: int) -> None:
        bridge = self.loop.submit(lambda: Bridge(self.engine, "small", limit=stations, member_limit=stations)).result(30)
        self.loop.submit(lambda: self.move(range(PORTS), bridge)).result(30)

    def move(self, ports: Iterable[int], bridge: Bridge) -> None:
        """Ports leave the bridge they are on for another; in the loop's thread."""
        for port in ports:
            self.bridge.remove_member(port)
            self.ports[port].lead_to(bridge, bridge.add_member(self.ports[port]))

    def hairpin(self, port: int) -> None:
        self.loop.submit(lambda: self.bridge.set_member(port, hairpin=True)).result(30)

    def pin(self, mac: str, port: int) -> None:
        self.loop.submit(lambda: self.bridge.add_static(int(mac.replace(":", ""), 16), port)).result(30)

    def close(self) -> None:
        self.loop.stop()
        self.thread.join()
        super().close()
        for port in self.ports:
            port.close()


class Worlds:
    """Both, for `with`: what is done, is done to both, and `take` shows both answers."""

    def __init__(self, ageing: float = 300) -> None:
        self.spaces = Namespaces("tap")
        try:
            self.kernel = KernelWorld(self.spaces, ageing)
            self.ours = OurWorld(self.spaces, ageing)
        except BaseException:
            self.spaces.__exit__(None, None, None)
            raise

    def __enter__(self) -> Worlds:
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.ours.close()
        self.kernel.close()
        self.spaces.__exit__(kind, error, trace)

    def send(self, port: int, frame: bytes) -> None:
        self.kernel.send(port, frame)
        self.ours.send(port, frame)

    def take(self) -> tuple[list[list[bytes]], list[list[bytes]]]:
        """What has left the kernel's ports, and ours, by port."""
        return self.kernel.take(), self.ours.take()
