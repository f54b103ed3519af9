"""A VTEP's tables with names for numbers, as NumPy structured arrays."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import numpy as np

from dataplane.apply.rows import Rows

if TYPE_CHECKING:
    from dataplane.apply.dataplane import Dataplane
    from dataplane.apply.vtep import TunnelEnd

OVERLAYS_DTYPE = np.dtype(
    [("network", "O"), ("vtep", "O"), ("vni", "<u4"), ("local", "U39"), ("group", "U39"), ("mtu", "<u4"), ("peers", "<u4"),
     ("heard", "<u4"), ("floods", "<u8"), ("limited", "<u8")]
)  # fmt: skip
PEERS_DTYPE = np.dtype(
    [("network", "O"), ("peer", "U39"), ("kind", "U6"), ("stations", "<u4"), ("silent_ns", "<i8"), ("in_frames", "<u8"),
     ("in_octets", "<u8"), ("out_frames", "<u8"), ("out_octets", "<u8")]
)  # fmt: skip
STATIONS_DTYPE = np.dtype(
    [("network", "O"), ("mac", "<u8"), ("peer", "U39"), ("given", "?"), ("addresses", "U128"), ("age_ns", "<i8")]
)
MOVING_DTYPE = np.dtype([("network", "O"), ("mac", "<u8"), ("moves", "<u8"), ("from", "U160"), ("to", "U160")])
CLAIMS_DTYPE = np.dtype([("network", "O"), ("address", "U39"), ("mac", "<u8"), ("other", "<u8"), ("changes", "<u4")])
KINDS = {"peer": "file", "heard": "heard", "floods": "all"}
"""How a tunnel's far end came to be known; ``all`` is the one that floods."""


def overlays(plane: Dataplane) -> Rows:
    """OVERLAYS_DTYPE, by VTEP and in the file's order."""
    same = ("vni", "local", "group", "mtu", "peers", "heard", "floods", "limited")
    rows = [
        (names[number], name, *(row[each] for each in same))
        for name, end, names in _ends(plane)
        for row in end.vtep.overlays()
        if (number := int(row["overlay"])) in names
    ]  # fmt: skip
    return np.array(rows, dtype=OVERLAYS_DTYPE)


def peers(plane: Dataplane) -> Rows:
    """PEERS_DTYPE, those of the file first; `stations`: known behind it, learned or given. `silent_ns` -1: nothing came yet."""
    found = []
    for _, end, names in _ends(plane):
        counted = {number: _counted(plane.stations(name)) for number, name in names.items()}
        for row in end.vtep.tunnels(plane.engine.now):
            number, kind = int(row["overlay"]), KINDS.get(str(row["kind"]))
            if kind is None or kind == "all" or number not in names:
                continue
            stations = counted[number].get(int(row["member"]), 0)
            traffic = (row["in_frames"], row["in_octets"], row["out_frames"], row["out_octets"])
            found.append((names[number], row["peer"], kind, stations, row["silent_ns"], *traffic))
    found.sort(key=lambda row: (row[2], ip_address(str(row[1])).packed))
    return np.array(found, dtype=PEERS_DTYPE)


def _counted(stations: Rows) -> dict[int, int]:
    members, counts = np.unique(stations["member"], return_counts=True)
    return dict(zip(members.tolist(), counts.tolist(), strict=True))


def stations(plane: Dataplane, network: str, limit: int) -> Rows:
    """STATIONS_DTYPE of one network: who is behind which peer, `limit` of them at most."""
    found: list[tuple[Any, ...]] = []
    for _, end, names in _ends(plane):
        for number, name in names.items():
            if name != network:
                continue
            given = {int(row["mac"]): str(row["addresses"]) for row in end.vtep.stations() if int(row["overlay"]) == number}
            members = end.members(name, plane.engine.now)
            table = plane.stations(name)
            table = table[np.isin(table["member"], list(members))][:limit]
            found += [
                (name, mac, members[int(row["member"])], mac in given, given.get(mac, ""), row["age_ns"])
                for row in table
                if (mac := int(row["mac"])) >= 0
            ]
    return np.array(sorted(found, key=lambda row: (row[2], row[1])), dtype=STATIONS_DTYPE)


def moving(plane: Dataplane) -> Rows:
    """MOVING_DTYPE: stations of overlays that keep moving, as behind a loop."""
    found = []
    for _, _, names in _ends(plane):
        for name in names.values():
            ports = plane.member_names(name)
            found += [
                (name, row["mac"], row["moves"], ports[int(row["from"])], ports[int(row["to"])]) for row in plane.moving(name)
            ]
    return np.array(found, dtype=MOVING_DTYPE)


def claims(plane: Dataplane) -> Rows:
    """CLAIMS_DTYPE: addresses that two stations say are theirs."""
    found = [
        (names[int(row["overlay"])], row["address"], row["mac"], row["other"], row["changes"])
        for _, end, names in _ends(plane)
        for row in end.vtep.reports(plane.engine.now)
        if int(row["overlay"]) in names
    ]
    return np.array(found, dtype=CLAIMS_DTYPE)


def counters(plane: Dataplane) -> dict[str, dict[str, int]]:
    """What each VTEP counts, by its name."""
    return {name: dict(end.vtep.named_counters()) for name, end in plane.ends.items()}


def _ends(plane: Dataplane) -> list[tuple[str, TunnelEnd, dict[int, str]]]:
    return [(name, end, end.overlay_names()) for name, end in plane.ends.items()]
