"""A process of a container in front of this terminal: attached, its signals passed on, its exit status awaited."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from dataplane.cli.verb import Failure
from dataplane.client import Daemon, Refusal, terminal
from dataplane.client.carry import carry
from dataplane.client.daemon import quoted
from dataplane.detach import DEFAULT, key_codes
from dataplane.errors import UserError

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
NOT_FOUND, NOT_RUNNABLE, OURS = 127, 126, 125
TAKEN = "container ID file found, make sure the other container isn't running or delete {}"
NO_TERMINAL = "the input device is not a TTY"


def start_status(what: str) -> int:
    """The exit status of a command that could not be started, by the daemon's words, as Docker's command line reads them."""
    text = what.lower()
    if "executable file not found" in text or "no such file or directory" in text:
        return NOT_FOUND
    return NOT_RUNNABLE if "permission denied" in text or "is a directory" in text else OURS


def check_terminal(*, stdin: bool, tty: bool) -> None:
    """Failure when a terminal is wanted and standard input is none."""
    if stdin and tty and not sys.stdin.isatty():
        raise Failure(NO_TERMINAL)


def codes(keys: str | None) -> bytes:
    """The detach keys as octets."""
    try:
        return key_codes(keys or DEFAULT)
    except ValueError as error:
        raise Failure(f"Invalid escape keys ({keys}) provided: {error}") from None


class Attached:
    """The streams of a container's process on our descriptors."""

    def __init__(
        self, daemon: Daemon, container: str, *, streams: set[str], tty: bool, logs: bool = False, keys: str | None = None
    ) -> None:
        self.daemon, self.container, self.tty = daemon, container, tty
        self._stdin = 0 if "stdin" in streams else None
        self._keys = codes(keys) if tty and self._stdin is not None else b""
        query: dict[str, Any] = {"stream": True, "logs": logs or None, "detachKeys": keys or None}
        query |= {name: True if name in streams else None for name in ("stdin", "stdout", "stderr")}
        self._sock, self._early, _ = daemon.hijack("POST", f"/containers/{quoted(container)}/attach", query=query)

    def close(self) -> None:
        """Let go of it."""
        self._sock.close()

    def carry(self, *, signals: bool) -> bool:
        """Until it ends; True where the user left it."""
        screen = self._stdin if self._stdin is not None else 1
        with ExitStack() as held:
            if self.tty:
                self.tell_size()
                held.enter_context(terminal.resizing(screen, self._resize))
                held.enter_context(terminal.raw(self._stdin))
            elif signals:
                held.enter_context(passing_signals(self.daemon, self.container))
            return carry(self._sock, self._early, (self._stdin, 1, 2), multiplexed=not self.tty, keys=self._keys)

    def tell_size(self) -> None:
        """The process's terminal is as large as ours."""
        found = terminal.size(self._stdin) or terminal.size(1)
        if found is not None:
            with suppress(UserError):
                self._resize(*found)

    def _resize(self, rows: int, columns: int) -> None:
        self.daemon.ask("POST", f"/containers/{quoted(self.container)}/resize", query={"h": rows, "w": columns})


@contextmanager
def passing_signals(daemon: Daemon, container: str) -> Iterator[None]:
    """Signals to us go to the container instead."""

    def send(number: int, _frame: object) -> None:
        with suppress(Refusal):
            daemon.ask(
                "POST", f"/containers/{quoted(container)}/kill", query={"signal": signal.Signals(number).name.removeprefix("SIG")}
            )

    before = {number: signal.signal(number, send) for number in PASSED_ON}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


class Exit:
    """The end of a container's process, awaited from before it begins."""

    def __init__(self, daemon: Daemon, container: str, *, removed: bool) -> None:
        query = {"condition": "removed" if removed else "next-exit"}
        self._connection, self._response = daemon.open("POST", f"/containers/{quoted(container)}/wait", query=query, timeout=None)

    def status(self) -> int:
        """Its exit status, once it has ended."""
        try:
            answer = json.loads(self._response.read())
        except (OSError, http.client.HTTPException, ValueError):
            raise Failure("the daemon went away") from None
        finally:
            self._connection.close()
        error = (answer.get("Error") or {}).get("Message")
        if error:
            raise Failure(f"Error response from daemon: {error}")
        return int(answer["StatusCode"])


def write_id(path: str, text: str) -> None:
    """``--cidfile``: a file that is not there yet."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise Failure(TAKEN.format(path)) from None
    except OSError as error:
        raise Failure(f"failed to create the container ID file: open {path}: {(error.strerror or '').lower()}") from None
    with os.fdopen(fd, "w") as file:
        file.write(text)
