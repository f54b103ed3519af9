"""A running lab as rows: what ``ps`` and others print."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dataplane.live.rows import EndpointRow, InstanceRow, LabRow, PublishedRow, UplinkRow
from dataplane.live.supervisor import Supervisor
from dataplane.model import Endpoint
from dataplane.sandbox import sandbox_of
from dataplane.uplink import UPLINK

if TYPE_CHECKING:
    from dataplane.live.lab import Lab

LINKS = {"link up": "up", "link down": "down", "port gone": "gone"}


def lab_row(lab: Lab) -> LabRow:
    """The lab itself."""
    networks = lab.plan.networks.values() if lab.plan else ()
    return {
        "name": lab.name,
        "source": lab.source,
        "folder": str(lab.folder),
        "pid": os.getpid(),
        "started": lab.started,
        "seed": lab.engine.seed,
        "engine": lab.engine.state,
        "networks": [
            {
                "key": one.key,
                "name": one.name,
                "driver": one.driver,
                "pools": [{"subnet": str(p.subnet), "gateway": str(p.gateway) if p.gateway else None} for p in one.pools],
            }
            for one in networks
        ],
        "uplink": uplink_row(lab),
        "uplinks": [row for port in lab.host.ways if (row := uplink_row(lab, port)) is not None],
        "published": published_rows(lab),
    }


def uplink_row(lab: Lab, port: str = UPLINK) -> UplinkRow | None:
    """A way out, None without one."""
    way = lab.host.ways.get(port)
    one = way.uplink if way is not None else None
    if way is None or one is None:
        return None
    return {
        "port": port,
        "kind": one.kind,
        "name": one.name or "",
        "mac": one.mac or "",
        "addresses": [str(address) for address in (one.ipv4, one.ipv6) if address],
        "gateways": [str(address) for address in (one.gateway4, one.gateway6) if address],
        "netns": one.netns,
        "mtu": one.mtu,
        "local": list(way.local),
        "relayed": way.ports.relayed,
    }


def published_rows(lab: Lab) -> list[PublishedRow]:
    """Published ports, in the file's order."""
    held = {(way.port, port.protocol, port.address, port.number) for way in lab.host.ways.values() for port in way.held}
    return [
        {
            "protocol": one.protocol,
            "host_ip": str(one.host_ip) if one.host_ip else None,
            "first": one.first,
            "last": one.last,
            "instance": one.instance,
            "endpoint": one.endpoint,
            "addresses": [str(address) for address in (one.ipv4, one.ipv6) if address],
            "target": one.target,
            "held": (one.uplink, one.protocol, one.host_ip, one.first) in held,
        }
        for one in (lab.plan.published if lab.plan else ())
    ]


def instance_rows(lab: Lab) -> list[InstanceRow]:
    """``ps``, in the file's order."""
    return [_instance_row(lab, one) for one in lab.supervisors.values()]


def _instance_row(lab: Lab, one: Supervisor) -> InstanceRow:
    instance, process = one.instance, one.process
    home = lab.sandboxes.get(sandbox_of(lab.plan, instance.name)) if lab.plan and instance.name in lab.plan.instances else None
    return {
        "name": instance.name,
        "service": instance.service.name,
        "state": one.state,
        "idle": one.idle,
        "health": one.health.state if one.health and one.state == "running" else None,
        "exit": one.exit,
        "pid": process.pid if process else None,
        "started": one.started,
        "finished": one.finished,
        "restarts": one.restarts,
        "why": one.why,
        "command": list(instance.service.process.command) if not one.idle else [],
        "network_mode": instance.service.network_mode,
        "namespace": home.namespace.path if home else "",
        "endpoints": [_endpoint_row(lab, endpoint) for endpoint in instance.endpoints],
    }


def _endpoint_row(lab: Lab, endpoint: Endpoint) -> EndpointRow:
    return {
        "port": endpoint.port,
        "interface": endpoint.interface,
        "network": endpoint.network,
        "mac": endpoint.mac,
        "ipv4": str(endpoint.ipv4) if endpoint.ipv4 else None,
        "ipv6": str(endpoint.ipv6) if endpoint.ipv6 else None,
        "state": LINKS[lab.engine.links.get(endpoint.port, "link up")],
    }
