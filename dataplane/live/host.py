"""The host's part in a running lab: its uplinks, each with the rules and published ports there, its underlays, and its parents.

In order: ``plan`` decides with the host in view and claims the ports; ``drop`` what changes; ``make`` gives the engine the uplinks'
descriptors; ``settle`` sets the host's rules; or ``give_back``, when something failed. ``close`` takes all back.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from dataplane.gateways import leads_out
from dataplane.hostnet import place
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.sockets import RefusedError, ports_of
from dataplane.live.parents import Parents
from dataplane.live.ports import explained
from dataplane.live.rows import AS_BEFORE
from dataplane.live.underlay import Underlays
from dataplane.live.wayout import WayOut
from dataplane.model import IPNetwork, Plan, Topology
from dataplane.netns.step import Step
from dataplane.plan import make_plan
from dataplane.proc.helper import Helper
from dataplane.uplink import UPLINK, uplink_port

ATTEMPTS = 64
"""Ports that the file leaves open and that others have: how many are tried."""

Tell = Callable[[Step], None]


class Host:
    """``change``: False tells what to do instead of doing it; ``way_out``: this user may have one; ``stays``: its TAP outlives this
    process. Used on the event loop, but for what is said to block: that is for a thread, one at a time."""

    def __init__(self, lab: str, folder: Path, helper: Helper, *, change: bool, way_out: bool, stays: bool = False) -> None:
        self.lab, self.folder, self.way_out = lab, folder, way_out
        self.ways: dict[str, WayOut] = {}
        self.underlays = Underlays(lab, folder, helper, change=change, root=way_out)
        self.parents = Parents(lab, folder, helper, change=change, root=way_out)
        self._helper, self._change, self._stays = helper, change, stays
        self._locks: list[socket.socket] = []

    # -- before the engine changes ------------------------------------------------------------------------------------------

    async def plan(self, topology: Topology, previous: Plan | None) -> Plan:
        """What the lab shall be, given what the host has; its published ports are claimed. UserError in Docker's words."""
        seen = await asyncio.to_thread(self.parents.look, topology.networks.values())
        if not self.way_out:
            # One that the file writes cannot be had either: the lab works inside.
            return make_plan(replace(topology, uplink=None), previous=previous, way_out=False)
        paths = {UPLINK: topology.uplink.netns if topology.uplink else None}
        for key, network in topology.networks.items():
            if network.uplink is not None and network.uplink.kind != "none":
                paths[uplink_port(key)] = network.uplink.netns
        self.expect(paths)
        occupied, taken = await asyncio.to_thread(self.look, paths), set[tuple[str, int]]()
        while True:
            plan = make_plan(topology, occupied, previous=previous, way_out=True, taken=frozenset(taken), seen=seen)
            try:
                self.claim(plan)
            except RefusedError as refused:
                port = refused.port
                free = any(
                    one.chosen and one.protocol == port.protocol and one.first <= port.number <= one.last for one in plan.published
                )
                if not free or len(taken) >= ATTEMPTS:
                    raise explained(self.lab, refused, plan, self.inode_of(refused, plan)) from None
                taken.add((port.protocol, port.number))
            else:
                return plan

    def expect(self, ports: Iterable[str]) -> None:
        """There may be uplinks of these ports."""
        for port in ports:
            if port not in self.ways:
                self.ways[port] = WayOut(port, self.folder, self._helper, change=self._change, stays=self._stays)

    def look(self, paths: Mapping[str, str | None]) -> tuple[IPNetwork, ...]:
        """Be alone in choosing subnets where the uplinks will be or are, the lab's at least, and see what is taken there. Blocking.

        `paths`: of the namespaces of uplinks by port, which are expected; None for the host's."""
        sites = {port: self.ways[port].find_site(path) for port, path in paths.items()}
        sites |= {port: way.site for port, way in self.ways.items() if port not in paths and way.site is not None}
        ours = frozenset(way.tap for way in self.ways.values() if way.tap)
        seen: dict[int, Facts] = {}
        occupied: list[IPNetwork] = []
        for inode, site in sorted({site.inode: site for site in sites.values()}.items()):
            lock = place.lock(site.path)
            self._locks += [lock] if lock is not None else []
            seen[inode] = site.facts()
            occupied += seen[inode].without(ours).occupied()
        for port, site in sites.items():
            way = self.ways[port]
            way.facts = seen[site.inode].without(ours - {way.tap})
        return tuple(occupied)

    def claim(self, plan: Plan) -> None:
        """Bind what is published. RefusedError: nothing is kept.

        What one uplink has no more may be what another of the same host shall have."""
        wanted = {
            port: (way.inode, frozenset(ports_of(rules.ways))) for port, way in self.ways.items() if (rules := way.wanted(plan))
        }
        for port, way in self.ways.items():
            inode, stay = wanted.get(port, (0, frozenset()))
            gone = way.held - (stay if inode == way.ports.inode else frozenset())
            others = (found for other, (where, found) in wanted.items() if other != port and where == way.ports.inode)
            way.ports.make_way(gone, frozenset().union(*others))
        try:
            for way in self.ways.values():
                way.claim(plan)
        except BaseException:
            self._give_back_claims()
            raise

    def _give_back_claims(self) -> None:
        for way in self.ways.values():
            way.ports.drop_new()
        for way in self.ways.values():
            way.give_back_claims()

    def inode_of(self, refused: RefusedError, plan: Plan) -> int:
        """Of the namespace in which a port was refused."""
        port = refused.port
        found = (one.uplink for one in plan.published if one.protocol == port.protocol and one.first <= port.number <= one.last)
        way = self.ways[next(found, UPLINK)]
        return way.inode

    def replaced(self, plan: Plan) -> set[str]:
        """Ports of uplinks and parents that are there, and that the plan has no more, or others."""
        return {port for port, way in self.ways.items() if way.replaced(plan)} | self.parents.replaced(plan)

    def drop(self, ports: Collection[str]) -> None:
        """The engine has closed their descriptors. Blocking."""
        for port in ports:
            if port in self.ways:
                self.ways[port].drop()
        self.parents.drop(ports)

    def make(self, plan: Plan, tell: Tell, detail: Tell) -> dict[str, int]:
        """The descriptors of uplinks that the engine has not yet. ``detail``: steps of little interest. Blocking."""
        made: dict[str, int] = {}
        try:
            for port, way in self.ways.items():
                fd = way.make(plan, tell, detail)
                if fd is not None:
                    made[port] = fd
            made |= self.parents.make(plan, tell)
        except BaseException:
            for fd in made.values():
                os.close(fd)
            self.drop(made)
            raise
        return made

    # -- after the engine has changed ---------------------------------------------------------------------------------------

    async def settle(self, plan: Plan, tell: Tell, warn: Callable[[str], None]) -> None:
        """The host's rules, routes and sysctls as the plan wants them; what was claimed is kept."""
        for way in self.ways.values():
            way.keep(plan)
        leaving = [port for port in self.ways if port != UPLINK and port not in plan.uplinks]
        for port in leaving:
            await self.ways[port].ports.close()
        await asyncio.to_thread(self._settle, plan, tell, warn)
        for port in leaving:
            del self.ways[port]
        self.unlock()

    def _settle(self, plan: Plan, tell: Tell, warn: Callable[[str], None]) -> None:
        for port, way in self.ways.items():
            way.settle(plan, tell, warn)
            if port != UPLINK and port not in plan.uplinks:
                way.leave()
        self.parents.settle(plan, tell, warn)

    def set_routes(self, plan: Plan, tell: Tell) -> None:
        """The host's routes alone, where the plan asks for nothing else that is new. Blocking."""
        for way in self.ways.values():
            way.set_routes(plan, tell)

    def give_back(self) -> None:
        """A change that failed leaves no claim."""
        self._give_back_claims()
        for way in self.ways.values():
            way.give_back()
        self.unlock()

    def unlock(self) -> None:
        """Others may choose subnets again."""
        while self._locks:
            self._locks.pop().close()

    def no_way_out(self, plan: Plan) -> str:
        """Why networks that could make use of a way out have none; "" where nothing is missing."""
        open_ones = [key for key, network in plan.networks.items() if leads_out(network)]
        shut = [key for key in open_ones if plan.way(key) not in plan.uplinks]
        if not shut:
            return ""
        if self.way_out:
            whose = "" if len(shut) == len(open_ones) else f" of {', '.join(shut)}"
            return f"no way out{whose}: the file says uplink kind none"
        ports = ", and nobody reaches its published ports" if any(i.service.ports for i in plan.instances.values()) else ""
        return f"no way out: this lab is an ordinary user's; it works inside{ports}"

    # -- meanwhile ----------------------------------------------------------------------------------------------------------

    async def look_again(self, plan: Plan, tell: Tell) -> bool:
        """Addresses of a host have changed: follow. True if others than before are local now."""
        ours = frozenset(way.tap for way in self.ways.values() if way.tap)
        return await asyncio.to_thread(self._look_again, plan, ours, tell)

    def _look_again(self, plan: Plan, ours: frozenset[str], tell: Tell) -> bool:
        others = [way for way in self.ways.values() if way.look_again(plan, ours, tell)]
        return bool(others)

    async def let_go(self) -> None:
        """Of every port, and of descriptors; what was changed stays for the next process."""
        self.unlock()
        for way in self.ways.values():
            await way.ports.close()
        await asyncio.to_thread(self.parents.let_go)

    async def close(self, tell: Tell) -> None:
        """Let go of every port; take back what was changed, once the engine has closed the uplinks."""
        self.unlock()
        for way in self.ways.values():
            await way.ports.close()
        await asyncio.to_thread(self._undo, tell)

    def _undo(self, tell: Tell) -> None:
        for way in self.ways.values():
            if way.tap:
                tell(Step(f"interface {way.tap} is gone, and the routes through it", f"ip link delete {way.tap}"))
            for words in way.undo():
                tell(Step(AS_BEFORE, words))
        self.parents.close(tell)
