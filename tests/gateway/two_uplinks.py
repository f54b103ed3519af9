"""The world with a second uplink, by which one of its networks leaves: a routing table and a realm of their own."""

from __future__ import annotations

from fastpath import MemoryPort
from tests.fastpath.outside import number
from tests.gateway.plan import ADDRESSES, GATEWAYS, MACS, both
from tests.gateway.world import World

TABLE = 1
DEFAULTS = ("0.0.0.0/0", "::/0")


class TwoUplinks(World):
    """`back` leaves by `up-b`, to `isp-b`. `realm`: that of both in the rules, which may be that of all."""

    def __init__(
        self, v: int, *, realm: int = TABLE, reverse_path: bool = False, host: tuple[str, ...] = (), **settings: object
    ) -> None:
        super().__init__(v, **settings)
        port = self.ports["up-b"] = MemoryPort(self.engine, "up-b", outbox=self.outbox)
        self.names[port.index] = "up-b"
        n = self.interfaces["up-b"] = self.router.add_interface(
            "up-b", mac=number(MACS["up-b"]), addresses=both("up-b"), reverse_path=reverse_path, arp=False, table=TABLE
        )
        self.router.lead(n, port, 0)
        port.lead_to(self.router, n)
        for prefix, address in zip(DEFAULTS, ADDRESSES["isp-b"], strict=True):
            self.router.add_route(prefix, interface=n, gateway=address, table=TABLE)
            self.router.add_neighbor(n, address, number(MACS["isp-b"]))
        back = self.interfaces[GATEWAYS["back"]]
        self.router.set_interface(back, table=TABLE)
        if self.rules is not None:
            pool = self.flows.add_pool(ADDRESSES["up-b"])
            modes = {"ipv4": "nat", "ipv6": "nat", "masquerade4": pool, "masquerade6": pool}
            self.rules.set_interface(back, kind="network", name="back", realm=realm, **modes)
            hosts = [self.at(name) for name in host]
            self.rules.set_interface(n, kind="uplink", name="uplink.back", realm=realm, trusted=hosts, host=hosts)
