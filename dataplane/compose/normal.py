"""``volumes``, ``tmpfs``, ``devices``, ``shm_size`` and ``ulimits`` as `docker compose config` writes them: in their long forms."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.compose.devices import device
from dataplane.compose.nodes import At
from dataplane.compose.plain_nodes import plain
from dataplane.compose.sizes import memory
from dataplane.compose.ulimits import ulimits
from dataplane.compose.volumes import Volume, volumes

SELINUX = frozenset({"z", "Z"})
CONSISTENCY = frozenset({"consistent", "cached", "delegated", "default"})


def normal(service: At) -> dict[str, object]:
    """Those of them that are written."""
    found: dict[str, object] = {}
    if written := service.get("volumes"):
        found["volumes"] = [_volume(one) for one in volumes(written)]
    if written := service.get("tmpfs"):
        found["tmpfs"] = [one.text() for one in written.elements()]
    if written := service.get("devices"):
        found["devices"] = [_device(one) for one in written.elements()]
    if written := service.get("shm_size"):
        found["shm_size"] = str(memory(written))
    if written := service.get("ulimits"):
        numbers = {key for key, entry in written.items() if not isinstance(entry.value, Mapping)}
        found["ulimits"] = {
            one.name: one.soft if one.name in numbers else {"soft": one.soft, "hard": one.hard} for one in ulimits(written)
        }
    return found


def _volume(one: Volume) -> dict[str, object]:
    known: dict[str, object] = {"type": one.kind, "source": one.source, "target": one.target, "read_only": one.read_only}
    said = {key: value for key, value in known.items() if value}
    return said | (_rest_of_long(one) if isinstance(one.at.value, Mapping) else _rest_of_short(one))


def _rest_of_long(one: Volume) -> dict[str, object]:
    """As it is written, but for a size."""
    rest = {key: plain(at.node) for key, at in one.at.items() if key not in {"type", "source", "target", "read_only"}}
    options = rest.get("tmpfs")
    octets = at.get("size") if (at := one.at.get("tmpfs")) else None
    return rest | {"tmpfs": options | {"size": str(memory(octets))}} if octets and isinstance(options, dict) else rest


def _rest_of_short(one: Volume) -> dict[str, object]:
    if one.kind == "volume":
        return {"volume": {"nocopy": True} if "nocopy" in one.modes else {}}
    bind: dict[str, object] = {"create_host_path": True}
    said: dict[str, object] = {"bind": bind}
    for mode in one.modes:
        if mode in SELINUX:
            bind["selinux"] = mode
        elif mode in CONSISTENCY:
            said["consistency"] = mode
        elif mode not in {"ro", "rw", "nocopy"}:
            bind["propagation"] = mode
    return said


def _device(at: At) -> object:
    """One of a vendor's driver is as it is written."""
    one = device(at)
    return {"source": one.source, "target": one.target, "permissions": one.permissions} if one else plain(at.node)
