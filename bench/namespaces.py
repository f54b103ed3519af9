"""Network namespaces for live tests and benchmarks: made, used and removed here, so that the dataplane alone is measured."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import itertools
import os
import signal
import struct
import subprocess
from collections.abc import Iterator
from types import TracebackType
from typing import Any

IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
TUNSETIFF = 0x400454CA
CLONE_NEWNET = 0x40000000

_serial = itertools.count()
_libc = ctypes.CDLL(None, use_errno=True)


def command(*words: str) -> str:
    """Run a program to its end; what it printed. Errors: RuntimeError with what it said."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def open_tap(name: str, *, vnet: bool = True) -> int:
    """A TAP of this name in our own namespace: its descriptor, which keeps working when the device moves. Errors: OSError."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        flags = IFF_TAP | IFF_NO_PI | (IFF_VNET_HDR if vnet else 0)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    except OSError:
        os.close(fd)
        raise
    return fd


class Namespace:
    """One named namespace with its loopback up, and the processes we started in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.processes: list[subprocess.Popen[str]] = []
        command("ip", "netns", "add", name)
        self.run("ip", "link", "set", "lo", "up")

    def words(self, *words: str) -> list[str]:
        """The command that runs these words in here."""
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, *words: str) -> str:
        """Run a program in here to its end; what it printed."""
        return command(*self.words(*words))

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start a program in here; it ends with the namespace at the latest."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **options}
        process = subprocess.Popen(self.words(*words), start_new_session=True, **options)
        self.processes.append(process)
        return process

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """This thread's network is the namespace's for the time being: sockets opened now stay there."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(there, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns: {self.name}")
            yield
        finally:
            _libc.setns(own, CLONE_NEWNET)
            os.close(there)
            os.close(own)

    def tap(self, *addresses: str, link: str = "eth0", mac: str | None = None, vnet: bool = True, mtu: int = 1500) -> int:
        """A TAP in here, up: its descriptor."""
        name = f"t{os.getpid() % 100000}x{next(_serial)}"
        fd = open_tap(name, vnet=vnet)
        command("ip", "link", "set", name, "netns", self.name)
        self.run("ip", "link", "set", name, "name", link, "mtu", str(mtu), *(("address", mac) if mac else ()))
        self.up(link, *addresses)
        return fd

    def up(self, link: str, *addresses: str) -> None:
        """Set a link up with these addresses, usable at once."""
        for address in addresses:
            self.run("ip", "address", "add", address, "dev", link, *(("nodad",) if ":" in address else ()))
        self.run("ip", "link", "set", link, "up")

    def quiet(self) -> None:
        """No IPv6 in here, so that the kernel sends nothing by itself. Before links are up."""
        self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")

    def end(self, process: subprocess.Popen[str]) -> None:
        """End a process that `start` began, with its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()
        self.processes.remove(process)

    def delete(self) -> None:
        """End what we started in here, and remove the namespace with its devices. A second call does nothing."""
        for process in self.processes[:]:
            self.end(process)
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)


class Namespaces:
    """Namespaces that are removed together: `with Namespaces("test") as spaces: a = spaces.add("a")`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = f"{prefix}-{os.getpid()}-{next(_serial)}"
        self.all: list[Namespace] = []

    def add(self, name: str) -> Namespace:
        """A new namespace."""
        namespace = Namespace(f"{self.prefix}-{name}")
        self.all.append(namespace)
        return namespace

    def __enter__(self) -> Namespaces:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for namespace in self.all:
            namespace.delete()
