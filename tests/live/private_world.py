"""Run a piece of a test in mount and network namespaces of its own, where /run is empty, as root or as an ordinary user.

There /proc/mounts and /run can be compared before and after, whatever else runs on the machine; and the TUN node is open to all
without changing the machine's own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from dataplane.proc import kernel
from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.registry import hold
from dataplane.proc.server import privileged

MS_PRIVATE = 1 << 18
USER = 65534
ROOT = Path(__file__).parents[2]

needs_root = pytest.mark.skipif(not privileged(), reason="private mount namespaces need root with CAP_SYS_ADMIN")
needs_user_namespaces = pytest.mark.skipif(
    Path("/proc/sys/user/max_user_namespaces").read_text().strip() == "0", reason="user namespaces are switched off"
)
as_root_and_as_user = pytest.mark.parametrize(
    "user", [pytest.param(False, id="root"), pytest.param(True, id="user", marks=needs_user_namespaces)]
)


def run_in_private_world(
    work: Callable[[], None],
    *,
    user: bool = False,
    tun_mode: int = 0o666,
    user_namespaces: bool = True,
    shared: bool = False,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Fork, prepare, run ``work`` there; an exception inside fails the test with its traceback.

    ``tun_mode``: of the TUN node that a user finds; ``user_namespaces``: that user may make some; ``shared``: mounts propagate
    as they do under systemd; ``before``: what root does there first.
    """
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit("took too long"))
        try:
            _prepare(user, tun_mode, user_namespaces, shared, before)
            work()
            code = 0
        except BaseException:
            os.write(tell, traceback.format_exc().encode()[-60000:])
        finally:
            os._exit(code)
    os.close(tell)
    try:
        with os.fdopen(told) as file:
            text = file.read()
    except BaseException:
        os.kill(pid, signal.SIGTERM)
        raise
    finally:
        _, status = os.waitpid(pid, 0)
    assert status == 0, f"in the private world: {text or status}"


def in_lab(work: Callable[[Helper], None], *, user: bool = False, shared: bool = False) -> None:
    """``work`` with the helper of a fresh lab in a private world."""

    def inside() -> None:
        name = f"process-{os.urandom(4).hex()}"
        try:
            with hold(name) as folder:
                work(Helper.start(name, folder))
        finally:
            clean(name)

    run_in_private_world(inside, user=user, shared=shared)


def enter_host() -> None:
    """A network and a /run of this process's own are the "host" of its labs: no rule and no name of this machine is touched."""
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    kernel.mount("", "/", flags=kernel.MS_REC | MS_PRIVATE)
    # What others on this machine have there comes and goes: out of sight is not enough, /proc/mounts would show it.
    for line in reversed(Path("/proc/mounts").read_text().splitlines()):
        if line.split()[1].startswith("/run/"):
            with suppress(OSError):
                kernel.unmount(line.split()[1], kernel.MNT_DETACH)
    kernel.mount("none", "/run", "tmpfs")


def _prepare(user: bool, tun_mode: int, user_namespaces: bool, shared: bool, before: Callable[[], None]) -> None:
    enter_host()
    needed = [(path, os.open(path, os.O_PATH)) for path in {Path(sys.prefix), Path(sys.base_prefix), ROOT}]
    if shared:
        kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_SHARED)
    # A sanitiser that is preloaded here is not for the programs that tests start.
    for name in ("XDG_RUNTIME_DIR", "LD_PRELOAD"):
        os.environ.pop(name, None)
    before()
    if not user:
        return
    os.mknod("/run/tun", 0o20666, os.makedev(10, 200))
    Path("/run/tun").chmod(tun_mode)
    kernel.mount("/run/tun", "/dev/net/tun", flags=kernel.MS_BIND)
    _open_ways(needed)
    Path("/run/user").mkdir()
    os.chown("/run/user", USER, USER)
    os.environ |= {"XDG_RUNTIME_DIR": "/run/user", "HOME": "/run/user", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    if not user_namespaces:
        _forbid_user_namespaces()


def _forbid_user_namespaces() -> None:
    """Enter a user namespace, as the user still, whose limit of further ones is 0."""
    kernel.become_dumpable()
    kernel.unshare(kernel.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{USER} {USER} 1"), ("gid_map", f"{USER} {USER} 1")):
        Path("/proc/self", name).write_text(text)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def _open_ways(needed: list[tuple[Path, int]]) -> None:
    """Cover every folder on the way that only root may pass (/root, say) with one that all may."""
    blocked = {next((a for a in reversed(path.parents) if not a.stat().st_mode & 0o001), None) for path, _fd in needed} - {None}
    for folder in blocked:
        kernel.mount("none", str(folder), "tmpfs")
        folder.chmod(0o755)
    for path, fd in needed:
        if blocked & set(path.parents):
            path.mkdir(parents=True, exist_ok=True)
            kernel.mount(f"/proc/self/fd/{fd}", str(path), flags=kernel.MS_BIND | kernel.MS_REC)
