"""A router with NAT between the port that sends and the one that receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from bench.flows import GATEWAY_MACS, INSIDE_MAC, REMOTE_MAC, Shape, mac_octets
from bench.paths import Options, Path
from bench.traffic import HEADERS
from bench.translated import Heads
from fastpath import Flows, Router, Rules

SECOND = 1_000_000_000
SPREAD = 32
"""The table is filled in so many steps over one second, so that last-seen times are spread as they would be."""

OUT_MACS = mac_octets(REMOTE_MAC, GATEWAY_MACS[1])
"""The MAC addresses of a frame that has been routed out; and back."""
BACK_MACS = mac_octets(INSIDE_MAC, GATEWAY_MACS[0])


def mac(text: str) -> int:
    """As the router takes it."""
    return int(text.replace(":", ""), 16)


class Routed(Path):
    """Inside hosts on the sender's side, everybody else behind a hop on the receiver's."""

    shape: Shape

    def wire_up(self) -> None:
        self.router = self.make()
        self.inside = self.router.add_interface(
            "inside", mac=mac(GATEWAY_MACS[0]), mtu=1500, addresses=["198.18.0.1/16"], arp=False
        )
        self.outside = self.router.add_interface(
            "outside", mac=mac(GATEWAY_MACS[1]), mtu=1500, addresses=["192.0.2.2/30"], reverse_path=False, arp=False
        )
        self.govern()
        for number, port in ((self.inside, self.source), (self.outside, self.target)):
            self.router.lead(number, port, 0)
            port.lead_to(self.router, number)
        self.router.add_route("0.0.0.0/0", interface=self.outside, gateway="192.0.2.1")
        self.router.add_neighbor(self.outside, "192.0.2.1", mac(REMOTE_MAC))
        for host in self.shape.inside():
            self.router.add_neighbor(self.inside, host, mac(INSIDE_MAC))

    def make(self) -> Router:
        """The router itself."""
        return Router(self.engine, "router")

    def govern(self) -> None:
        """Rules, once it has its interfaces."""


class Natted(Routed):
    """SNAT of `shape.flows` flows, all of them open before anything is measured.

    Of `frames` from the inside; with `back` the replies to these are measured, which are `replies` of what came out of such a path;
    with `both` the two at once.
    """

    def __init__(
        self,
        frames: Sequence[bytes],
        shape: Shape,
        *,
        mapping: str,
        back: Sequence[bytes] | None = None,
        both: bool = False,
        capacity: int = 0,
        **options: Unpack[Options],
    ) -> None:
        self.shape = shape
        self.mapping = mapping
        self.openers = frames
        self.both = both
        self.capacity = capacity or max(shape.flows, 1024)
        super().__init__(frames if back is None else back, **options)
        if back is not None:
            self.source, self.target = self.target, self.source

    def make(self) -> Router:
        self.flows = Flows(capacity=self.capacity, mapping=self.mapping)
        self.rules = Rules(self.flows)
        return Router(self.engine, "router", flows=self.flows, rules=self.rules)

    def govern(self) -> None:
        pool = self.flows.add_pool(self.shape.public())
        self.rules.set_interface(self.outside, kind="uplink", name="outside")
        self.rules.set_interface(self.inside, kind="network", name="inside", masquerade4=pool)

    def fill(self) -> None:
        """Open all flows, over one second."""
        step = -(-self.shape.flows // SPREAD)
        for start in range(0, self.shape.flows, step):
            self.push_all(self.sender, self.openers[start : min(start + step, self.shape.flows)])
            self.now += SECOND // SPREAD
        if self.flows.count != self.shape.flows:
            raise RuntimeError(f"{self.flows.count} flows are open, {self.shape.flows} wanted: {self.engine.drops()}")

    def start(self) -> None:
        self.fill()
        self.source.cycle(self.frames)
        if self.both:
            self.target.cycle(self.openers)

    def problems(self) -> list[str]:
        found = super().problems()
        if self.flows.count != self.shape.flows:
            found.append(f"{self.flows.count} flows are open, {self.shape.flows} wanted")
        return found


def replies(outgoing: Sequence[bytes]) -> list[bytes]:
    """What the other end answers: each frame with its two ends changed for each other, which leaves its checksums valid."""
    octets = Heads.of(list(outgoing)).octets.copy()
    swap = np.arange(HEADERS)
    for one, other, n in ((0, 6, 6), (26, 30, 4), (34, 36, 2)):
        swap[one : one + n], swap[other : other + n] = np.arange(other, other + n), np.arange(one, one + n)
    heads = octets[:, swap].tobytes()
    return [heads[at * HEADERS : (at + 1) * HEADERS] + frame[HEADERS:] for at, frame in enumerate(outgoing)]
