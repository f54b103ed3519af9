"""Daemons that speak Docker's API, ours and the real one, each in a network namespace of its own, while they are measured."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE = 60.0
IMAGE = "host"
NAMES = ("true", "sleep", "sh")


class Process:
    """A daemon's process, in a network namespace of its own: another in its place gets the same."""

    def __init__(self, words: list[str], log: Path) -> None:
        self._words, self._log = words, log
        # As installed: what the first has compiled, the next need not.
        self._env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        self._env["PYTHONPYCACHEPREFIX"] = str(log.parent / "compiled")
        self._running = self._begin(["unshare", "--net"])

    def _begin(self, entering: list[str], fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        words = [*entering, "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *self._words]
        with self._log.open("ab") as file:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=fds, env=self._env)

    @property
    def pid(self) -> int:
        """Its own: what starts it becomes it."""
        return self._running.pid

    @property
    def ended(self) -> bool:
        """It has."""
        return self._running.poll() is not None

    def replace(self) -> None:
        """Kill it (-9), and begin another."""
        net = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        try:
            self._running.kill()
            self._running.wait()
            self._running = self._begin(["nsenter", f"--net=/proc/self/fd/{net}", "--"], (net,))
        finally:
            os.close(net)

    def end(self) -> None:
        """Be rid of it."""
        self._running.terminate()
        try:
            self._running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


class Api:
    """Requests to a daemon, on one connection, as its clients keep it. ``pid``: the daemon's."""

    def __init__(self, path: Path, process: Process) -> None:
        self.path, self.process = path, process
        self._connection = self._connect()

    @property
    def pid(self) -> int:
        """The daemon's."""
        return self.process.pid

    def _connect(self) -> HTTPConnection:
        connection = HTTPConnection("docker", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(str(self.path))
        return connection

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What it answers. RuntimeError where it refuses."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        kind = "application/x-tar" if isinstance(body, bytes) else "application/json"
        try:
            self._connection.request(method, path, data, {"Content-Type": kind} if data else {})
        except OSError:  # it closed the connection after the last answer
            self._connection.close()
            self._connection = self._connect()
            self._connection.request(method, path, data, {"Content-Type": kind} if data else {})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')[:200]}")
        return json.loads(text) if text.startswith((b"{", b"[")) else text

    def create(self, name: str, *command: str, network: str = "bridge") -> str:
        """A container's id."""
        body = {"Image": IMAGE, "Cmd": list(command), "HostConfig": {"NetworkMode": network}}
        return str(self.ask("POST", f"/containers/create?name={name}", body)["Id"])

    def clear(self) -> None:
        """No containers, no networks of ours."""
        for one in self.ask("GET", "/containers/json?all=1"):
            self.ask("DELETE", f"/containers/{one['Id']}?force=1")
        for one in self.ask("GET", "/networks"):
            if one["Name"] not in {"bridge", "host", "none"}:
                self.ask("DELETE", f"/networks/{one['Id']}")


@contextmanager
def ours() -> Iterator[Api]:
    """`dataplane daemon`."""
    from dataplane.daemon import places
    from dataplane.proc.clean import clear

    with TemporaryDirectory() as folder:
        state, path = Path(folder) / "state", Path(folder) / "docker.sock"
        words = [sys.executable, "-m", "dataplane", "daemon", "--socket", str(path), "--state", str(state)]
        try:
            with _started(words, path, Path(folder) / "log") as api:
                yield api
        finally:
            clear(places.made_runtime(places.name_of(state)))


def dockerd_missing() -> str:
    """Why the real one cannot be measured here, "" where it can."""
    missing = [name for name in ("dockerd", "containerd", "iptables", "busybox") if shutil.which(name) is None]
    return f"{', '.join(missing)} not installed" if missing else ""


@contextmanager
def dockerd() -> Iterator[Api]:
    """The real one, with an image that is busybox."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "docker.sock"
        words = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/pid"]
        words += ["-H", f"unix://{path}", "--storage-driver", "vfs", "--exec-opt", "native.cgroupdriver=cgroupfs"]
        with _started(["unshare", "--mount", "--propagation", "private", *words], path, Path(folder) / "log") as api:
            api.ask("POST", f"/images/create?fromSrc=-&repo={IMAGE}&changes=ENV%20PATH%3D%2Fbin", _image())
            yield api


def _image() -> bytes:
    program, packed = shutil.which("busybox"), BytesIO()
    assert program is not None
    with tarfile.open(fileobj=packed, mode="w") as file:
        file.add(program, "bin/busybox")
        for name in NAMES:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            file.addfile(link)
    return packed.getvalue()


@contextmanager
def _started(words: list[str], path: Path, log: Path) -> Iterator[Api]:
    process = Process(words, log)
    try:
        api = _answering(process, path, log)
        yield api
        api.clear()
    finally:
        process.end()


def _answering(process: Process, path: Path, log: Path) -> Api:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            api = Api(path, process)
            api.ask("GET", "/_ping")
        except (OSError, RuntimeError):
            if process.ended or time.monotonic() > deadline:
                raise RuntimeError(f"{log.read_text(errors='replace')[-2000:]}") from None
            time.sleep(0.02)
        else:
            return api


def pss(pid: int) -> int:
    """Octets of a process, its share of what it shares."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def below(pid: int) -> list[int]:
    """A process and all that descend from it."""
    from dataplane.daemon.container.members import members

    return [one.pid for one in members(pid)]


def cpu(pid: int) -> float:
    """Seconds on a core that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
