"""One uplink of a running lab on its host: the interface, the rules, the published ports. What is made is written down before."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dataplane.errors import UserError
from dataplane.hostnet import record, undo
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.rules import HostRules, host_rules, subnets
from dataplane.hostnet.sockets import Port
from dataplane.live.hostrules import RuleSetter
from dataplane.live.packet import open_packet
from dataplane.live.ports import HeldPorts
from dataplane.live.site import Site
from dataplane.live.uplink import make_tap, require_free, take_up, told
from dataplane.model import IPNetwork, Plan
from dataplane.netns.step import Step
from dataplane.proc.helper import Helper
from dataplane.uplink import UPLINK, Uplink

Tell = Callable[[Step], None]
NOTHING = Facts(addresses={}, routes=())


class WayOut:
    """The uplink of a port. ``change``: False tells what to do on the host instead of doing it. ``stays``: a TAP outlives this
    process, and one that an earlier process left is taken up.

    Used on the event loop, but for what is said to block: that is for a thread, one at a time."""

    def __init__(self, port: str, folder: Path, helper: Helper, *, change: bool, stays: bool = False) -> None:
        self.port, self.lab = port, folder
        self.folder = folder if port == UPLINK else folder / port
        self.uplink: Uplink | None = None
        self.facts = NOTHING
        self.ports = HeldPorts(folder.name)
        self._helper = helper
        self._rules = RuleSetter(self.folder, change=change)
        self._site: Site | None = None
        self._next: Site | None = None
        self._routes: tuple[IPNetwork, ...] = ()
        self._asked: tuple[Plan | None, HostRules | None] = None, None
        self._stays = stays
        self._left = self._recorded()

    def _recorded(self) -> record.Record | None:
        """Of a TAP that stays, what is written down."""
        found = record.read(self.folder) if self._stays else None
        return found if found is not None and found.stays else None

    @property
    def tap(self) -> str:
        """Its TAP, if that is what it is; before there is one, that which an earlier process left."""
        if self.uplink is None:
            return self._left.tap if self._left is not None else ""
        return (self.uplink.name or "") if self.uplink.kind == "tap" else ""

    @property
    def site(self) -> Site | None:
        """Where it is now."""
        return self._site

    # -- before the engine changes ------------------------------------------------------------------------------------------

    def find_site(self, path: str | None) -> Site:
        """Where the plan to come has it; where the present one has it stays known until that is taken back. Blocking."""
        self._next = self._site if self._site is not None and self._site.path == path else Site.open(self._helper, path)
        return self._next

    def claim(self, plan: Plan) -> None:
        """The ports that the plan publishes there. RefusedError: one cannot be had; nothing is kept."""
        site = self._next or self._site
        if site is not None:
            self.ports.claim(self.wanted(plan), site.path, site.inode)

    def give_back_claims(self) -> None:
        """As before ``claim``."""
        self.ports.give_back(self._site.path if self._site is not None else None)

    @property
    def inode(self) -> int:
        """Of the namespace that it is in, or will be."""
        site = self._next or self._site
        return site.inode if site is not None else 0

    def wanted(self, plan: Plan) -> HostRules | None:
        """What the plan asks of the host. It is asked for several times in a change, and made once."""
        if self._asked[0] is not plan:
            self._asked = plan, host_rules(plan, self.port)
        return self._asked[1]

    def replaced(self, plan: Plan) -> bool:
        """It is there, and the plan has another one or none."""
        return self.uplink is not None and self.uplink != plan.uplinks.get(self.port)

    def drop(self) -> None:
        """The engine has closed its descriptor: the host forgets it, and another of its name may come. Blocking."""
        self.facts = self.facts.without({self.tap})
        self.uplink, self._routes = None, ()
        self._undo_left()
        self._rules.forget()

    def _undo_left(self) -> None:
        """What is on the host. Should a TAP that stays not go, the next attempt finds it."""
        self._left = self._recorded()
        undo.undo_uplink(self.lab, self.folder)
        self._left = None

    def make(self, plan: Plan, tell: Tell, detail: Tell) -> int | None:
        """Its descriptor for the engine; None where that has it, or there is to be none. ``detail``: steps of little interest.
        Blocking."""
        self._arrive()
        uplink, site = plan.uplinks.get(self.port), self._site
        if uplink is None or uplink == self.uplink or site is None:
            return None
        if uplink.kind == "packet":
            record.write(self.folder, record.Record(inode=site.inode))
            fd = open_packet(site.path, uplink)
            tell(told(uplink, site.namespace))
        else:
            try:
                fd = self._open_tap(site, uplink, tell, detail)
            except BaseException:
                self._left = self._recorded()
                raise
        self.uplink = uplink
        try:
            if uplink.kind == "tap":
                self.set_routes(plan, tell)
        except BaseException:
            os.close(fd)
            self.uplink, self._left = None, self._recorded()
            raise
        return fd

    def _open_tap(self, site: Site, uplink: Uplink, tell: Tell, detail: Tell) -> int:
        name, left, self._left = uplink.name or "", self._left, None
        if left is not None and (left.inode, left.tap) == (site.inode, name):
            fd = take_up(self._helper, site.namespace, uplink, self.facts)
            if fd is not None:
                self._routes = self.facts.beyond(name)
                tell(Step(f"interface {name} is taken up as it was left", ""))
                return fd
        if left is not None:
            self._undo_left()
            self.facts = self.facts.without({left.tap})
        require_free(uplink, self.facts)  # or what is written down would have it deleted
        record.write(self.folder, record.Record(inode=site.inode, tap=name, stays=self._stays))
        details: list[Step] = []
        fd = make_tap(self._helper, site.namespace, uplink, self.facts, details.append, stays=self._stays)
        tell(told(uplink, site.namespace))
        for step in details:
            detail(step)
        return fd

    def _arrive(self) -> None:
        """What was the next site is the site."""
        if self._next is not None and self._next is not self._site:
            if self._site is not None:
                self._site.close()
            self._site = self._next
        self._next = None

    # -- after the engine has changed ---------------------------------------------------------------------------------------

    def set_routes(self, plan: Plan, tell: Tell) -> None:
        """The host's routes to the subnets that leave by its TAP. Blocking."""
        site = self._site
        if site is None or self.uplink is None or not self.tap:
            return
        wanted = tuple(subnets(plan, self.port))
        if wanted == self._routes:
            return
        gone, new = (tuple(n for n in a if n not in b) for a, b in ((self._routes, wanted), (wanted, self._routes)))
        self._rules.change_routes(site, plan.uplinks[self.port], gone, new, tell)
        self._routes = wanted

    def keep(self, plan: Plan) -> None:
        """What was claimed is ours."""
        self._arrive()
        self.ports.keep(self.wanted(plan))

    def settle(self, plan: Plan, tell: Tell, warn: Callable[[str], None]) -> None:
        """The host's rules, routes and sysctls as the plan wants them, after ``keep``. Blocking."""
        rules, site = self.wanted(plan), self._site
        if rules is None or site is None:
            return
        self.set_routes(plan, tell)
        record.write(
            self.folder,
            record.Record(
                inode=site.inode,
                table=rules.table if self._rules.loads else "",
                tap=rules.tap,
                stays=self._stays,
                ports=record.texts(self.ports.ports),
            ),
        )
        self._rules.settle(site, rules, self.facts, tell, warn)

    def give_back(self) -> None:
        """After ``give_back_claims``: a change that failed leads nowhere else."""
        if self._next is not None and self._next is not self._site:
            self._next.close()
        self._next = None

    def leave(self) -> None:
        """The plan has no such uplink: its namespace is nothing to us any longer. Its ports are closed. Blocking."""
        if self._site is not None:
            self._site.close()
        self._site = None

    # -- meanwhile ----------------------------------------------------------------------------------------------------------

    @property
    def local(self) -> tuple[str, ...]:
        """The host's own addresses, at which published ports are reached."""
        return self.facts.local(self.tap) if self.tap else ()

    @property
    def held(self) -> frozenset[Port]:
        """Published ports that are bound."""
        return frozenset(self.ports.ports)

    def watch(self) -> socket.socket | None:
        """Readable when the host's addresses change; None without an uplink that would make a difference."""
        return self._site.watch() if self._site is not None and self.tap else None

    def look_again(self, plan: Plan, ours: frozenset[str], tell: Tell) -> bool:
        """The host's addresses have changed: follow. True if others than before are local now. ``ours``: interfaces of ours.
        Blocking."""
        site, before, rules = self._site, self.local, self.wanted(plan)
        if site is None or rules is None:
            return False
        self.facts = site.facts().without(ours - {self.tap})
        with suppress(UserError):  # a host that refuses has been told of at `up`
            self._rules.forward(site, rules, self.facts, tell)
        return self.local != before

    def undo(self) -> list[str]:
        """Take back what was changed, once the engine has closed the uplink. What was done, in words. Blocking."""
        return undo.undo_uplink(self.lab, self.folder)
