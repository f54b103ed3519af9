"""Who has which MAC address: deterministic, and one owner on a network. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from dataplane.errors import UserError
from dataplane.gateways import WITHOUT
from dataplane.model import Endpoint, Network, Topology
from dataplane.parents import NOTHING, Facts, segment_mac

Rows = Mapping[str, tuple[Endpoint, ...]]


def assign_macs(
    topology: Topology, networks: Mapping[str, Network], rows: Rows, facts: Facts = NOTHING
) -> tuple[dict[str, Network], dict[str, tuple[Endpoint, ...]]]:
    """02:42 and the IPv4 address, as Docker up to 27, unless given; without IPv4 a hash of the port's name (of an
    overlay, of the address). One owner a network; but endpoints of ipvlan all have their parent's (`facts`: what the host has).

    A network's gateway is one of its stations: it stands among them as an endpoint that nobody sees."""
    owners: dict[tuple[str, str], Endpoint] = {}

    def own(endpoint: Endpoint) -> Endpoint:
        other = owners.setdefault((endpoint.network, endpoint.mac), endpoint)
        if other is not endpoint:
            raise UserError(
                f"{other.port!r} and {endpoint.port!r} both have the MAC address {endpoint.mac}",
                where=f"{topology.source}: networks.{endpoint.network}",
                mend="give one of them another mac_address, or none",
            )
        return endpoint

    gateways = {key: (_gateway(network),) for key, network in networks.items() if network.driver not in WITHOUT}
    shared = {key: segment_mac(network, facts) for key, network in networks.items()}
    every = [endpoint for row in (*rows.values(), *gateways.values()) for endpoint in row]
    for endpoint in every:
        if endpoint.given_mac:
            own(_checked_mac(topology, endpoint))

    def finished(row: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        done = []
        for endpoint in row:
            if endpoint.given_mac:
                done.append(endpoint)
            elif (mac := shared[endpoint.network]) is not None:
                done.append(replace(endpoint, mac=mac))
            elif endpoint.ipv4 is not None:
                done.append(own(replace(endpoint, mac=f"02:42:{endpoint.ipv4.packed.hex(':')}")))
            else:
                # On an overlay, services of other hosts may have the name: not the address.
                across = networks[endpoint.network].driver == "overlay"
                done.append(
                    own(replace(endpoint, mac=_hashed_mac(endpoint, str(endpoint.ipv6) if across else endpoint.port, owners)))
                )
        return tuple(done)

    macs = {key: finished(row)[0].mac for key, row in gateways.items()}
    return {key: replace(network, gateway_mac=macs.get(key)) for key, network in networks.items()}, {
        name: finished(row) for name, row in rows.items()
    }


def gateway_mac(network: Network) -> str:
    """Of a network's gateway: the one given, else 02:42 and its IPv4 address, else a hash of its name."""
    gateway = _gateway(network)
    if gateway.given_mac:
        return gateway.mac
    return f"02:42:{gateway.ipv4.packed.hex(':')}" if gateway.ipv4 is not None else _hashed_mac(gateway, gateway.port, {})


def _gateway(network: Network) -> Endpoint:
    address = next((pool.gateway for pool in network.pools if isinstance(pool.gateway, IPv4Address)), None)
    return Endpoint(
        port=f"the gateway of {network.key}",
        instance="",
        network=network.key,
        interface="",
        mac=(network.gateway_mac or "").lower(),
        ipv4=address,
        given_mac=network.gateway_mac is not None,
    )


def _checked_mac(topology: Topology, endpoint: Endpoint) -> Endpoint:
    """Errors: UserError if no station may have the address (IEEE 802, 8.2: group bit; all zero)."""
    parts = endpoint.mac.split(":")
    try:
        octets = bytes(int(part, 16) for part in parts)
        good = len(parts) == 6 and all(len(part) == 2 for part in parts) and any(octets) and not octets[0] & 1
    except ValueError:
        good = False
    if not good:
        raise UserError(
            f"{endpoint.mac} is not a valid mac address",
            where=f"{topology.source}: {endpoint.port}",
            mend="six octets in hexadecimal, of which the first is even and not all are zero: 02:42:0a:00:00:05",
        )
    return endpoint


def _hashed_mac(endpoint: Endpoint, seed: str, owners: Mapping[tuple[str, str], Endpoint]) -> str:
    attempt = 0
    while True:
        digest = hashlib.sha256(f"dataplane mac {seed} {attempt}".encode()).digest()
        mac = f"02:42:{digest[:4].hex(':')}"
        if (endpoint.network, mac) not in owners:
            return mac
        attempt += 1
