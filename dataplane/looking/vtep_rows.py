"""Rows about overlays: JSON where they are asked for, dictionaries here."""

from __future__ import annotations

from typing import TypedDict


class PeerRow(TypedDict):
    """Another VTEP. ``kind``: file (the file names it) or heard. ``stations``: known behind it. ``silent``: seconds since its last
    frame, None where none came yet. Frames and octets are inner ones."""

    peer: str
    kind: str
    stations: int
    silent: float | None
    in_frames: int
    in_octets: int
    out_frames: int
    out_octets: int


class StationRow(TypedDict):
    """A station behind another VTEP. ``given``: the file names it, with ``addresses``. ``age``: seconds since its last frame."""

    mac: str
    peer: str
    given: bool
    addresses: list[str]
    age: float


class MovingRow(TypedDict):
    """A station that keeps moving, as behind a loop or where two have one MAC: ``moves`` so far, the latest between two ports."""

    mac: str
    moves: int
    source: str
    target: str


class ClaimRow(TypedDict):
    """An address that two stations say is theirs, by turns."""

    address: str
    mac: str
    other: str
    changes: int


class OverlayRow(TypedDict):
    """An overlay. ``floods``: frames flooded into it; ``limited``: so many more were not, by its rate. ``stations``: of a network
    that was asked for."""

    network: str
    vtep: str
    vni: int
    local: str
    group: str | None
    mtu: int
    underlay: str
    kind: str
    port: int
    floods: int
    limited: int
    peers: list[PeerRow]
    stations: list[StationRow]
    moving: list[MovingRow]
    claims: list[ClaimRow]


class VtepsRow(TypedDict):
    """``counters`` by VTEP. ``warnings``: sentences about MTUs that cannot work."""

    overlays: list[OverlayRow]
    counters: dict[str, dict[str, int]]
    warnings: list[str]
