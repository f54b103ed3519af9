"""A learning bridge with a port for each endpoint.

Options of a network (``driver_opts``):

    com.docker.network.driver.mtu           68…65535, default 1500
    com.docker.network.bridge.enable_icc    false: its endpoints do not reach one another
    dataplane.offloads                      false: TAPs without checksum and segmentation offload; what tcpdump sees inside is
                                            then what a wire would carry, and TCP is several times slower
    dataplane.ageing                        seconds until an unused station is forgotten, default 300; 0: never
    dataplane.fdb_limit                     stations the bridge learns, default 65536
    dataplane.port_limit                    of these at most so many at one port, default an eighth

Options of an endpoint (``services.*.networks.*.driver_opts``):

    dataplane.offloads                      as for the network, for this endpoint alone
    dataplane.hairpin                       true: frames may leave by the port they came in by
    dataplane.isolated                      true: exchanges nothing with other isolated endpoints
    dataplane.fdb_limit                     stations learned at this port

Other options are accepted and mean nothing, as with Docker.
"""

from __future__ import annotations

from dataplane.drivers.ports import MTU, port_settings
from dataplane.errors import UserError
from dataplane.model import Endpoint, Network
from dataplane.options import boolean, integer, seconds
from dataplane.wiring import Link, NodeSpec, Wiring

ICC = "com.docker.network.bridge.enable_icc"
MOST_STATIONS = 1 << 28
LEAST_IPV6 = 1280
"""RFC 8200, 5. Linux takes IPv6 off an interface with less."""


def wire(network: Network, endpoints: tuple[Endpoint, ...]) -> Wiring:
    """Errors: UserError for bad options, and for more than one subnet of a family, as Docker's bridge has it."""
    for version in (4, 6):
        if sum(pool.subnet.version == version for pool in network.pools) > 1:
            raise UserError(
                "bridge driver doesn't support multiple subnets", mend=f"a bridge has one IPv{version} subnet: leave the others out"
            )
    mtu = integer(network.options, MTU, 1500, low=68, high=65535)
    if mtu < LEAST_IPV6 and network.enable_ipv6:
        raise UserError(
            f"IPv6 needs an MTU of {LEAST_IPV6}, and the network has {mtu}",
            mend="leave out enable_ipv6; or write a larger mtu, for an overlay on its underlay",
        )
    icc = boolean(network.options, ICC, True)
    stations = integer(network.options, "dataplane.fdb_limit", 65536, low=1, high=MOST_STATIONS)
    at_port = integer(network.options, "dataplane.port_limit", max(stations // 8, 1), low=1, high=MOST_STATIONS)
    bridge = NodeSpec(
        f"bridge {network.key}",
        "bridge",
        {"ageing_ns": seconds(network.options, "dataplane.ageing", 300_000_000_000), "fdb_limit": stations},
    )
    ports = [NodeSpec(endpoint.port, "port", port_settings(network, endpoint, mtu)) for endpoint in endpoints]
    links = [Link(endpoint.port, bridge.name, _member_settings(endpoint, icc, at_port)) for endpoint in endpoints]
    return Wiring.of([bridge, *ports], links)


def _member_settings(endpoint: Endpoint, icc: bool, at_port: int) -> dict[str, int | str]:
    try:
        return {
            "hairpin": boolean(endpoint.options, "dataplane.hairpin", False),
            "isolated": boolean(endpoint.options, "dataplane.isolated", False) or not icc,
            "fdb_limit": integer(endpoint.options, "dataplane.fdb_limit", at_port, low=1, high=MOST_STATIONS),
        }
    except UserError as error:
        raise UserError(error.what, where=f"{endpoint.port}: driver_opts", mend=error.mend) from None
