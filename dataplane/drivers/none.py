"""No network at all. There is one, it needs no wiring, and a service uses it by ``network_mode: none``."""

from __future__ import annotations

from dataplane.errors import UserError
from dataplane.model import Endpoint, Network
from dataplane.wiring import Wiring


def wire(network: Network, endpoints: tuple[Endpoint, ...]) -> Wiring:  # noqa: ARG001 - the face of a driver
    """Always an error: a file cannot make another."""
    raise UserError('only one instance of "null" network is allowed', mend="write network_mode: none on the services instead")
