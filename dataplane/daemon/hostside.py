"""A daemon's part in its host: the way out, the rules, routes and published ports. As ``live.host`` has it for labs.

An ordinary user's daemon has none of these, and works inside.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from dataplane.desired import ports
from dataplane.desired.records import State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.rules import HostRules
from dataplane.hostnet.sockets import RefusedError
from dataplane.live.host import Host
from dataplane.live.hostwatch import HostWatch
from dataplane.live.ports import explained
from dataplane.live.underlay import Descriptors, close_all
from dataplane.model import IPAddress, IPNetwork, Plan
from dataplane.netns.step import Step
from dataplane.parents import is_parented, placed
from dataplane.proc.helper import Helper
from dataplane.proc.server import privileged
from dataplane.underlay import Underlay
from dataplane.uplink import UPLINK

RESOLV = Path("/etc/resolv.conf")


class PortTakenError(Refused):
    """``port``: (protocol, number) that the host cannot give; ``chosen``: nobody asked for just that one; ``container``: whose."""

    def __init__(self, what: str, mend: str, port: tuple[str, int], *, chosen: bool, container: str) -> None:
        super().__init__(500, what, mend=mend)
        self.port, self.chosen, self.container = port, chosen, container


class HostSide:
    """``change``: False tells what to do on the host instead of doing it; ``underlay``: what carries overlays.

    Used on the loop, but for what is said to block: that is for a thread, one at a time."""

    def __init__(self, name: str, folder: Path, helper: Helper, *, change: bool = True, underlay: Underlay | None = None) -> None:
        self.way_out, self.underlay = privileged(), underlay
        self._name, self._folder = name, folder
        self._host = Host(name, folder, helper, change=change, way_out=self.way_out, stays=True)
        self._host.expect({UPLINK})
        self._watch = HostWatch(self._follow)
        self._followed: Callable[[], Awaitable[None]] | None = None
        self._surroundings = Surroundings(daemon=name)
        self._rules: HostRules | None = None
        self._told = False  # the host has been told those rules

    # -- what is there ----------------------------------------------------------------------------------------------------

    def look(self) -> Surroundings:
        """Be alone in choosing subnets here, until the next change, and see what is taken. Blocking."""
        self._host.look({UPLINK: None})
        facts = self._host.ways[UPLINK].facts
        self._surroundings = Surroundings(
            daemon=self._name,
            routes=_routes(facts, self._tap),
            resolvers=_resolvers(),
            links=frozenset(facts.addresses),
            overlays=self.underlay is not None,
        )
        return self._surroundings

    @property
    def _tap(self) -> str:
        return self._host.ways[UPLINK].tap

    @property
    def local(self) -> Mapping[str, tuple[str, ...]]:
        """Addresses of the host by uplink, at which published ports are reached."""
        return {port: way.local for port, way in self._host.ways.items()}

    @property
    def warnings(self) -> list[str]:
        """Sentences about underlays that cannot carry what overlays send."""
        return [sentence for sentences in list(self._host.underlays.warnings.values()) for sentence in sentences]

    # -- changes ----------------------------------------------------------------------------------------------------------

    async def placed(self, plan: Plan) -> Plan:
        """With the parents of its networks as the host has them. UserError where one is not there, or cannot be had."""
        parented = {key: network for key, network in plan.networks.items() if is_parented(network)}
        used = {endpoint.network for endpoint in plan.endpoints()} if parented else set()
        networks = [network for key, network in parented.items() if key in used]
        if not networks:
            return plan
        return placed(plan, await asyncio.to_thread(self._host.parents.look, networks))

    def claim(self, plan: Plan, state: State) -> None:
        """The host's ports that the plan publishes. PortTakenError: one cannot be had; nothing is kept."""
        try:
            self._host.claim(plan)
        except RefusedError as refused:
            port, rows = refused.port, plan.published
            row = next(one for one in rows if one.protocol == port.protocol and one.first <= port.number <= one.last)
            key = next(one.id for one in state.containers.values() if one.short == row.instance)
            words = os.strerror(refused.number)
            told = ports.host_refused(
                state,
                key,
                address=str(port.address or "0.0.0.0"),
                port=port.number,
                protocol=port.protocol,
                why=f"{words[:1].lower()}{words[1:]}",
            )
            mend = explained(self._name, refused, plan, self._host.inode_of(refused, plan)).mend
            raise PortTakenError(told.what, mend, (port.protocol, port.number), chosen=row.chosen, container=key) from None

    def leaving(self, plan: Plan) -> set[str]:
        """Ports of uplinks and underlays that are there, and that the plan has no more, or others. Nobody watches those now."""
        ports = self._host.replaced(plan) | self._host.underlays.replaced(plan)
        self._watch.stop(ports)
        return ports

    def drop(self, ports: set[str]) -> None:
        """The engine has closed their descriptors. Blocking."""
        below = ports & self._host.underlays.made.keys()
        self._host.underlays.drop(below)
        self._host.drop(ports - below)
        if ports - below:
            self._told = False

    def make(self, plan: Plan) -> dict[str, Descriptors]:
        """The descriptors of uplinks and underlays that the engine has not yet. Blocking."""
        made: dict[str, Descriptors] = {**self._host.make(plan, _log, lambda _step: None)}
        try:
            made |= self._host.underlays.make(plan, _log, lambda _step: None)
        except BaseException:
            self.close_all(made)
            self._host.drop(made)
            raise
        if plan.underlays:
            self._host.underlays.settle(plan, _log, _warn)
        return made

    def set_routes(self, plan: Plan) -> None:
        """After the engine has changed: the host's routes, and what is kept from its own stack. Blocking."""
        self._host.set_routes(plan, _log)
        self._host.parents.settle(plan, _log, _warn)

    async def settle(self, plan: Plan) -> None:
        """The host's rules and sysctls as the plan wants them; what was claimed is kept."""
        rules = self._host.ways[UPLINK].wanted(plan)
        if not self._told or rules != self._rules:
            self._told = False  # what fails half way is neither these nor those before
            await self._host.settle(plan, _log, _warn)
            self._rules, self._told = rules, True
        # A change that failed may have ended it, whatever it had done by then.
        self._watch.start({port: way.watch for port, way in self._host.ways.items()})
        self._host.unlock()

    def unlock(self) -> None:
        """Others may choose subnets again."""
        self._host.unlock()

    def give_back(self) -> None:
        """A change that failed leaves no claim."""
        self._host.give_back()

    @staticmethod
    def close_all(descriptors: Mapping[str, Descriptors]) -> None:
        """Those that the engine will not have."""
        close_all(descriptors)

    # -- meanwhile --------------------------------------------------------------------------------------------------------

    def follow(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Call it when the host's addresses have changed."""
        self._followed = changed

    async def _follow(self) -> None:
        if self._followed is not None:
            await self._followed()

    async def look_again(self, plan: Plan) -> bool:
        """True if others than before are local now."""
        return await self._host.look_again(plan, _log)

    async def let_go(self) -> None:
        """Of every port, once the engine has closed the uplink. Rules, routes and interfaces stay for the next daemon."""
        self._watch.stop()
        await self._host.let_go()
        await asyncio.to_thread(self._host.underlays.let_go)

    async def close(self) -> None:
        """Let go of every port and take back what was changed, once the engine has closed the uplink."""
        self._watch.stop()
        await self._host.close(_log)
        await asyncio.to_thread(self._host.underlays.close, _log)


def _routes(facts: Facts, tap: str) -> tuple[tuple[str, IPNetwork], ...]:
    return tuple((name, network) for name, network in facts.routes if name != tap)


def _resolvers() -> tuple[IPAddress, ...]:
    from ipaddress import ip_address

    try:
        words = [line.split() for line in RESOLV.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ()
    found = []
    for row in words:
        if len(row) > 1 and row[0] == "nameserver":
            try:
                found.append(ip_address(row[1].partition("%")[0]))
            except ValueError:
                continue
    return tuple(found)


def say(sentence: str) -> None:
    """Into the daemon's log. Nobody who reads it, or a full disk, is no reason to do anything else."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)


def _log(step: Step) -> None:
    say(f"{step.what}   # {step.by_hand}" if step.by_hand else step.what)


def _warn(sentence: str) -> None:
    say(f"warning: {sentence}")
