"""Our VXLAN and Open vSwitch's on DPDK, the same frames in the same run, one after the other round by round."""

from __future__ import annotations

from bench.ovs_tunnel import OvsTunnel
from bench.peer import add_row, empty
from bench.settings import short
from bench.table import Table
from bench.vxlan import Cell, Shape

FLOWS = (1, 1000)
GOAL = 0.25


def table(way: str) -> Table:
    """A row a number of flows; a row says why where the peer cannot run."""
    what = {"encap": "bridge and tunnel (tnl_push)", "decap": "tunnel and bridge (tnl_pop)"}[way]
    shown = empty(f"VXLAN {way} beside Open vSwitch on DPDK, {what} (64 octets, one peer, IPv4)", "flows")
    for flows in FLOWS:
        cell = Cell(way, Shape(flows=flows))
        # Where the frames go to, as it stands in each inner frame.
        stations = list(dict.fromkeys(frame[:6] for frame in cell.inner))
        ours = {"wire": cell.wire(), "bridged": cell.bridged()}
        add_row(shown, short(flows), f"≤ {GOAL}", ours, kind=OvsTunnel, way=way, stations=stations)
    shown.notes.append(
        "ours: bridge and VTEP; OVS-DPDK: ticks per packet of its polling thread, as it counts them, devices included"
    )
    return shown
