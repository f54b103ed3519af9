"""What a service has over this host's files, and its limits: ``volumes``, ``tmpfs``, ``devices``, ``shm_size``, ``ulimits``."""

from __future__ import annotations

from dataclasses import dataclass

from dataplane.compose.devices import EVERY, devices, foreign
from dataplane.compose.findings import Findings
from dataplane.compose.nodes import At
from dataplane.compose.sizes import memory
from dataplane.compose.tmpfs import tmpfs
from dataplane.compose.ulimits import ulimits
from dataplane.compose.volumes import Volume, unkept, volumes
from dataplane.mounts import PLAIN, Device, Mount, Ulimit

KEYS = ("volumes", "tmpfs", "devices", "shm_size", "ulimits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """As `model.Service` has them."""

    mounts: tuple[Mount, ...] = ()
    devices: tuple[Device, ...] = ()
    shm_size: int = 0
    ulimits: tuple[Ulimit, ...] = ()


def resources(name: str, service: At, run: bool, findings: Findings) -> Resources:
    """Those of ``service``. None, with a word, where its command is not run: they are meant for an image's files. UserError."""
    found = Resources(
        mounts=_mounts(name, service, Findings() if not run else findings),
        devices=devices(service.get("devices")),
        shm_size=memory(written) if (written := service.get("shm_size")) else 0,
        ulimits=ulimits(service.get("ulimits")),
    )
    if not run:
        for key in KEYS:
            if service.get(key) is not None:
                findings.ignore(key, name)
        return Resources()
    for source in foreign(service.get("devices")):
        findings.ignore(f"devices.{source}", name)
    if any(set(one.permissions) < EVERY for one in found.devices):
        findings.ignore("devices.permissions", name)
    return found


def _mounts(name: str, service: At, findings: Findings) -> tuple[Mount, ...]:
    """Binds and memory. Volumes are left aside, and noted."""
    found: dict[str, Mount] = {}
    for one in volumes(service.get("volumes")):
        if one.kind in {"bind", "tmpfs"}:
            _add(found, one.at, _mount(one))
            for key in unkept(one):
                findings.ignore(key, name)
        else:
            findings.no_volume(one.source or one.target, name)
    written = service.get("tmpfs")
    for at, mount in zip(written.elements() if written else (), tmpfs(written), strict=True):
        _add(found, at, mount)
    return tuple(found.values())


def _add(found: dict[str, Mount], at: At, mount: Mount) -> None:
    if mount.target in found:
        raise at.wrong(f"Duplicate mount point: {mount.target}", "remove one of the two, or give it another target")
    found[mount.target] = mount


def _mount(one: Volume) -> Mount:
    if one.kind == "tmpfs":
        return Mount(target=one.target, options=(*PLAIN, *one.options), read_only=one.read_only)
    return Mount(target=one.target, source=one.source, read_only=one.read_only, make=one.make)
