"""The daemon's process: takes its state folder, opens the core, serves the API until a signal ends it.

SIGTERM, SIGINT and SIGHUP stop the daemon alone: containers go on, and the next daemon of that state takes them up again. Where
none runs, nothing else of it does either.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import resource
import signal
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dataplane.api.listening import require_free
from dataplane.daemon import places
from dataplane.daemon.finding import Found, begin_to_find
from dataplane.daemon.helpers import end_helper, helper_of
from dataplane.errors import UserError
from dataplane.proc import kernel, pids
from dataplane.proc.helper import Helper
from dataplane.proc.registry import try_lock
from dataplane.store.reserve import with_room
from dataplane.underlay import Underlay

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DYING = 10.0
"""Seconds that a predecessor which was killed may take to let go of its lock, and of its interfaces: there may be thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says. ``any_image``: every image's name stands for the host's file system. ``underlay``: what carries
    overlays, None where there shall be none."""

    socket: Path
    state: Path
    any_image: bool = False
    host_rules: bool = True
    underlay: Underlay | None = None


def main(options: Options) -> int:
    """Be a daemon until it is ended; the exit status. UserError: it cannot be one."""
    os.umask(0o077)
    gc.disable()  # until it answers: nothing that a beginning makes is garbage
    begun = time.monotonic()
    _raise_limits()
    state = places.made_state(options.state)
    name = places.name_of(state)
    try:
        folder = places.made_runtime(name)
        lock = hold(state, mend="stop it first, or give this one another folder with --state (and another --socket)")
    except OSError as error:
        raise _of_the_machine(error, places.runtime(name), state) from error
    try:
        require_free(options.socket)
        kernel.become_subreaper()  # a helper that ends is collected here, whatever init this machine has
        early: list[int] = []
        for number in SIGNALS:  # from here on there is something to take back; an exec in between has the handlers of its own
            signal.signal(number, lambda number, _frame: early.append(number))
        helper = helper_of(folder)
        finding = begin_to_find(helper)
        # Heavy imports only now.
        return asyncio.run(_live(helper, finding, options, early, begun))
    except OSError as error:
        raise _of_the_machine(error, folder, state) from error
    finally:
        _reap()
        os.close(lock)


def _of_the_machine(error: OSError, folder: Path, state: Path) -> UserError:
    """What the machine does not give, and where it is wanted."""
    mend = {
        errno.ENOSPC: "make room there",
        errno.EDQUOT: "make room there",
        errno.EROFS: "make it writable, or give another with --state",
        errno.EMFILE: "allow more open files: ulimit -n 4096",
        errno.ENFILE: "allow more open files: sysctl fs.file-max",
    }.get(error.errno or 0, "DATAPLANE_DEBUG=1 in the environment shows the traceback")
    return UserError(error.strerror or str(error), where=str(error.filename or f"{folder}, {state}"), mend=mend, status=1)


def _raise_limits() -> None:
    """A container costs a few descriptors: its TAP, its shim, its resolver's sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def hold(state: Path, mend: str) -> int:
    """Be the one daemon of that state, as long as that descriptor is open; one that was killed has let go of its interfaces.

    UserError, with that way to mend it: there is one."""
    deadline = time.monotonic() + DYING
    me = {"pid": os.getpid(), "start": pids.start_time("self")}
    while True:
        lock = try_lock(state)
        body = pids.read_json(str(state / "daemon.json")) or {"pid": 0, "start": 0}
        if lock is not None:
            pids.let_go(body["pid"], body["start"], DYING)
            with_room(state / places.FILE, partial(pids.write_json, str(state / "daemon.json"), me))
            return lock
        if pids.alive(body["pid"], body["start"]) or time.monotonic() > deadline:
            raise UserError(
                f"a daemon runs with this state already (process {body['pid']})",
                where=str(state),
                mend=mend,
                status=1,
            )
        time.sleep(0.01)


async def _live(helper: Helper, finding: Future[Found], options: Options, early: list[int], begun: float) -> int:
    """``early``: signals that came before this."""
    from dataplane.daemon.hostside import say
    from dataplane.daemon.opening import opened
    from dataplane.store.sqlite import SqliteStore

    name, folder = helper.lab, helper.folder
    loop = asyncio.get_running_loop()
    asked, why = asyncio.Event(), []
    for number in SIGNALS:
        loop.add_signal_handler(number, asked.set)
    if early:
        asked.set()

    def died(reason: str) -> None:
        why.append(reason)
        asked.set()

    try:
        store = SqliteStore(options.state / places.FILE)
    except BaseException:
        if not helper.namespaces():
            end_helper(folder)  # it was started for this daemon
        raise
    kept, rules, underlay = options.state / places.KEPT, options.host_rules, options.underlay
    async with opened(name, folder, store, kept=kept, helper=helper, finding=finding, host_rules=rules, underlay=underlay) as core:
        # Packets flow by now; what only the API needs is imported meanwhile.
        from dataplane.api.server import serve
        from dataplane.daemon.whole import Whole

        core.engine.watch(core.link_changed, died)
        daemon = Whole(core, any_image=options.any_image)
        await daemon.begin()
        server = await serve(daemon, options.socket)
        try:
            gc.freeze()  # what is there now stays: no need to look through it again and again
            gc.enable()
            say(f"daemon {name}: API on unix://{options.socket}, up after {time.monotonic() - begun:.2f} s")
            _notify("READY=1")
            await asked.wait()
            _notify("STOPPING=1")
        finally:
            await server.close()
            await daemon.close()
    for reason in why:
        say(f"{reason}; start the daemon again: this is a bug, please report it")
    return 1 if why else 0


def _notify(text: str) -> None:
    """Tell systemd, if that has started us (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(text.encode(), f"\0{address[1:]}" if address.startswith("@") else address)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
