"""The keys by which a user leaves a process that goes on: ctrl-p, ctrl-q unless others are named. Pure."""

from __future__ import annotations

DEFAULT = "ctrl-p,ctrl-q"
SPECIAL = {"@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, "_": 31}


def key_codes(text: str) -> bytes:
    """``ctrl-p,ctrl-q`` as octets. ValueError in Docker's words."""
    codes = bytearray()
    for key in text.split(","):
        name = key.removeprefix("ctrl-")
        if key.startswith("ctrl-") and len(name) == 1 and (name in SPECIAL or "a" <= name <= "z"):
            codes.append(SPECIAL[name] if name in SPECIAL else ord(name) - ord("a") + 1)
        elif len(key) == 1 and key.isascii():
            codes.append(ord(key))
        else:
            raise ValueError(f"Unknown character: '{key}'")
    return bytes(codes)


class Watcher:
    """Looks for the keys in what is typed. Those that may be the beginning of them are held back until it is known."""

    def __init__(self, keys: bytes) -> None:
        self._keys, self._seen = keys, 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What is to be passed on, and whether the keys are complete. The end of input (b"") lets go what was held."""
        if not self._keys:
            return data, False
        if not data:
            held, self._seen = self._keys[: self._seen], 0
            return held, False
        out = bytearray()
        for code in data:
            if code == self._keys[self._seen]:
                self._seen += 1
                if self._seen == len(self._keys):
                    return bytes(out), True
                continue
            out += self._keys[: self._seen]
            self._seen = 1 if code == self._keys[0] else 0
            if not self._seen:
                out.append(code)
        return bytes(out), False
