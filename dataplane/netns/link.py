"""Interfaces: up, down, MTU, MAC, name, gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.netns.step import Step, ip_step, refusing
from dataplane.proc.spec import NamespaceRef

if TYPE_CHECKING:
    from pyroute2 import IPRoute


_IFF_NOARP = 0x80  # linux/if.h


def index_of(ip: IPRoute, namespace: NamespaceRef, name: str) -> int:
    """The index of an interface. UserError when there is none of that name."""
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        # One message, where link_lookup dumps all interfaces.
        (found,) = ip.link("get", ifname=name)
    except NetlinkError:
        raise UserError(f"namespace {namespace.name} has no interface {name}", where=namespace.path, status=1) from None
    return int(found["index"])


def _set(ip: IPRoute, namespace: NamespaceRef, name: str, step: Step, **values: object) -> Step:
    index = index_of(ip, namespace, name)
    with refusing(step):
        ip.link("set", index=index, **values)
    return step


def set_up(ip: IPRoute, namespace: NamespaceRef, name: str) -> Step:
    """Set an interface up."""
    return _set(ip, namespace, name, ip_step(namespace, f"set {name} up", f"link set {name} up"), state="up")


def set_arp_off(ip: IPRoute, namespace: NamespaceRef, name: str) -> Step:
    """The interface asks nobody who has an address: every one is on it."""
    step = ip_step(namespace, f"{name} asks for no neighbors", f"link set {name} arp off")
    return _set(ip, namespace, name, step, flags=_IFF_NOARP, change=_IFF_NOARP)


def set_down(ip: IPRoute, namespace: NamespaceRef, name: str) -> Step:
    """Set an interface down."""
    return _set(ip, namespace, name, ip_step(namespace, f"set {name} down", f"link set {name} down"), state="down")


def set_mtu(ip: IPRoute, namespace: NamespaceRef, name: str, mtu: int) -> Step:
    """Set the MTU of an interface, in octets."""
    return _set(ip, namespace, name, ip_step(namespace, f"set the MTU of {name} to {mtu}", f"link set {name} mtu {mtu}"), mtu=mtu)


def set_mac(ip: IPRoute, namespace: NamespaceRef, name: str, mac: str) -> Step:
    """Set the MAC address of an interface."""
    step = ip_step(namespace, f"give {name} the MAC {mac}", f"link set {name} address {mac}")
    return _set(ip, namespace, name, step, address=mac)


def rename(ip: IPRoute, namespace: NamespaceRef, name: str, new: str) -> Step:
    """Give an interface, which must be down, another name."""
    return _set(ip, namespace, name, ip_step(namespace, f"rename {name} to {new}", f"link set {name} name {new}"), ifname=new)


def delete(ip: IPRoute, namespace: NamespaceRef, name: str) -> Step:
    """Remove an interface; its descriptor then gives EBADFD."""
    step = ip_step(namespace, f"delete {name}", f"link delete {name}")
    index = index_of(ip, namespace, name)
    with refusing(step):
        ip.link("del", index=index)
    return step
