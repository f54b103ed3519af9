"""The parents of a running lab's macvlan and ipvlan networks: looked at, opened, kept from the host's own stack. Blocking.

``look`` before a plan is made; ``replaced`` and ``drop`` what a plan has no more, ``make`` what it has newly, ``settle`` what the
host does for them, ``close``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.hostnet import hidden, nft, place
from dataplane.live.packet import open_packet
from dataplane.live.site import Site
from dataplane.model import Network, Plan
from dataplane.netns.step import Step, entering, ip_step
from dataplane.parent import Parent, Seen
from dataplane.parents import Place, is_parented, no_such_parent, wish
from dataplane.uplink import Uplink

if TYPE_CHECKING:
    from pyroute2 import IPRoute

    from dataplane.proc.helper import Helper

Tell = Callable[[Step], None]
MAIN_TABLE = 254


class Parents:
    """``change``: False tells what to do on the host instead of doing it; ``root``: this user may have packet sockets there."""

    def __init__(self, lab: str, folder: Path, helper: Helper, *, change: bool, root: bool) -> None:
        self.made: dict[str, Parent] = {}
        self._lab, self._folder, self._helper = lab, folder, helper
        self._change, self._root = change, root
        self._sites: dict[str, Site] = {}
        # What a process that was killed has left is ours to take back, or to keep.
        self._scripts: dict[tuple[int, str], str] = dict.fromkeys(hidden.noted(folder), "")

    def look(self, networks: Iterable[Network]) -> dict[Place, Seen]:
        """What the host has of the interfaces that networks name. UserError in Docker's words where one is not there."""
        found: dict[Place, Seen] = {}
        for network in filter(is_parented, networks):
            asked = wish(network)
            if not asked.interface or asked.place in found:
                continue
            where = f"networks.{network.key}.driver_opts.parent"
            if not self._root:
                raise UserError(
                    "a parent interface needs root", where=where, mend="leave it out: the lab then works inside", status=1
                )
            site = Site.open(self._helper, asked.netns or None)
            try:
                with self._helper.netlink(site.namespace) as ip:
                    seen = _seen(ip, asked.interface)
            finally:
                site.close()
            if seen is None:
                error = no_such_parent(network.options["parent"])
                raise UserError(error.what, where=where, mend=error.mend, status=1)
            found[asked.place] = seen
        return found

    def replaced(self, plan: Plan) -> set[str]:
        """Ports of parents that are open, and that the plan has no more, or elsewhere. Who is on them comes and goes."""
        return {port for port, one in self.made.items() if port not in plan.parents or _place(plan.parents[port]) != _place(one)}

    def drop(self, ports: Iterable[str]) -> None:
        """The engine has closed their descriptors."""
        for port in list(ports):
            if self.made.pop(port, None) is not None:
                self._sites.pop(port).close()

    def make(self, plan: Plan, tell: Tell) -> dict[str, int]:
        """Descriptors for the engine, by port, of those that it has not yet."""
        opened: dict[str, int] = {}
        try:
            for port, parent in plan.parents.items():
                if port not in self.made:
                    opened[port] = self._open(port, parent, tell)
                self.made[port] = parent
        except BaseException:
            for fd in opened.values():
                os.close(fd)
            self.drop(opened)
            raise
        return opened

    def _open(self, port: str, parent: Parent, tell: Tell) -> int:
        site = Site.open(self._helper, parent.netns)
        try:
            fd = open_packet(site.path, Uplink(kind="packet", name=parent.interface))
        except UserError as error:
            site.close()
            where = f"networks.{parent.networks[0]}.driver_opts.parent"
            raise UserError(error.what, where=where, mend=error.mend, status=1) from None
        self._sites[port] = site
        shared = ", ".join(parent.networks)
        tell(
            ip_step(site.namespace, f"packet socket on {parent.interface}, the parent of {shared}", f"link show {parent.interface}")
        )
        return fd

    # -- after the engine has changed ---------------------------------------------------------------------------------------

    def settle(self, plan: Plan, tell: Tell, warn: Callable[[str], None]) -> None:
        """Keep the addresses of endpoints that share a parent's MAC from the host's own stack, as far as the host lets us."""
        wanted: dict[tuple[int, str], str] = {}
        paths: dict[tuple[int, str], Site] = {}
        for port, parent in plan.parents.items():
            if parent.hidden and port in self._sites:
                site, table = self._sites[port], hidden.table_of(self._lab, port)
                wanted[site.inode, table] = hidden.script(table, parent.interface, parent.hidden)
                paths[site.inode, table] = site
        gone = [key for key in self._scripts if key not in wanted]
        if self._change and (wanted or gone):
            hidden.note(self._folder, {**self._scripts, **wanted})
        for inode, table in gone:
            del self._scripts[inode, table]
            path = place.find(inode)
            if path is not None and self._change:
                place.inside(path, partial(nft.load, hidden.removal(table)))
                tell(Step("addresses are no longer kept from the host's own stack", f"nft delete table netdev {table}"))
        for key, text in wanted.items():
            if self._scripts.get(key) != text:
                self._scripts[key] = text
                self._load(paths[key], text, tell, warn)

    def _load(self, site: Site, text: str, tell: Tell, warn: Callable[[str], None]) -> None:
        words = "endpoints' addresses are kept from the host's own stack, which has the same MAC"
        try:
            if self._change:
                place.inside(site.path, lambda: nft.load(text))
            tell(Step(words, f"{entering(site.namespace)}nft -f - <<'END'\n{text}END"))
        except UserError as error:
            warn(f"the host's own stack sees packets for ipvlan's endpoints: {error.what}; mend: {error.mend}")

    def let_go(self) -> None:
        """Of every namespace; what was changed stays for the next process."""
        self.drop(list(self.made))

    def close(self, tell: Tell) -> None:
        """Let go of every namespace, once the engine has closed its ports; take back what was changed."""
        self.let_go()
        for words in hidden.undo(self._folder):
            tell(Step("as it was before", words))


def _place(parent: Parent) -> tuple[str | None, str, tuple[str, ...]]:
    return parent.netns, parent.interface, parent.networks[:1]


def _seen(ip: IPRoute, interface: str) -> Seen | None:
    indices = ip.link_lookup(ifname=interface)
    if not indices:
        return None
    (index,) = indices
    (link,) = ip.get_links(index)
    # Link-local addresses are each interface's own: next hops are not asked with them.
    addresses = (ip_interface(f"{row.get('address')}/{row['prefixlen']}") for row in ip.get_addr(index=index) if row["scope"] == 0)
    routes = [
        row for row in ip.get_routes(table=MAIN_TABLE) if row["dst_len"] == 0 and row.get("oif") == index and row.get("gateway")
    ]
    gateways = {ip_address(row.get("gateway")).version: ip_address(row.get("gateway")) for row in reversed(routes)}
    return Seen(
        mac=str(link.get("address")), mtu=int(link.get("mtu")), addresses=tuple(addresses), gateways=tuple(gateways.values())
    )
