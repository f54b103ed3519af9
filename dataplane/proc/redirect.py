"""Send what a namespace's processes say to port 53 of one address elsewhere, by nftables, spoken to directly (nfnetlink).

One table of ours in the namespace of a container, in family ip: the program nft(8) is not needed, and takes 10 ms where this
takes one. Loaded again, it takes the place of what was there; its comment is the port, so that who comes later need not do so.
"""

from __future__ import annotations

import os
import socket
import struct

TABLE = "dataplane-dns"
CHAIN = "output"
PORT = 53

# linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_SUBSYSTEM = 10 << 8
_NEWTABLE, _GETTABLE, _DELTABLE, _NEWCHAIN, _NEWRULE = _SUBSYSTEM, _SUBSYSTEM | 1, _SUBSYSTEM | 2, _SUBSYSTEM | 3, _SUBSYSTEM | 6
_REQUEST, _ACK, _EXCLUSIVE, _CREATE, _APPEND = 0x1, 0x4, 0x200, 0x400, 0x800
_ERROR = 2
_NESTED = 0x8000
_NETLINK_NETFILTER = 12
_OUTPUT_HOOK = 3
_DSTNAT = -100
_NAT_DST = 1
_META_L4PROTO = 16
_USER_DATA = 6


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", len(data) + 4, kind) + data + bytes(-len(data) % 4)


def _nested(kind: int, *inside: bytes) -> bytes:
    return _attribute(kind | _NESTED, b"".join(inside))


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("!i", value))


def _text(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _message(kind: int, flags: int, number: int, *attributes: bytes, family: int = socket.AF_INET, resource: int = 0) -> bytes:
    body = struct.pack("!BBH", family, 0, resource) + b"".join(attributes)
    return struct.pack("=IHHII", len(body) + 16, kind, flags | _REQUEST, number, 0) + body


def _expression(name: str, *attributes: bytes) -> bytes:
    return _nested(1, _text(1, name), _nested(2, *attributes))


def _value(kind: int, data: bytes) -> bytes:
    return _nested(kind, _attribute(1, data))


def _payload(base: int, offset: int, size: int) -> bytes:
    return _expression("payload", _number(1, 1), _number(2, base), _number(3, offset), _number(4, size))


def _equal(data: bytes) -> bytes:
    return _expression("cmp", _number(1, 1), _number(2, 0), _value(3, data))


def _immediate(register: int, data: bytes) -> bytes:
    return _expression("immediate", _number(1, register), _value(2, data))


def _rule(address: bytes, protocol: int, port: int) -> bytes:
    """ip daddr ADDRESS meta l4proto PROTOCOL th dport 53 dnat to ADDRESS:PORT."""
    return _nested(
        4,
        _payload(1, 16, 4),
        _equal(address),
        _expression("meta", _number(2, _META_L4PROTO), _number(1, 1)),
        _equal(bytes([protocol])),
        _payload(2, 2, 2),
        _equal(struct.pack("!H", PORT)),
        _immediate(1, address),
        _immediate(2, struct.pack("!H", port)),
        _expression("nat", _number(1, _NAT_DST), _number(2, socket.AF_INET), _number(3, 1), _number(5, 2)),
    )


def batch(address: str, port: int, *, instead: bool) -> bytes:
    """All of it as one transaction. ``instead``: of a table that is there; else there must be none."""
    packed = socket.inet_aton(address)
    table, chain = _text(1, TABLE), (_text(1, TABLE), _text(2, CHAIN))
    hook = _nested(4, _number(1, _OUTPUT_HOOK), _number(2, _DSTNAT))
    parts = [
        _message(_BATCH_BEGIN, 0, 0, family=socket.AF_UNSPEC, resource=10),
        *([_message(_DELTABLE, 0, 2, table)] if instead else []),
        _message(_NEWTABLE, _CREATE | _EXCLUSIVE, 3, table, _attribute(_USER_DATA, _comment(str(port)))),
        _message(_NEWCHAIN, _CREATE, 4, table, _text(3, CHAIN), _text(7, "nat"), hook),
        _message(_NEWRULE, _CREATE | _APPEND, 5, *chain, _rule(packed, socket.IPPROTO_UDP, port)),
        _message(_NEWRULE, _CREATE | _APPEND | _ACK, 6, *chain, _rule(packed, socket.IPPROTO_TCP, port)),
        _message(_BATCH_END, 0, 7, family=socket.AF_UNSPEC, resource=10),
    ]
    return b"".join(parts)


def redirect(address: str, port: int) -> None:
    """In the caller's namespace, from port 53 of ``address`` to ``port`` of it, UDP and TCP. OSError where the kernel refuses."""
    try:
        _load(batch(address, port, instead=False))
    except FileExistsError:
        # Taking a table away costs 15 ms (the kernel waits for all processors): only where one is.
        _load(batch(address, port, instead=True))


def redirected() -> int | None:
    """In the caller's namespace: to which port, None where there is no redirection of ours."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netlink:
        netlink.settimeout(10)
        netlink.bind((0, 0))
        netlink.send(_message(_GETTABLE, 0, 1, _text(1, TABLE)))
        reply = netlink.recv(65536)
    (kind,) = struct.unpack_from("=H", reply, 4)
    at = 20
    while kind == _NEWTABLE and at + 4 <= len(reply):
        size, name = struct.unpack_from("=HH", reply, at)
        if name & 0x3FFF == _USER_DATA:
            digits = reply[at + 6 : at + size].rstrip(b"\0")
            return int(digits) if digits.isdigit() else None
        at += max(4, (size + 3) & ~3)
    return None


def _comment(text: str) -> bytes:
    """A table's comment as nft(8) keeps it in the user data: kind 0, octets, the text and a zero."""
    data = text.encode() + b"\0"
    return bytes([0, len(data)]) + data


def _load(messages: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netlink:
        netlink.settimeout(10)
        netlink.bind((0, 0))
        netlink.send(messages)
        # The last rule's acknowledgement comes when all of it is in force; an error comes for what was refused.
        while True:
            reply = netlink.recv(65536)
            while reply:
                size, kind, _flags, number, _pid = struct.unpack_from("=IHHII", reply)
                if kind == _ERROR:
                    (code,) = struct.unpack_from("=i", reply, 16)
                    if code:
                        raise OSError(-code, os.strerror(-code), f"nftables, message {number}")
                    return
                reply = reply[(size + 3) & ~3 :]
