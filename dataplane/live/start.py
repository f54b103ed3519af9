"""``up``: start a lab process and stay with it or leave it, or change the lab that runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dataplane
from dataplane.errors import UserError
from dataplane.exchange import to_json
from dataplane.live.client import Client
from dataplane.live.connection import SOCKET
from dataplane.live.lookup import LabInfo, info
from dataplane.live.rows import EventRow, LogRow, StepRow
from dataplane.model import Topology
from dataplane.proc import message
from dataplane.sources import check_sources

LINE = 1024 * 1024
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """Whom ``up`` tells what."""

    step: Callable[[StepRow], None]
    log: Callable[[LogRow], None]
    event: Callable[[EventRow], None]
    ready: Callable[[], None]

    def tell(self, kind: str, value: Any) -> None:
        """Pass on one thing that a lab process says."""
        if kind == "ready":
            self.ready()
        elif kind in {"step", "log", "event"}:
            getattr(self, kind)(value)


def up(
    topology: Topology,
    *,
    detach: bool,
    verbose: bool,
    seed: int | None,
    poll: bool,
    host_rules: bool,
    told: Told,
) -> int:
    """See ``live.up``."""
    source = os.path.realpath(topology.source) if Path(topology.source).is_file() else topology.source
    topology = replace(topology, source=source)
    check_sources(topology)
    for sentence in topology.warnings:
        told.step({"kind": "warning", "what": sentence, "by_hand": ""})
    known = _running(topology.name)
    if known is not None:
        if known.source and known.source != source:
            raise UserError(
                f"lab {topology.name} runs already, made of another file: {known.source}",
                where=source,
                mend=f"give this one another name with --lab, or first: dataplane down --lab {topology.name}",
            )
        status = _change(Client(known.folder), topology, verbose, told.step)
        told.ready()
        return status
    with _started(topology.name) as (child, tether):
        wanted = {"topology": to_json(topology), "seed": seed, "poll": poll, "verbose": verbose, "detach": detach}
        wanted["host_rules"] = host_rules
        tether.sendall(json.dumps(wanted).encode() + b"\n")
        with _stopping(tether):
            failure = _listen(tether, told, until_ready=detach)
        if failure is None:
            return 0
        tether.close()
        status = child.wait()  # until nothing is left
        message.raise_failure(failure)
        return status


def _running(lab: str) -> LabInfo | None:
    """The lab, if it runs; one that is just starting is waited for until it answers."""
    deadline = time.monotonic() + PATIENCE
    while (known := info(lab)) is not None and known.running:
        if (known.folder / SOCKET).exists() or time.monotonic() > deadline:
            return known
        time.sleep(0.05)
    return None


def _change(client: Client, topology: Topology, verbose: bool, on_step: Callable[[StepRow], None]) -> int:
    """Apply the difference to a lab that runs."""
    last: dict[str, Any] = {}
    for row in client.connection.lines("POST", "apply", query={"verbose": int(verbose), "wait": 1}, body=to_json(topology)):
        last = row
        if "step" in row:
            on_step(row["step"])
    if "error" in last:
        message.raise_failure(last["error"])
    if "done" not in last:
        raise UserError(f"lab {client.name} ended meanwhile", mend="up again", status=1)
    return 0


@contextmanager
def _started(lab: str) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """A lab process and our end of its tether. It is a session of its own: what ends us tells it by the tether."""
    ours, theirs = socket.socketpair()
    env = dict(os.environ)
    # `-m` looks in the working directory and in PYTHONPATH: our own place may be neither.
    root = str(Path(dataplane.__file__).parent.parent)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (root, env.get("PYTHONPATH"))))
    with ours:
        child = subprocess.Popen(
            [sys.executable, "-m", "dataplane.live", lab, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            cwd="/",
            env=env,
            start_new_session=True,
        )
        theirs.close()
        yield child, ours


@contextmanager
def _stopping(tether: socket.socket) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP tell the lab to stop; the second, to hurry."""

    def stop(_number: int, _frame: object) -> None:
        try:
            tether.sendall(b'{"stop": null}\n')
        except OSError:
            return

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(tether: socket.socket, told: Told, *, until_ready: bool) -> dict[str, Any] | None:
    """Pass on what the lab tells. None: it is ready, and that is enough. Else it has ended: why, which may be no failure.

    UserError when a service failed in a lab that goes on.
    """
    failure: dict[str, Any] = {}
    with suppress(ConnectionError), tether.makefile("rb") as lines:
        for line in lines:
            for kind, value in json.loads(line).items():
                told.tell(kind, value)
                if kind == "ready" and until_ready:
                    return None
                if kind == "failed" and until_ready:
                    message.raise_failure(value)
                if kind in {"error", "failed"}:
                    failure = failure or value
    if until_ready and not failure:
        raise UserError("the lab process ended before the lab was up", mend="up again with -v", status=1)
    return failure
