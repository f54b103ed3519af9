"""Two namespaces that play two hosts, with a wire between them, and what is seen on an interface of one."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from dataplane.errors import UserError
from dataplane.hostnet import place

EVERYTHING = 3  # ETH_P_ALL, packet(7)
LONGEST = 65535


class Hosts:
    """Made on entering; on leaving they end with all that is in them. Each routes what is for the other's VTEP to the other."""

    def __init__(self, names: tuple[str, str], wire: tuple[str, str], vteps: tuple[str, str]) -> None:
        self.names = names
        self.paths = tuple(f"/run/netns/{name}" for name in names)
        one, two = names
        self.steps = [
            f"ip netns add {one}",
            f"ip netns add {two}",
            f"ip link add wire netns {one} type veth peer name wire netns {two}",
            *(f"ip -n {name} address add {address} dev wire" for name, address in zip(names, wire, strict=True)),
            *(f"ip -n {name} link set wire up" for name in names),
            f"ip -n {one} route add {vteps[1]} via {wire[1].partition('/')[0]}",
            f"ip -n {two} route add {vteps[0]} via {wire[0].partition('/')[0]}",
        ]

    def __enter__(self) -> Hosts:
        if shutil.which("ip") is None:
            raise UserError("ip is not installed", where="the demonstration's hosts", mend="apt install iproute2", status=1)
        for step in self.steps:
            done = subprocess.run(step.split(), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self._delete()
                mend = "run the demonstration as root"
                raise UserError("the hosts cannot be made", where=f"{step}: {done.stderr.strip()}", mend=mend, status=1)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._delete()

    def _delete(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


class Watch:
    """A packet socket on an interface of a namespace: every frame that passes, either way, from now on."""

    def __init__(self, path: str, interface: str) -> None:
        self.interface = interface

        def work() -> socket.socket:
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(EVERYTHING))
            opened.bind((interface, EVERYTHING))
            return opened

        self._socket = place.inside(path, work)

    def first(self, wanted: Callable[[bytes], bool], seconds: float = 3.0) -> bytes:
        """The first frame that is wanted. UserError where none passes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                frame = self._socket.recv(LONGEST)
            except BlockingIOError:
                time.sleep(0.01)
                continue
            if wanted(frame):
                return frame
        raise UserError(f"it does not pass {self.interface}", mend="see `dataplane drops`", status=1)

    def close(self) -> None:
        """Look no more."""
        self._socket.close()


def sent_by(sequence: Sequence[Watch], wanted: Sequence[Callable[[bytes], bool]]) -> list[bytes]:
    """What each has seen first of what is wanted of it."""
    return [watch.first(want) for watch, want in zip(sequence, wanted, strict=True)]
