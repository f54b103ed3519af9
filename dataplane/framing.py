"""How stdout and stderr share a connection (Docker's "stdcopy"): frames with an octet for the stream (1 stdout, 2 stderr), three
zeros, the length in network order, and so many octets. Pure."""

from __future__ import annotations

import struct

_HEADER = struct.Struct(">B3xI")


def framed(stream: int, data: bytes) -> bytes:
    """One frame."""
    return _HEADER.pack(stream, len(data)) + data


def whole_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Stream and octets of each frame that is there whole, and what is left."""
    found, at = [], 0
    while len(data) - at >= _HEADER.size:
        stream, length = _HEADER.unpack_from(data, at)
        begin = at + _HEADER.size
        if len(data) < begin + length:
            break
        at = begin + length
        found.append((stream, data[begin:at]))
    return found, data[at:]
