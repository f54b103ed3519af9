"""systemd as process 1 of PID, mount, network, cgroup, UTS and IPC namespaces of its own, with one unit of ours and no other.

Of this machine it has the files, read-only; `/run` and `/var/lib` are fresh, and its cgroups are below one that goes with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAM = next((one for one in map(Path, ("/lib/systemd/systemd", "/usr/lib/systemd/systemd")) if one.exists()), None)
STUBS = ("sysinit", "basic", "shutdown", "network-online", "nss-lookup", "multi-user")
"""Targets of a machine that the unit may name: here each is reached at once."""
BOOT = """
set -e
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs none /var/lib
umount -R /sys/fs/cgroup || umount -Rl /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t proc none /proc
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,ro /proc/sys
ip link set lo up
cp -r "$1" /run/units
mount -o remount,bind,ro /
exec "$2" --system --unit=multi-user.target --show-status=0
"""
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "SYSTEMD_UNIT_PATH": "/run/units",
    "container": "tests",  # it leaves alone what is the machine's: its clock, its console, ctrl-alt-del
    "SYSTEMD_LOG_TARGET": "console",
}
PATIENCE = 60.0
SAID = "/run/daemon.log"
"""There is no journal."""


class Machine:
    """One that runs. ``init``: its process 1, as it is numbered out here."""

    def __init__(self, init: int, log: Path) -> None:
        self.init, self._log = init, log

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in it, whatever comes of it."""
        enter = ["nsenter", "-t", str(self.init), "-p", "-m", "-n", "-u", "-i", "-C"]
        return subprocess.run([*enter, *words], capture_output=True, text=True, check=False, timeout=PATIENCE, env=ENVIRONMENT)

    def ok(self, *words: str) -> str:
        """What it says when all goes well."""
        done = self.call(*words)
        assert done.returncode == 0, f"{words}: {done.returncode}: {done.stdout}{done.stderr}{self.said()}"
        return done.stdout.strip()

    def dataplane(self, *words: str) -> str:
        """Our command line in it."""
        return self.ok(sys.executable, "-m", "dataplane", *words)

    def said(self) -> str:
        """What systemd and the daemon wrote."""
        return self._log.read_text() + self.call("cat", SAID).stdout

    def state(self) -> dict[str, str]:
        """What systemd says of the unit."""
        text = self.ok("systemctl", "show", "-p", "ActiveState,SubState,MainPID,NRestarts,Type", "dataplane")
        return dict(line.split("=", 1) for line in text.splitlines())

    def until(self, state: str, *, after: str = "") -> dict[str, str]:
        """Once the unit is in that state, with another process than ``after``."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.state())["ActiveState"] != state or found["MainPID"] == after:
            assert time.monotonic() < deadline, f"{found}{self.said()}"
            time.sleep(0.05)
        return found


def cgroups() -> Path | None:
    """Where cgroups of version 2 can be made; None: nowhere."""
    for line in Path("/proc/mounts").read_text().splitlines():
        place, kind = line.split()[1:3]
        if kind == "cgroup2" and os.access(f"{place}/cgroup.procs", os.W_OK):
            return Path(place)
    return None


@contextmanager
def machine(unit: Path, folder: Path) -> Iterator[Machine]:
    """It boots with ``unit``, whose program is this tree's, as it does where somebody has enabled it."""
    place = cgroups()
    assert place is not None
    assert PROGRAM is not None
    units = folder / "units"
    (units / "multi-user.target.wants").mkdir(parents=True)
    for name in STUBS:
        (units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
    shutil.copy(unit, units)
    (units / "multi-user.target.wants" / unit.name).symlink_to(f"../{unit.name}")
    (units / f"{unit.name}.d").mkdir()
    start = f"[Service]\nStandardError=append:{SAID}\nExecStart=\nExecStart={sys.executable} -m dataplane daemon\n"
    (units / f"{unit.name}.d" / "here.conf").write_text(f"{start}WorkingDirectory={Path(__file__).parents[2]}\n")
    group = place / f"dataplane-tests-{os.getpid()}"
    group.mkdir()
    enter = f'echo $$ > {group}/cgroup.procs; exec unshare -p -f -m -n -C -u -i --kill-child sh -c "$0" boot "$@"'
    log = folder / "systemd.log"
    try:
        with log.open("wb") as out:
            outer = subprocess.Popen(
                ["sh", "-c", enter, BOOT, str(units), str(PROGRAM)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        try:
            yield Machine(_child(outer, log), log)
        finally:
            outer.kill()
            outer.wait()
    finally:
        _gone(group)


def _child(outer: subprocess.Popen[bytes], log: Path) -> int:
    """Process 1, once it is systemd."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and outer.poll() is None:
        with suppress(OSError):
            for word in Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split():
                if (
                    Path(f"/proc/{word}/comm").read_text().strip() == "systemd"
                    and Path(f"/proc/{word}/root/run/systemd/private").exists()
                ):
                    return int(word)
        time.sleep(0.02)
    raise AssertionError(f"systemd did not begin: {log.read_text()}")


def _gone(group: Path) -> None:
    """The cgroup and those below it: their processes have ended, or are about to."""
    deadline = time.monotonic() + PATIENCE
    while group.exists() and time.monotonic() < deadline:
        for place in sorted((one.parent for one in group.rglob("cgroup.procs")), key=lambda one: -len(one.parts)):
            with suppress(OSError):
                place.rmdir()
        time.sleep(0.02)
