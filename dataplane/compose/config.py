"""A Compose file as it is understood: variables put in, ``extends`` and anchors carried out, short forms written long.

Networks, ports, ``depends_on`` and replicas are those of the Topology, as `docker compose config` spells them; mounts, devices and
limits are in its long forms; other keys are as written. What it gives is a Compose file again, for the same lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

from dataplane.compose.nodes import At, Node
from dataplane.compose.normal import normal
from dataplane.compose.plain_nodes import plain
from dataplane.model import Attachment, Network, Pool, PortBinding, Service, Topology


def config(root: Node, topology: Topology) -> dict[str, object]:
    """Plain data. Services that no chosen profile has are left out."""
    written = plain(root)
    assert isinstance(written, dict)
    services, networks = _mapping(written.get("services")), _mapping(written.get("networks"))
    trees = At(root).get("services")
    long = {name: normal(at) for name, at in trees.items() if name in topology.services} if trees else {}
    known = {
        "name": topology.name,
        "services": {name: _service(_mapping(services.get(name)) | long[name], one) for name, one in topology.services.items()},
        "networks": {key: _network(_mapping(networks.get(key)), one) for key, one in topology.networks.items()},
    }
    return known | {key: value for key, value in written.items() if key not in known}


def _mapping(value: object) -> dict[str, object]:
    return dict(value) if isinstance(value, Mapping) else {}


def _service(written: dict[str, object], one: Service) -> dict[str, object]:
    result = {key: value for key, value in written.items() if key not in {"networks", "ports", "depends_on", "links", "scale"}}
    if one.scaled:
        result["deploy"] = _mapping(written.get("deploy")) | {"replicas": one.replicas}
    if one.depends_on:
        result["depends_on"] = {
            d.service: {"condition": d.condition, **({"restart": True} if d.restart else {}), "required": d.required}
            for d in one.depends_on
        }
    if one.links:
        result["links"] = [f"{service}:{alias}" for service, alias in one.links]
    if one.attachments:
        result["networks"] = {attachment.network: _attachment(attachment) for attachment in one.attachments}
    if one.ports:
        result["ports"] = [_port(port) for port in one.ports]
    return result


def _attachment(one: Attachment) -> dict[str, object] | None:
    said: dict[str, object] = {
        "aliases": list(one.aliases),
        "ipv4_address": one.ipv4_address and str(one.ipv4_address),
        "ipv6_address": one.ipv6_address and str(one.ipv6_address),
        "mac_address": one.mac_address,
        "gw_priority": one.gw_priority,
        "interface_name": one.interface_name,
        "driver_opts": dict(one.driver_opts),
    }
    return {key: value for key, value in said.items() if value} or None


def _port(one: PortBinding) -> dict[str, object] | str:
    """The long form; of several targets, which it cannot say, the short one."""
    published = "" if not one.first else str(one.first) if one.first == one.last else f"{one.first}-{one.last}"
    if one.target != one.target_last:
        host = "" if one.host_ip is None else f"[{one.host_ip}]:" if one.host_ip.version == 6 else f"{one.host_ip}:"
        before = f"{host}{published}:" if host or published else ""
        return f"{before}{one.target}-{one.target_last}/{one.protocol}"
    said = {
        "mode": "ingress",
        "host_ip": str(one.host_ip or ""),
        "target": one.target,
        "published": published,
        "protocol": one.protocol,
    }
    return {key: value for key, value in said.items() if value}


def _network(written: dict[str, object], one: Network) -> dict[str, object]:
    result: dict[str, object] = {"name": one.name} | {key: value for key, value in written.items() if key not in {"name", "ipam"}}
    if one.driver != "bridge":
        result["driver"] = one.driver
    ipam = _mapping(written.get("ipam"))
    if one.pools:
        ipam["config"] = [_pool(pool) for pool in one.pools]
    return result | ({"ipam": ipam} if ipam else {})


def _pool(one: Pool) -> dict[str, object]:
    said: dict[str, object] = {
        "subnet": str(ip_network(one.subnet)),
        "ip_range": one.ip_range and str(one.ip_range),
        "gateway": one.gateway and str(one.gateway),
        "aux_addresses": {name: str(address) for name, address in one.aux_addresses.items()},
    }
    return {key: value for key, value in said.items() if value}
