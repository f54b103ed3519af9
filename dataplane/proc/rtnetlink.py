"""The few rtnetlink requests (rtnetlink(7), linux/rtnetlink.h) that furnish a namespace, for the helper: no library, little memory.

A ``Wire`` is for the namespace in which it was opened. What is added that is there already is as if it had been added.
"""

from __future__ import annotations

import errno
import os
import socket
import struct

from dataplane.errors import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_ERROR, _DONE = 2, 3
_REQUEST, _ACK, _DUMP, _REPLACE, _CREATE = 0x1, 0x4, 0x300, 0x100, 0x400
_NEWLINK, _DELLINK, _GETLINK, _SETLINK = 16, 17, 18, 19
_NEWADDR, _DELADDR, _GETADDR = 20, 21, 22
_NEWROUTE, _DELROUTE, _GETROUTE = 24, 25, 26
_IFNAME, _MTU, _OPERSTATE, _ALIAS = 3, 4, 16, 20
_OPER_UP = 6
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_OIF, _RTA_GATEWAY = 4, 5
_IFF_UP = 1
_IFF_NOARP = 0x80
_NODAD = 0x02
_MAIN, _BOOT, _UNICAST, _SCOPE_LINK = 254, 3, 1, 253
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Wire:
    """Requests, each answered before the next."""

    def __init__(self, given: socket.socket | None = None) -> None:
        self._socket = given or socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._number = 0
        self._indices: dict[str, int] = {}

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()

    def set_link(
        self, name: str, *, up: bool | None = None, mtu: int = 0, alias: str = "", arp: bool | None = None, works: bool = False
    ) -> None:
        """UserError names what the kernel refuses, as do all of these. ``arp`` False: it asks for no neighbors. ``works``: it is
        shown as UP (RFC 2863, ifOperStatus); of a TAP the kernel says that only after its carrier has once gone and come."""
        flags, change = (_IFF_UP if up else 0), (_IFF_UP if up is not None else 0)
        if arp is not None:
            flags, change = flags | (0 if arp else _IFF_NOARP), change | _IFF_NOARP
        body = struct.pack("=BxHiII", 0, 0, self.index(name), flags, change)
        body += attribute(_MTU, struct.pack("=I", mtu)) if mtu else b""
        body += attribute(_ALIAS, alias.encode()[:255]) if alias else b""
        body += attribute(_OPERSTATE, bytes([_OPER_UP])) if works else b""
        self.do(_SETLINK, 0, body, f"set {name}{f' mtu {mtu}' if mtu else ''}{' up' if up else ''}")

    def delete_link(self, name: str) -> None:
        """One that is gone already is no error."""
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + attribute(_IFNAME, name.encode() + b"\0")
        self._indices.pop(name, None)
        self.do(_DELLINK, 0, body, f"delete {name}", ignored=errno.ENODEV)

    def add_address(self, name: str, text: str) -> None:
        """``text``: address/prefix. An IPv6 one skips duplicate address detection (RFC 4862 section 5.4): it works at once."""
        self.do(_NEWADDR, _CREATE | _REPLACE, self._address(name, text), f"give {name} the address {text}")

    def delete_address(self, name: str, text: str) -> None:
        """One that is gone already is no error."""
        self.do(_DELADDR, 0, self._address(name, text), f"take {text} from {name}", ignored=errno.EADDRNOTAVAIL)

    def _address(self, name: str, text: str) -> bytes:
        address, _, prefix = text.partition("/")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        packed = socket.inet_pton(family, address)
        body = struct.pack("=BBBBI", family, int(prefix), _NODAD if family == socket.AF_INET6 else 0, 0, self.index(name))
        return body + attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)

    def set_default(self, version: int, name: str, gateway: str) -> None:
        """The default route, in the place of another of the family. ``gateway`` "": everything is on the link."""
        words = f"default{f' via {gateway}' if gateway else ''} dev {name}"
        self.do(_NEWROUTE, _CREATE | _REPLACE, self._default(version, name, gateway), f"set the route {words}")

    def delete_default(self, version: int, name: str, gateway: str) -> None:
        """One that is gone already is no error."""
        self.do(_DELROUTE, 0, self._default(version, name, gateway), f"delete the default route by {name}", ignored=errno.ESRCH)

    def _default(self, version: int, name: str, gateway: str) -> bytes:
        scope = _SCOPE_LINK if not gateway and version == 4 else 0
        body = struct.pack("=BBBBBBBBI", _FAMILIES[version], 0, 0, 0, _MAIN, _BOOT, scope, _UNICAST, 0)
        body += attribute(_RTA_OIF, struct.pack("=I", self.index(name)))
        return body + (attribute(_RTA_GATEWAY, socket.inet_pton(_FAMILIES[version], gateway)) if gateway else b"")

    def links(self) -> Iterator[tuple[int, str, str, int]]:
        """(index, name, alias, MTU, 0 where it is down) of every interface."""
        for body in self.dump(_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)):
            index, flags = struct.unpack_from("=iI", body, 4)
            found = attributes(body[16:])
            (mtu,) = struct.unpack("=I", found[_MTU])
            yield index, _text(found[_IFNAME]), _text(found.get(_ALIAS, b"")), mtu if flags & _IFF_UP else 0

    def prefixes(self) -> Iterator[tuple[int, str]]:
        """(index of the interface, address/prefix) of every address."""
        for body in self.dump(_GETADDR, struct.pack("=BBBBI", 0, 0, 0, 0, 0)):
            family, length, _, _, index = struct.unpack_from("=BBBBI", body)
            found = attributes(body[8:])
            packed = found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS)
            if packed and family in _FAMILIES.values():
                yield index, f"{socket.inet_ntop(family, packed)}/{length}"

    def defaults(self, version: int) -> Iterator[tuple[int, str]]:
        """(index of the interface, gateway or "") of every default route of ours: of the main table, as `ip route` marks them."""
        family = _FAMILIES[version]
        for body in self.dump(_GETROUTE, struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0)):
            of, length, _, _, table, proto, _, kind = struct.unpack_from("=BBBBBBBB", body)
            found = attributes(body[12:])
            if (of, length, table, proto, kind) != (family, 0, _MAIN, _BOOT, _UNICAST) or _RTA_OIF not in found:
                continue
            gateway = found.get(_RTA_GATEWAY)
            yield struct.unpack("=I", found[_RTA_OIF])[0], socket.inet_ntop(family, gateway) if gateway else ""

    def index(self, name: str) -> int:
        """Of the interface of that name, which is asked for once: it is the same as long as it is not deleted here."""
        if name in self._indices:
            return self._indices[name]
        self._number += 1
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + attribute(_IFNAME, name.encode() + b"\0")
        self._socket.send(struct.pack("=IHHII", 16 + len(body), _GETLINK, _REQUEST, self._number, 0) + body)
        answer = self._socket.recv(1 << 16)
        if struct.unpack_from("=H", answer, 4)[0] == _ERROR:
            raise UserError(f"there is no interface {name}", where=name, status=1)
        self._indices[name] = int(struct.unpack_from("=i", answer, 20)[0])
        return self._indices[name]

    # -- messages ---------------------------------------------------------------------------------------------------------

    def do(self, kind: int, flags: int, body: bytes, what: str, *, ignored: int = 0) -> None:
        """One request. UserError names ``what``, unless the kernel refuses for the reason that is ``ignored``."""
        self._number += 1
        self._socket.send(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | _ACK | flags, self._number, 0) + body)
        answer = self._socket.recv(65536)
        (number,) = struct.unpack_from("=i", answer, 16)
        if number and -number != ignored:
            raise UserError(f"cannot {what}: {os.strerror(-number)}", where=what, status=1)

    def dump(self, kind: int, body: bytes) -> Iterator[bytes]:
        """What is listed, without its header."""
        self._number += 1
        self._socket.send(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST | _DUMP, self._number, 0) + body)
        while True:
            data = self._socket.recv(1 << 16)
            while data:
                length, what = struct.unpack_from("=IH", data)
                if what == _DONE:
                    return
                if what == _ERROR:
                    raise UserError(f"the kernel lists nothing: {os.strerror(-struct.unpack_from('=i', data, 16)[0])}", status=1)
                yield data[16:length]
                data = data[length + 3 & ~3 :]


def attribute(kind: int, value: bytes) -> bytes:
    """As messages have it (struct rtattr)."""
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def attributes(data: bytes) -> dict[int, bytes]:
    """All there are, by kind."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[length + 3 & ~3 :]
    return found


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")
