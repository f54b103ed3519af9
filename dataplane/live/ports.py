"""The published ports of a running lab: each held by a socket, each with its relay. Lives on the event loop."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Collection, Iterable
from pathlib import Path

from dataplane.errors import UserError
from dataplane.hostnet import place, record
from dataplane.hostnet.relay_tcp import TcpRelay
from dataplane.hostnet.relay_udp import UdpRelay
from dataplane.hostnet.rules import HostRules
from dataplane.hostnet.sockets import Port, RefusedError, bind, ports_of, require_descriptors
from dataplane.hostnet.target import Target
from dataplane.model import Plan
from dataplane.proc.registry import base_folder, labs

Held = dict[Port, socket.socket]


class HeldPorts:
    """``claim`` takes what a plan publishes, then either ``keep`` or ``give_back``."""

    def __init__(self, lab: str) -> None:
        self._lab = lab
        self._held: Held = {}
        self._new: Held = {}
        self._gone: set[Port] = set()
        self._lost: set[Port] = set()
        self._inode = self._next_inode = 0
        self._path: str | None = None
        self._tcp = TcpRelay()
        self._udp = UdpRelay()

    @property
    def ports(self) -> tuple[Port, ...]:
        """Those held now."""
        return tuple(self._held)

    @property
    def inode(self) -> int:
        """Of the namespace that they are held in."""
        return self._inode

    @property
    def relayed(self) -> int:
        """Connections and clients that the relays have carried."""
        return self._tcp.relayed + self._udp.relayed

    def claim(self, rules: HostRules | None, path: str | None, inode: int = 0) -> None:
        """Bind what is not held yet, in the namespace at ``path``. RefusedError: one cannot be had; nothing is kept."""
        wanted = ports_of(rules.ways) if rules is not None else {}
        moves, self._next_inode, self._path = inode != self._inode, inode, path
        new = [port for port in wanted if moves or port not in self._held]
        self._gone = self._lost | {port for port in self._held if moves or port not in wanted}
        self._lost = set()
        require_descriptors(len(new))
        if not moves:
            self._let_go_of_rivals(new)
        try:
            place.inside(path, lambda: self._bind(new))
        except BaseException:
            self.give_back(path)
            raise

    def make_way(self, gone: Iterable[Port], rivals: Collection[Port]) -> None:
        """Before anybody claims: let go of what shall go, of the same number as what another uplink shall have."""
        numbers = {(port.protocol, port.number) for port in rivals}
        self._lost = {port for port in gone if (port.protocol, port.number) in numbers}
        for port in self._lost:
            self._close(port)

    def _bind(self, ports: Iterable[Port]) -> None:
        for port in ports:
            if (held := bind(port)) is not None:
                self._new[port] = held

    def _let_go_of_rivals(self, new: list[Port]) -> None:
        """What is held and shall go, of the same number as something new: a socket of ours must not be in our own way."""
        numbers = {(port.protocol, port.number) for port in new}
        for port in [port for port in self._gone if (port.protocol, port.number) in numbers]:
            self._close(port)

    def drop_new(self) -> None:
        """Let go of what was claimed: the first step back, where several have claimed."""
        while self._new:
            self._new.popitem()[1].close()

    def give_back(self, path: str | None) -> None:
        """As before ``claim``, as far as nobody was quicker."""
        self.drop_new()
        lost = [port for port in self._gone | self._lost if port not in self._held]
        self._gone, self._lost = set(), set()
        for port in lost:
            try:
                held = place.inside(path, lambda port=port: bind(port))  # type: ignore[misc]
            except RefusedError:
                continue
            if held is not None:
                self._held[port] = held

    def keep(self, rules: HostRules | None) -> None:
        """What was claimed is ours; what the plan no longer publishes is free. Relays know where to."""
        for port in [port for port in self._gone if port in self._held]:
            self._close(port)
        self._gone = set()
        self._held |= self._new
        self._new, self._inode = {}, self._next_inode
        for port, (way, transfer) in (ports_of(rules.ways) if rules is not None else {}).items():
            held = self._held.get(port)
            # The family that the engine publishes; IPv4 first, which every machine has.
            target = rules.router(way.versions[0]) if rules is not None else None
            if held is not None and target is not None:
                self._relay(port, held, Target(str(target), transfer, self._path))

    def _relay(self, port: Port, held: socket.socket, target: Target) -> None:
        if port.protocol == "tcp":
            self._tcp.add(held, target)
        elif port.protocol == "udp":
            self._udp.add(held, target)

    def _close(self, port: Port) -> None:
        held = self._held.pop(port)
        self._tcp.remove(held)
        self._udp.remove(held)
        held.close()

    async def close(self) -> None:
        """Let go of all."""
        await self._tcp.close()
        self._udp.close()
        for held in self._held.values():
            held.close()
        self._held.clear()


def explained(lab: str, refused: RefusedError, plan: Plan, inode: int) -> UserError:
    """In Docker's words; another lab of ours that has the port is named."""
    port = refused.port
    instance = next((o.instance for o in plan.published if o.protocol == port.protocol and o.first <= port.number <= o.last), "")
    return _explained(refused, instance, record.owner(other_labs(lab), port, inode))


def other_labs(lab: str) -> list[Path]:
    """State folders of the caller's other labs."""
    return [base_folder() / name for name in labs() if name != lab]


def _explained(refused: RefusedError, instance: str, owner: str | None) -> UserError:
    port = refused.port
    begin = f"driver failed programming external connectivity on endpoint {instance}: "
    if owner is not None:
        address = str(port).removesuffix(f"/{port.protocol}")
        return UserError(
            f"{begin}Bind for {address} failed: port is already allocated",
            where="ports",
            mend=f"lab {owner} publishes it: dataplane down --lab {owner}, or publish another host port",
            status=1,
        )
    mends = {
        errno.EADDRINUSE: f"see who has it: ss -lnp 'sport = :{port.number}'; or publish another host port",
        errno.EADDRNOTAVAIL: "publish on an address of this host (ip address), or on all: leave the address out",
        errno.EMFILE: "raise the limit of open files: ulimit -n 65536",
    }
    words = os.strerror(refused.number)
    return UserError(
        f"{begin}failed to bind host port {port}: {words[:1].lower()}{words[1:]}",
        where="ports",
        mend=mends.get(refused.number, "publish another host port"),
        status=1,
    )
