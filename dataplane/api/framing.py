"""How a container's streams share a connection (Docker's "stdcopy"), and which octets of a terminal mean: leave."""

from __future__ import annotations

import struct

from dataplane.desired.refused import Refused

DETACH = b"\x10\x11"
"""ctrl-p ctrl-q."""
_CONTROL = {chr(letter): letter - 96 for letter in range(ord("a"), ord("z") + 1)} | {
    "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31,
}  # fmt: skip


def framed(stream: int, data: bytes) -> bytes:
    """An octet for the stream (1 stdout, 2 stderr), three zeros, the length in network order, the octets."""
    return struct.pack(">B3xI", stream, len(data)) + data


def keys(text: str) -> bytes:
    """`ctrl-p,ctrl-q`, `ctrl-],x`; "" is Docker's default."""
    if not text:
        return DETACH
    found = bytearray()
    for word in text.split(","):
        control = word.removeprefix("ctrl-")
        if word.startswith("ctrl-") and control in _CONTROL:
            found.append(_CONTROL[control])
        elif len(word) == 1 and word.isascii():
            found.append(ord(word))
        else:
            raise Refused(400, f"Invalid detach keys ({text[:64]}) provided")
    return bytes(found)


class Escape:
    """Looks for the keys in what a client types. What may be their beginning is held back until it is known."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._seen = 0

    def pass_on(self, data: bytes) -> tuple[bytes, bool]:
        """What goes to the container, and whether the client leaves."""
        out = bytearray()
        for octet in data:
            if octet == self._wanted[self._seen]:
                self._seen += 1
                if self._seen == len(self._wanted):
                    return bytes(out), True
                continue
            if self._seen:
                out += self._wanted[: self._seen]
                self._seen = 0
                if octet == self._wanted[0]:
                    self._seen = 1
                    continue
            out.append(octet)
        return bytes(out), False
