"""Start a command as a child of the shim: session, terminal, user, folder, exec; and say at once when that fails."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import termios
from collections.abc import Mapping, Sequence

from dataplane.errors import UserError
from dataplane.proc.limits import limit
from dataplane.proc.users import Credentials

Limits = Sequence[Sequence[str | int]]
_STAGES = ("set up its streams", "enter its folder", "become its user", "run the command", "set its limits")
_USER, _EXEC, _LIMITS = 2, 3, 4


def start_command(
    argv: Sequence[str],
    env: Mapping[str, str],
    folder: str,
    user: Credentials,
    *,
    stdio: Sequence[int],
    tty: bool,
    limits: Limits = (),
) -> int:
    """Fork and exec; the child's pid. ``stdio``: its three streams, all one terminal's when ``tty``. ``limits``: as
    ``limit`` has them.

    UserError when it did not start, with status 127 (no such command) or 126 (there, but it cannot run) as Docker has them.
    """
    told, tell = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _become_command(argv, env, folder, user, stdio=stdio, tty=tty, limits=limits, tell=tell)
    os.close(tell)
    try:
        answer = os.read(told, 8)
    finally:
        os.close(told)
    if not answer:
        return pid
    os.waitpid(pid, 0)
    stage, number = answer[0], answer[1]
    missing = stage == _EXEC and number in {errno.ENOENT, errno.ENOTDIR}
    place, mend = (argv[0], "give a program of this host, or its full path") if stage == _EXEC else (folder, "make the folder")
    raise UserError(
        f"cannot {_STAGES[stage]}: {os.strerror(number)}",
        where=place if stage != _LIMITS else " ".join(f"{name}={soft}:{hard}" for name, soft, hard in limits),
        mend={_USER: "run the lab as root", _LIMITS: "ask for less: ulimit -a shows what there is"}.get(stage, mend),
        status=1 if stage == _LIMITS else 127 if missing else 126,
    )


def _become_command(
    argv: Sequence[str],
    env: Mapping[str, str],
    folder: str,
    user: Credentials,
    *,
    stdio: Sequence[int],
    tty: bool,
    limits: Limits,
    tell: int,
) -> None:
    stage = 0
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        # Copies above 2 first: a given stream may itself be 0, 1 or 2.
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3) for fd in stdio]
        for target, fd in enumerate(high):
            os.dup2(fd, target)
        if tty:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.umask(0o022)
        stage = _LIMITS
        limit(limits)
        stage = _USER
        user.become()
        stage = 1
        os.chdir(folder)
        stage = _EXEC
        _execute(list(argv), dict(env))
    except OSError as error:
        os.write(tell, bytes((stage, (error.errno or errno.EIO) & 0xFF)))
    except BaseException:  # whatever it was, it did not start
        os.write(tell, bytes((stage, errno.EIO)))
    finally:
        os._exit(127)


def _execute(argv: list[str], env: dict[str, str]) -> None:
    """Search PATH as execvp(3). Not os.execvpe: it imports a module on the way, which this user may not be able to read."""
    refused: OSError = FileNotFoundError(errno.ENOENT, argv[0])
    folders = [""] if "/" in argv[0] else env.get("PATH", os.defpath).split(":")
    for folder in folders:
        try:
            os.execve(os.path.join(folder, argv[0]), argv, env)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            refused = error
    raise refused
