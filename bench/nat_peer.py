"""Our NAT and Open vSwitch's on DPDK, the same frames in the same run, one after the other round by round."""

from __future__ import annotations

from bench.flows import GATEWAY_MACS, INSIDE_MAC, PUBLIC, Shape, frames, order, outward, text
from bench.nat import DEPENDENT, VPP
from bench.natted import Natted
from bench.paths import Path
from bench.peer import add_row, empty
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
    shown = empty(f"NAT beside Open vSwitch on DPDK, ct(nat) ({DEPENDENT}, 64 octets, out)", "flows")
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
    stateful = way == "stateful"
    add_row(shown, f"{name}, {way}", f"≤ {GOAL}" if stateful else "", ours, rules=rules(shape, stateful=stateful))
