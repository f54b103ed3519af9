"""The shim: init of one service's PID namespace, and all that is left of us when the lab process dies.

It runs the command, keeps its terminal or pipes, writes log and exit status to the state folder, answers on ``control.sock``
(see ``control``), reaps what is orphaned in its namespace, and ends with the command: with the init of a PID namespace the
kernel ends everything in it, so nothing strays. Without a command it is idle until it is told to stop.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from dataplane.proc import message, pids
from dataplane.proc.command import start_command
from dataplane.proc.control import LAST_WORDS, Conversation
from dataplane.proc.log import Log
from dataplane.proc.loop import Loop
from dataplane.proc.message import Body
from dataplane.proc.streams import Streams
from dataplane.proc.users import resolve_user

MAX_CLIENTS = 64
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


def exit_code(status: int) -> int:
    """A wait status as shells and Docker count: the exit status, or 128 + the signal that killed."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


class Shim:
    """The command of one service, or none, and everyone who talks to us about it. ``spec["attached"]``: descriptors of clients
    that see it from its first octet."""

    def __init__(self, spec: Body, place: str, privileged: bool, env: Mapping[str, str], status: Body) -> None:
        self.spec, self.privileged, self.env = spec, privileged, env
        self._place = place
        self._status = {**status, "argv": spec["argv"], "started": time.time_ns(), "finished": None, "exit": None}
        self.command = 0
        self.loop = Loop()
        self.streams = Streams(self.loop, Log(os.path.join(spec["log"] or place, "log.jsonl")), self._show)
        self._clients = [Conversation(self, socket.socket(fileno=fd), attached=True) for fd in spec["attached"]]
        self._listener = message.listen(os.path.join(place, "control.sock"))
        self.loop.add(self._listener.fileno(), self._welcome)
        self._wake, self._bell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.loop.add(self._wake, self._woken)
        signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, *FORWARDED):
            signal.signal(number, lambda _number, _frame: None)

    def start(self) -> None:
        """Run the command, if there is one."""
        if self.spec["argv"]:
            user = resolve_user(self.spec["user"], self.privileged)
            stdio = self.streams.open(self.spec["tty"], self.spec["stdin_open"], user)
            try:
                spec = self.spec
                self.command = start_command(
                    spec["argv"], self.env, spec["working_dir"], user, stdio=stdio, tty=spec["tty"], limits=spec["ulimits"]
                )
            finally:
                for fd in set(stdio):
                    os.close(fd)
        self._write_status(state="running")

    def run(self) -> None:
        """Until the command has ended, or an idle service is stopped."""
        while True:
            self.loop.turn()

    def signal(self, pid: int, number: int) -> None:
        """Signal a child of ours; an idle service ends by whatever would end a process that waits."""
        if pid:
            os.kill(pid, number)
        elif number in {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL}:
            self._finish(0)

    def stop(self, grace: float) -> None:
        """Send the stop signal; SIGKILL after ``grace`` seconds."""
        self.signal(self.command, self.spec["stop_signal"] if self.command else signal.SIGTERM)
        self.loop.at(grace, lambda: self.signal(self.command, signal.SIGKILL))

    def hang_up(self, client: Conversation) -> None:
        """Forget a client."""
        self._clients.remove(client)
        client.close()

    def close(self) -> None:
        """Let go of everything, for who was a shim for practice only. A shim itself ends."""
        for client in list(self._clients):
            self.hang_up(client)
        self.streams.drain()
        self._listener.close()
        signal.set_wakeup_fd(-1)
        os.close(self._wake)
        os.close(self._bell)

    def _write_status(self, **changes: object) -> None:
        self._status |= changes
        with suppress(OSError):
            pids.write_json(os.path.join(self._place, "status.json"), self._status)

    def _show(self, stream: int, data: bytes) -> None:
        for client in self._clients:
            client.show(stream, data)

    def _welcome(self) -> None:
        with suppress(OSError):
            connection, _address = self._listener.accept()
            if len(self._clients) >= MAX_CLIENTS:
                connection.close()
            else:
                self._clients.append(Conversation(self, connection))

    def _woken(self) -> None:
        for number in set(os.read(self._wake, 4096)):
            if number != signal.SIGCHLD:
                with suppress(ProcessLookupError):
                    self.signal(self.command, number)
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._ended(pid, exit_code(status))

    def _ended(self, pid: int, code: int) -> None:
        if pid == self.command:
            self._finish(code)
        for client in self._clients:
            if client.child == pid:
                client.child = 0
                client.tell({"exit": code})

    def _finish(self, code: int) -> None:
        """Put everything on disk, tell the clients, end; the kernel ends the rest of the PID namespace."""
        self.streams.drain()
        self._write_status(state="exited", exit=code, finished=time.time_ns())
        deadline = time.monotonic() + LAST_WORDS
        for client in self._clients:
            client.finish(deadline)
            client.tell({"exit": code})
        os._exit(0)
