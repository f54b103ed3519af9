"""``--network`` and what goes with it, as Docker reads it (28.2). Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dataplane.cli.verb import Failure

LONG = re.compile(r"\w+=\w+(,\w+=\w+)*")
OURS_ALONE = {"bridge", "host", "none", "default"}


@dataclass(slots=True)
class Wanted:
    """A network that is to be joined."""

    name: str = ""
    aliases: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    driver_opts: dict[str, str] = field(default_factory=dict)
    ip: str = ""
    ip6: str = ""
    mac: str = ""
    link_local: list[str] = field(default_factory=list)
    gw_priority: int = 0

    @property
    def users(self) -> bool:
        """It is a network that a user made."""
        return self.name not in OURS_ALONE and not self.name.startswith("container:")


def network(text: str) -> Wanted:
    """``NAME``, or ``name=NAME,alias=…,ip=…,ip6=…,mac-address=…,driver-opt=K=V,link-local-ip=…,gw-priority=N``. ValueError."""
    if not LONG.search(text):
        return Wanted(name=text)
    found = Wanted()
    for part in next(csv.reader([text])):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not sign or not key:
            raise ValueError(f"invalid field {part}")
        _set(found, key.lower(), value)
    if not found.name:
        raise ValueError("network name/id is not specified")
    return found


def _set(found: Wanted, key: str, value: str) -> None:
    if key == "name":
        found.name = value
    elif key == "alias":
        found.aliases.append(value)
    elif key == "driver-opt":
        name, sign, option = value.partition("=")
        if not sign or not name:
            raise ValueError("invalid key value pair format in driver options")
        found.driver_opts[name.strip().lower()] = option.strip()
    elif key == "ip":
        found.ip = value
    elif key == "ip6":
        found.ip6 = value
    elif key == "mac-address":
        found.mac = value
    elif key == "link-local-ip":
        found.link_local.append(value)
    elif key == "gw-priority":
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            raise ValueError(f'invalid gw-priority: strconv.Atoi: parsing "{value}": invalid syntax')
        found.gw_priority = int(value)
    else:
        raise ValueError(f"invalid field key {key}")


def endpoints(wanted: Sequence[Wanted], flags: Wanted) -> dict[str, dict[str, Any]]:
    """NetworkingConfig.EndpointsConfig; the container's own ``flags`` (`--ip`, `--network-alias` …) are of the first network."""
    held = list(wanted) or [Wanted(name="default")]
    if {one.users for one in held} == {True, False}:
        raise Failure("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    _merge(held[0], flags)
    found: dict[str, dict[str, Any]] = {}
    for one in held:
        if not one.name.strip():
            raise Failure("no name set for network")
        if one.name in found:
            raise Failure(f'network "{one.name}" is specified multiple times')
        found[one.name] = settings(one)
    return {} if len(found) == 1 and not any(found.values()) else found


def settings(one: Wanted) -> dict[str, Any]:
    """EndpointSettings, what was not asked for left out."""
    if not one.users and one.aliases:
        raise Failure("network-scoped aliases are only supported for user-defined networks")
    given: dict[str, Any] = {}
    addresses = {"IPv4Address": one.ip, "IPv6Address": one.ip6, "LinkLocalIPs": one.link_local}
    if any(addresses.values()):
        given["IPAMConfig"] = {key: value for key, value in addresses.items() if value}
    more = {
        "Aliases": one.aliases,
        "Links": one.links if one.users else [],
        "DriverOpts": one.driver_opts,
        "GwPriority": one.gw_priority,
    }
    given |= {key: value for key, value in more.items() if value}
    if one.mac:
        given["MacAddress"] = valid_mac(one.mac)
    return given


def valid_mac(text: str) -> str:
    """The same. Failure in Docker's words."""
    if not re.fullmatch(r"([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}", text):
        raise Failure(f"{text} is not a valid mac address")
    return text


def _merge(first: Wanted, flags: Wanted) -> None:
    """What the container's own flags say of its first network; said twice is Docker's error."""
    for name, shown in (
        ("aliases", "--network-alias and per-network alias"),
        ("ip", "--ip and per-network IPv4 address"),
        ("ip6", "--ip6 and per-network IPv6 address"),
        ("mac", "--mac-address and per-network MAC address"),
        ("link_local", "--link-local-ip and per-network link-local IP addresses"),
        ("links", "--link and per-network links"),
    ):
        value = getattr(flags, name)
        if value and getattr(first, name):
            raise Failure(f"conflicting options: cannot specify both {shown}")
        if value:
            setattr(first, name, value)
