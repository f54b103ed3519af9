"""A container's ports as `ps` shows them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def shown_ports(ports: Iterable[Mapping[str, Any]]) -> str:
    """``0.0.0.0:8080->80/tcp, 443/tcp``; neighbours published at their own number are one range."""
    groups: dict[tuple[str, str], list[int]] = {}
    done: list[str] = []
    mapped: list[str] = []
    for port in sorted(ports, key=_order):
        address, inside = port.get("IP", ""), port["PrivatePort"]
        if address and port.get("PublicPort", 0) != inside:
            mapped.append(f"{_joined(address, port['PublicPort'])}->{inside}/{port['Type']}")
            continue
        key = (address, port["Type"])
        if key in groups and inside == groups[key][1] + 1:
            groups[key][1] = inside
            continue
        if key in groups:
            done.append(_group(key, groups[key]))
            groups[key][:] = [inside, inside]
        else:
            groups[key] = [inside, inside]
    return ", ".join([*done, *(_group(key, ends) for key, ends in groups.items()), *mapped])


def _group(key: tuple[str, str], ends: list[int]) -> str:
    address, kind = key
    text = str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"
    return f"{_joined(address, text)}->{text}/{kind}" if address else f"{text}/{kind}"


def _joined(address: str, port: object) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _order(port: Mapping[str, Any]) -> tuple[int, str, int, str]:
    return port["PrivatePort"], port.get("IP", ""), port.get("PublicPort", 0), port["Type"]
