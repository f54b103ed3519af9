"""Set the host's rules for a lab: its table, sysctls, routes; or tell what to do by hand. Blocking."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dataplane.errors import UserError
from dataplane.hostnet import foreign, legacy, nft, place, shared, wishes
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.foreign import Obstacle
from dataplane.hostnet.rules import HostRules
from dataplane.hostnet.script import script
from dataplane.live.site import Site
from dataplane.live.uplink import change_routes, route_to, set_tap_sysctls
from dataplane.model import IPNetwork
from dataplane.netns.step import Step, entering, ip_step
from dataplane.uplink import Uplink

SCRIPT = "host.nft"

Tell = Callable[[Step], None]
Warn = Callable[[str], None]


class RuleSetter:
    """``change``: False changes nothing and tells the commands."""

    def __init__(self, folder: Path, *, change: bool) -> None:
        self._folder, self._change = folder, change
        self._script = ""
        self._warned: set[str] = set()

    @property
    def loads(self) -> bool:
        """There will be a table of ours."""
        return self._change and nft.program() is not None

    def forget(self) -> None:
        """The rules were taken back."""
        self._script = ""

    def settle(self, site: Site, rules: HostRules, facts: Facts, tell: Tell, warn: Warn) -> None:
        """As ``rules`` say. What the host refuses is a warning: the lab works inside, and with what it was granted."""
        wanted = script(rules)
        if wanted != self._script:
            for work in (self._open_tap, self._load):
                try:
                    work(site, rules, tell)
                except UserError as error:
                    self._warn(warn, f"{error.what}; mend: {error.mend}")
            self._script = wanted
        try:
            self.forward(site, rules, facts, tell)
        except UserError as error:
            self._warn(warn, f"{error.what}; mend: {error.mend}")
        self._look_around(site, rules, warn)

    def _open_tap(self, site: Site, rules: HostRules, tell: Tell) -> None:
        values = wishes.tap_sysctls(rules, site.sysctl)
        if self._script or not values:
            return
        if self._change:
            set_tap_sysctls(site.helper, site.namespace, values, tell)
        else:
            for key, value in values.items():
                tell(Step(f"let {rules.tap} forward", f"{entering(site.namespace)}sysctl -w {key}={value}"))

    def _load(self, site: Site, rules: HostRules, tell: Tell) -> None:
        text, words = script(rules), wishes.table_words(rules)
        if not self._change:
            tell(Step(words, f"{entering(site.namespace)}nft -f - <<'END'\n{text}END"))
            return
        path = self._folder / SCRIPT
        path.write_text(text, "utf-8")
        place.inside(site.path, lambda: nft.load(text))
        tell(Step(words, f"{entering(site.namespace)}nft -f {path}"))

    def forward(self, site: Site, rules: HostRules, facts: Facts, tell: Tell) -> None:
        """Sysctls of interfaces that others may have: each by the ledger. UserError when the host refuses."""
        wanted = wishes.forwarding(facts, rules, site.inode, site.sysctl)
        if self._change:
            steps = wishes.written(shared.take(rules.owner, wanted))
        else:
            steps = wishes.asked({key: value for key, value in wanted.items() if site.sysctl(key[1]) not in {value, None}})
        for step in steps:
            tell(Step(step.what, f"{entering(site.namespace)}{step.by_hand}"))

    def change_routes(
        self, site: Site, uplink: Uplink, gone: tuple[IPNetwork, ...], new: tuple[IPNetwork, ...], tell: Tell
    ) -> None:
        """Routes of the host to subnets of the lab. One that the host has already is left, and told."""
        if not self._change:
            for subnet in new:
                words = route_to(uplink, subnet).words()
                tell(ip_step(site.namespace, f"reach {subnet} from the host", f"route add {words}"))
            return
        if not gone and not new:
            return
        with site.wire() as wire:
            for error in change_routes(wire, site.namespace, uplink, (gone, new), tell):
                tell(Step(f"left out: {error.what}", error.where))

    def _look_around(self, site: Site, rules: HostRules, warn: Warn) -> None:
        blocked = wishes.ipv6_blocked(rules, site.sysctl)
        if blocked is not None:
            self._warn(warn, f"{blocked.what}; mend: {blocked.by_hand}")
        for obstacle in place.inside(site.path, lambda: _obstacles(rules.tap)):
            self._warn(
                warn, f"{obstacle} drops what the host forwards for this lab; it is not ours: mend: {obstacle.mend(rules.tap)}"
            )

    def _warn(self, warn: Warn, sentence: str) -> None:
        if sentence not in self._warned:
            self._warned.add(sentence)
            warn(sentence)


def _obstacles(tap: str) -> list[Obstacle]:
    return [*foreign.obstacles(nft.listing(), tap), *legacy.obstacles(tap)]
