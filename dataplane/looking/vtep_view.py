"""Overlays as rows: what ``vtep`` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataplane.looking.vtep_rows import ClaimRow, MovingRow, OverlayRow, PeerRow, StationRow
from dataplane.model import Plan
from dataplane.overlays import mtu_of, underlay_of


def overlay_rows(tables: Mapping[str, Any], plan: Plan, network: str | None) -> list[OverlayRow]:
    """From what ``read`` has read: one network's, or all."""
    return [
        _overlay(row, tables, plan) for row in tables["overlays"] if network in {None, str(row["network"])}
    ]  # fmt: skip


def read(dataplane: Any, network: str | None, limit: int) -> dict[str, Any]:
    """Every table at one moment; for the engine's thread."""
    from dataplane.apply import vtep_tables

    return {
        "overlays": vtep_tables.overlays(dataplane),
        "peers": vtep_tables.peers(dataplane),
        "stations": vtep_tables.stations(dataplane, network, limit) if network is not None else (),
        "moving": vtep_tables.moving(dataplane),
        "claims": vtep_tables.claims(dataplane),
        "counters": vtep_tables.counters(dataplane),
    }


def _overlay(row: Any, tables: Mapping[str, Any], plan: Plan) -> OverlayRow:
    key = str(row["network"])
    port, below = underlay_of(plan.networks[key], plan.topology)

    def of(name: str) -> list[Any]:
        return [each for each in tables[name] if str(each["network"]) == key]

    return {
        "network": key,
        "vtep": str(row["vtep"]),
        "vni": int(row["vni"]),
        "local": str(row["local"]),
        "group": str(row["group"]) or None,
        "mtu": mtu_of(plan.networks[key]),
        "underlay": port,
        "kind": below.kind,
        "port": below.port,
        "floods": int(row["floods"]),
        "limited": int(row["limited"]),
        "peers": [_peer(each) for each in of("peers")],
        "stations": [_station(each) for each in of("stations")],
        "moving": [_moving(each) for each in of("moving")],
        "claims": [_claim(each) for each in of("claims")],
    }


def _peer(row: Any) -> PeerRow:
    return {
        "peer": str(row["peer"]),
        "kind": str(row["kind"]),
        "stations": int(row["stations"]),
        "silent": int(row["silent_ns"]) / 1e9 if row["silent_ns"] >= 0 else None,
        "in_frames": int(row["in_frames"]),
        "in_octets": int(row["in_octets"]),
        "out_frames": int(row["out_frames"]),
        "out_octets": int(row["out_octets"]),
    }


def _station(row: Any) -> StationRow:
    return {
        "mac": mac(row["mac"]),
        "peer": str(row["peer"]),
        "given": bool(row["given"]),
        "addresses": str(row["addresses"]).split(),
        "age": int(row["age_ns"]) / 1e9,
    }


def _moving(row: Any) -> MovingRow:
    return {"mac": mac(row["mac"]), "moves": int(row["moves"]), "source": str(row["from"]), "target": str(row["to"])}


def _claim(row: Any) -> ClaimRow:
    return {
        "address": str(row["address"]),
        "mac": mac(row["mac"]),
        "other": mac(row["other"]),
        "changes": int(row["changes"]),
    }


def mac(number: Any) -> str:
    """02:42:0a:00:00:05."""
    return int(number).to_bytes(6, "big").hex(":")
