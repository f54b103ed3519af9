"""What can stand between a container's namespace `a` and the world's `b` when sources are masqueraded and ports published."""

from __future__ import annotations

import shutil

from bench.namespaces import Namespace
from bench.switches import Bare, Forwarder, Switch

INSIDE, GATEWAY = "10.0.0.2", "10.0.0.1"
WORLD, OUTSIDE = "192.0.2.1", "192.0.2.2"
IPERF, CONNECTIONS = 5201, 7000
"""Published with the same numbers."""

RULES = f"""
table ip nat {{
  chain in {{ type nat hook prerouting priority dstnat; iifname "uplink" tcp dport {{ {IPERF}, {CONNECTIONS} }} dnat to {INSIDE}; }}
  chain out {{ type nat hook postrouting priority srcnat; oifname "uplink" masquerade; }}
}}
"""


class Gateway(Switch):
    """`a` reaches the world as `world`; the world reaches `a` as `published`."""

    world, published = WORLD, OUTSIDE

    def inside(self, link: str = "eth0") -> None:
        """a's address and way out."""
        self.a.up(link, f"{INSIDE}/24")
        self.a.run("ip", "route", "add", "default", "via", GATEWAY)


class KernelGateway(Gateway):
    title = "kernel bridge, nftables, veth"

    @staticmethod
    def missing() -> str:
        return "" if shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin") else "nft is not installed (package nftables)"

    def start(self) -> None:
        space = self.spaces.add(f"{self.name}-gateway")
        space.run("ip", "link", "add", "name", "br0", "type", "bridge")
        space.up("br0", f"{GATEWAY}/24")
        self.pair(space, "p0", self.a)
        space.run("ip", "link", "set", "p0", "master", "br0")
        space.up("p0")
        self.inside()
        self.pair(space, "uplink", self.b)
        space.up("uplink", f"{OUTSIDE}/30")
        self.b.up("eth0", f"{WORLD}/30")
        space.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        space.run("nft", RULES)

    def pair(self, space: Namespace, link: str, end: Namespace) -> None:
        """A veth pair: `link` in the gateway's namespace, eth0 at the other end."""
        space.run("ip", "link", "add", "name", link, "type", "veth", "peer", "name", "eth0", "netns", end.name)


class BareGateway(Bare):
    """The same number of TAP crossings, nothing in between: the world is a neighbour."""

    title = "bare loop, TAP"


class OurGateway(Gateway, Forwarder):
    title = "our bridge and gateway, TAP"
    what = "gateway"

    def start(self) -> None:
        taps = (self.a.tap(), self.b.tap(f"{WORLD}/30"))
        self.inside()
        self.stand_between(taps)


GATEWAYS: dict[str, type[Switch]] = {"kernel": KernelGateway, "bare": BareGateway, "ours": OurGateway}
