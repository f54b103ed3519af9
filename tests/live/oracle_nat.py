"""The kernel's gateway: bridges with addresses, an uplink, nftables that masquerade and publish, as Docker sets them up.

It is the world of tests/gateway/plan.py in a namespace: a veth pair a port, whose other end is a packet socket of ours. So the same
frames go into it and into our router (on memory ports), and what leaves can be compared.
"""

from __future__ import annotations

import os
import subprocess
import time
from types import TracebackType

from bench.namespaces import Namespaces
from tests.fastpath.outside import Out
from tests.gateway.plan import ADDRESSES, GATEWAYS, HOSTS, MACS, NETWORKS, both
from tests.live.oracle import packet_socket, receive

SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv6.conf.default.accept_dad=0",
    "net.ipv6.conf.default.accept_ra=0",
    "net.ipv6.conf.default.router_solicitations=0",
    "net.ipv6.conf.default.mldv1_unsolicited_report_interval=100000000",
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv6.icmp.ratelimit=0",
    "net.ipv4.conf.all.send_redirects=0",
    "net.ipv4.conf.default.send_redirects=0",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
)

# As Docker's current rules: established passes, then published or from inside; masquerading on the way out and for hairpins.
RULES = """
table inet filter {{
  chain forward {{
    type filter hook forward priority filter; policy drop;
    ct state invalid drop
    ct state established,related accept
    ct status dnat accept
    oifname uplink iifname {{ front, back, inner }} accept
    iifname front oifname front accept
  }}
}}
table ip nat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    {published4}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    oifname uplink masquerade
    ct status dnat iifname {{ front, back, inner }} snat to {up4}
  }}
}}
table ip6 nat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat;
    {published6}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    oifname uplink masquerade
    ct status dnat iifname {{ front, back, inner }} snat to {up6}
  }}
}}
"""


def neighborly(frame: bytes) -> bool:
    """A message of neighbor discovery; a redirect is one, which the kernel sends at times for what goes back where it came from."""
    return frame[12:14] == b"\x86\xdd" and frame[20] == 58 and 133 <= frame[54] <= 137


class KernelGateway:
    """`send_frames` as World: what has left when the kernel is done. `published`: (protocol, port, host, its port)."""

    def __init__(self, published: tuple[tuple[str, int, str, int], ...] = (), mtu: int = 1500) -> None:
        self.spaces = Namespaces("nat")
        # veth hands a frame over through the queue of the processor that sent it: from one, they stay in order.
        self.affinity = os.sched_getaffinity(0)
        try:
            os.sched_setaffinity(0, {min(self.affinity)})
            self.space, ends = self.spaces.add("kernel"), self.spaces.add("ends")
            ends.quiet()
            self.space.run("sysctl", "-qw", *SYSCTLS)
            for table in ("iptables", "ip6tables", "arptables"):
                subprocess.run(
                    self.space.words("sysctl", "-qw", f"net.bridge.bridge-nf-call-{table}=0"), check=False, capture_output=True
                )
            self._links(ends, mtu)
            self._neighbors()
            self._rules(published)
            self.sockets = {name: packet_socket(ends, f"e-{name}") for name in (*HOSTS, "up")}
        except BaseException:
            self.close()
            raise
        time.sleep(0.1)
        self.take()

    def _links(self, ends, mtu: int) -> None:
        run = self.space.run
        for network in NETWORKS:
            run("ip", "link", "add", network, "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
            run("ip", "link", "set", network, "address", MACS[GATEWAYS[network]])
        for name in (*HOSTS, "up"):
            device = "uplink" if name == "up" else f"p-{name}"
            size = str(mtu if name == "up" else 1500)
            run("ip", "link", "add", "name", device, "mtu", size, "type", "veth", "peer", "name", f"e-{name}", "netns", ends.name)
            ends.up(f"e-{name}")
            if name != "up":
                run("ip", "link", "set", device, "master", HOSTS[name])
                self.space.up(device)
        run("ip", "link", "set", "uplink", "address", MACS["up"])
        self.space.up("uplink", *both("up"))
        for network in NETWORKS:
            self.space.up(network, *both(GATEWAYS[network]))
        run("ip", "route", "add", "default", "via", ADDRESSES["isp"][0])
        run("ip", "-6", "route", "add", "default", "via", ADDRESSES["isp"][1])

    def _neighbors(self) -> None:
        for name in (*HOSTS, "isp", "near"):
            device = HOSTS.get(name, "uplink")
            for address in both(name):
                known = (address.partition("/")[0], "lladdr", MACS[name], "dev", device, "nud", "permanent")
                self.space.run("ip", "neigh", "replace", *known)
        for name in HOSTS:
            self.space.run("bridge", "fdb", "replace", MACS[name], "dev", f"p-{name}", "master", "static")

    def _rules(self, published: tuple[tuple[str, int, str, int], ...]) -> None:
        lines: dict[int, list[str]] = {0: [], 1: []}
        for protocol, port, host, inside in published:
            for v, family in ((0, "ip"), (1, "ip6")):
                target = ADDRESSES[host][v] if v == 0 else f"[{ADDRESSES[host][v]}]"
                lines[v].append(f"{family} daddr {ADDRESSES['up'][v]} {protocol} dport {port} dnat to {target}:{inside}")
        text = RULES.format(
            published4="\n    ".join(lines[0]), published6="\n    ".join(lines[1]), up4=ADDRESSES["up"][0], up6=ADDRESSES["up"][1]
        )
        subprocess.run(self.space.words("nft", "-f", "-"), input=text, text=True, check=True)

    def send_frames(self, port: str, *frames: bytes) -> list[Out]:
        for frame in frames:
            self.sockets[port].send(frame)
        return self.take()

    def take(self) -> list[Out]:
        """What left since the last call, but what the kernel says of itself (MLD, neighbor discovery, redirects)."""
        found = []
        for name, sock in self.sockets.items():
            while (frame := receive(sock)) is not None:
                if frame[12:14] in (b"\x08\x00", b"\x86\xdd") and frame[:2] != b"\x33\x33" and not neighborly(frame):
                    found.append(Out(name, frame))
        return found

    def close(self) -> None:
        for sock in getattr(self, "sockets", {}).values():
            sock.close()
        self.spaces.__exit__(None, None, None)
        os.sched_setaffinity(0, self.affinity)

    def __enter__(self) -> KernelGateway:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
