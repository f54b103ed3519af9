"""How a container's streams share a connection (Docker's "stdcopy"), and which keys of a terminal leave it."""

from __future__ import annotations

import struct

from dataplane.desired.refused import Refused
from dataplane.detach import DEFAULT, key_codes


def framed(stream: int, data: bytes) -> bytes:
    """An octet for the stream (1 stdout, 2 stderr), three zeros, the length in network order, the octets."""
    return struct.pack(">B3xI", stream, len(data)) + data


def keys(text: str) -> bytes:
    """`ctrl-p,ctrl-q`, `ctrl-],x`; "" is Docker's default. Refused 400."""
    try:
        return key_codes(text or DEFAULT)
    except ValueError:
        raise Refused(400, f"Invalid detach keys ({text[:64]}) provided") from None
