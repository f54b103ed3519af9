"""What is said of an endpoint's port in a wiring, whatever its network's driver."""

from __future__ import annotations

from dataplane.model import Endpoint, IPAddress, Network
from dataplane.options import boolean

MTU = "com.docker.network.driver.mtu"
OFFLOADS = "dataplane.offloads"


def port_settings(network: Network, endpoint: Endpoint, mtu: int) -> dict[str, int | str]:
    """The settings of the node: those of the interface that the service sees. Errors: UserError for bad options."""
    return {
        "interface": endpoint.interface,
        "mac": endpoint.mac,
        "ipv4": _with_prefix(network, endpoint.ipv4),
        "ipv6": _with_prefix(network, endpoint.ipv6),
        "mtu": mtu,
        **_offloads(network, endpoint),
    }


def _with_prefix(network: Network, address: IPAddress | None) -> str:
    if address is None:
        return ""
    prefixes = {pool.subnet.prefixlen: address in pool.subnet for pool in network.pools if pool.subnet.version == address.version}
    return f"{address}/{next((length for length, inside in prefixes.items() if inside), address.max_prefixlen)}"


def _offloads(network: Network, endpoint: Endpoint) -> dict[str, bool]:
    """Said only where they are off: the usual needs no word in a drawing."""
    wanted = boolean(endpoint.options, OFFLOADS, boolean(network.options, OFFLOADS, True))
    return {} if wanted else {"offloads": False}
