"""A lab for the time of a demonstration: started, driven, and removed whatever happens."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dataplane import live
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.live.client import Client
    from dataplane.live.rows import StepRow
    from dataplane.model import Topology


def free_name(wanted: str) -> str:
    """``wanted``, or with this process's number when a lab of that name is there already."""
    return f"{wanted}-{os.getpid()}" if any(lab.name == wanted for lab in live.labs()) else wanted


@contextmanager
def removed_afterwards(lab: str) -> Iterator[None]:
    """Whatever ends the demonstration, Ctrl-C and SIGTERM too, nothing of ``lab`` is left."""

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        live.down(lab)
        for number, handler in before.items():
            signal.signal(number, handler)


def start(topology: Topology) -> tuple[Client, list[StepRow]]:
    """Start the lab; a client of it, and the steps that made it."""
    steps: list[StepRow] = []
    live.up(topology, detach=True, verbose=True, on_step=steps.append)
    return live.find(lab=topology.name), [step for step in steps if step["kind"] == "step"]


def run(client: Client, service: str, command: Sequence[str]) -> tuple[int, str]:
    """Run a command in a service; its exit status and what it said."""
    with tempfile.TemporaryFile() as file:
        status = client.exec(service, command, stdin=None, stdout=file.fileno(), stderr=file.fileno())
        return status, _said(file)


class Background:
    """A command that runs in a service until it ends by itself, or the lab does."""

    def __init__(self, client: Client, service: str, command: Sequence[str]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 lives as long as the command
        self._thread = threading.Thread(target=self._run, args=(client, service, command), daemon=True)
        self._thread.start()

    def _run(self, client: Client, service: str, command: Sequence[str]) -> None:
        fd = self._file.fileno()
        try:
            client.exec(service, command, stdin=None, stdout=fd, stderr=fd)
        except UserError as error:
            os.write(fd, str(error).encode())

    def said(self) -> str:
        """What it has said so far."""
        return _said(self._file)

    def wait(self, seconds: float) -> str:
        """What it has said when it has ended, or after ``seconds``."""
        self._thread.join(seconds)
        return self.said()


def _said(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 1 << 20, 0).decode("utf-8", "replace")


def packaged(name: str) -> Path:
    """A Compose file that comes with the package."""
    return Path(__file__).with_name(name)
