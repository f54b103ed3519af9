"""A namespace of the demonstration's own that plays the host and the world behind it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from types import TracebackType

from dataplane.errors import UserError


class World:
    """Made on entering, with one address on its loopback; on leaving it ends with all that runs in it."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self.path = f"/run/netns/{name}"
        self.steps = [
            f"ip netns add {name}",
            f"ip -n {name} link set lo up",
            f"ip -n {name} address add {address}/32 dev lo",
        ]
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> World:
        if shutil.which("ip") is None:
            raise UserError("ip is not installed", where="the demonstration's world", mend="apt install iproute2", status=1)
        for number, step in enumerate(self.steps):
            done = subprocess.run(step.split(), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                if number:
                    self._delete()
                raise UserError(
                    "the world cannot be made",
                    where=f"{step}: {done.stderr.strip()}",
                    mend="run the demonstration as root",
                    status=1,
                )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self._running:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self._delete()

    def run(self, command: Sequence[str]) -> tuple[int, str]:
        """Run a command out there; its exit status and what it said."""
        done = subprocess.run(
            self.words(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return done.returncode, done.stdout

    def start(self, command: Sequence[str], sign: str) -> None:
        """Start a command that says ``sign`` when it is ready, and runs until the world ends."""
        process = subprocess.Popen(
            self.words(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._running.append(process)
        for line in process.stdout or ():
            if sign in line:
                return
        raise UserError(f"it does not begin: {' '.join(command)}", status=1)

    def words(self, command: Sequence[str]) -> list[str]:
        """The command that runs this one out there."""
        return ["ip", "netns", "exec", self.name, *command]

    def _delete(self) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], capture_output=True, check=False)
