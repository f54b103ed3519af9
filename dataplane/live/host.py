"""The host's part in a running lab: the uplink, the rules, the published ports. What is made is written down before.

In order: ``plan`` decides with the host in view and claims the ports; ``drop_uplink`` when that changes; ``make`` gives the
engine the uplink's descriptor; ``settle`` sets the host's rules; or ``give_back``, when something failed. ``close`` takes all back.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dataplane.errors import UserError
from dataplane.gateways import leads_out
from dataplane.hostnet import place, record, undo
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.rules import host_rules, subnets
from dataplane.hostnet.sockets import RefusedError
from dataplane.live.hostrules import RuleSetter
from dataplane.live.packet import open_packet
from dataplane.live.ports import HeldPorts, explained
from dataplane.live.rows import AS_BEFORE
from dataplane.live.site import Site
from dataplane.live.underlay import Underlays
from dataplane.live.uplink import make_tap, told
from dataplane.model import IPNetwork, Plan, Topology, Uplink
from dataplane.netns.step import Step
from dataplane.plan import make_plan
from dataplane.proc.helper import Helper

ATTEMPTS = 64
"""Ports that the file leaves open and that others have: how many are tried."""

Tell = Callable[[Step], None]
NOTHING = Facts(addresses={}, routes=())


class Host:
    """``change``: False tells what to do instead of doing it; ``way_out``: this user may have one. Used on the event loop."""

    def __init__(self, lab: str, folder: Path, helper: Helper, *, change: bool, way_out: bool) -> None:
        self.lab, self.folder, self.way_out = lab, folder, way_out
        self.uplink: Uplink | None = None
        self.facts = NOTHING
        self.ports = HeldPorts(lab)
        self.underlays = Underlays(lab, folder, helper, change=change, root=way_out)
        self._helper = helper
        self._rules = RuleSetter(folder, change=change)
        self._site: Site | None = None
        self._next: Site | None = None
        self._routes: tuple[IPNetwork, ...] = ()
        self._lock: socket.socket | None = None

    # -- before the engine changes ------------------------------------------------------------------------------------------

    async def plan(self, topology: Topology, previous: Plan | None) -> Plan:
        """What the lab shall be, given what the host has; its published ports are claimed. UserError in Docker's words."""
        if not self.way_out:
            # One that the file writes cannot be had either: the lab works inside.
            return make_plan(replace(topology, uplink=None), previous=previous, way_out=False)
        site = await asyncio.to_thread(self._find_site, topology.uplink.netns if topology.uplink else None)
        self._lock = await asyncio.to_thread(place.lock, site.path)
        self.facts = await asyncio.to_thread(site.facts)
        occupied, taken = self.facts.occupied(self._tap), set[tuple[str, int]]()
        while True:
            plan = make_plan(topology, occupied, previous=previous, way_out=True, taken=frozenset(taken))
            try:
                self.ports.claim(host_rules(plan), site.path, site.inode)
            except RefusedError as refused:
                port = refused.port
                free = any(
                    one.chosen and one.protocol == port.protocol and one.first <= port.number <= one.last for one in plan.published
                )
                if not free or len(taken) >= ATTEMPTS:
                    raise explained(self.lab, refused, plan, site.inode) from None
                taken.add((port.protocol, port.number))
            else:
                return plan

    def _find_site(self, path: str | None) -> Site:
        """Where the plan to come has its uplink; where the present one has it stays known until that is taken back."""
        self._next = self._site if self._site is not None and self._site.path == path else Site.open(self._helper, path)
        return self._next

    @property
    def _tap(self) -> str:
        return (self.uplink.name or "") if self.uplink is not None and self.uplink.kind == "tap" else ""

    def replaces_uplink(self, plan: Plan) -> bool:
        """There is an uplink, and the plan has another one or none."""
        return self.uplink is not None and self.uplink != plan.uplink

    async def drop_uplink(self) -> None:
        """The engine has closed its descriptor, with which a TAP ends: the host forgets the lab."""
        self.uplink, self._routes = None, ()
        await asyncio.to_thread(undo.undo, self.folder)
        self._rules.forget()
        if self._next is not None:
            self.facts = await asyncio.to_thread(self._next.facts)

    async def make(self, plan: Plan, tell: Tell, detail: Tell) -> dict[str, int]:
        """The uplink's descriptor for the engine, if it has none yet. ``detail``: steps of little interest."""
        self._arrive()
        uplink, site = plan.uplink, self._site
        if uplink is None or uplink == self.uplink or site is None:
            return {}
        record.write(self.folder, record.Record(inode=site.inode, tap=uplink.name or ""))
        if uplink.kind == "packet":
            fd = await asyncio.to_thread(open_packet, site.path, uplink)
        else:
            fd = await asyncio.to_thread(make_tap, self._helper, site.namespace, uplink, self.facts, detail)
        tell(told(uplink, site.namespace))
        self.uplink = uplink
        try:
            if uplink.kind == "tap":
                await self._set_routes(plan, tell)
        except BaseException:
            os.close(fd)
            self.uplink = None
            raise
        return {"uplink": fd}

    def _arrive(self) -> None:
        """What was the next site is the site."""
        if self._next is not None and self._next is not self._site:
            if self._site is not None:
                self._site.close()
            self._site = self._next
        self._next = None

    async def _set_routes(self, plan: Plan, tell: Tell) -> None:
        """The host's routes to the lab's subnets."""
        uplink, site = plan.uplink, self._site
        assert uplink is not None
        assert site is not None
        wanted = tuple(subnets(plan))
        gone, new = (tuple(n for n in a if n not in b) for a, b in ((self._routes, wanted), (wanted, self._routes)))
        await asyncio.to_thread(self._rules.change_routes, site, uplink, gone, new, tell)
        self._routes = wanted

    # -- after the engine has changed ---------------------------------------------------------------------------------------

    async def settle(self, plan: Plan, tell: Tell, warn: Callable[[str], None]) -> None:
        """The host's rules, routes and sysctls as the plan wants them; what was claimed is kept."""
        self._arrive()
        rules, site = host_rules(plan), self._site
        self.ports.keep(rules)
        if rules is not None and site is not None:
            await self._set_routes(plan, tell)
            record.write(
                self.folder,
                record.Record(inode=site.inode, table=rules.table, tap=rules.tap, ports=record.texts(self.ports.ports)),
            )
            await asyncio.to_thread(self._rules.settle, site, rules, self.facts, tell, warn)
        self.unlock()

    def give_back(self) -> None:
        """A change that failed leaves no claim."""
        self.ports.give_back(self._site.path if self._site is not None else None)
        if self._next is not None and self._next is not self._site:
            self._next.close()
        self._next = None
        self.unlock()

    def unlock(self) -> None:
        """Others may choose subnets again."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def no_way_out(self, plan: Plan) -> str:
        """Why networks that could make use of a way out have none; "" where nothing is missing."""
        if plan.uplink is not None or not any(map(leads_out, plan.networks.values())):
            return ""
        if self.way_out:
            return "no way out: the file says uplink kind none"
        ports = ", and nobody reaches its published ports" if any(i.service.ports for i in plan.instances.values()) else ""
        return f"no way out: this lab is an ordinary user's; it works inside{ports}"

    # -- meanwhile ----------------------------------------------------------------------------------------------------------

    @property
    def local(self) -> tuple[str, ...]:
        """The host's own addresses, at which published ports are reached."""
        return self.facts.local(self._tap) if self._tap else ()

    def watch(self) -> socket.socket | None:
        """Readable when the host's addresses change; None without an uplink that would make a difference."""
        return self._site.watch() if self._site is not None and self._tap else None

    async def look_again(self, plan: Plan, tell: Tell) -> bool:
        """The host's addresses have changed: follow. True if others than before are local now."""
        site, before, rules = self._site, self.local, host_rules(plan)
        if site is None or rules is None:
            return False
        self.facts = await asyncio.to_thread(site.facts)
        with suppress(UserError):  # a host that refuses has been told of at `up`
            await asyncio.to_thread(self._rules.forward, site, rules, self.facts, tell)
        return self.local != before

    async def close(self, tell: Tell) -> None:
        """Let go of every port; take back what was changed, once the engine has closed the uplink."""
        await self.ports.close()
        self.unlock()
        if self._tap:
            tell(Step(f"interface {self._tap} is gone, and the routes through it", f"ip link delete {self._tap}"))
        for words in await asyncio.to_thread(undo.undo, self.folder):
            tell(Step(AS_BEFORE, words))
