"""What routing costs a frame, without flows: by routes, IPv4 and IPv6; every frame goes by another of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from bench import flows, six
from bench.flows import GATEWAY_MACS, INSIDE_MAC, Flow
from bench.hops import HOPS, hop_mac, leaving
from bench.measure import measure
from bench.natted import mac
from bench.paths import Options, Path
from bench.table import Table, add_overhead, overhead_table
from bench.translated import pass_once
from fastpath import Router

ROUTES = {"1": 1, "1 k": 1000, "100 k": 100_000}
GOALS = {"1": "≤ 38"}
FIRST = 0x14000000  # 20.0.0.0
SOURCE = flows.INSIDE


class Routing(Path):
    """A router with so many routes beside each other, each within a wider one that leads elsewhere."""

    def __init__(self, traffic: Sequence[bytes], routes: int, version: int, **options: Unpack[Options]) -> None:
        self.routes, self.version = routes, version
        super().__init__(traffic, **options)

    def wire_up(self) -> None:
        self.router = Router(self.engine, "router", routes=max(2 * self.routes, 64))
        ends = (("198.18.0.1/16", "192.0.2.254/24"), ("2001:2:0:1::1/64", "2001:2:0:2::ff/64"))[self.version == 6]
        for number, (port, address) in enumerate(zip((self.source, self.target), ends, strict=True)):
            n = self.router.add_interface(f"if{number}", mac=mac(GATEWAY_MACS[number]), mtu=1500, addresses=[address], arp=False)
            self.router.lead(n, port, 0)
            port.lead_to(self.router, n)
        for hop in range(HOPS):
            self.router.add_neighbor(n, self.gateway(hop), mac(hop_mac(hop)))
        for destination, hop in self.table():
            self.router.add_route(destination, interface=n, gateway=self.gateway(hop))

    def gateway(self, hop: int) -> str:
        return f"192.0.2.{hop + 1}" if self.version == 4 else f"2001:2:0:2::{hop + 1:x}"

    def table(self) -> list[tuple[str, int]]:
        """Destinations and the neighbors that they are reached by."""
        if self.routes == 1:
            return [("0.0.0.0/0" if self.version == 4 else "::/0", 0)]
        if self.version == 6:
            return six.table(self.routes, HOPS)
        wide = sorted({n >> 8 for n in range(self.routes)})
        narrow = self.routes - len(wide)
        return [(f"{flows.text(FIRST + (n << 16))}/16", HOPS - 1) for n in wide] + [
            (f"{flows.text(FIRST + (n << 8))}/24", n % HOPS) for n in range(narrow)
        ]


def traffic(routes: int, *, before: bool, seed: int = 1) -> list[bytes]:
    """IPv4: a frame by each narrow route, in a random order, as it comes or as it has to leave."""
    random = np.random.default_rng(seed)
    narrow = routes - len({n >> 8 for n in range(routes)}) if routes > 1 else 1
    which = flows.order(narrow, seed)
    n = len(which)
    target = FIRST + (which << 8) + random.integers(1, 255, n)
    flow = Flow(SOURCE + random.integers(0, 256, n), random.integers(1024, 65536, n), target, np.full(n, flows.REMOTE_PORT))
    if before:
        return flows.frames(flow, (64,), (GATEWAY_MACS[0], INSIDE_MAC))
    return flows.frames(flow, (64,), leaving(which), ttl=63)


def table() -> Table:
    """A row a number of routes and family."""
    shown = overhead_table("Routing, by routes (IPv4: 64 octets, IPv6: 78; bursts of 256)", "routes")
    checked = 0
    for version, make in ((4, traffic), (6, six.traffic)):
        for name, routes in ROUTES.items():
            frames = make(routes, before=True)
            path = Routing(frames, routes, version, outbox=True)
            if pass_once(path) != make(routes, before=False):
                raise RuntimeError(f"IPv{version}, {name} routes: a frame left otherwise than it had to")
            checked += len(frames)
            samples = measure({"wire": Path(frames), "router": Routing(frames, routes, version)})
            add_overhead(
                shown,
                f"{name}, IPv{version}",
                samples["wire"],
                samples["router"],
                GOALS[name] if (version, name) == (4, "1") else "",
            )
    shown.notes.append(
        f"verified: {checked:,} frames left in order, octet for octet as they had to, to the neighbor of their route"
    )
    shown.notes.append(
        f"/24 within /16, /64 within /56, {HOPS} neighbors in turn; a frame's destination is random within a route of its own"
    )
    shown.notes.append("goals are for a 2.445 GHz EPYC")
    return shown
