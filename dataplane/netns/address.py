"""Addresses of interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dataplane.model import IPAddress
from dataplane.netns.link import index_of
from dataplane.netns.step import Step, ip_step, refusing
from dataplane.proc.spec import NamespaceRef

if TYPE_CHECKING:
    from pyroute2 import IPRoute

_IFA_F_NODAD = 0x02


def add_address(ip: IPRoute, namespace: NamespaceRef, name: str, address: IPAddress, prefix: int) -> Step:
    """Give an interface an address. An IPv6 one skips duplicate address detection (RFC 4862 section 5.4): it works at once."""
    how, more = (" nodad", {"flags": _IFA_F_NODAD}) if address.version == 6 else ("", {})
    step = ip_step(namespace, f"give {name} the address {address}/{prefix}", f"address add {address}/{prefix} dev {name}{how}")
    index = index_of(ip, namespace, name)
    with refusing(step):
        ip.addr("add", index=index, address=str(address), prefixlen=prefix, **more)
    return step


def delete_address(ip: IPRoute, namespace: NamespaceRef, name: str, address: IPAddress, prefix: int) -> Step:
    """Take an address from an interface."""
    step = ip_step(namespace, f"take {address}/{prefix} from {name}", f"address delete {address}/{prefix} dev {name}")
    index = index_of(ip, namespace, name)
    with refusing(step):
        ip.addr("del", index=index, address=str(address), prefixlen=prefix)
    return step
