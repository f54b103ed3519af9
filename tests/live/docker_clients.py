"""Docker's own command line on our daemon: every version of it that this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from daemon_process import DaemonProcess

_PLACES = ("/usr/bin/docker", "/usr/local/bin/docker", shutil.which("docker") or "")
CLIENTS = list(dict.fromkeys(place for place in _PLACES if place and Path(place).exists()))
"""Debian's is /usr/bin/docker (20.10); newer ones where present."""


class Docker:
    """One client, told of one daemon."""

    def __init__(self, program: str, daemon: DaemonProcess) -> None:
        self.program, self.daemon = program, daemon
        self.version = tuple(map(int, self.ok("version", "--format", "{{.Client.APIVersion}}").split(".")))

    def call(self, *words: str, stdin: str | None = None, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Whatever comes of it."""
        return subprocess.run(
            [self.program, *words],
            input="" if stdin is None else stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**os.environ, "DOCKER_HOST": self.daemon.host},
        )

    def ok(self, *words: str, stdin: str | None = None) -> str:
        """What it says when all goes well."""
        done = self.call(*words, stdin=stdin)
        assert done.returncode == 0, f"{words}: {done.returncode}: {done.stdout}{done.stderr}{self.daemon.log()}"
        return done.stdout.rstrip("\n")

    def fails(self, *words: str, status: int = 1) -> str:
        """What it says when it is refused."""
        done = self.call(*words)
        assert done.returncode == status, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stderr

    def run(self, name: str, *options: str, command: tuple[str, ...] = ("sleep", "1000")) -> str:
        """A container that runs; its id."""
        return self.ok("run", "-d", "--name", name, *options, "host", *command)

    def serve(self, name: str, *options: str, port: int = 80, protocol: str = "tcp") -> str:
        """One that says to everybody who connects from which address it sees them."""
        kind = {"tcp": "TCP6-LISTEN", "udp": "UDP6-RECVFROM"}[protocol]
        listen = f"{kind}:{port},ipv6only=0,reuseaddr,fork"
        made = self.run(name, *options, command=("socat", listen, "SYSTEM:read word; echo $SOCAT_PEERADDR"))
        kernel = "/proc/net/tcp6" if protocol == "tcp" else "/proc/net/udp6"
        script = f"for i in $(seq 1000); do grep -q ':{port:04X} ' {kernel} && exit 0; sleep 0.02; done; exit 1"
        self.ok("exec", name, "sh", "-c", script)
        return made

    def inside(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """What a command in a container comes to."""
        return self.call("exec", name, *command)

    def pings(self, name: str, target: str) -> bool:
        """An echo of two, within a second."""
        return self.inside(name, "ping", "-n", "-c2", "-i0.2", "-W1", target).returncode == 0

    def hears(self, name: str | None, target: str, port: int, protocol: str = "tcp") -> str:
        """The answer of such a server to a container, None: to the host. "" for none within a second, twice."""
        return self._heard(name, target, port, protocol) or self._heard(name, target, port, protocol)

    def _heard(self, name: str | None, target: str, port: int, protocol: str) -> str:
        address = f"[{target}]" if ":" in target else target
        patience = {"tcp": 10, "udp": 1}[protocol]  # by TCP, who does not answer is not connected
        words = ("socat", f"-t{patience}", f"-T{patience}", "-", f"{protocol.upper()}:{address}:{port},{_GIVE_UP[protocol]}")
        if name is None:
            return subprocess.run(words, input="x\n", capture_output=True, text=True, check=False, timeout=20).stdout.strip()
        return self.call("exec", "-i", name, *words, stdin="x\n").stdout.strip()

    def network(self, name: str, path: str) -> str:
        """A field of a network's object."""
        return self.ok("network", "inspect", "-f", "{{json ." + path + "}}", name)

    def container(self, name: str, path: str) -> str:
        """A field of a container's object."""
        return self.ok("inspect", "-f", "{{json ." + path + "}}", name)

    def address(self, name: str, network: str = "bridge") -> str:
        """A container's IPv4 address on a network."""
        return self.ok("inspect", "-f", f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}', name)

    def clear(self) -> None:
        """No containers, no networks of ours."""
        deadline = time.monotonic() + 30
        while names := self.ok("ps", "-aq").split():
            assert time.monotonic() < deadline, names
            self.call("rm", "-f", *names)  # one with --rm may go by itself meanwhile
        self.ok("network", "prune", "-f")


_GIVE_UP = {"tcp": "connect-timeout=1", "udp": "shut-none"}
