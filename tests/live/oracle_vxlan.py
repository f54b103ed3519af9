"""Two VTEPs of equal settings, into which the same frames go: the kernel's vxlan device under a bridge, ours on memory ports.

Local ports a and b, peers r1 and r2 with given MAC addresses: the world of tests/vxlan. Frames go in one at a time. Permitted
differences (docs/linux-differences.md): the UDP source port, which only has to be one for a flow; IPv4's identification, which
says nothing where DF is set; CE, which Linux tells outside as ECT(0); the ECN of an inner frame whose type says IP and whose
header does not.
"""

from __future__ import annotations

import os
import socket
import time
from types import TracebackType

from bench.namespaces import Namespaces
from tests.live.oracle import packet_socket, receive
from tests.vxlan import outer
from tests.vxlan.overlay_plan import ADDRESSES, UNDERLAY_MACS
from tests.vxlan.overlay_world import Overlays

PORTS = ("a", "b", "under")
OUR_WORDS = {4: ("noudpcsum", "df", "set"), 6: ("udp6zerocsumrx", "noudp6zerocsumtx")}
LINKS = {"a": "ea", "b": "eb", "under": "wire"}


class KernelVtep:
    """br0 with the ports a and b and vx100, whose underlay is under0."""

    def __init__(self, spaces: Namespaces, v: int, *, mtu: int = 1500) -> None:
        self.space, ends = spaces.add("vtep"), spaces.add("ends")
        ends.quiet()
        run = self.space.run
        for name in ("all", "default"):
            run("sysctl", "-qw", f"net.ipv6.conf.{name}.accept_dad=0", f"net.ipv6.conf.{name}.router_solicitations=0")
        for table in ("iptables", "ip6tables", "arptables"):
            run("sysctl", "-qw", f"net.bridge.bridge-nf-call-{table}=0")
        run("ip", "link", "add", "name", "br0", "type", "bridge", "mcast_snooping", "0", "forward_delay", "0")
        for name in ("a", "b"):
            run("ip", "link", "add", f"p{name}", "type", "veth", "peer", "name", f"e{name}", "netns", ends.name)
        under = ("address", UNDERLAY_MACS["us"], "mtu", str(mtu))
        run("ip", "link", "add", "under0", *under, "type", "veth", "peer", "name", "wire", "mtu", str(mtu), "netns", ends.name)
        remote = ADDRESSES["r1"][v == 6]
        words = ("dstport", "4789", "local", ADDRESSES["us"][v == 6], "ttl", "64", "srcport", "49152", "65535")
        run("ip", "link", "add", "vx100", "type", "vxlan", "id", "100", *words, *OUR_WORDS[v])
        run("ip", "link", "set", "vx100", "mtu", "1500")
        for name in ("br0", "pa", "pb", "vx100", "under0"):
            run("ip", "link", "set", name, "addrgenmode", "none")
        for name in ("pa", "pb", "vx100"):
            run("ip", "link", "set", name, "master", "br0")
        self.space.up("under0", f"{ADDRESSES['us'][0]}/24", f"{ADDRESSES['us'][1]}/64")
        # Or the outer UDP checksum would be left to the veth's other end.
        run("ethtool", "-K", "under0", "tx", "off")
        for name in ("pa", "pb", "vx100", "br0"):
            self.space.up(name)
        for name in ("ea", "eb", "wire"):
            ends.up(name)
        for peer in ("r1", "r2"):
            for side in (0, 1):
                run(
                    "ip",
                    "neighbor",
                    "add",
                    ADDRESSES[peer][side],
                    "lladdr",
                    UNDERLAY_MACS[peer],
                    "dev",
                    "under0",
                    "nud",
                    "permanent",
                )
            run("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "vx100", "dst", ADDRESSES[peer][v == 6])
        assert remote in run("bridge", "fdb", "show", "dev", "vx100")
        self.sockets: dict[str, socket.socket] = {name: packet_socket(ends, link) for name, link in LINKS.items()}

    def send(self, port: str, frame: bytes) -> None:
        self.sockets[port].send(frame)

    def take(self) -> list[tuple[str, bytes]]:
        """What has left, by port."""
        return [(name, frame) for name, sock in self.sockets.items() for frame in iter(lambda sock=sock: receive(sock), None)]

    def close(self) -> None:
        for sock in self.sockets.values():
            sock.close()


def compared(port: str, frame: bytes) -> bool:
    """Not what an IP stack says of itself on the underlay: MLD, discovery, errors about what was no tunnel packet."""
    if port != "under":
        return True
    protocol, at = (frame[23], 34) if frame[12:14] == b"\x08\0" else (frame[20], 54)
    return frame[12:14] in (b"\x08\0", b"\x86\xdd") and protocol == 17 and frame[at + 2 : at + 4] == outer.PORT.to_bytes(2, "big")


class Vteps:
    """Both, for `with`."""

    def __init__(self, v: int, **settings: object) -> None:
        self.v = v
        self.affinity = os.sched_getaffinity(0)
        self.spaces = Namespaces("vxoracle")
        try:
            self.kernel = KernelVtep(self.spaces, v)
        except BaseException:
            self.spaces.__exit__(None, None, None)
            raise
        # veth hands a frame over through the queue of the processor that sent it: from one, they stay in order.
        os.sched_setaffinity(0, {min(self.affinity)})
        self.ours = Overlays(
            v, vtep={"strict": True}, settings={"inner_vlan": "keep", "flood_rate": 0, "too_big": False, **settings}
        )
        time.sleep(0.1)
        self.kernel.take()

    def __enter__(self) -> Vteps:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.sched_setaffinity(0, self.affinity)
        self.kernel.close()
        self.spaces.__exit__(kind, error, trace)

    def send(self, port: str, frame: bytes) -> tuple[list[tuple[str, object]], list[tuple[str, object]]]:
        """What leaves the kernel's ports, and ours: frames, and of tunnel packets what may not differ, in one order."""
        self.kernel.send(port, frame)
        ours = [(one.port, one.frame) for one in self.ours.send(port, frame)]
        theirs = self.kernel.take()
        return tuple(sorted((self._shown(one) for one in out if compared(*one)), key=repr) for out in (theirs, ours))  # type: ignore

    def _shown(self, one: tuple[str, bytes]) -> tuple[str, object]:
        port, frame = one
        if port != "under":
            return port, frame
        packet = outer.read(frame)
        assert packet.sport >= 49152
        inner = packet.inner
        # CE: what Linux cannot say.
        ecn = 2 if packet.ecn == 3 else packet.ecn
        return port, (packet.target_mac, packet.source, packet.target, packet.ttl, packet.dscp, ecn, packet.dport,
                      bool(packet.udp_sum), packet.vni, inner)  # fmt: skip

    def same(self, port: str, frame: bytes) -> list[tuple[str, object]]:
        """Both do the same with the frame; what that is."""
        theirs, ours = self.send(port, frame)
        assert theirs == ours, f"kernel {theirs}\nours   {ours}\ndrops  {self.ours.drops()}"
        return ours
