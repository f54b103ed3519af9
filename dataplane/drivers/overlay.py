"""A learning bridge whose network goes on behind other VTEPs (RFC 7348): the bridge here, ``drivers.vtep`` the rest.

Its options are those of a bridge for what is bridged here, and those of ``dataplane.overlays``.
"""

from __future__ import annotations

from dataplane.drivers import bridge
from dataplane.model import Endpoint, Network
from dataplane.wiring import Wiring


def wire(network: Network, endpoints: tuple[Endpoint, ...]) -> Wiring:
    """The bridge and its ports. Errors: UserError for bad options."""
    return bridge.wire(network, endpoints)
