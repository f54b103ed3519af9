"""Our VXLAN and Open vSwitch's on DPDK, the same frames in the same run, one after the other round by round."""

from __future__ import annotations

from bench.ovs import UnavailableError
from bench.ovs_tunnel import OvsTunnel
from bench.peer import beside
from bench.settings import short
from bench.table import Table
from bench.vxlan import Cell, Shape

FLOWS = (1, 1000)
GOAL = 0.25


def table(way: str) -> Table:
    """A row a number of flows; a row says why where the peer cannot run."""
    what = {"encap": "bridge and tunnel (tnl_push)", "decap": "tunnel and bridge (tnl_pop)"}[way]
    shown = Table(
        f"VXLAN {way} beside Open vSwitch on DPDK, {what} (64 octets, one peer, IPv4)",
        (
            "flows",
            "wire\ncycles",
            "with it\ncycles",
            "overhead\ncycles",
            "OVS-DPDK\ncycles",
            "quartiles\ncycles",
            "overhead\n/ OVS",
            "goal",
        ),
    )
    for flows in FLOWS:
        _add(shown, way, flows)
    shown.notes.append(
        "ours: bridge and VTEP; OVS-DPDK: ticks per packet of its polling thread, as it counts them, devices included"
    )
    return shown


def _add(shown: Table, way: str, flows: int) -> None:
    cell = Cell(way, Shape(flows=flows))
    row, goal = short(flows), f"≤ {GOAL}"
    # Where the frames go to, as it stands in each inner frame.
    stations = list(dict.fromkeys(frame[:6] for frame in cell.inner))
    try:
        ours = {"wire": cell.wire(), "bridged": cell.bridged()}
        samples, peer, misses = beside(ours, kind=OvsTunnel, way=way, stations=stations)
    except UnavailableError as reason:
        shown.rows.append((row, "", "", "", "not run", "", "", goal))
        shown.notes.append(f"{row}: {reason}")
        return
    overhead = samples["bridged"].minus(samples["wire"]).spread()[1]
    low, theirs, high = peer.spread()
    ticks = (f"{value:.0f}" for value in (samples["wire"].spread()[1], samples["bridged"].spread()[1], overhead, theirs))
    shown.rows.append((row, *ticks, f"{low:.0f}–{high:.0f}", f"{overhead / theirs:.3f}", goal))
    shown.raw[row] = {
        "wire_ticks": samples["wire"].ticks,
        "with_ticks": samples["bridged"].ticks,
        "peer_ticks": peer.ticks,
        "peer_misses": misses,
    }
