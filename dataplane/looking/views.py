"""Tables of an engine as rows: what ``drops``, ``fdb`` and the others print."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any

from dataplane.looking.inside import Inside
from dataplane.looking.rows import DropRow, FdbRow
from dataplane.wiring import Wiring

WATCH = 0.25
"""Seconds between two looks at a bridge that is watched."""


def renamed(wiring: Wiring, names: Mapping[str, str]) -> Wiring:
    """The same with every node under the name that its users know (``names``: see ``Inside.names``)."""

    def called(name: str) -> str:
        return names.get(name, name)

    return Wiring.of(
        (replace(node, name=called(node.name)) for node in wiring.nodes.values()),
        (replace(link, near=called(link.near), far=called(link.far)) for link in wiring.links.values()),
        (replace(rule, node=called(rule.node), interface=called(rule.interface)) for rule in wiring.rules.values()),
    )


def drop_rows(drops: Any, names: Mapping[str, str]) -> list[DropRow]:
    """From ``Dataplane.drops``. ``names``: see ``Inside.names``."""
    return [
        {
            "scope": str(row["scope"]),
            "where": names.get(name := str(row["name"]), name),
            "reason": str(row["reason"]),
            "frames": int(row["count"]),
            "sentence": str(row["sentence"]),
        }
        for row in drops
    ]


def counter_rows(table: Any, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """From ``Dataplane.counters``."""
    rows = (dict(zip(table.dtype.names, row, strict=True)) for row in table.tolist())
    return [{**row, "node": names.get(row["node"], row["node"])} for row in rows]


async def fdb_rows(inside: Inside, network: str) -> list[FdbRow]:
    """The stations of a network's bridge, by port and address."""
    names = inside.names()

    def read(dataplane: Any) -> list[FdbRow]:
        return [
            {
                "mac": str(row["mac"]),
                "port": names.get(port := str(row["port"]), port),
                "age": float(row["age"]),
                "static": bool(row["static"]),
            }
            for row in dataplane.fdb(network)
        ]

    return await inside.call(read)


async def watch_fdb(inside: Inside, network: str) -> AsyncGenerator[FdbRow, None]:
    """What is there, as learned; then what changes: learned, moved, gone."""
    known: dict[str, FdbRow] = {}
    while True:
        now = {row["mac"]: row for row in await fdb_rows(inside, network)}
        for mac, row in now.items():
            if mac not in known:
                yield {**row, "event": "learned"}
            elif known[mac]["port"] != row["port"]:
                yield {**row, "event": "moved"}
        for mac in known.keys() - now.keys():
            yield {**known[mac], "event": "gone"}
        known = now
        await asyncio.sleep(WATCH)
