"""What services mount of this host, looked for before anything starts."""

from __future__ import annotations

import errno
from pathlib import Path

from dataplane.errors import UserError
from dataplane.model import Topology


def check_sources(topology: Topology) -> None:
    """UserError for the first file, folder or device that a service mounts, that is not there and that nobody makes."""
    for service in topology.services.values():
        for mount in service.mounts:
            if mount.source and not mount.make and _missing(mount.source):
                what = f'invalid mount config for type "bind": bind source path does not exist: {mount.source}'
                mend = "make it, or write bind: {create_host_path: true} under it, and it becomes a folder"
                raise _wrong(topology, service.name, "volumes", what, mend)
        for device in service.devices:
            if _missing(device.source):
                what = f'error gathering device information while adding custom device "{device.source}": no such file or directory'
                raise _wrong(topology, service.name, "devices", what, "write the name of a device that this host has: ls /dev")


def _missing(path: str) -> bool:
    """What cannot be asked may be there: whoever mounts it may be another user."""
    try:
        Path(path).stat()
    except OSError as error:
        return error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
    return False


def _wrong(topology: Topology, service: str, key: str, what: str, mend: str) -> UserError:
    return UserError(what, where=f"{topology.source}: services.{service}.{key}", mend=mend)
