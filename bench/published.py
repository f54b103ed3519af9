"""What published ports cost: a frame of an open flow, and a flow's first frame, by ports published, singly or as one range."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from bench.flows import GATEWAY_MACS, INSIDE, REMOTE, REMOTE_MAC, Flow, Shape, frames, order, text
from bench.measure import Samples, measure, once, sample
from bench.natted import BACK_MACS, Natted
from bench.paths import Options, Path
from bench.table import Table
from bench.translated import Heads, check, hop, pass_once

FLOWS = 60_000
FIRST = 2000
CLIENTS, HOSTS = 60, 100
ADDRESS = 0xC6336401  # 198.51.100.1
ROUNDS, REPETITIONS = 11, 10
GOAL = 2445
CASES = {"1": (1, False), "1 k": (1000, False), "60 k": (60_000, False), "60 k, one range": (60_000, True)}
"""How many ports, and whether one rule is for all of them."""


def inward(ports: int, seed: int = 1) -> Flow:
    """FLOWS flows from CLIENTS clients to so many ports, equally many to each."""
    random = np.random.default_rng(seed)
    number = np.arange(FLOWS)
    source_port = 1024 + (np.tile(random.permutation(64512)[: FLOWS // CLIENTS], CLIENTS))
    return Flow(REMOTE + number // (FLOWS // CLIENTS), source_port, np.full(FLOWS, ADDRESS), FIRST + number % ports)


class Published(Natted):
    """A router with published ports; clients on the receiver's side open all flows before anything is measured."""

    def __init__(self, traffic: list[bytes], ports: int, whole: bool, *, opened: bool = True, **options: Unpack[Options]) -> None:
        self.ports, self.whole, self.opened = ports, whole, opened
        super().__init__(traffic, Shape(FLOWS), mapping="endpoint-independent", back=traffic, **options)

    def govern(self) -> None:
        super().govern()
        self.rules.set_local([text(ADDRESS)])
        if self.whole:
            self.rules.publish("udp", FIRST, FIRST + self.ports - 1, target=text(INSIDE), target_port=FIRST)
            return
        for port in range(FIRST, FIRST + self.ports):
            self.rules.publish("udp", port, port, target=text(INSIDE + port % HOSTS), target_port=port)

    def fill(self) -> None:
        """All flows, opened by the clients."""
        self.push_all(self.source, self.frames[:FLOWS])

    def start(self) -> None:
        if self.opened:
            self.fill()
        self.source.cycle(self.frames)

    def verify(self) -> int:
        """Every frame reaches the host that its port is published for; how many. Errors: RuntimeError."""
        self.fill()
        went, came = hop(list(self.frames), pass_once(self), BACK_MACS)
        check(came.endpoint(0) != went.endpoint(0), "source")
        check(came.endpoint(1) != self.wanted(went), "it reached another endpoint than the port's")
        return len(self.frames)

    def wanted(self, went: Heads) -> np.ndarray:
        """The endpoint that each frame has to reach."""
        port = went.endpoint(1) & 0xFFFF
        host = INSIDE + (0 if self.whole else port % HOSTS)
        return (host << 16) | port


def opening(traffic: list[bytes], ports: int, whole: bool) -> tuple[Samples, Samples]:
    """Ticks of each flow's first frame: over the wire, and through the router."""
    wire, new = Samples(), Samples()
    for _ in range(REPETITIONS):
        bare = Path(traffic)
        bare.start()
        wire.ticks.append(sample(bare, FLOWS))
        path = Published(traffic, ports, whole, opened=False)
        path.start()
        polled, ticks = once(path, FLOWS - path.burst)
        new.ticks.append(ticks)
        if path.flows.count != polled:
            raise RuntimeError(f"{polled} flows were sent, {path.flows.count} are open: {path.engine.drops()}")
    return wire, new


def table() -> Table:
    """One row a number of ports."""
    shown = Table(
        f"Published ports: in, {FLOWS:,} flows over all ports (64 octets, bursts of 256)",
        (
            "ports",
            "wire\ncycles",
            "overhead\ncycles",
            "quartiles\ncycles",
            "new flow\ncycles",
            "quartiles\ncycles",
            "goal\ncycles",
        ),
    )
    checked = 0
    for name, (ports, whole) in CASES.items():
        traffic = frames(inward(ports)[order(FLOWS)], (64,), (GATEWAY_MACS[1], REMOTE_MAC))
        checked += Published(traffic, ports, whole, outbox=True).verify()
        samples = measure({"wire": Path(traffic), "in": Published(traffic, ports, whole)}, rounds=ROUNDS)
        wire, new = opening(traffic, ports, whole)
        low, middle, high = samples["in"].minus(samples["wire"]).spread()
        new_low, new_middle, new_high = new.minus(wire).spread()
        shown.rows.append(
            (
                name,
                f"{samples['wire'].spread()[1]:.0f}",
                f"{middle:.0f}",
                f"{low:.0f}–{high:.0f}",
                f"{new_middle:.0f}",
                f"{new_low:.0f}–{new_high:.0f}",
                f"≤ {GOAL}",
            )
        )
        shown.raw[name] = {
            "wire_ticks": samples["wire"].ticks,
            "in_ticks": samples["in"].ticks,
            "new_wire_ticks": wire.ticks,
            "new_ticks": new.ticks,
        }
    shown.notes.append(f"verified: {checked:,} frames reached the host their port is published for, checksums valid")
    shown.notes.append(
        f"{CLIENTS} clients; singly published ports lead to {HOSTS} hosts in turn; cycles are overhead over the wire"
    )
    return shown
