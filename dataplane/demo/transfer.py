"""A TCP transfer between two services of a lab: by iperf3 where it is installed, else a few lines of Python at each end."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dataplane.demo.stage import Background, run
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.live.client import Client

PORT = 5201
PATIENCE_S = 5.0

RECEIVE = """
import socket, sys
with socket.create_server(("", int(sys.argv[1]))) as listener:
    print("ready", flush=True)
    connection, _ = listener.accept()
    with connection:
        while connection.recv(1 << 20):
            pass
"""

SEND = """
import json, socket, sys, time
data, octets = bytes(1 << 18), 0
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10) as connection:
    begin = time.monotonic()
    while time.monotonic() < begin + float(sys.argv[3]):
        connection.sendall(data)
        octets += len(data)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)
    print(json.dumps([octets, time.monotonic() - begin]))
"""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What crossed, and the command that sent it, in short."""

    octets: int
    seconds: float
    command: str

    @property
    def bits_per_second(self) -> float:
        """The mean rate."""
        return self.octets * 8 / self.seconds


def transfer(client: Client, sender: str, receiver: str, address: str, seconds: float) -> Transfer:
    """Send for ``seconds`` from one service to another. UserError when it fails."""
    return (_by_iperf if shutil.which("iperf3") else _by_python)(client, sender, receiver, address, seconds)


def _by_iperf(client: Client, sender: str, receiver: str, address: str, seconds: float) -> Transfer:
    server = Background(client, receiver, ["iperf3", "--server", "--one-off", "--forceflush", "--port", str(PORT)])
    _until(server, "listening")
    words = ["iperf3", "--client", address, "--port", str(PORT), "--time", f"{seconds:g}"]
    body = json.loads(_done(*run(client, sender, [*words, "--json"])))["end"]["sum_received"]
    return Transfer(body["bytes"], body["seconds"], " ".join(words))


def _by_python(client: Client, sender: str, receiver: str, address: str, seconds: float) -> Transfer:
    _until(Background(client, receiver, [sys.executable, "-c", RECEIVE, str(PORT)]), "ready")
    command: Sequence[str] = [sys.executable, "-c", SEND, address, str(PORT), str(seconds)]
    octets, taken = json.loads(_done(*run(client, sender, command)))
    return Transfer(octets, taken, f"python sends to {address} for {seconds:g} s (iperf3 is not installed)")


def _until(server: Background, sign: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while sign not in server.said().lower():
        if time.monotonic() > deadline:
            raise UserError(f"the receiving end does not begin: {server.said().strip() or 'it says nothing'}", status=1)
        time.sleep(0.02)


def _done(status: int, said: str) -> str:
    if status != 0:
        raise UserError(f"the transfer failed: {said.strip()[:500]}", mend="see `dataplane drops`", status=1)
    return said
