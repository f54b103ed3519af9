"""Commands run beside a service's own, as Docker's exec: first one is created, then started on a connection of its own.

That connection stops speaking HTTP (101, Upgrade: tcp) and carries the streams. With a terminal: its octets as they are. Without:
what the client sends is stdin until it shuts its side down; what it gets are frames: an octet for the stream (1 stdout, 2 stderr),
three zeros, a length of 4 octets in network order, and so many octets. It ends when the command has ended and all is said.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.framing import framed
from dataplane.live import terminal
from dataplane.live.hijack import hung_up
from dataplane.live.rows import ExecRow
from dataplane.proc.execution import Execution
from dataplane.proc.instance import Instance as Process

if TYPE_CHECKING:
    from dataplane.live.lab import Lab

KEPT = 256
CHUNK = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Exec:
    """One command. ``execution`` None before its start."""

    id: str
    instance: str
    command: list[str]
    tty: bool = False
    stdin: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str | None = None
    user: str | None = None
    size: tuple[int, int] | None = None
    execution: Execution | None = None
    master: int = -1
    running: bool = False
    exit: int | None = None
    created: float = field(default_factory=time.monotonic)

    def row(self) -> ExecRow:
        """As told."""
        return {"id": self.id, "instance": self.instance, "running": self.running, "exit": self.exit, "command": self.command}


class Execs:
    """The commands of one lab, the last KEPT of them."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._known: dict[str, Exec] = {}
        self._carried: set[asyncio.Task[None]] = set()

    def create(self, instance: str, command: list[str], **more: object) -> Exec:
        """Write a command down. UserError when the instance does not run, or too many commands do."""
        self._process(instance)
        if len(self._known) >= KEPT:
            ended = next((one for one in self._known.values() if not one.running), None)
            if ended is None:
                raise UserError(f"{KEPT} commands run already in lab {self._lab.name}", mend="wait until one ends", status=1)
            del self._known[ended.id]
        one = Exec(id=secrets.token_hex(32), instance=instance, command=command, **more)  # type: ignore[arg-type]
        self._known[one.id] = one
        return one

    def find(self, number: str) -> Exec:
        """The command of that id."""
        try:
            return self._known[number]
        except KeyError:
            raise UserError(f"there is no exec {number[:64]}", mend="create it first", status=1) from None

    def _process(self, instance: str) -> Process:
        process = self._lab.supervisors[instance].process
        if process is None:
            state = self._lab.supervisors[instance].state
            raise UserError(f"{instance} does not run: it is {state}", mend=f"dataplane ps --lab {self._lab.name}", status=1)
        return process

    async def start(self, one: Exec) -> terminal.Three:
        """Start it; our ends of its stdin, stdout and stderr (one terminal's three times; -1: none)."""
        if one.execution is not None or one.running:
            raise UserError("this exec was started already", mend="create another", status=1)
        process = self._process(one.instance)
        one.running = True
        ours, theirs = terminal.pair(one.size) if one.tty else terminal.pipes(one.stdin)
        try:
            one.execution = await asyncio.to_thread(
                process.exec, one.command, theirs, env=one.env, working_dir=one.working_dir, user=one.user, tty=one.tty
            )
        except BaseException as error:
            one.running = False
            one.exit = error.status if isinstance(error, UserError) else 126
            terminal.close(ours)
            raise
        finally:
            terminal.close(theirs)
        one.master = ours[0] if one.tty else -1
        return ours

    def carry(self, one: Exec, ours: terminal.Three, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry the streams until the command has ended, and close the connection; goes on by itself."""
        task = asyncio.create_task(self._carry(one, ours, reader, writer), name=f"exec in {one.instance}")
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    async def _carry(self, one: Exec, ours: terminal.Three, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client that vanishes hangs up, as a terminal does."""
        inward = asyncio.create_task(_inward(one, ours[0], reader))
        numbered = {ours[1]: 0} if one.tty else {ours[1]: 1, ours[2]: 2}
        outward = [asyncio.create_task(_outward(fd, number, writer)) for fd, number in numbered.items()]
        ended = asyncio.create_task(self._wait(one))
        gone = asyncio.create_task(_gone(writer))
        try:
            await asyncio.wait({ended, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                _hang_up(one)
            # What it wrote last is still in the pipes; its children may hold them open for ever.
            await asyncio.wait(outward, timeout=1.0 if ended.done() else 0.0)
        finally:
            for task in (inward, gone, *outward):
                task.cancel()
            await asyncio.gather(inward, gone, *outward, return_exceptions=True)
            one.master = -1
            terminal.close(ours[1:])
            writer.close()
        await ended

    async def _wait(self, one: Exec) -> None:
        assert one.execution is not None
        loop, news, status = asyncio.get_running_loop(), asyncio.Event(), None
        loop.add_reader(one.execution.fileno(), news.set)
        try:
            # An answer to a signal that was sent is news too, but no end.
            while status is None:
                await news.wait()
                news.clear()
                status = one.execution.wait(0.0)
        finally:
            loop.remove_reader(one.execution.fileno())
            one.exit = 128 + signal.SIGHUP if status is None else status
            one.running = False
            one.execution.close()


def _hang_up(one: Exec) -> None:
    if one.execution is not None:
        try:
            one.execution.signal(signal.SIGHUP)
        except OSError:
            return


async def _gone(writer: asyncio.StreamWriter) -> None:
    """Until the client has gone, not only finished its input."""
    while not hung_up(writer):
        await asyncio.sleep(0.5)


async def _inward(one: Exec, fd: int, reader: asyncio.StreamReader) -> None:
    """What the client sends, then the end of input: a terminal is told so as a person would, a pipe is closed."""
    try:
        while data := await reader.read(CHUNK):
            if fd >= 0 and not await terminal.write(fd, data):
                return
        if one.tty:
            await terminal.write(fd, b"\x04")
    except OSError:
        return
    finally:
        if not one.tty:
            terminal.close((fd,))


async def _outward(fd: int, number: int, writer: asyncio.StreamWriter) -> None:
    while data := await terminal.read(fd, CHUNK):
        writer.write(framed(number, data) if number else data)
        await writer.drain()


def resize(one: Exec, rows: int, columns: int) -> None:
    """Set the size of its terminal, now or for its start."""
    one.size = (rows, columns)
    if one.master >= 0 and os.isatty(one.master):
        terminal.resize(one.master, rows, columns)
