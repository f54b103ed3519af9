"""The neighbors beyond the router of the routing benchmark: routes lead to them in turn."""

from __future__ import annotations

import numpy as np

from bench.flows import GATEWAY_MACS, mac_octets

HOPS = 16


def hop_mac(number: int) -> str:
    """One's address."""
    return f"02:b0:00:00:00:{number:02x}"


def leaving(which: np.ndarray) -> np.ndarray:
    """The MAC addresses of frames that leave by these routes, a row each."""
    rows: np.ndarray = np.array([mac_octets(hop_mac(hop), GATEWAY_MACS[1]) for hop in range(HOPS)], np.uint8)[which % HOPS]
    return rows
