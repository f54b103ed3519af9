"""A gateway as rows: what ``routes``, ``conntrack``, ``rules`` and the others print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataplane.looking.gateway_rows import FlowRow, FlowsRow, NatRow, NatsRow, NeighborRow, PublishedRow, RouteRow, RuleRow
from dataplane.model import Plan


def route_rows(dataplane: Any) -> list[RouteRow]:
    """From ``Dataplane.routes``."""
    return [
        {
            "destination": str(row["destination"]),
            "gateway": str(row["gateway"]) or None,
            "interface": str(row["interface"]),
            "network": str(row["network"]) or None,
        }
        for row in dataplane.routes()
    ]


def neighbor_rows(dataplane: Any) -> list[NeighborRow]:
    """From ``Dataplane.neighbors``."""
    return [
        {
            "address": str(row["address"]),
            "mac": str(row["mac"]) or None,
            "interface": str(row["interface"]),
            "state": str(row["state"]),
        }
        for row in dataplane.neighbors()
    ]


def flow_rows(dataplane: Any, chosen: dict[str, Any], limit: int) -> FlowsRow:
    """From ``Dataplane.conntrack``: at most ``limit`` of those that match."""
    known, most = dataplane.flows_known()
    found = dataplane.conntrack(limit=limit, **chosen) if limit else ()
    return {"count": dataplane.count_flows(**chosen), "known": known, "limit": most, "flows": [_flow(row) for row in found]}


def _flow(row: Any) -> FlowRow:
    return {
        "protocol": str(row["protocol"]),
        "state": str(row["state"]),
        "source": str(row["source"]),
        "source_port": int(row["source_port"]),
        "target": str(row["target"]),
        "target_port": int(row["target_port"]),
        "reply_source": str(row["reply_source"]),
        "reply_source_port": int(row["reply_source_port"]),
        "reply_target": str(row["reply_target"]),
        "reply_target_port": int(row["reply_target_port"]),
        "idle": int(row["idle_ns"]) / 1e9,
        "expires": int(row["expires_ns"]) / 1e9,
        "assured": bool(row["assured"]),
    }


def nat_rows(dataplane: Any, chosen: dict[str, Any], limit: int) -> NatsRow:
    """From ``Dataplane.nat``: at most ``limit`` of those that match."""
    found, more = dataplane.nat(limit=limit, **chosen)
    rows: list[NatRow] = [
        {
            "kind": str(row["kind"]),
            "protocol": str(row["protocol"]),
            "inside": str(row["inside"]),
            "outside": str(row["outside"]),
            "flows": int(row["flows"]),
        }
        for row in found
    ]
    return {"translations": rows, "more": more}


def rule_rows(dataplane: Any, network: str | None) -> list[RuleRow]:
    """From ``Dataplane.rules``; those of one network, or all."""
    return [
        {"network": str(row["network"]), "kind": str(row["kind"]), "rule": str(row["rule"]), "hits": int(row["hits"])}
        for row in dataplane.rules(network)
    ]


def published_rows(plan: Plan | None, names: Mapping[str, str]) -> list[PublishedRow]:
    """What a plan publishes, in the file's order. ``names``: see ``Inside.names``."""
    return [
        {
            "instance": names.get(one.instance, one.instance),
            "endpoint": names.get(one.endpoint, one.endpoint),
            "protocol": one.protocol,
            "host_ip": str(one.host_ip) if one.host_ip is not None else None,
            "host": _range(one.first, one.last),
            "container": _range(one.target, one.target + one.count - 1),
            "addresses": [str(address) for address in (one.ipv4, one.ipv6) if address is not None],
            "opened": [str(address) for address in one.opened],
            "uplink": one.uplink,
        }
        for one in (plan.published if plan is not None else ())
    ]


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
