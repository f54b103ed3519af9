"""Stations with MAC addresses of their own on a parent interface: a port for each endpoint, and one node that knows them all.

Its options are those of ``dataplane.parents``, and of a bridge ``com.docker.network.driver.mtu`` and ``dataplane.offloads``. The
gateway is somebody outside: there is none of ours, nothing is translated and no port is published, as with Docker.
"""

from __future__ import annotations

from dataplane.drivers.ports import MTU, port_settings
from dataplane.model import Endpoint, Network
from dataplane.options import integer
from dataplane.parents import wish
from dataplane.wiring import Link, NodeSpec, Wiring


def wire(network: Network, endpoints: tuple[Endpoint, ...]) -> Wiring:
    """The node and its ports, without the parent; nothing where there are no endpoints. Errors: UserError for bad options."""
    asked, mtu = wish(network), integer(network.options, MTU, 1500, low=68, high=65535)
    if not endpoints:
        return Wiring()
    node = NodeSpec(f"macvlan {network.key}", "macvlan")
    ports = [NodeSpec(endpoint.port, "port", port_settings(network, endpoint, mtu)) for endpoint in endpoints]
    links = [Link(endpoint.port, node.name, {"station": endpoint.mac, "mode": asked.mode}) for endpoint in endpoints]
    return Wiring.of([node, *ports], links)
