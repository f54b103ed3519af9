"""Port numbers and ranges with a protocol: ``80``, ``8000-8010/udp`` (``expose``)."""

from __future__ import annotations

import re

from dataplane.compose.nodes import At

EXPOSED = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", re.ASCII | re.IGNORECASE)


def exposed(at: At) -> str:
    """``FIRST[-LAST]/PROTOCOL``, tcp where none is written."""
    text = at.text()
    match = EXPOSED.fullmatch(text)
    first = int(match[1]) if match else 0
    last = int(match[2] or first) if match else 0
    if match is None or not 1 <= first <= last <= 65535:
        raise at.wrong(f'"{text}" is not a port, nor a range of ports', 'write "80", "8000-8010" or "53/udp", from 1 to 65535')
    ports = str(first) if first == last else f"{first}-{last}"
    return f"{ports}/{(match[3] or 'tcp').lower()}"
