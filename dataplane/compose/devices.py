"""``devices`` of a service: Docker's short form and Compose's long one -> `mounts.Device`s."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dataplane.compose.nodes import At
from dataplane.compose.values import mount_target
from dataplane.mounts import Device

PERMISSIONS = re.compile("[rwm]{1,3}")
EVERY = frozenset("rwm")
FORMS = 'write "/dev/NAME", "/dev/NAME:/dev/OTHER" or "/dev/NAME:/dev/OTHER:rwm"'
SAID = "error gathering device information while adding custom device "


def devices(at: At | None) -> tuple[Device, ...]:
    """Every entry that is of this host, in order."""
    return tuple(one for entry in at.elements() if (one := device(entry))) if at else ()


def device(at: At) -> Device | None:
    """An entry. None: it is of a vendor's driver (CDI, ``vendor.com/class=name``), and there are none."""
    source, target, permissions = _parts(at)
    if _is_foreign(source):
        return None
    if not source.startswith("/"):
        raise at.wrong(f'{SAID}"{source}": not a device node', FORMS)
    if not PERMISSIONS.fullmatch(permissions) or len(set(permissions)) < len(permissions):
        raise at.wrong(f"invalid device mode: {permissions}", "write letters of rwm, each once, or nothing")
    where = mount_target(at, target, FORMS, f'{SAID}"{source}": ')
    return Device(source=source, target=where, permissions=permissions)


def foreign(at: At | None) -> tuple[str, ...]:
    """Names of those that a vendor's driver would bring."""
    return tuple(source for entry in at.elements() if _is_foreign(source := _parts(entry)[0])) if at else ()


def _is_foreign(source: str) -> bool:
    return "=" in source and not source.startswith("/")


def _parts(at: At) -> tuple[str, str, str]:
    return _long(at) if isinstance(at.value, Mapping) else _short(at)


def _short(at: At) -> tuple[str, str, str]:
    """``SOURCE[:TARGET][:PERMISSIONS]``."""
    text = at.text()
    source, *rest = text.split(":")
    if not all((source, *rest)) or len(rest) > 2:
        raise at.wrong(f"invalid device specification: {text}", FORMS)
    if len(rest) == 1 and PERMISSIONS.fullmatch(rest[0]):
        rest = [source, *rest]
    target, permissions = (*rest, *(source, "rwm")[len(rest) :])
    return source, target, permissions


def _long(at: At) -> tuple[str, str, str]:
    source, target, permissions = (at.get(key) for key in ("source", "target", "permissions"))
    assert source is not None  # its shape has been checked
    return source.text(), (target or source).text(), permissions.text() if permissions else "rwm"
