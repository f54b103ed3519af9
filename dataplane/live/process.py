"""The lab process: holds the state folder, starts the helper, runs the lab until it is told to stop, removes everything.

Three kinds of threads: this one with the event loop (control socket, supervision), one for the engine, and a few that wait for
the helper and for namespaces. When this process is killed the services go on without a network; ``down`` finds and ends them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from dataplane.errors import UserError
from dataplane.live.explained import explained
from dataplane.proc import kernel, message, registry
from dataplane.proc.clean import clear
from dataplane.proc.helper import Helper

LOG = "lab.log"


def main(lab: str, tether_fd: int) -> int:
    """Run ``lab`` as the process on the other end of ``tether_fd`` says; the exit status."""
    os.umask(0o077)
    kernel.become_subreaper()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Until there is something that a signal could end in order. A handler, because what is ignored would be so in services too.
        signal.signal(number, lambda _number, _frame: None)
    tether = socket.socket(fileno=tether_fd)
    try:
        wanted = _wanted(tether)
        with registry.hold(lab) as folder:
            try:
                clear(folder, keep=("lab.json",))  # what a killed predecessor left
                _log_to(folder / LOG)
                helper = Helper.start(lab, folder)
                # Heavy imports only now: the helper starts meanwhile.
                from dataplane.live.life import run

                status = run(lab, folder, helper, tether, wanted)
            finally:
                clear(folder)
                _reap()
    except Exception as error:  # whatever it was, whoever waits for us is told
        _fail(tether, explained(error))
        return 1
    with suppress(OSError):
        tether.close()
    return status


def _wanted(tether: socket.socket) -> dict[str, Any]:
    """The first line of ``up``: what to run."""
    line = b""
    while not line.endswith(b"\n"):
        data = tether.recv(1 << 20)
        if not data:
            raise UserError("up went away before it said what to start", status=1)
        line += data
    first, rest = line.split(b"\n", 1)
    if rest:
        raise UserError("up was interrupted", status=130)
    wanted: dict[str, Any] = json.loads(first)
    return wanted


def _reap() -> None:
    """Collect the helper, and shims that it left: not every machine's init does."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _fail(tether: socket.socket, error: UserError) -> None:
    with suppress(OSError):
        tether.setblocking(True)
        tether.sendall(json.dumps({"error": message.failure(error)}).encode() + b"\n")


def _log_to(path: Path) -> None:
    """What this process prints, warnings and tracebacks, goes to a file of the lab."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
