"""``dataplane capture``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from dataplane.cli import whose
from dataplane.cli.candidates import completer, instances
from dataplane.cli.options import lab_or_daemon
from dataplane.errors import UserError

STDOUT = "-"
PROGRAM = Path(__file__).parents[1] / "capturing.py"
LARGEST = 1 << 18
SNAPLEN = click.IntRange(1, LARGEST)
PIPE = "write -w FILE, or read it at once: dataplane capture {} | tshark -r -"


@click.command()
@lab_or_daemon
@click.option("-w", "--write", "out", metavar="FILE", default=STDOUT, help="Into this file; - is standard output, and the default.")
@click.option("-c", "--count", type=click.IntRange(1), metavar="N", help="End after N frames.")
@click.option("-s", "--snaplen", type=SNAPLEN, metavar="N", default=LARGEST, help="Keep the first N octets of each frame.")
@click.argument("name", metavar="CONTAINER", shell_complete=completer(instances))
@click.argument("interface", default="eth0")
def command(*, lab: str | None, daemon: bool, out: str, count: int | None, snaplen: int, name: str, interface: str) -> int:
    """Capture what crosses an interface of a container or a service, as pcapng.

    INTERFACE is eth0 where none is named; lo is one too. It goes on until Ctrl-C. Times are in nanoseconds, each frame says
    whether it came in or went out, and the end of the file how many frames the kernel lost because we were slow.
    """
    if out == STDOUT and sys.stdout.isatty():
        raise UserError("a capture is nothing for a terminal", mend=PIPE.format(name))
    program = [sys.executable, "-IS", str(PROGRAM), interface, str(count or 0), str(snaplen)]
    if whose.means_daemon(lab, daemon=daemon):
        return _in_daemon(name, program, out)
    return _in_lab(lab, name, program, out)


def _in_lab(lab: str | None, name: str, program: list[str], out: str) -> int:
    from dataplane import live

    with live.find(name, lab=lab) as client, _output(out) as fd, _until_interrupted() as stdin:
        return client.exec(name, program, stdin=stdin, stdout=fd, user="0")


def _in_daemon(name: str, program: list[str], out: str) -> int:
    from dataplane.client import Daemon
    from dataplane.client.daemon import quoted
    from dataplane.client.execution import executed

    daemon = Daemon.at()
    wish = {"Cmd": program, "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "User": "0", "WorkingDir": "/"}
    made = daemon.ask("POST", f"/containers/{quoted(name)}/exec", body=wish)["Id"]
    with _output(out) as fd, _until_interrupted() as stdin:
        return executed(daemon, made, (stdin, fd, 2)) or 0


@contextmanager
def _output(out: str) -> Iterator[int]:
    """The descriptor to write to."""
    if out == STDOUT:
        yield 1
        return
    try:
        fd = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UserError(
            f"cannot write the capture: {error.strerror}", where=out, mend="name another file with -w", status=1
        ) from None
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _until_interrupted() -> Iterator[int]:
    """What the capturing program reads: it ends at Ctrl-C, with which the program writes what is left and ends too. A second one
    ends us, whatever has become of the program (its container may be paused)."""
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    held = [theirs]

    def end(_number: int, _frame: FrameType | None) -> None:
        restore()
        os.close(held.pop())

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, end)
    try:
        yield ours
    finally:
        restore()
        for fd in (ours, *held):
            os.close(fd)
