"""One started service, as the lab process and the command line see it: through its state folder, with or without a helper."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from dataplane.errors import UserError
from dataplane.model import EMPTY
from dataplane.proc import message, pids
from dataplane.proc.execution import Execution
from dataplane.proc.message import Body
from dataplane.proc.spec import Status

TIMEOUT = 10.0


class Instance:
    """A shim and its service. ``pid`` is the shim's out here, ``fileno()`` a pidfd: readable when it has ended."""

    def __init__(self, name: str, place: Path, pid: int, start: int, pidfd: int) -> None:
        self.name, self.place, self.pid, self.start = name, place, pid, start
        self._pidfd = pidfd

    @classmethod
    def open(cls, folder: Path, name: str) -> Instance:
        """The running service ``name`` of the lab in ``folder``. UserError when it does not run."""
        place = folder / "instances" / name
        status = pids.read_json(str(place / "status.json"))
        pidfd = pids.open_pidfd(status["pid"], status["start"]) if status else None
        if status is None or pidfd is None:
            raise UserError(f"service {name} of lab {folder.name} does not run", mend=f"dataplane ps --lab {folder.name}", status=1)
        return cls(name, place, status["pid"], status["start"], pidfd)

    def fileno(self) -> int:
        """The pidfd: readable when the shim has ended."""
        return self._pidfd

    def status(self) -> Status:
        """How it fares, from disk. A shim that was killed wrote nothing: its service counts as killed too."""
        body = pids.read_json(str(self.place / "status.json"))
        if body is None or body["pid"] != self.pid or body["start"] != self.start:
            return Status("exited", self.pid, 128 + signal.SIGKILL, 0, None)
        state, code = body["state"], body["exit"]
        if state == "running" and pids.ended(self._pidfd, 0):
            # It may have written its last words since we read them.
            body = pids.read_json(str(self.place / "status.json")) or body
            state, code = "exited", 128 + signal.SIGKILL if body["exit"] is None else body["exit"]
        return Status(state, self.pid, code, body["started"], body["finished"], tuple(body["notes"]))

    def wait(self, seconds: float) -> bool:
        """True when the shim has ended, or does within ``seconds``."""
        return pids.ended(self._pidfd, seconds)

    def _connect(self) -> socket.socket:
        try:
            connection = message.connect(str(self.place / "control.sock"))
        except OSError:
            raise UserError(f"service {self.name} does not run", mend="dataplane ps", status=1) from None
        connection.settimeout(TIMEOUT)
        return connection

    def _ask(self, **body: object) -> Body:
        with self._connect() as connection:
            try:
                message.send(connection, dict(body))
                reply, _fds = message.receive(connection)
            except OSError:
                reply = None
        if reply is None:
            raise UserError(f"service {self.name} does not answer", where=f"process {self.pid}", mend="dataplane ps", status=1)
        message.raise_failure(reply)
        return reply

    def signal(self, number: int) -> None:
        """Send a signal to the command."""
        self._ask(do="signal", signal=number)

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the service's terminal."""
        self._ask(do="resize", rows=rows, columns=columns)

    def stop(self, grace: float) -> None:
        """Stop signal; SIGKILL after ``grace`` seconds; returns when shim, command and strays are gone."""
        try:
            self._ask(do="stop", grace=grace)
        except UserError:
            grace = 0.0 if self.wait(0) else grace
        if not self.wait(grace + 5.0):
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the shim: the kernel ends all that is in its PID namespace."""
        pids.kill(self.pid, self.start)

    def exec(
        self,
        argv: Sequence[str],
        stdio: tuple[int, int, int],
        *,
        env: Mapping[str, str] = EMPTY,
        working_dir: str | None = None,
        user: str | None = None,
        tty: bool = False,
    ) -> Execution:
        """Run another command in the service's namespaces on three descriptors of ours (one terminal's when ``tty``).

        UserError with status 127 or 126 when it does not start.
        """
        connection = self._connect()
        try:
            body = {"do": "exec", "argv": list(argv), "env": dict(env), "working_dir": working_dir, "user": user, "tty": tty}
            message.send(connection, body, stdio)
            reply, _fds = message.receive(connection)
            if reply is None or "exit" in reply:  # the shim's last word to all who are there
                raise UserError(f"service {self.name} ended", mend="dataplane ps", status=1)
            message.raise_failure(reply)
        except BaseException:
            connection.close()
            raise
        return Execution(connection, int(reply["pid"] or 0))

    def attach(self) -> socket.socket:
        """A connection that carries the command's streams, as ``control`` describes; close it to detach."""
        return self._attach(whole=False)[0]

    def attach_whole(self) -> tuple[socket.socket, tuple[int, int]]:
        """As ``attach``, and the command waits for its reader. The log when it begins: its file's inode and size."""
        connection, reply = self._attach(whole=True)
        inode, size = reply["log"]
        return connection, (inode, size)

    def _attach(self, *, whole: bool) -> tuple[socket.socket, Body]:
        connection = self._connect()
        try:
            message.send(connection, {"do": "attach", "whole": whole})
            reply, _fds = message.receive(connection)
        except OSError:
            reply = None
        if reply is None or "exit" in reply:
            connection.close()
            raise UserError(f"service {self.name} ended", mend="dataplane ps", status=1)
        return connection, reply

    def run(self, argv: Sequence[str], *, timeout: float, limit: int = 4096) -> tuple[int | None, bytes]:
        """Run a check: exit status (None: killed after ``timeout`` seconds) and the first ``limit`` octets it wrote."""
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            try:
                execution = self.exec(argv, (null, theirs, theirs))
            finally:
                os.close(theirs)
                os.close(null)
            return execution.collect(ours, timeout, limit)
        finally:
            os.close(ours)

    def close(self) -> None:
        """Let go of the pidfd; the service lives on."""
        os.close(self._pidfd)
