"""The way of an underlay's packets through the host: sockets to send them by, and how large they may be. Blocking."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from typing import Any

from dataplane.errors import UserError
from dataplane.hostnet import place
from dataplane.live.holder import holder
from dataplane.live.site import Site
from dataplane.model import IPAddress, Plan
from dataplane.overlays import MTU, OVERHEAD, is_overlay, mtu_of, overlay
from dataplane.underlay import Underlay

ASKED = 64
"""Peers whose way is looked at; of more, the first ones."""


def open_sockets(site: Site, below: Underlay, groups: Iterable[str], where: str) -> tuple[int, ...]:
    """The sockets of an underlay of kind udp. UserError names who has the port, where somebody has it."""
    from dataplane.apply import sockets

    addresses = [str(one.ip) for one in below.addresses]
    try:
        return place.inside(site.path, lambda: sockets.open_sockets(addresses, below.port, tuple(groups)))
    except OSError as error:
        words = os.strerror(error.errno or 0)
        if error.errno == errno.EADDRINUSE:
            raise UserError(
                f"UDP port {below.port} is taken: {holder(site, below.port)} has it",
                where=f"{where}.port",
                mend=f"end that, or write another address, or another port: on all hosts (see: ss -lnup 'sport = :{below.port}')",
                status=1,
            ) from None
        raise UserError(
            f"no sockets at {', '.join(addresses)}: {words[:1].lower()}{words[1:]}",
            where=where,
            mend="ulimit -n 4096, if there are too many open files; else another address",
            status=1,
        ) from None


def too_narrow(site: Site, port: str, below: Underlay, plan: Plan) -> tuple[str, ...]:
    """A sentence for each way that is too narrow for what an overlay sends."""
    overlays = {n.key: (n, overlay(n, plan.topology)) for n in plan.networks.values() if is_overlay(n)}
    carried = [(network, one) for network, one in overlays.values() if one.port == port]
    found: dict[str, None] = {}
    with site.helper.netlink(site.namespace) as ip:
        names = {link["index"]: (str(link.get("ifname")), int(link.get("mtu"))) for link in ip.get_links()}
        for network, one in carried:
            wanted = mtu_of(network) + OVERHEAD[one.local.version]
            peers = [peer.address for peer in one.peers][:ASKED]
            for name, mtu in _ways(ip, names, below, peers):
                if mtu < wanted:
                    fits = mtu - OVERHEAD[one.local.version]
                    found[
                        f"network {network.key}: its packets of {mtu_of(network)} octets leave by {name} as packets of {wanted}, "
                        f"and the MTU there is {mtu}: larger ones than {fits} will not cross (write mtu: {mtu} on the underlay, or "
                        f"{MTU}: {fits} on the network)"
                    ] = None
    return tuple(found)


def _ways(ip: Any, names: dict[int, tuple[str, int]], below: Underlay, peers: Iterable[IPAddress]) -> Iterator[tuple[str, int]]:
    """Interfaces and their MTUs: the underlay's own, or where the host sends what is for the peers."""
    if below.kind == "packet":
        yield from (each for each in names.values() if each[0] == below.name)
        return
    seen: set[int] = set()
    for peer in peers:
        index = _route(ip, peer)
        if index in names and index not in seen:
            seen.add(index)
            yield names[index]


def _route(ip: Any, peer: IPAddress) -> int:
    """The index of the interface that the host would send to the peer by; 0 where it knows no way."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        found = ip.route("get", dst=str(peer))
    except NetlinkError:
        return 0
    return int(found[0].get("oif") or 0) if found else 0
