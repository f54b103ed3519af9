"""What is asked of the host by rtnetlink(7) beyond what namespaces need: its addresses, its routes, and routes of ours."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address

from dataplane.model import IPAddress, IPNetwork
from dataplane.netns.route import Route
from dataplane.netns.step import Step, ip_step
from dataplane.proc.rtnetlink import Wire, attribute, attributes
from dataplane.proc.spec import NamespaceRef

_NEWROUTE, _DELROUTE, _GETROUTE = 24, 25, 26
_CREATE, _EXCL = 0x400, 0x200
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_TABLE = 1, 4, 5, 6, 15
_MAIN, _BOOT, _UNICAST, _SCOPE_LINK = 254, 3, 1, 253


class HostWire(Wire):
    """Requests in the namespace in which it was opened."""

    def addresses(self) -> Iterator[tuple[int, IPAddress]]:
        """(index of the interface, address) of every one."""
        for index, text in self.prefixes():
            yield index, ip_address(text.partition("/")[0])

    def routes(self) -> Iterator[tuple[int, IPNetwork]]:
        """(index of the interface or 0, destination) of unicast routes of the main table, but for default routes."""
        for body in self.dump(_GETROUTE, struct.pack("=BBBBBBBBI", 0, 0, 0, 0, 0, 0, 0, 0, 0)):
            _, length, _, _, table, _, _, kind = struct.unpack_from("=BBBBBBBB", body)
            found = attributes(body[12:])
            table = struct.unpack("=I", found[_RTA_TABLE])[0] if _RTA_TABLE in found else table
            if kind == _UNICAST and table == _MAIN and _RTA_DST in found:
                index = struct.unpack("=I", found[_RTA_OIF])[0] if _RTA_OIF in found else 0
                yield index, _network(found[_RTA_DST], length)

    def add_route(self, namespace: NamespaceRef, route: Route) -> Step:
        """Add a route. UserError: the host refuses."""
        return self._route("add", namespace, route)

    def delete_route(self, namespace: NamespaceRef, route: Route) -> Step:
        """Take a route away. UserError: the host refuses."""
        return self._route("delete", namespace, route)

    def _route(self, verb: str, namespace: NamespaceRef, route: Route) -> Step:
        step = ip_step(namespace, f"{verb} the route to {route.destination}", f"route {verb} {route.words()}")
        network = route.destination
        family = socket.AF_INET if network.version == 4 else socket.AF_INET6
        scope = _SCOPE_LINK if route.via is None and network.version == 4 else 0
        body = struct.pack("=BBBBBBBBI", family, network.prefixlen, 0, 0, _MAIN, _BOOT, scope, _UNICAST, 0)
        body += attribute(_RTA_DST, network.network_address.packed)
        body += attribute(_RTA_OIF, struct.pack("=I", self.index(route.dev)))
        body += attribute(_RTA_GATEWAY, route.via.packed) if route.via is not None else b""
        body += attribute(_RTA_PRIORITY, struct.pack("=I", route.metric)) if route.metric is not None else b""
        if verb == "add":
            self.do(_NEWROUTE, _CREATE | _EXCL, body, step.what)
        else:
            self.do(_DELROUTE, 0, body, step.what)
        return step


def _network(packed: bytes, length: int) -> IPNetwork:
    return IPv4Network((packed, length)) if len(packed) == 4 else IPv6Network((packed, length))
