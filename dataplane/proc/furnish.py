"""Namespaces made and furnished, several in one go, by one fork of the helper: what a daemon asks for at each change.

An order is of one namespace: ``name``; ``create``: it is to be made; ``delete``: interfaces that go; ``add``: TAPs, each with its
``name``, ``port`` (kept as the link's alias, by which a later daemon knows it for ours), ``mac``, ``mtu``, ``addresses``,
``sysctls``, ``arp`` false where it asks for no neighbors, ``mark``, which says all that in a word (kept in the alias once all is
done), ``there`` where it is only to be opened again, and ``anew`` where it takes the place of whatever has its name; ``change``: as
``add`` without a descriptor, less what is in ``lose``; ``unroute``, ``route``: [version, interface, gateway or ""], default routes.
They are done in this order.
"""

from __future__ import annotations

import os
from contextlib import suppress

from dataplane.errors import UserError
from dataplane.proc import kernel, message, tap
from dataplane.proc.message import Body
from dataplane.proc.rtnetlink import Wire
from dataplane.proc.spaces import Spaces, apart
from dataplane.proc.sysctls import open_to_users, write_sysctls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ALIAS = "dataplane "
"""A link's alias begins so: the port follows, a space, once all is done the mark. An earlier version takes it for ours too."""
LONGEST = 255
"""Octets of an alias (linux/if.h, IFALIASZ)."""
MANY = 64
"""Addresses of an interface that are told: whoever is in there may have given it thousands, and a message holds so much."""
IPV6 = "/proc/sys/net/ipv6"


def furnish(spaces: Spaces, orders: list[Body]) -> tuple[Body, list[int]]:
    """Do it; descriptors of all TAPs, in the orders' order. UserError: nothing that is new is left of any of them."""
    for order in orders:
        if order.get("create"):
            spaces.claim(order["name"])
        else:
            spaces.get(order["name"])
    body, fds = apart(lambda: _work(spaces, orders))
    created, taps = fds[: len(body["created"])], fds[len(body["created"]) :]
    rows = []
    for (name, inode), fd in zip(body["created"], created, strict=True):
        rows.append([name, spaces.keep(name, fd, inode), inode, True])
    return {"spaces": rows}, taps


def _work(spaces: Spaces, orders: list[Body]) -> tuple[Body, list[int]]:
    created: list[tuple[str, int]] = []
    made: list[int] = []
    taps: list[int] = []
    new: list[tuple[int, str]] = []  # (namespace, interface)
    try:
        for order in orders:
            if order.get("create"):
                fd, inode = _create(spaces, order["name"])
                created.append((order["name"], inode))
                made.append(fd)
            else:
                fd = spaces.get(order["name"]).fd
                kernel.setns(fd, kernel.CLONE_NEWNET)
            _furnish(order, taps, new, fd)
    except BaseException:
        for fd, name in new:
            with suppress(OSError, UserError):
                kernel.setns(fd, kernel.CLONE_NEWNET)
                Wire().delete_link(name)
        for name, inode in created:
            spaces.forget(name, inode)
        raise
    return {"created": created}, [*made, *taps]


def _create(spaces: Spaces, name: str) -> tuple[int, int]:
    kernel.unshare(kernel.CLONE_NEWNET)
    fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    inode = os.fstat(fd).st_ino
    spaces.note(name, inode)
    return fd, inode


def _furnish(order: Body, taps: list[int], new: list[tuple[int, str]], fd: int) -> None:
    wire = Wire()
    try:
        if order.get("create"):
            wire.set_link("lo", up=True)
            open_to_users()
            if os.path.isdir(IPV6):
                # An interface has IPv6 where its network has: each says so itself.
                write_sysctls({"net/ipv6/conf/default/disable_ipv6": "1"})
        for name in order.get("delete", ()):
            wire.delete_link(name)
        for one in order.get("add", ()):
            there = one["there"]
            if one.get("anew"):
                wire.delete_link(one["name"])
            taps.append(tap.open_tap(one["name"], None if there else one["mac"], 0 if there else tap.IFF_TUN_EXCL, stays=True))
            if not there:
                new.append((fd, one["name"]))
            _set_up(wire, one)
        for one in order.get("change", ()):
            for address in one["lose"]:
                wire.delete_address(one["name"], address)
            _set_up(wire, one)
        for version, name, gateway in order.get("unroute", ()):
            wire.delete_default(version, name, gateway)
        for version, name, gateway in order.get("route", ()):
            wire.set_default(version, name, gateway)
    finally:
        wire.close()


def _set_up(wire: Wire, one: dict[str, Any]) -> None:
    known = os.path.isdir(IPV6)
    write_sysctls({key: value for key, value in one["sysctls"].items() if known or not key.startswith("net/ipv6/")})
    wire.set_link(one["name"], mtu=one["mtu"], alias=f"{ALIAS}{one['port']} ")
    for address in one["addresses"]:
        if known or ":" not in address:
            wire.add_address(one["name"], address)
    done = f"{ALIAS}{one['port']} {one['mark']}"
    done = done if len(done.encode()) <= LONGEST else ""  # it will be done anew
    wire.set_link(one["name"], up=True, arp=one.get("arp", True), works=True, alias=done)


def look(spaces: Spaces, names: list[str], *, take_up: bool = False) -> tuple[Body, list[int]]:
    """What of ours is in namespaces: by name, interfaces [port, name, mark or "", MTU (0: it is down), addresses with prefix
    lengths, opened] and default routes [version, interface, gateway] through these. One that cannot be entered is left out.

    ``take_up``: a descriptor of each TAP that is free, as many as a message holds."""

    def work() -> tuple[Body, list[int]]:
        found: dict[str, object] = {}
        fds: list[int] = []
        for name in names:
            with suppress(OSError, UserError):
                kernel.setns(spaces.get(name).fd, kernel.CLONE_NEWNET)
                body = _seen()
                if take_up:
                    _take_up(body["interfaces"], fds)
                found[name] = body
        return {"found": found}, fds

    return apart(work)


def _take_up(rows: list[list[object]], fds: list[int]) -> None:
    for row in rows:
        if len(fds) < message.MAX_FDS:
            with suppress(UserError):
                fds.append(tap.open_tap(str(row[1]), None, 0))
                row[-1] = True


def _seen() -> dict[str, Any]:
    wire = Wire()
    try:
        ours: dict[int, list[Any]] = {}
        for index, name, alias, mtu in wire.links():
            if alias.startswith(ALIAS):
                port, mark = _read(alias[len(ALIAS) :])
                ours[index] = [port, name, mark, mtu, [], False]
        for index, address in wire.prefixes() if ours else ():
            if index in ours and len(ours[index][4]) < MANY:
                ours[index][4].append(address)
        routes = [
            [version, ours[index][1], gateway]
            for version in ((4, 6) if ours else ())
            for index, gateway in wire.defaults(version)
            if index in ours
        ]
    finally:
        wire.close()
    return {"interfaces": list(ours.values()), "routes": routes}


def _read(words: str) -> tuple[str, str]:
    """Port and mark. An earlier version wrote the port alone."""
    port, space, mark = words.rpartition(" ")
    return (port, mark) if space else (words, "")
