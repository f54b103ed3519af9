"""What a Compose file wants of a daemon: requests of Docker's API, as data. Pure.

What only a lab can do (an uplink of its own, an underlay, a namespace that a user made) is an error here: the daemon has its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dataplane.errors import UserError
from dataplane.model import Attachment, Healthcheck, Network, PortBinding, Service, Topology
from dataplane.project import labels

DRIVERS = {"none": "null"}
IDLE = ("sleep", "infinity")
"""What a service runs that has no command, or whose command is not run."""
IFNAME = "com.docker.network.endpoint.ifname"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedNetwork:
    """``body``: of POST /networks/create. ``hash``: of what the file says of it."""

    key: str
    name: str
    body: Mapping[str, Any]
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedContainer:
    """``body``: of POST /containers/create. ``service`` and ``number``: whose instance it is."""

    name: str
    service: str
    number: int
    body: Mapping[str, Any]
    hash: str


def networks(topology: Topology) -> Iterator[WantedNetwork]:
    """Every network that a service joins, or that the file writes."""
    _refuse_labs_own(topology)
    for key, network in topology.networks.items():
        if network.driver in {"host", "none"}:
            continue  # the daemon has them
        body = _network(network)
        found = _hash(body)
        body["Labels"] = {
            **network.labels,
            labels.NETWORK: key,
            labels.PROJECT: topology.name,
            labels.VERSION: labels.OURS,
            labels.HASH: found,
        }
        yield WantedNetwork(key=key, name=network.name, body=body, hash=found)


def containers(topology: Topology) -> Iterator[WantedContainer]:
    """Every instance of every service, in the file's order."""
    for service in topology.services.values():
        for number in range(1, service.replicas + 1):
            body = _container(topology, service)
            found = _hash(body)
            body["Labels"] = {
                **service.labels,
                labels.PROJECT: topology.name,
                labels.SERVICE: service.name,
                labels.NUMBER: str(number),
                labels.ONEOFF: "False",
                labels.HASH: found,
                labels.FILES: topology.source,
                labels.FOLDER: topology.folder,
                labels.DEPENDS_ON: ",".join(f"{d.service}:{d.condition}:{str(d.restart).lower()}" for d in service.depends_on),
                labels.VERSION: labels.OURS,
            }
            name = container_name(topology, service, number)
            yield WantedContainer(name=name, service=service.name, number=number, body=body, hash=found)


def container_name(topology: Topology, service: Service, number: int) -> str:
    """As written, else PROJECT-SERVICE-N."""
    return service.container_name or f"{topology.name}-{service.name}-{number}"


def _network(network: Network) -> dict[str, Any]:
    pools = [
        {
            "Subnet": str(pool.subnet),
            **({"Gateway": str(pool.gateway)} if pool.gateway else {}),
            **({"IPRange": str(pool.ip_range)} if pool.ip_range else {}),
            **({"AuxiliaryAddresses": {n: str(a) for n, a in pool.aux_addresses.items()}} if pool.aux_addresses else {}),
        }
        for pool in network.pools
    ]
    return {
        "Name": network.name,
        "Driver": DRIVERS.get(network.driver, network.driver),
        "Internal": network.internal,
        "Attachable": network.attachable,
        "EnableIPv4": network.enable_ipv4,
        "EnableIPv6": network.enable_ipv6,
        "IPAM": {"Driver": "default", "Config": pools},
        "Options": dict(network.options),
    }


def _container(topology: Topology, service: Service) -> dict[str, Any]:
    process = service.process
    command = process.command if process.run and process.command else IDLE
    idle = command is IDLE
    policy = {"Name": service.restart.policy, "MaximumRetryCount": service.restart.max_retries}
    ports, bindings = _ports(service.ports)
    endpoints = {topology.networks[one.network].name: _endpoint(topology, service, one) for one in service.attachments}
    return {
        "Image": "host",
        "Cmd": list(command),
        "Hostname": service.hostname or "",
        "Env": [f"{name}={value}" for name, value in process.environment.items()],
        "User": process.user or "",
        "WorkingDir": process.working_dir or "",
        "Tty": process.tty,
        "OpenStdin": process.stdin_open,
        # `sleep` as init would not hear SIGTERM, which ends what has nothing to do.
        "StopSignal": "SIGKILL" if idle else process.stop_signal,
        "StopTimeout": process.stop_grace_period_ns // 10**9,
        "ExposedPorts": {port: {} for port in (*ports, *_exposed(service.expose))},
        **({"Healthcheck": _healthcheck(service.healthcheck)} if service.healthcheck else {}),
        "HostConfig": {
            "NetworkMode": _mode(topology, service),
            "PortBindings": bindings,
            "RestartPolicy": policy,
            "Dns": list(service.dns),
            "DnsSearch": list(service.dns_search),
            "DnsOptions": list(service.dns_opt),
            "ExtraHosts": [f"{name}:{address}" for name, address in service.extra_hosts],
            "Sysctls": dict(service.sysctls),
            "Init": process.init,
            **_resources(service),
        },
        "NetworkingConfig": {"EndpointsConfig": endpoints},
    }


