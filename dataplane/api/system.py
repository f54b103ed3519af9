"""/_ping, /version, /info."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import socket
import time
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from aiohttp import web

from dataplane.api.call import Call, answer
from dataplane.api.images import architecture
from dataplane.api.times import rfc3339
from dataplane.api.versions import LEAST, NEWEST, written
from dataplane.desired import records

DRIVERS = ("bridge", "host", "ipvlan", "macvlan", "null", "overlay")


@lru_cache
def release() -> str:
    """Of this program."""
    return metadata.version("dataplane")


async def ping(_call: Call) -> web.StreamResponse:
    """GET and HEAD /_ping: the version to speak is in the headers, which the server puts on all answers."""
    headers = {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache", "Swarm": "inactive"}
    return web.Response(text="OK", headers=headers)


async def version(_call: Call) -> web.StreamResponse:
    """GET /version."""
    kernel = platform.release()
    about = {
        "ApiVersion": written(NEWEST), "Arch": architecture(), "BuildTime": "", "Experimental": "false", "GitCommit": "",
        "GoVersion": "", "KernelVersion": kernel, "MinAPIVersion": written(LEAST), "Os": "linux",
    }  # fmt: skip
    return answer({
        "Platform": {"Name": "dataplane"},
        "Components": [{"Name": "Engine", "Version": release(), "Details": about}],
        "Version": release(), "ApiVersion": written(NEWEST), "MinAPIVersion": written(LEAST), "GitCommit": "", "GoVersion": "",
        "Os": "linux", "Arch": architecture(), "KernelVersion": kernel, "BuildTime": "",
    })  # fmt: skip


async def info(call: Call) -> web.StreamResponse:
    """GET /info."""
    daemon = call.daemon
    containers = daemon.state.containers.values()
    running = sum(one.fate.state in {records.RUNNING, records.RESTARTING} for one in containers)
    paused = sum(one.fate.state == records.PAUSED for one in containers)
    system, forwarding = await asyncio.to_thread(_look)
    return answer({
        "ID": str(hashlib.sha256(daemon.name.encode()).hexdigest()[:32]), "Name": socket.gethostname(),
        "Containers": len(containers), "ContainersRunning": running, "ContainersPaused": paused,
        "ContainersStopped": len(containers) - running - paused, "Images": 1, "Driver": "host", "DriverStatus": [],
        "SystemStatus": None, "DockerRootDir": "",
        "Plugins": {"Volume": [], "Network": list(DRIVERS), "Authorization": None, "Log": ["json-file"]},
        "MemoryLimit": False, "SwapLimit": False, "KernelMemory": False, "CpuCfsPeriod": False, "CpuCfsQuota": False,
        "CPUShares": False, "CPUSet": False, "PidsLimit": False, "IPv4Forwarding": forwarding, "BridgeNfIptables": False,
        "BridgeNfIp6tables": False, "Debug": False, "NFd": len(os.listdir("/proc/self/fd")), "OomKillDisable": False,  # noqa: PTH208
        "NGoroutines": 0, "SystemTime": rfc3339(time.time_ns()), "LoggingDriver": "json-file", "CgroupDriver": "none",
        "NEventsListener": 0, "KernelVersion": platform.release(), "OperatingSystem": system, "OSVersion": "", "OSType": "linux",
        "Architecture": platform.machine(), "IndexServerAddress": "", "RegistryConfig": None, "NCPU": os.cpu_count() or 1,
        "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "GenericResources": None, "HttpProxy": "",
        "HttpsProxy": "", "NoProxy": "", "Labels": [], "ExperimentalBuild": False, "ServerVersion": release(),
        "Runtimes": {"dataplane": {"path": "dataplane"}}, "DefaultRuntime": "dataplane",
        "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False, "Error": "",
                  "RemoteManagers": None},
        "LiveRestoreEnabled": True, "Isolation": "", "InitBinary": "", "ContainerdCommit": {"ID": ""}, "RuncCommit": {"ID": ""},
        "InitCommit": {"ID": ""}, "SecurityOptions": [], "Warnings": None,
    })  # fmt: skip


def _look() -> tuple[str, bool]:
    """The system's name, and whether it forwards. Reads files."""
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        system = "Linux"
    try:
        return system, Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"
    except OSError:
        return system, False
