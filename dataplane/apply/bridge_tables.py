"""Tables of bridges with names for numbers, as NumPy structured arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dataplane.apply.rows import Rows
from fastpath import Bridge

BRIDGE_COUNTERS = ("stations", "learned", "moved", "aged", "flushed", "refused", "flooded")
BRIDGES_DTYPE = np.dtype([("network", "U128")] + [(name, "<u8") for name in BRIDGE_COUNTERS])


def fdb(stations: Rows, members: Sequence[str]) -> Rows:
    """A row a station, by port and address: mac, port, age (s), static. `members`: what the bridge's are called."""
    # The gateway's own address is no station that was learned; `graph` shows it.
    stations = stations[stations["static"] == 0]
    names = np.array(members or [""])
    ranks = np.argsort(np.argsort(names, kind="stable"))
    stations = stations[np.lexsort((stations["mac"], ranks[stations["member"]]))]
    rows = np.empty(len(stations), dtype=[("mac", "U17"), ("port", names.dtype), ("age", "<f8"), ("static", "?")])
    rows["mac"] = mac_texts(stations["mac"])
    rows["port"] = names[stations["member"]]
    rows["age"] = stations["age_ns"] / 1e9
    rows["static"] = stations["static"]
    return rows


def bridges(nodes: Mapping[str, Bridge]) -> Rows:
    """BRIDGES_DTYPE."""
    rows = [
        (name.removeprefix("bridge "), *(node.named_counters()[column] for column in BRIDGE_COUNTERS))
        for name, node in nodes.items()
    ]
    return np.array(rows, dtype=BRIDGES_DTYPE)


def mac_texts(macs: Rows) -> Rows:
    """Numbers as 02:42:0a:00:00:02, all at once: a table may have a million."""
    octets = macs.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    letters = np.full((len(macs), 17), ord(":"), dtype="<u4")
    digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    letters[:, 0::3] = digits[octets >> 4]
    letters[:, 1::3] = digits[octets & 15]
    return letters.view("<U17").reshape(-1)
