"""What a request says of files: binds, mounts, tmpfs, devices, shared memory. There are no volumes. The words are Docker's.

Looks at the host's files only for ``--mount``, whose source has to be there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain

from dataplane.api.asked_container import ContainerCreateRequest, HostRequest, MountPoint
from dataplane.desired.refused import Refused
from dataplane.mounts import MODES, PLAIN, TMPFS, Device, Mount, target_of, together


def mounts(asked: ContainerCreateRequest) -> tuple[Mount, ...]:
    """All of them, those of outer folders first. Refused 400."""
    host = asked.HostConfig
    found: dict[str, Mount] = {}
    for one in chain(_binds(host), _mounts(host), _tmpfs(host)):
        if one.target in found:
            raise Refused(400, f"Duplicate mount point: {one.target[:256]}")
        found[one.target] = one
    return together(found.values(), host.ShmSize, _devices(host))


def volumes(asked: ContainerCreateRequest) -> list[str]:
    """What is asked for by the name of a volume, or by none. (docker-compose names the targets of binds among the latter too.)"""
    host = asked.HostConfig
    bound = {text.split(":")[1] for text in host.Binds if ":" in text} | {one.Target for one in host.Mounts}
    named = [text for text in host.Binds if not text.startswith("/")]
    unnamed = [path for path in asked.Volumes if path not in bound]
    return [*named, *(one.Target for one in host.Mounts if one.Type not in {"bind", "tmpfs"}), *unnamed, *host.VolumesFrom]


def _binds(host: HostRequest) -> Iterator[Mount]:
    """``/source:/target[:ro,…]``."""
    for text in host.Binds:
        parts = text.split(":")
        if not 2 <= len(parts) <= 3 or not all(parts[:2]):
            raise Refused(400, f"invalid volume specification: '{text[:256]}'")
        modes = parts[2].split(",") if len(parts) == 3 else []
        if any(mode not in MODES for mode in modes):
            raise Refused(400, f"invalid volume specification: '{text[:256]}': invalid mode: {parts[2][:64]}")
        target = _target(parts[1], f"invalid volume specification: '{text[:256]}': ")
        if text.startswith("/"):
            yield Mount(target=target, source=parts[0], read_only="ro" in modes, make=True)


def _mounts(host: HostRequest) -> Iterator[Mount]:
    for one in host.Mounts:
        said = f'invalid mount config for type "{one.Type[:64]}": '
        if one.Type not in {"bind", "tmpfs", "volume"}:
            raise Refused(400, f"{said}mount type unknown")
        target = _target(one.Target, said)
        if one.Type == "tmpfs":
            sizes = (f"size={one.TmpfsOptions.SizeBytes}",) if one.TmpfsOptions.SizeBytes else ()
            mode = (f"mode={one.TmpfsOptions.Mode:o}",) if one.TmpfsOptions.Mode else ()
            yield Mount(target=target, options=(*PLAIN, *sizes, *mode), read_only=one.ReadOnly)
        elif one.Type == "bind":
            yield _bind(one, target, said)


def _bind(one: MountPoint, target: str, said: str) -> Mount:
    make = one.BindOptions.CreateMountpoint
    if not one.Source.startswith("/"):
        wrong = (
            f"invalid mount path: '{one.Source[:256]}' mount path must be absolute"
            if one.Source
            else "field Source must not be empty"
        )
        raise Refused(400, f"{said}{wrong}")
    if not make and not os.path.exists(one.Source):  # noqa: PTH110 - no error where a name is too long, or a folder shut
        raise Refused(400, f"{said}bind source path does not exist: {one.Source[:256]}", mend="make it, or write it with -v")
    return Mount(target=target, source=one.Source, read_only=one.ReadOnly, make=make)


def _tmpfs(host: HostRequest) -> Iterator[Mount]:
    for path, text in host.Tmpfs.items():
        options = tuple(filter(None, text.split(",")))
        if unknown := [one for one in options if one.partition("=")[0] not in TMPFS]:
            raise Refused(400, f"invalid tmpfs option {unknown[:3]}".replace("'", '"'))
        yield Mount(target=_target(path, 'invalid mount config for type "tmpfs": '), options=(*PLAIN, *options))


def _devices(host: HostRequest) -> Iterator[Device]:
    for one in host.Devices:
        said = "error gathering device information while adding custom device "
        if not one.PathOnHost.startswith("/"):
            raise Refused(400, f'{said}"{one.PathOnHost[:256]}": not a device node', mend="write it from the root: /dev/…")
        yield Device(source=one.PathOnHost, target=_target(one.PathInContainer, f'{said}"{one.PathOnHost[:256]}": '))


def _target(path: str, said: str) -> str:
    try:
        return target_of(path)
    except ValueError as error:
        raise Refused(400, f"{said}{error}") from None