def _resources(service: Service) -> dict[str, Any]:
    """What is written alone: a file that says nothing of it has the hash that it had when we knew none of it."""
    binds = [one for one in service.mounts if one.source]
    memory = [one for one in service.mounts if not one.source]
    said: dict[str, Any] = {
        "Mounts": [
            {
                "Type": "bind",
                "Source": one.source,
                "Target": one.target,
                "ReadOnly": one.read_only,
                "BindOptions": {"CreateMountpoint": one.make},
            }
            for one in binds
        ],
        "Tmpfs": {one.target: ",".join((*one.options, *(("ro",) if one.read_only else ()))) for one in memory},
        "Devices": [
            {"PathOnHost": one.source, "PathInContainer": one.target, "CgroupPermissions": one.permissions}
            for one in service.devices
        ],
        "ShmSize": service.shm_size,
        "Ulimits": [{"Name": one.name, "Soft": one.soft, "Hard": one.hard} for one in service.ulimits],
    }
    return {key: value for key, value in said.items() if value}


def _endpoint(topology: Topology, service: Service, one: Attachment) -> dict[str, Any]:
    addresses = {"IPv4Address": one.ipv4_address, "IPv6Address": one.ipv6_address}
    given = {key: str(value) for key, value in addresses.items() if value is not None}
    linked = [(topology.services[name], alias) for name, alias in service.links if name in topology.services]
    return {
        "Aliases": list(dict.fromkeys([service.name, *one.aliases])),
        "Links": [f"{container_name(topology, other, 1)}:{alias}" for other, alias in linked],
        "GwPriority": one.gw_priority,
        "DriverOpts": {**one.driver_opts, **({IFNAME: one.interface_name} if one.interface_name else {})},
        **({"IPAMConfig": given} if given else {}),
        **({"MacAddress": one.mac_address} if one.mac_address else {}),
    }


def _mode(topology: Topology, service: Service) -> str:
    kind, _, name = service.network_mode.partition(":")
    if kind == "netns":
        raise UserError(
            f"network_mode: {service.network_mode}: a daemon's container has a namespace of its own",
            where=f"{topology.source}: services.{service.name}",
            mend="run this file as a lab: without --daemon and DATAPLANE_HOST",
        )
    if kind == "service":
        return f"container:{container_name(topology, topology.services[name], 1)}"
    if service.network_mode:
        return service.network_mode
    return topology.networks[service.attachments[0].network].name if service.attachments else "none"


def _ports(ports: tuple[PortBinding, ...]) -> tuple[list[str], dict[str, list[dict[str, str]]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for one in ports:
        count = one.target_last - one.target + 1
        for number in range(count):
            host = "" if not one.first else str(one.first + number)
            if one.first and count == 1 and one.last != one.first:
                host = f"{one.first}-{one.last}"
            key = f"{one.target + number}/{one.protocol}"
            bindings.setdefault(key, []).append({"HostIp": str(one.host_ip) if one.host_ip else "", "HostPort": host})
    return list(bindings), bindings


def _exposed(expose: tuple[str, ...]) -> Iterator[str]:
    for text in expose:
        ports, _, protocol = text.partition("/")
        first, _, last = ports.partition("-")
        yield from (f"{port}/{protocol or 'tcp'}" for port in range(int(first), int(last or first) + 1))


def _healthcheck(check: Healthcheck) -> dict[str, Any]:
    return {
        "Test": list(check.test),
        "Interval": check.interval_ns,
        "Timeout": check.timeout_ns,
        "Retries": check.retries,
        "StartPeriod": check.start_period_ns,
        "StartInterval": check.start_interval_ns,
    }


def _hash(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _refuse_labs_own(topology: Topology) -> None:
    found = [name for name, there in (("uplink", topology.uplink), ("underlay", topology.underlay)) if there is not None]
    found += [f"networks.{n.key}: uplink" for n in topology.networks.values() if n.uplink is not None]
    found += [f"networks.{n.key}: gateway_mac" for n in topology.networks.values() if n.gateway_mac is not None]
    if found:
        raise UserError(
            f"x-dataplane.{found[0]} is a lab's, and the daemon has its own",
            where=topology.source,
            mend="leave it out, or run this file as a lab: without --daemon and DATAPLANE_HOST",
        )
