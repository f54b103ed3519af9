"""A container as Docker's objects: whole for inspect, short for lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from dataplane.api import image
from dataplane.api.shown_endpoint import networks_of
from dataplane.api.shown_ports import port_list, port_map
from dataplane.api.shown_state import state_object, status
from dataplane.api.times import rfc3339
from dataplane.api.versions import Version
from dataplane.daemon.face import Daemon
from dataplane.desired.planning import plan_of
from dataplane.desired.records import ContainerRecord
from dataplane.desired.references import endpoints_of
from dataplane.spans import SECOND

_CONFIG: Mapping[str, object] = {
    "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False, "AttachStderr": False,
    "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": [], "Cmd": None, "Image": "", "Volumes": None,
    "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": {},
}  # fmt: skip
_HOST_CONFIG: Mapping[str, object] = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "default",
    "PortBindings": {}, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False, "VolumeDriver": "",
    "VolumesFrom": None, "CapAdd": None, "CapDrop": None, "Dns": [], "DnsOptions": [], "DnsSearch": [], "ExtraHosts": None,
    "GroupAdd": None, "IpcMode": "host", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "", "Privileged": False,
    "PublishAllPorts": False, "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "", "ShmSize": 0,
    "Runtime": "dataplane", "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CgroupParent": "",
    "Devices": [], "Ulimits": None, "Init": None, "BlkioWeight": 0, "BlkioWeightDevice": None, "BlkioDeviceReadBps": None,
    "BlkioDeviceWriteBps": None, "BlkioDeviceReadIOps": None, "BlkioDeviceWriteIOps": None, "CpuPeriod": 0, "CpuQuota": 0,
    "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "", "DeviceCgroupRules": None,
    "DeviceRequests": None, "MemoryReservation": 0, "MemorySwap": 0, "MemorySwappiness": None, "OomKillDisable": None,
    "PidsLimit": None, "CpuCount": 0, "CpuPercent": 0, "IOMaximumIOps": 0, "IOMaximumBandwidth": 0, "ConsoleSize": [0, 0],
    "CgroupnsMode": "host", "MaskedPaths": None, "ReadonlyPaths": None,
}  # fmt: skip


def container_object(daemon: Daemon, container: ContainerRecord, version: Version, *, size: bool = False) -> dict[str, object]:
    """GET /containers/{id}/json."""
    command, papers = container.process.command, daemon.papers(container.id)
    body: dict[str, object] = {
        "Id": container.id, "Created": rfc3339(container.created), "Path": command[0] if command else "",
        "Args": list(command[1:]), "State": state_object(daemon, container), "Image": image.ID, "ResolvConfPath": papers.resolv,
        "HostnamePath": papers.hostname, "HostsPath": papers.hosts, "LogPath": papers.log,
        "Name": f"/{container.name}", "RestartCount": container.fate.restarts,
        "Driver": "host", "Platform": "linux", "MountLabel": "", "ProcessLabel": "", "AppArmorProfile": "",
        "ExecIDs": daemon.execs.of(container.id) or None,
        "HostConfig": host_config(container, version), "GraphDriver": {"Data": None, "Name": "host"}, "Mounts": mounts(container),
        "Config": config(container), "NetworkSettings": network_settings(daemon, container, version),
    }  # fmt: skip
    if size:
        body |= {"SizeRw": 0, "SizeRootFs": 0}
    return body


def config(container: ContainerRecord) -> dict[str, object]:
    """As it was asked for, and what was decided since."""
    asked = dict(container.config)
    if container.network_mode != "host":
        asked["Hostname"] = container.hostname or ("" if container.network_mode.startswith("container:") else container.short)
    asked["Image"] = container.image
    if not asked.get("Cmd") and not asked.get("Entrypoint"):
        asked["Cmd"] = list(container.process.command)
    return {**_CONFIG, **asked}


def host_config(container: ContainerRecord, version: Version) -> dict[str, object]:
    """As it was asked for; container:NAME has become the id."""
    asked = dict(container.host_config)
    asked["NetworkMode"] = network_mode(container, version)
    asked.pop("LogConfig", None)  # there is one way of logging
    return {**_HOST_CONFIG, **asked}


def mounts(container: ContainerRecord) -> list[dict[str, object]]:
    """Files and folders of the host, and memory; devices are in HostConfig."""
    return [
        {
            "Type": "bind" if one.source else "tmpfs", "Source": one.source, "Destination": one.target, "Mode": "",
            "RW": not one.read_only, "Propagation": "rprivate" if one.source else "",
        }
        for one in container.mounts
        if not one.target.startswith("/dev/")
    ]  # fmt: skip


def network_mode(container: ContainerRecord, version: Version) -> str:
    """As it was written. Docker says `default` for nothing, and from API 1.44 on `bridge`."""
    if container.network_mode.startswith("container:"):
        return container.network_mode
    asked = str(container.host_config.get("NetworkMode") or "default")
    return "bridge" if asked == "default" and version >= (1, 44) else asked


def network_settings(daemon: Daemon, container: ContainerRecord, version: Version) -> dict[str, object]:
    """Beside the networks, the addresses on the default bridge as Docker has had them since before there were others."""
    networks = networks_of(daemon.state, container, version)
    first = networks.get("bridge", {})
    path = daemon.sandbox(container.id) if container.alive else ""
    return {
        "Bridge": "", "SandboxID": hashlib.sha256(path.encode()).hexdigest() if path else "", "SandboxKey": path,
        "Ports": port_map(daemon.state, container), "HairpinMode": False, "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None, "SecondaryIPv6Addresses": None, "EndpointID": first.get("EndpointID", ""),
        "Gateway": first.get("Gateway", ""), "GlobalIPv6Address": first.get("GlobalIPv6Address", ""),
        "GlobalIPv6PrefixLen": first.get("GlobalIPv6PrefixLen", 0), "IPAddress": first.get("IPAddress", ""),
        "IPPrefixLen": first.get("IPPrefixLen", 0), "IPv6Gateway": first.get("IPv6Gateway", ""),
        "MacAddress": first.get("MacAddress", ""), "Networks": networks, "DefaultRoutes": _default_routes(daemon, container),
    }  # fmt: skip


def _default_routes(daemon: Daemon, container: ContainerRecord) -> list[dict[str, str]]:
    """Which of its networks it leaves by, at most one a family. Ours: Docker's object has a gateway for each network and does not
    say which one is used."""
    state = daemon.state
    instance = plan_of(state, daemon.name).instances.get(container.short) if container.alive else None
    if instance is None:
        return []
    networks = {one.endpoint.port: state.networks[one.network].name for one in endpoints_of(state, container.id)}
    return [
        {"Network": networks.get(route.port, ""), "Interface": route.interface, "Gateway": str(route.gateway or "")}
        for route in instance.routes
    ]


def container_summary(daemon: Daemon, container: ContainerRecord, version: Version, *, size: bool = False) -> dict[str, object]:
    """A line of GET /containers/json."""
    command = container.process.command
    words = [*command[:1], *(f"'{word}'" if " " in word else word for word in command[1:])]
    body: dict[str, object] = {
        "Id": container.id, "Names": [f"/{container.name}"], "Image": container.image, "ImageID": image.ID,
        "Command": " ".join(words), "Created": container.created // SECOND, "Ports": port_list(daemon.state, container),
        "Labels": dict(container.labels), "State": container.fate.state, "Status": status(daemon, container),
        "HostConfig": {"NetworkMode": network_mode(container, version)},
        "NetworkSettings": {"Networks": networks_of(daemon.state, container, version)}, "Mounts": mounts(container),
    }  # fmt: skip
    if size:
        body |= {"SizeRw": 0, "SizeRootFs": 0}
    return body
