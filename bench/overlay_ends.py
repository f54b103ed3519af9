"""Two containers on one overlay, each behind a host of its own: what the hosts can be, for `bench.live_vxlan`.

The hosts' underlay is 192.0.2.0/24 with an MTU of 1500; the containers' is 10.0.0.0/24 with one of 1450.
"""

from __future__ import annotations

import os
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from bench.namespaces import Namespace
from bench.switches import PREFIX, TARGET, Switch
from fastpath.udpsocket import open_udp

VNI, PORT = 7348, 4789
UNDERLAY_MTU, CONTAINER_MTU = 1500, 1450
CONTAINERS = {1: "10.0.0.1", 2: TARGET}


def address(number: int) -> str:
    """Of host 1 or 2 on the underlay."""
    return f"192.0.2.{number}"


def vtep_mac(number: int) -> int:
    """Of our VTEP there."""
    return 0x0242_C000_0200 + number


class Overlay(Switch):
    """Containers `a` and `b`, hosts 1 and 2, and, where they need one, a namespace `wire` with a bridge of the kernel's."""

    def start(self) -> None:
        self.processes: list[subprocess.Popen[str]] = []
        for number in (1, 2):
            self.host(number)

    @abstractmethod
    def host(self, number: int) -> None:
        """Make one host, and its container's eth0."""

    def container(self, number: int) -> Namespace:
        """That of a host."""
        return self.a if number == 1 else self.b

    @property
    def wire(self) -> Namespace:
        """Where the underlay's bridge is."""
        if not hasattr(self, "_wire"):
            self._wire = self.spaces.add(f"{self.name}-wire")
            self._wire.quiet()
            self._wire.run("ip", "link", "add", "name", "br0", "type", "bridge")
            self._wire.up("br0")
        return self._wire

    def underlay_tap(self, number: int) -> int:
        """A TAP on the underlay's bridge."""
        fd = self.wire.tap(link=f"u{number}", mtu=UNDERLAY_MTU)
        self.wire.run("ip", "link", "set", f"u{number}", "master", "br0")
        return fd

    def container_tap(self, number: int) -> int:
        """A container's eth0, up."""
        return self.container(number).tap(f"{CONTAINERS[number]}/{PREFIX}", mtu=CONTAINER_MTU)

    def run(self, *words: str, fds: Sequence[int] = ()) -> None:
        """Start a process of the host, which says "ready". The descriptors go with it."""
        process = subprocess.Popen([sys.executable, "-m", *words], pass_fds=fds, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        for fd in fds:
            os.close(fd)
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{self.title} did not start")

    def stop(self) -> None:
        for process in getattr(self, "processes", []):
            self.process = process
            super().stop()


class KernelHosts(Overlay):
    """The kernel's bridge and vxlan device at both ends, veth between them."""

    title = "kernel bridge + vxlan, veth"

    def host(self, number: int) -> None:
        space = self.spaces.add(f"{self.name}-host{number}")
        space.quiet()
        if number == 1:
            self.first = space
        else:
            self.first.run("ip", "link", "add", "name", "underlay", "type", "veth", "peer", "name", "underlay", "netns", space.name)
            self.kernel_end(self.first, 1)
            self.kernel_end(space, 2)

    def kernel_end(self, space: Namespace, number: int) -> None:
        """A bridge, a vxlan device on the link `underlay`, and the container's veth."""
        space.up("underlay", f"{address(number)}/24")
        ends = ("local", address(number), "remote", address(3 - number), "dstport", str(PORT), "dev", "underlay")
        space.run("ip", "link", "add", "name", "vx", "type", "vxlan", "id", str(VNI), *ends)
        space.run("ip", "link", "add", "name", "br0", "type", "bridge")
        inside = self.container(number)
        space.run("ip", "link", "add", "name", "c", "type", "veth", "peer", "name", "eth0", "netns", inside.name)
        for link in ("vx", "c"):
            space.run("ip", "link", "set", link, "mtu", str(CONTAINER_MTU), "master", "br0")
            space.up(link)
        space.up("br0")
        inside.run("ip", "link", "set", "eth0", "mtu", str(CONTAINER_MTU))
        inside.up("eth0", f"{CONTAINERS[number]}/{PREFIX}")


class BareHosts(Overlay):
    """At both ends the bare loop between the container's TAP and the underlay's: as many crossings, and no tunnel."""

    title = "bare loop twice, TAP"

    def host(self, number: int) -> None:
        taps = (self.container_tap(number), self.underlay_tap(number))
        self.run("bench.forwarder", "bare", *map(str, taps), fds=taps)


class OurHosts(Overlay):
    """Our bridge and VTEP at both ends; the underlay's TAPs are joined by the kernel's bridge."""

    title = "our bridge + VTEP, TAPs"

    def host(self, number: int) -> None:
        taps = (self.container_tap(number), self.underlay_tap(number))
        self.run("bench.tunnel_forwarder", "tap", str(number), *map(str, taps), fds=taps)


class OurSockets(Overlay):
    """Our bridge and VTEP at both ends; the underlay is UDP sockets of the hosts, which a veth joins."""

    title = "our bridge + VTEP, sockets"

    def host(self, number: int) -> None:
        space = self.spaces.add(f"{self.name}-host{number}")
        space.quiet()
        if number == 1:
            self.first = space
            return
        self.first.run("ip", "link", "add", "name", "underlay", "type", "veth", "peer", "name", "underlay", "netns", space.name)
        for end, end_space in ((1, self.first), (2, space)):
            end_space.up("underlay", f"{address(end)}/24")
            with end_space.entered():
                sockets = open_udp([address(end)], PORT)
            fds = (self.container_tap(end), *sockets)
            self.run("bench.tunnel_forwarder", "udp", str(end), *map(str, fds), fds=fds)


class OneEnd(KernelHosts):
    """Ours at the container that sends, over a TAP; the kernel's bridge and vxlan device at the other."""

    title = "ours to kernel vxlan, TAP"

    def host(self, number: int) -> None:
        if number == 1:
            taps = (self.container_tap(1), self.underlay_tap(1))
            self.run("bench.tunnel_forwarder", "tap", "1", *map(str, taps), fds=taps)
            return
        space = self.spaces.add(f"{self.name}-host{number}")
        space.quiet()
        space.run("ip", "link", "add", "name", "underlay", "type", "veth", "peer", "name", "u2", "netns", self.wire.name)
        self.wire.run("ip", "link", "set", "u2", "master", "br0")
        self.wire.up("u2")
        self.kernel_end(space, number)


OVERLAYS: dict[str, type[Switch]] = {
    "kernel": KernelHosts,
    "bare": BareHosts,
    "ours": OurHosts,
    "one-end": OneEnd,
    "sockets": OurSockets,
}


def machine_seconds() -> float:
    """Processor seconds that this machine has been busy, all processes and the kernel."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
