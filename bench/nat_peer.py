"""Our NAT and Open vSwitch's on DPDK, the same frames in the same run, one after the other round by round."""

from __future__ import annotations

from bench.flows import GATEWAY_MACS, INSIDE_MAC, PUBLIC, Shape, frames, order, outward, text
from bench.nat import DEPENDENT, VPP
from bench.natted import Natted
from bench.ovs import UnavailableError
from bench.paths import Path
from bench.peer import beside
from bench.table import Table

FLOWS = ("1", "1 k")
GOAL = 0.25


def rules(shape: Shape, *, stateful: bool) -> list[str]:
    """SNAT by `ct(nat)`, out through port 2. Stateful: the state is looked at before anything leaves, as its manual does it.

    Otherwise each packet is committed and translated in one pass, whatever its state, which costs Open vSwitch half as much.
    """
    commit = f"ct(commit,zone=1,nat(src={text(PUBLIC + 1)}-{text(PUBLIC + shape.addresses)})),output:2"
    if not stateful:
        return [f"in_port=1,ip,actions={commit}"]
    return [
        "table=0,in_port=1,ip,actions=ct(zone=1,nat,table=1)",
        f"table=1,ip,ct_state=+trk+new,actions={commit}",
        "table=1,ip,ct_state=+trk+est,actions=output:2",
    ]


def table() -> Table:
    """A row a number of flows and way of theirs; a row says why where the peer cannot run."""
    shown = Table(
        f"NAT beside Open vSwitch on DPDK, ct(nat) ({DEPENDENT}, 64 octets, out)",
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
    for name in FLOWS:
        for way in ("stateful", "one pass"):
            _add(shown, name, way)
    shapes = "; ".join(f"{name}: {VPP[name]}" for name in FLOWS)
    shown.notes.append(f"inside endpoints × remotes × public addresses: {shapes}")
    shown.notes.append(
        "stateful: ct(nat), then what is new is committed, as its manual has it; one pass: ct(commit,nat) for every packet"
    )
    shown.notes.append(
        "OVS-DPDK: ticks per packet of its polling thread, devices included; it neither routes nor counts down the TTL"
    )
    return shown


def _add(shown: Table, name: str, way: str) -> None:
    shape = VPP[name]
    traffic = frames(outward(shape)[order(shape.flows)], (64,), (GATEWAY_MACS[0], INSIDE_MAC))
    ours = {"wire": Path(traffic), "nat": Natted(traffic, shape, mapping=DEPENDENT)}
    row = f"{name}, {way}"
    goal = f"≤ {GOAL}" if way == "stateful" else ""
    try:
        samples, peer, misses = beside(ours, rules=rules(shape, stateful=way == "stateful"))
    except UnavailableError as reason:
        shown.rows.append((row, "", "", "", "not run", "", "", goal))
        shown.notes.append(f"{row}: {reason}")
        return
    overhead = samples["nat"].minus(samples["wire"]).spread()[1]
    low, theirs, high = peer.spread()
    ticks = (f"{value:.0f}" for value in (samples["wire"].spread()[1], samples["nat"].spread()[1], overhead, theirs))
    shown.rows.append((row, *ticks, f"{low:.0f}–{high:.0f}", f"{overhead / theirs:.3f}", goal))
    shown.raw[row] = {
        "wire_ticks": samples["wire"].ticks,
        "with_ticks": samples["nat"].ticks,
        "peer_ticks": peer.ticks,
        "peer_misses": misses,
    }
