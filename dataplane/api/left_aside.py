"""What a request for a container asks and does not get, a warning each. Whatever else it asks is done, refused, or so already:
every file, device and capability of the daemon is a container's (docs/docker-compatibility.md, "The flags of run")."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dataplane.api import mounts_wish
from dataplane.api.asked_container import ContainerCreateRequest, HostRequest

_LIMITS = "there are no limits here but --ulimit"
_LIKE_FILES = frozenset({"", "json-file", "local"})
"""Drivers of logs that keep them where `docker logs` finds them, as ours are kept."""
_OPEN = frozenset(
    {"seccomp=unconfined", "apparmor=unconfined", "label=disable", "systempaths=unconfined", "no-new-privileges=false"}
)
"""Options that ask for what is so."""


def _given(name: str) -> Callable[[HostRequest], bool]:
    return lambda host: bool(getattr(host, name))


LEFT: Mapping[str, tuple[Callable[[HostRequest], bool], str]] = {
    **{
        name: (_given(name), _LIMITS)
        for name in (
            "Memory", "MemoryReservation", "MemorySwap", "NanoCpus", "CpuShares", "CpuPeriod", "CpuQuota", "CpusetCpus",
            "CpusetMems", "BlkioWeight", "OomKillDisable",
        )
    },
    "PidsLimit": (lambda host: host.PidsLimit > 0, _LIMITS),
    "CapDrop": (_given("CapDrop"), "capabilities are the daemon's own"),
    "ReadonlyRootfs": (_given("ReadonlyRootfs"), "the image 'host' is this host's file system"),
    "SecurityOpt": (
        lambda host: any(one.replace(":", "=") not in _OPEN for one in host.SecurityOpt), "processes are trusted here",
    ),
    "LogConfig": (lambda host: host.LogConfig.Type not in _LIKE_FILES, "logs are kept as json-file keeps them"),
    "PidMode": (_given("PidMode"), "a container has processes of its own"),
    "IpcMode": (lambda host: host.IpcMode.startswith("container:"), "containers share the host's"),
    "UTSMode": (_given("UTSMode"), "a container has a name of its own"),
    "DeviceRequests": (_given("DeviceRequests"), "devices are the host's"),
    "GroupAdd": (_given("GroupAdd"), "groups are the user's own"),
}  # fmt: skip
"""Of HostConfig: whether it is asked for, and why nothing comes of it."""


def warnings(asked: ContainerCreateRequest) -> list[str]:
    """One line each."""
    said = [f"{key} left aside: {why}" for key, (asks, why) in LEFT.items() if asks(asked.HostConfig)]
    if found := mounts_wish.volumes(asked):
        said.append(f"Volumes left aside: there are none here: {', '.join(found)[:256]}")
    return said
