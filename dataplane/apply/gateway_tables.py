"""The gateway's tables with names for numbers, as NumPy structured arrays; empty where a lab has none."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import numpy as np

from dataplane.apply.gateway import Gateway
from dataplane.apply.rows import Rows
from dataplane.errors import UserError
from dataplane.uplink import UPLINK, network_of
from fastpath.flowrows import FLOWS_DTYPE as OF_FLOWS
from fastpath.flowrows import PROTOCOLS
from fastpath.natrows import KINDS

Chosen = Mapping[str, str | int | None]
# Networks are objects ("O"): names of a daemon's may be of any length.
ROUTES_DTYPE = np.dtype([("destination", "U43"), ("gateway", "U39"), ("interface", "O"), ("network", "O")])
NEIGHBORS_DTYPE = np.dtype([("address", "U39"), ("mac", "U17"), ("interface", "O"), ("state", "U16")])
NAT_DTYPE = np.dtype([("kind", "U4"), ("protocol", "U8"), ("inside", "U47"), ("outside", "U47"), ("flows", "<u8")])
FLOWS_DTYPE = np.dtype([("protocol", "U8"), *((name, OF_FLOWS[name]) for name in OF_FLOWS.names or () if name != "protocol")])
RULES_DTYPE = np.dtype([("network", "O"), ("kind", "U10"), ("rule", "O"), ("hits", "<u8")])
PROTOCOL_NAMES = np.array([{number: name for name, number in PROTOCOLS.items()}.get(number, str(number)) for number in range(256)])
ADDRESSES = ("source", "target", "inside", "outside")


def routes(gateway: Gateway) -> Rows:
    """ROUTES_DTYPE: what leads somewhere; our own addresses and those of broadcasts are left out.

    `network`: the one that alone has the route, by an uplink of its own; "" for what all have that have none of their own."""
    names, tables = gateway.interface_names(), gateway.tables()
    rows = [
        (row["prefix"], row["gateway"], names.get(int(row["interface"]), ""), network_of(tables.get(table, UPLINK)))
        for table in gateway.router.routing_tables()
        for row in gateway.router.routes(table=table)
        # Subnets of ours are in every table.
        if row["kind"] == "gateway" or (row["kind"] == "link" and not table)
    ]
    return np.array(rows, dtype=ROUTES_DTYPE)


def neighbors(gateway: Gateway, now: int) -> Rows:
    """NEIGHBORS_DTYPE, by interface and address."""
    names = gateway.interface_names()
    rows = [
        (row["address"], _mac(int(row["mac"])), names.get(int(row["interface"]), ""), row["state"])
        for row in gateway.router.neighbors(now)
    ]
    return np.array(rows, dtype=NEIGHBORS_DTYPE)


def _mac(number: int) -> str:
    return number.to_bytes(6, "big").hex(":") if number else ""


def chosen_flows(gateway: Gateway, now: int, chosen: Chosen, limit: int | None = None) -> Rows:
    """The flows (FLOWS_DTYPE) of which all is true that is chosen, `limit` of them at most. Errors: UserError."""
    wanted: dict[str, Any] = dict(settled(chosen))
    table = gateway.flows.rows(now, limit=limit, **wanted)
    named = np.empty(len(table), FLOWS_DTYPE)
    for name in FLOWS_DTYPE.names or ():
        named[name] = PROTOCOL_NAMES[table[name]] if name == "protocol" else table[name]
    return named


def count_flows(gateway: Gateway, now: int, chosen: Chosen) -> int:
    """How many are chosen, without a row for each. Errors: UserError."""
    wanted: dict[str, Any] = dict(settled(chosen))
    return gateway.flows.matching(now, **wanted)


def settled(chosen: Chosen) -> dict[str, str | int]:
    """Addresses and protocols as fastpath's tables have them; what is not chosen left out."""
    found: dict[str, str | int] = {}
    for name, value in chosen.items():
        if value is None:
            continue
        found[name] = value
        if name == "protocol":
            found[name] = _protocol(str(value))
        if name == "kind" and value not in KINDS:
            raise UserError(f"{value!r} is no kind of translation", where="--kind", mend=f"write {' or '.join(KINDS)}")
        if name in ADDRESSES:
            try:
                found[name] = str(ip_address(value))
            except ValueError:
                raise UserError(f"{value!r} is not an IP address", where=f"--{name}", mend="write 10.0.0.5, or fd00::5") from None
    return found


def _protocol(text: str) -> int:
    number = PROTOCOLS.get(text.lower(), int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 256)
    if number > 255:
        raise UserError(
            f"{text!r} is not a protocol", where="--protocol", mend=f"write {', '.join(PROTOCOLS)}, or a number from 0 to 255"
        )
    return number


def rules(gateway: Gateway) -> Rows:
    """RULES_DTYPE."""
    return np.array([tuple(row) for row in gateway.rules.rows()], dtype=RULES_DTYPE)


def translations(gateway: Gateway, now: int, chosen: Chosen, limit: int | None = None) -> tuple[Rows, int]:
    """Each chosen translation once (NAT_DTYPE), `limit` at most, with how many flows have it; and how many flows have another."""
    wanted: dict[str, Any] = dict(settled(chosen))
    most = 2 * gateway.flows.count if limit is None else limit
    table, more = gateway.flows.translations(now, limit=most, **wanted)
    rows = [
        (
            row["kind"],
            PROTOCOL_NAMES[row["protocol"]],
            *(joined(str(row[side]), int(row[f"{side}_port"])) for side in ("inside", "outside")),
            row["flows"],
        )
        for row in table
    ]
    return np.array(sorted(rows), dtype=NAT_DTYPE), more


def joined(address: str, port: int) -> str:
    """``ADDRESS:PORT``."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def forget(gateway: Gateway, chosen: Chosen) -> int:
    """Delete the flows of which all is true that is chosen; how many that were."""
    wanted: dict[str, Any] = dict(settled(chosen))
    return gateway.flows.delete(**wanted)
