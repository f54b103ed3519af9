"""A driver is a pure function from a Network and its endpoints to a Wiring. This is the register of them.

To add one: a module here with such a function, a line in `DRIVERS`, a folder in tests/scenarios.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_
from types import MappingProxyType

from dataplane.drivers import bridge, host, ipvlan, macvlan, none, overlay
from dataplane.drivers.gateway import with_gateway
from dataplane.drivers.parent import with_parents
from dataplane.drivers.vtep import with_vteps
from dataplane.errors import UserError
from dataplane.model import Endpoint, Network, Plan
from dataplane.wiring import Wiring, joined

Driver = Callable[[Network, tuple[Endpoint, ...]], Wiring]
DRIVERS: Mapping[str, Driver] = MappingProxyType(
    {
        "bridge": bridge.wire,
        "overlay": overlay.wire,
        "macvlan": macvlan.wire,
        "ipvlan": ipvlan.wire,
        "host": host.wire,
        "none": none.wire,
        "null": none.wire,
    }
)


Parts = dict[str, tuple[Network, tuple[Endpoint, ...], Wiring]]
"""What networks were made of, by key, and what of each."""


def wire(plan: Plan, *, arp: bool = True, known: Parts | None = None) -> Wiring:
    """The wiring of every network of the plan, of the gateway that they share, and of what overlays and parents need.

    `arp`: the gateway asks for its neighbors; else the endpoints are permanent ones, and nobody is asked. `known`: what was made
    last time; a network of the very same objects is not made again. Errors: UserError for an unknown driver or a bad option, with
    its place."""
    known = {} if known is None else known
    members: dict[str, list[Endpoint]] = {key: [] for key in plan.networks}
    for endpoint in plan.endpoints():
        members[endpoint.network].append(endpoint)
    made: Parts = {}
    for key, network in plan.networks.items():
        endpoints = tuple(members[key])
        before = known.get(key)
        if before is not None and before[0] is network and _same(before[1], endpoints):
            made[key] = before
            continue
        where = f"{plan.topology.source}: networks.{key}"
        try:
            made[key] = network, endpoints, _driver(network)(network, endpoints)
        except UserError as error:
            raise UserError(error.what, where=error.where or where, mend=error.mend, status=error.status) from None
    known.clear()
    known |= made
    parts = [part for _, _, part in made.values()]
    return with_parents(with_vteps(with_gateway(joined(parts), plan, arp=arp), plan, arp=arp), plan, arp=arp)


def _same(before: tuple[Endpoint, ...], after: tuple[Endpoint, ...]) -> bool:
    return len(before) == len(after) and all(map(is_, before, after))


def _driver(network: Network) -> Driver:
    driver = DRIVERS.get(network.driver)
    if driver is not None:
        return driver
    raise UserError(f'plugin "{network.driver}" not found', mend=f"the drivers are {', '.join(sorted(set(DRIVERS) - {'null'}))}")
