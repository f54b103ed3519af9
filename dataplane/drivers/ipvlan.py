"""Stations that share the MAC address of a parent interface: a port for each endpoint, and one node that knows their IP addresses.

Its options are those of ``dataplane.parents``, and of a bridge ``com.docker.network.driver.mtu`` and ``dataplane.offloads``. As
with macvlan there is no gateway of ours; in mode l3 endpoints have none at all, and their interfaces ask nobody.
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
    node = NodeSpec(f"ipvlan {network.key}", "ipvlan", {"station": endpoints[0].mac, "mode": asked.mode, "flag": asked.flag})
    quiet = {"arp": False} if asked.l3 else {}
    ports = [NodeSpec(one.port, "port", {**port_settings(network, one, mtu), **quiet}) for one in endpoints]
    links = [Link(one.port, node.name, {"addresses": _addresses(one)}) for one in endpoints]
    return Wiring.of([node, *ports], links)


def _addresses(endpoint: Endpoint) -> str:
    return " ".join(str(address) for address in (endpoint.ipv4, endpoint.ipv6) if address is not None)
