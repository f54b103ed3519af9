"""Two worlds with a parent and four stations behind it: the kernel's macvlan, and ours on TAPs and a packet socket.

Position 0 is the far end of the parent's veth, 1 to 4 are members. The same frames go into both worlds; each carries a number, so
that what else a kernel sends is told apart, and since nothing is learned the order among positions is of no matter.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from types import TracebackType

from oracle import packet_socket, receive

from bench.namespaces import Namespace, Namespaces
from fastpath import Engine, Loop, Macvlan, PacketPort, TapPort, open_packet

MARK = bytes.fromhex("88b5")
QUIET = 0.15
"""Seconds without a frame, after which none is under way: the kernel copies groups in a work queue."""


def station(number: int) -> str:
    return f"02:00:00:00:02:{number:02x}"


def as_number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


class World(ABC):
    """Sockets by position."""

    def __init__(self, spaces: Namespaces, modes: tuple[str, ...]) -> None:
        self.host, self.far = (spaces.add(f"{type(self).__name__[0]}-{name}") for name in ("host", "far"))
        for space in (self.host, self.far):
            space.quiet()
        self.host.run("ip", "link", "add", "wan", "type", "veth", "peer", "name", "eth0", "netns", self.far.name)
        self.far.up("eth0")
        self.host.up("wan")
        self.sockets = [packet_socket(self.far, "eth0")]
        self.members(spaces, modes)

    @abstractmethod
    def members(self, spaces: Namespaces, modes: tuple[str, ...]) -> None:
        """Make one of each mode."""

    def send(self, position: int, octets: bytes) -> None:
        self.sockets[position].send(octets)

    def take(self) -> list[list[bytes]]:
        """By position, sorted, what has come of ours."""
        found: list[list[bytes]] = [[] for _ in self.sockets]
        deadline = time.monotonic() + QUIET
        while time.monotonic() < deadline:
            for rows, sock in zip(found, self.sockets, strict=True):
                while (octets := receive(sock)) is not None:
                    if MARK in octets[12:22]:
                        rows.append(octets)
                        deadline = time.monotonic() + QUIET
            time.sleep(0.002)
        return [sorted(rows) for rows in found]

    def close(self) -> None:
        for sock in self.sockets:
            sock.close()


class KernelWorld(World):
    """Devices of type macvlan, which want every group: what they would not take is no difference of forwarding."""

    def members(self, spaces: Namespaces, modes: tuple[str, ...]) -> None:
        for number, mode in enumerate(modes, 1):
            space = spaces.add(f"k{number}")
            space.quiet()
            words = ("link", "wan", "name", f"m{number}", "address", station(number), "netns", space.name, "type", "macvlan")
            self.host.run("ip", "link", "add", *words, "mode", mode)
            space.run("ip", "link", "set", f"m{number}", "allmulticast", "on")
            space.up(f"m{number}")
            self.sockets.append(packet_socket(space, f"m{number}"))


class OurWorld(World):
    def members(self, spaces: Namespaces, modes: tuple[str, ...]) -> None:
        self.engine = Engine()
        self.node = Macvlan(self.engine, "macvlan")
        self.loop = Loop(self.engine)
        with self.host.entered():
            fd = open_packet("wan")
        macs = [] if "passthru" in modes else [as_number(station(number)) for number in range(1, len(modes) + 1)]
        self.parent = PacketPort(self.engine, "parent", fd, macs=macs)
        self.node.lead_wire(self.parent)
        self.parent.lead_to(self.node, 0)
        self.ports: list[TapPort | PacketPort] = [self.parent]
        for number, mode in enumerate(modes, 1):
            space = spaces.add(f"o{number}")
            space.quiet()
            port = TapPort(self.engine, f"m{number}", space.tap(link="eth0", mac=station(number)))
            port.lead_to(self.node, self.node.add_member(port, mac=as_number(station(number)), mode=mode))
            self.ports.append(port)
            self.sockets.append(packet_socket(space, "eth0"))
        for port in self.ports:
            self.loop.add(port)
        self.thread = threading.Thread(target=self.loop.run, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.loop.stop()
        self.thread.join()
        super().close()
        for port in self.ports:
            port.close()


class Worlds:
    """Both, for `with`."""

    def __init__(self, *modes: str) -> None:
        self.spaces = Namespaces("mac")
        self.both: list[World] = []
        try:
            for kind in (KernelWorld, OurWorld):
                self.both.append(kind(self.spaces, modes))
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __enter__(self) -> Worlds:
        self.take()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for world in self.both:
            world.close()
        self.spaces.__exit__(kind, error, trace)

    @property
    def host(self) -> list[Namespace]:
        return [world.host for world in self.both]

    def send(self, position: int, octets: bytes) -> None:
        for world in self.both:
            world.send(position, octets)

    def take(self) -> tuple[list[list[bytes]], list[list[bytes]]]:
        kernel, ours = (world.take() for world in self.both)
        return kernel, ours


def numbered(number: int, source: str, target: str, more: bytes = b"") -> bytes:
    """A frame that is told apart; `more` stands before its type: a tag."""
    addresses = bytes.fromhex(target.replace(":", "") + source.replace(":", ""))
    return addresses + more + MARK + number.to_bytes(4, "big") + bytes(46)
