"""Open vSwitch's VXLAN on DPDK: `tnl_push` and `tnl_pop` of its userspace datapath, between the same two devices.

Two bridges, as its manual has it: `br` with the overlay's port and the vxlan port, `phys` with the underlay's port and the VTEP's
address. Stations and neighbors are known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench import outer
from bench.ovs import OvsDpdk, UnavailableError


class OvsTunnel(OvsDpdk):
    """`way`: "encap" takes inner frames and sends outer ones; "decap" the other way. One peer, over IPv4."""

    def __init__(self, frames: Sequence[bytes], stations: Sequence[bytes] = (), *, way: str, **words: Any) -> None:
        super().__init__(frames, stations, **words)
        self.way = way
        self.seen = False

    def _wire_up(self) -> None:
        size = "other-config:mac-table-size=1000000"
        mac = f"other-config:hwaddr={outer.LOCAL_MAC}"
        self._vsctl("add-br", "br", "--", "set", "bridge", "br", "datapath_type=netdev", size)
        self._vsctl("add-br", "phys", "--", "set", "bridge", "phys", "datapath_type=netdev", mac)
        for words in (("address", "add", f"{outer.local(4)}/23", "dev", "phys"), ("link", "set", "phys", "up")):
            self._run("nsenter", f"--net=/proc/{self.daemon.pid}/ns/net", "ip", *words)
        tunnel = (f"options:remote_ip={outer.remote(4, 0)}", f"options:key={outer.VNI}", f"options:dst_port={outer.PORT}")
        self._vsctl("add-port", "br", "vx", "--", "set", "interface", "vx", "type=vxlan", *tunnel)
        self._add_out("phys" if self.way == "encap" else "br")
        self._tell("tnl/neigh/set", "phys", outer.remote(4, 0), outer.remote_mac(0))
        for station in self.stations:
            self._tell("fdb/add", "br", "vx" if self.way == "encap" else "out", "0", station.hex(":"))
        if self.way == "encap":
            self._tell("fdb/add", "phys", "out", "0", outer.remote_mac(0))
        self._add_in("br" if self.way == "encap" else "phys")

    def ticks(self, seconds: float) -> float:
        """As for any, and what is counted is the tunnel. Errors: UnavailableError where packets go another way."""
        found = super().ticks(seconds)
        action = {"encap": "tnl_push", "decap": "tnl_pop"}[self.way]
        if not self.seen and action not in self._tell("dpctl/dump-flows"):
            raise UnavailableError(f"Open vSwitch has no flow with {action}")
        self.seen = True
        return found
