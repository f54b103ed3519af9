"""Fork a shim out of the helper, without exec: the interpreter's pages stay shared."""

from __future__ import annotations

import os
import signal
import socket

from dataplane.errors import UserError
from dataplane.proc import kernel, message, pids
from dataplane.proc.enter import enter_namespaces
from dataplane.proc.message import Body
from dataplane.proc.shim import Shim
from dataplane.proc.spaces import Space
from dataplane.proc.users import resolve_user

START_TIMEOUT = 30.0


def fork_shim(spec: Body, space: Space, folder: str, privileged: bool) -> tuple[int, int]:
    """Fork a shim for ``spec`` (see ``instance.InstanceSpec``), wait until the command runs; shim's pid out here and start time.

    ``spec["attached"]``: descriptors of clients that are to see it from its first octet. The shim says its numbers itself: that
    of a quick command may have ended meanwhile.
    """
    name = spec["name"]
    place = os.path.join(folder, "instances", name)
    _wait_for_predecessor(place, name)
    os.makedirs(place, mode=0o700, exist_ok=True)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # A fork between: unshare(CLONE_NEWPID) counts for its children, and an ordinary user's helper could not take it back.
    between = os.fork()
    if between == 0:
        try:
            kernel.unshare(kernel.CLONE_NEWPID)
            if os.fork() == 0:
                _become_shim(spec, space, place, privileged, theirs)
        except OSError as error:
            message.send(theirs, message.failure(error))
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        os.waitpid(between, 0)
        ours.settimeout(START_TIMEOUT)
        try:
            reply, _fds = message.receive(ours)
        except TimeoutError:
            raise UserError(f"{name} did not start within {START_TIMEOUT:.0f} s", where=place, status=1) from None
    if reply is None:
        raise UserError(f"{name} was killed while it started", where=place, status=1)
    message.raise_failure(reply)
    return int(reply["pid"]), int(reply["start"])


def _wait_for_predecessor(place: str, name: str) -> None:
    """A service that has just ended may start again; one that runs may not."""
    status = pids.read_json(os.path.join(place, "status.json"))
    pidfd = pids.open_pidfd(status["pid"], status["start"]) if status else None
    if status is None or pidfd is None:
        return
    try:
        if status["state"] == "running" or not pids.ended(pidfd, 5.0):
            raise UserError(f"{name} runs already", where=f"process {status['pid']}", mend="stop it first", status=1)
    finally:
        os.close(pidfd)


def _become_shim(spec: Body, space: Space, place: str, privileged: bool, report: socket.socket) -> None:
    # /proc is still the host's: our number out there.
    outer, start = int(os.readlink("/proc/self")), pids.start_time("self")
    try:
        kernel.set_name("dataplane-shim")
        os.setsid()
        signal.set_wakeup_fd(-1)
        _close_all_but(space.fd, report.fileno(), *spec["attached"])
        user = resolve_user(spec["user"], privileged)
        folders = [place, spec["log"] or place]
        notes, fds = enter_namespaces(space, spec["hostname"], spec["binds"], spec["mounts"], spec["sysctls"], folders=folders)
        place, spec["log"] = (f"/proc/self/fd/{fd}" for fd in fds)
        if space.fd >= 0:
            os.close(space.fd)
        env = {"PATH": os.environ["PATH"], "HOME": user.home, "HOSTNAME": socket.gethostname()}
        env |= {"TERM": "xterm"} if spec["tty"] else {}
        env |= spec["env"]
        status = {"name": spec["name"], "pid": outer, "start": start, "notes": notes}
        shim = Shim(spec, place, privileged, env, status)
        shim.start()
        message.send(report, {"pid": outer, "start": start})
        report.close()
    except Exception as error:  # whatever it was, the lab process is told
        message.send(report, message.failure(error))
        os._exit(1)
    shim.run()


def _close_all_but(*keep: int) -> None:
    """Close what the helper has open beyond its standard streams: its clients, and the other services' namespaces."""
    low = 3
    for fd in sorted(fd for fd in keep if fd >= low):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))
