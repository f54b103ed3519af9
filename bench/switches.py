"""What can stand between two namespaces `a` and `b`: each switch is started once and stays for all rounds of a benchmark."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from bench.namespaces import Namespace, Namespaces

PREFIX = 24
TARGET = "10.0.0.2"


class Switch(ABC):
    """Two namespaces with eth0 up, 10.0.0.1 in `a` and 10.0.0.2 in `b`, and something that joins them."""

    title = ""
    world, published = TARGET, "10.0.0.1"
    """What `a` calls `b`, and `b` calls `a`."""

    def __init__(self, spaces: Namespaces, name: str) -> None:
        self.spaces = spaces
        self.name = name
        self.a = spaces.add(f"{name}-a")
        self.b = spaces.add(f"{name}-b")
        self.process: subprocess.Popen[str] | None = None

    @staticmethod
    def missing() -> str:
        """Why it cannot be measured here; empty if it can."""
        return ""

    @abstractmethod
    def start(self) -> None:
        """Wire `a` and `b` up."""

    def stop(self) -> None:
        """End what `start` began outside the namespaces."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe:
                    pipe.close()

    def adopt(self, space: Namespace, links: tuple[str, str]) -> None:
        """Move two devices from a namespace to a and b, where they become eth0."""
        for end, link, address in zip((self.a, self.b), links, ("10.0.0.1", TARGET), strict=True):
            space.run("ip", "link", "set", link, "netns", end.name)
            end.run("ip", "link", "set", link, "name", "eth0")
            end.up("eth0", f"{address}/{PREFIX}")

    def processor_seconds(self) -> float | None:
        """What the switch's own process has used; None where there is none."""
        if not self.process:
            return None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Kernel(Switch):
    title = "kernel bridge, veth"

    def start(self) -> None:
        space = self.spaces.add(f"{self.name}-bridge")
        space.run("ip", "link", "add", "name", "br0", "type", "bridge")
        space.up("br0")
        for link in ("p0", "p1"):
            space.run("ip", "link", "add", "name", link, "type", "veth", "peer", "name", f"{link}x")
            space.run("ip", "link", "set", link, "master", "br0")
            space.up(link)
        self.adopt(space, ("p0x", "p1x"))


class Forwarder(Switch):
    what = ""

    def start(self) -> None:
        self.stand_between((self.a.tap(f"10.0.0.1/{PREFIX}"), self.b.tap(f"{TARGET}/{PREFIX}")))

    def stand_between(self, taps: tuple[int, int]) -> None:
        """Start the process that forwards between them."""
        words = [sys.executable, "-m", "bench.forwarder", self.what, *map(str, taps)]
        self.process = subprocess.Popen(words, pass_fds=taps, stdout=subprocess.PIPE, text=True)
        for fd in taps:
            os.close(fd)
        if self.process.stdout is None or self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{self.title} did not start")


class Bare(Forwarder):
    title = "bare loop, TAP"
    what = "bare"


class Ours(Forwarder):
    title = "our bridge, TAP"
    what = "bridge"


class Vde(Switch):
    title = "vde_switch, TAP"

    @staticmethod
    def missing() -> str:
        return "" if shutil.which("vde_switch") else "vde_switch is not installed (package vde2)"

    def start(self) -> None:
        space = self.spaces.add(f"{self.name}-vde")
        self.folder = tempfile.TemporaryDirectory(prefix="bench-vde-")
        words = ["vde_switch", "-s", f"{self.folder.name}/ctl", "--tap", "vde0", "--tap", "vde1"]
        # It ends when its standard input does.
        self.process = subprocess.Popen(
            space.words(*words), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )
        wait_for(lambda: "vde1" in space.run("ip", "-o", "link"), "vde_switch")
        self.adopt(space, ("vde0", "vde1"))

    def stop(self) -> None:
        super().stop()
        self.folder.cleanup()


class OpenVSwitch(Switch):
    title = "Open vSwitch, userspace, TAP"

    @staticmethod
    def missing() -> str:
        found = shutil.which("ovs-vswitchd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        return "" if found else "ovs-vswitchd is not installed (package openvswitch-switch)"

    def start(self) -> None:
        """Its own folder, database and sockets, in a namespace of its own: an installed service is not touched."""
        space = self.spaces.add(f"{self.name}-ovs")
        self.folder = tempfile.TemporaryDirectory(prefix="bench-ovs-")
        folder = self.folder.name
        variables = {f"OVS_{name}DIR": folder for name in ("RUN", "DB", "LOG", "SYSCONF")}
        environment = {**os.environ, **variables, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"}
        database = f"unix:{folder}/db.sock"

        def run(*words: str) -> None:
            done = subprocess.run(space.words(*words), env=environment, capture_output=True, text=True, check=False, timeout=20)
            if done.returncode:
                raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")

        run("ovsdb-tool", "create", f"{folder}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
        quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = ("ovsdb-server", f"{folder}/conf.db", f"--remote=p{database}", f"--unixctl={folder}/ovsdb.ctl")
        space.start(*server, **quiet)
        wait_for(lambda: Path(folder, "db.sock").exists(), "ovsdb-server")
        space.start("ovs-vswitchd", database, f"--unixctl={folder}/vswitchd.ctl", **quiet)
        self.process = space.processes[-1]
        vsctl = ("ovs-vsctl", f"--db={database}", "--timeout=15")
        run(*vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        for link in ("ovs0", "ovs1"):
            run(*vsctl, "add-port", "br0", link, "--", "set", "interface", link, "type=tap")
        wait_for(lambda: "ovs1" in space.run("ip", "-o", "link"), "ovs-vswitchd")
        self.adopt(space, ("ovs0", "ovs1"))

    def stop(self) -> None:
        self.folder.cleanup()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Up to five seconds. Errors: RuntimeError."""
    end = time.monotonic() + 5
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not start")
        time.sleep(0.05)


SWITCHES: dict[str, type[Switch]] = {"kernel": Kernel, "bare": Bare, "ours": Ours, "vde": Vde, "ovs": OpenVSwitch}
