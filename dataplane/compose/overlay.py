"""Overlays with static peers: what only one of several hosts knows must be written, so that two never choose the same."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.compose.nodes import At
from dataplane.model import Attachment, Network, Service
from dataplane.underlay import Underlay


def check_overlays(file: At, networks: Mapping[str, Network], services: Mapping[str, Service], below: Underlay | None) -> None:
    """UserError for an overlay without an underlay, and where addresses could be chosen that another host has chosen too."""
    written = file.get("networks")
    for key, network in networks.items():
        if network.driver != "overlay":
            continue
        at = (written.get(key) if written else None) or file
        if network.underlay is None and below is None:
            raise (at.get("driver") or at).wrong(
                "an overlay needs an underlay",
                "write at the top: x-dataplane: {underlay: {kind: udp, address: OURS, peers: [{address: THEIRS}]}}",
            )
        _check_addresses(at, network, services)


def _check_addresses(at: At, network: Network, services: Mapping[str, Service]) -> None:
    ipam = at.get("ipam")
    config = (ipam.get("config") if ipam else None) or ipam or at
    for version in [*([4] if network.enable_ipv4 else []), *([6] if network.enable_ipv6 else [])]:
        pool = next((pool for pool in network.pools if pool.subnet.version == version), None)
        if pool is None:
            example = "10.0.9.0/24" if version == 4 else "fd00:9::/64"
            raise config.wrong(
                f"an overlay needs its IPv{version} subnet, the same on every host",
                f"write ipam: {{config: [{{subnet: {example}}}]}}",
            )
        chosen = [service.name for service in services.values() for one in service.attachments if _chosen(one, network, version)]
        if pool.ip_range is None and chosen:
            half = next(pool.subnet.subnets())
            raise config.wrong(
                f"the address of {chosen[0]} on {pool.subnet} is left open, and another host may choose the same",
                f"write ip_range: {half} beside the subnet, another part of it on each host; or "
                f"ipv{version}_address: on the service",
            )


def _chosen(one: Attachment, network: Network, version: int) -> bool:
    given = one.ipv4_address if version == 4 else one.ipv6_address
    return one.network == network.key and given is None
