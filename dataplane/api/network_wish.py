"""The request for a network as a wish."""

from __future__ import annotations

from dataplane.api.asked_network import NetworkCreateRequest
from dataplane.api.versions import Version
from dataplane.desired.wishes import NetworkWish, PoolWish


def network_wish(asked: NetworkCreateRequest, version: Version) -> NetworkWish:
    """Docker ignores EnableIPv4 before API 1.48."""
    return NetworkWish(
        name=asked.Name,
        driver=asked.Driver,
        scope=asked.Scope,
        internal=asked.Internal,
        attachable=asked.Attachable,
        ingress=asked.Ingress,
        enable_ipv4=asked.EnableIPv4 if version >= (1, 48) else None,
        enable_ipv6=asked.EnableIPv6,
        config_only=asked.ConfigOnly,
        config_from=asked.ConfigFrom.Network,
        pools=tuple(
            PoolWish(
                subnet=pool.Subnet,
                ip_range=pool.IPRange,
                gateway=pool.Gateway,
                aux_addresses=dict(pool.AuxiliaryAddresses or pool.AuxAddress),
            )
            for pool in asked.IPAM.Pools
        ),
        ipam_driver=asked.IPAM.Driver,
        ipam_options=dict(asked.IPAM.Options),
        options=dict(asked.Options),
        labels=dict(asked.Labels),
    )
