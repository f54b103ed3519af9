"""The ways out of a lab, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from dataplane.outside import Outside

UPLINK = "uplink"
"""The name of the lab's uplink, its port and node (DESIGN: "Ports have names"); a network's own is called ``uplink.NETWORK``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink(Outside):
    """A way out: the lab's, or a network's own. ``kind``: ``tap``, ``packet`` or ``none``."""


def uplink_port(network: str) -> str:
    """The name of the port of a network's own uplink; of the lab's for ""."""
    return f"{UPLINK}.{network}" if network else UPLINK


def network_of(port: str) -> str:
    """The network whose own uplink has this port; "" for the lab's."""
    return port.removeprefix(UPLINK).removeprefix(".")
