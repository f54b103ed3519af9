"""The underlays of a running lab: what carries its overlays on the host. Blocking.

``replaced`` and ``drop`` what a plan has no more, ``make`` what it has newly, ``settle`` what the host does for them, ``close``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from dataplane.errors import UserError
from dataplane.hostnet import foreign, legacy, nft, place, shared, wishes
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.foreign import Obstacle
from dataplane.hostnet.ledger import Key
from dataplane.hostnet.rules import HostRules
from dataplane.hostnet.undo import UNDERLAY_FILE, underlay_owner, undo_underlays
from dataplane.live import paths
from dataplane.live.packet import open_packet
from dataplane.live.site import Site
from dataplane.live.uplink import make_tap, told
from dataplane.model import Plan
from dataplane.netns.step import Step, entering, ip_step
from dataplane.overlays import is_overlay, overlay
from dataplane.proc.helper import Helper
from dataplane.underlay import Underlay

Tell = Callable[[Step], None]
Warn = Callable[[str], None]
Descriptors = int | tuple[int, ...]
"""Of one port: a TAP or packet socket; or sockets."""


class Underlays:
    """``change``: False tells what to do on the host instead of doing it; ``root``: this user may have interfaces there."""

    def __init__(self, lab: str, folder: Path, helper: Helper, *, change: bool, root: bool) -> None:
        self.made: dict[str, Underlay] = {}
        self.warnings: dict[str, tuple[str, ...]] = {}
        self._lab, self._folder, self._helper = lab, folder, helper
        self._change, self._root = change, root
        self._sites: dict[str, Site] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._warned: set[str] = set()

    def replaced(self, plan: Plan) -> set[str]:
        """Ports of underlays that the plan has no more, or otherwise. Peers come and go without that."""
        return {port for port, below in self.made.items() if self._differs(port, below, plan)}

    def _differs(self, port: str, below: Underlay, plan: Plan) -> bool:
        if port not in plan.underlays or _outside(plan.underlays[port]) != _outside(below):
            return True
        return below.kind == "udp" and self._groups[port] != groups(plan, port)

    def drop(self, ports: Iterable[str]) -> None:
        """The engine has closed their descriptors, with which a TAP ends."""
        for port in ports:
            self.made.pop(port, None)
            self.warnings.pop(port, None)
            site = self._sites.pop(port, None)
            if site is not None:
                site.close()

    def make(self, plan: Plan, tell: Tell, detail: Tell) -> dict[str, Descriptors]:
        """Descriptors for the engine, by port, of those that it has not yet. ``detail``: steps of little interest."""
        descriptors: dict[str, Descriptors] = {}
        try:
            for port, below in plan.underlays.items():
                if port not in self.made:
                    descriptors[port] = self._make(port, below, groups(plan, port), tell, detail)
                self.made[port] = below
                self._groups[port] = groups(plan, port)
        except BaseException:
            close_all(descriptors)
            self.drop(descriptors)
            raise
        return descriptors

    def _make(self, port: str, below: Underlay, joined: tuple[str, ...], tell: Tell, detail: Tell) -> Descriptors:
        where = f"x-dataplane.{port}"
        if not self._root and (below.kind != "udp" or below.netns is not None):
            raise UserError(
                f"an underlay of kind {below.kind} needs root" if below.kind != "udp" else "another namespace needs root",
                where=where,
                mend="kind: udp, in the host's own namespace, does without",
                status=1,
            )
        details: list[Step] = []
        site = Site.open(self._helper, below.netns)
        try:
            facts = site.facts()
            _require_addresses(where, below, facts)
            if below.kind == "udp":
                fds: Descriptors = paths.open_sockets(site, below, joined, where)
            else:
                fds = self._open(site, below, facts, where, details.append)
        except BaseException:
            site.close()
            raise
        self._sites[port] = site
        tell(_told(below, site))
        for step in details:
            detail(step)
        return fds

    def _open(self, site: Site, below: Underlay, facts: Facts, where: str, detail: Tell) -> int:
        try:
            if below.kind == "packet":
                return open_packet(site.path, below)
            return make_tap(self._helper, site.namespace, below, facts, detail)
        except UserError as error:
            raise UserError(error.what, where=where, mend=error.mend, status=error.status) from None

    # -- after the engine has changed ---------------------------------------------------------------------------------------

    def settle(self, plan: Plan, tell: Tell, warn: Warn) -> None:
        """Have the host forward for TAPs, and look whether what overlays send can pass."""
        self._forward(tell, warn)
        for port, below in plan.underlays.items():
            site = self._sites.get(port)
            if site is None:
                continue
            self.warnings[port] = paths.too_narrow(site, port, below, plan)
            for sentence in self.warnings[port]:
                self._warn(warn, sentence)

    def _forward(self, tell: Tell, warn: Warn) -> None:
        taps = {port: below for port, below in self.made.items() if below.kind == "tap"}
        if not taps and not (self._folder / UNDERLAY_FILE).exists():
            return
        wanted: dict[Key, str] = {}
        for port, below in taps.items():
            site, rules = self._sites[port], _rules(self._lab, below)
            wanted |= wishes.forwarding(site.facts(), rules, site.inode, site.sysctl)
            self._let_through(site, rules, tell)
            for obstacle in place.inside(site.path, partial(_obstacles, rules.tap)):
                mend = obstacle.mend(rules.tap)
                self._warn(warn, f"{obstacle} drops what the host forwards for this underlay; it is not ours: mend: {mend}")
        try:
            if self._change:
                (self._folder / UNDERLAY_FILE).touch()
                writes = shared.take(underlay_owner(self._lab), wanted)
                for write in writes:
                    self._tell_written(wishes.written([write]), write.key[0], tell)
            else:
                for key, value in wanted.items():
                    self._tell_written(wishes.asked({key: value}), key[0], tell)
        except UserError as error:
            self._warn(warn, f"{error.what}; mend: {error.mend}")

    def _tell_written(self, steps: Iterable[Step], inode: int, tell: Tell) -> None:
        """With the words that enter the namespace it is in."""
        site = next((site for site in self._sites.values() if site.inode == inode), None)
        for step in steps:
            tell(Step(step.what, f"{entering(site.namespace) if site else ''}{step.by_hand}"))

    def _let_through(self, site: Site, rules: HostRules, tell: Tell) -> None:
        """Sysctls of our own TAP: what comes from it is forwarded."""
        values = {f"net/ipv4/conf/{rules.tap}/forwarding": "1", f"net/ipv4/conf/{rules.tap}/send_redirects": "0"}
        if rules.router6 is not None and site.sysctl(forced := f"net/ipv6/conf/{rules.tap}/force_forwarding") is not None:
            values[forced] = "1"
        if all(site.sysctl(key) == value for key, value in values.items()):
            return
        words = " ".join(f"{key}={value}" for key, value in values.items())
        if self._change:
            self._helper.set_sysctls(site.namespace, values)
        tell(
            Step(
                f"{rules.tap} forwards" if self._change else f"let {rules.tap} forward",
                f"{entering(site.namespace)}sysctl -w {words}",
            )
        )

    def _warn(self, warn: Warn, sentence: str) -> None:
        if sentence not in self._warned:
            self._warned.add(sentence)
            warn(sentence)

    def let_go(self) -> None:
        """Of every namespace; what was changed stays for the next process."""
        self.drop(list(self.made))

    def close(self, tell: Tell) -> None:
        """Let go of every namespace, once the engine has closed its ports; take back what was changed."""
        self.let_go()
        for words in undo_underlays(self._folder):
            tell(Step("as it was before", words))


def close_all(descriptors: Mapping[str, Descriptors]) -> None:
    """Those that the engine will not have."""
    for fds in descriptors.values():
        for fd in fds if isinstance(fds, tuple) else (fds,):
            os.close(fd)


def groups(plan: Plan, port: str) -> tuple[str, ...]:
    """Multicast groups that the overlays of an underlay are in."""
    overlays = (overlay(network, plan.topology) for network in plan.networks.values() if is_overlay(network))
    return tuple(sorted({str(one.group) for one in overlays if one.port == port and one.group is not None}))


def _obstacles(tap: str) -> list[Obstacle]:
    return [*foreign.obstacles(nft.listing(), tap), *legacy.obstacles(tap)]


def _outside(below: Underlay) -> Underlay:
    return replace(below, peers=(), neighbors=())


def _rules(lab: str, below: Underlay) -> HostRules:
    return HostRules(lab=lab, tap=below.name or "", router4=below.ipv4, router6=below.ipv6)


def _require_addresses(where: str, below: Underlay, facts: Facts) -> None:
    """Sockets need an address of the host; a VTEP that is a station of its own needs one that the host has not."""
    owners = {address: name for name, addresses in facts.addresses.items() for address in addresses}
    for ours in (below.ipv4, below.ipv6):
        if ours is None:
            continue
        owner = owners.get(ours.ip)
        if below.kind == "udp" and owner is None:
            raise UserError(
                f"the host has no address {ours.ip}",
                where=f"{where}.address",
                mend=f"write one that it has: {', '.join(facts.local()) or 'it has none'}; or another kind",
                status=1,
            )
        if below.kind != "udp" and owner is not None:
            raise UserError(
                f"{ours.ip} is the host's own address, on {owner}",
                where=f"{where}.address",
                mend="write another, which the VTEP is a station of its own with; or kind: udp, which uses the host's",
                status=1,
            )


def _told(below: Underlay, site: Site) -> Step:
    if below.kind == "udp":
        addresses = ", ".join(str(one.ip) for one in below.addresses)
        begin = entering(site.namespace)
        return Step(f"sockets at {addresses}, UDP port {below.port}, the underlay", f"{begin}ss -lun 'sport = :{below.port}'")
    if below.kind == "packet":
        return ip_step(
            site.namespace, f"packet socket on {below.name}, the underlay, with a MAC of its own", f"link show {below.name}"
        )
    step = told(below, site.namespace)
    return Step(f"{step.what}, the underlay", step.by_hand)
