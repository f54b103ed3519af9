"""What every shim does, done by the helper before there is one.

The first times that a function runs, the interpreter writes: to its code, to caches, to tables of the types that it meets. In
the helper these pages are shared by all shims; in a shim they are its own, 0.2 MB of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from contextlib import suppress

from dataplane.proc import message, pids
from dataplane.proc.message import Body
from dataplane.proc.shim import FORWARDED, Shim
from dataplane.proc.users import resolve_user

ROUNDS = 6
PATIENCE = 1.0


def practise(folder: str, privileged: bool) -> None:
    """Be a shim in a folder of its own in ``folder``, with a client that runs a command; a few times."""
    try:
        for _ in range(ROUNDS):
            _one_life(os.path.join(folder, "practice"), privileged)
    except Exception as error:  # shims work without, and are larger
        print(f"practice: {error!r}", file=sys.stderr, flush=True)
    for number in (signal.SIGCHLD, *FORWARDED):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)


def _one_life(place: str, privileged: bool) -> None:
    os.mkdir(place, 0o700)
    try:
        user = resolve_user(None, privileged)
        env = {"PATH": os.environ["PATH"], "HOME": user.home, "HOSTNAME": socket.gethostname()}
        spec: Body = {
            "argv": [],
            "working_dir": "/",
            "user": None,
            "tty": False,
            "stdin_open": False,
            "stop_signal": signal.SIGTERM,
            "attached": [],
            "log": "",
            "ulimits": [],
        }
        shim = Shim(spec, place, privileged, env, {"name": "practice", "pid": os.getpid(), "start": pids.start_time("self")})
        try:
            shim.start()
            for fd in shim.streams.open(False, False, user):
                os.close(fd)
            with message.connect(os.path.join(place, "control.sock")) as client:
                _one_exec(shim, client)
            shim.loop.turn()
        finally:
            shim.close()
    finally:
        shutil.rmtree(place)


def _one_exec(shim: Shim, client: socket.socket) -> None:
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    words: Body = {"do": "exec", "argv": ["true"], "env": {}, "working_dir": None, "user": None, "tty": False}
    message.send(client, words, (null, null, null))
    os.close(null)
    client.setblocking(False)
    late: list[bool] = []
    shim.loop.at(PATIENCE, lambda: late.append(True))
    while not late:
        shim.loop.turn()
        with suppress(BlockingIOError):
            reply, _fds = message.receive(client)
            if reply is None or "pid" not in reply:
                return
