"""`dataplane daemon` for tests: a process of its own with its state in a folder of the test's; killed, stopped, begun again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from dataplane.daemon import places
from dataplane.daemon.container import freezer
from dataplane.proc.clean import clear

PATIENCE = 60.0


class DaemonProcess:
    """``socket``: where its API is; DOCKER_HOST is ``host``."""

    def __init__(self, folder: Path, *options: str, netns: str = "") -> None:
        self.folder, self.options, self.netns = folder, options, netns
        self.state, self.socket = folder / "state", folder / "docker.sock"
        self.host = f"unix://{self.socket}"
        self.name = places.name_of(self.state)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def runtime(self) -> Path:
        """The folder of what runs."""
        return places.made_runtime(self.name)

    def start(self, *, wait: bool = True) -> None:
        """Begin, and answer."""
        words = ["ip", "netns", "exec", self.netns] if self.netns else []
        words += [sys.executable, "-m", "dataplane", "daemon", "--socket", str(self.socket), "--state", str(self.state)]
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen([*words, *self.options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            self.wait()

    def wait(self) -> None:
        """Until it answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask("GET", "/_ping")[0] == 200:
                    return
            except OSError:
                assert self.process is not None
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.01)

    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "daemon.log").read_text(errors="replace")

    def kill(self) -> None:
        """At once (-9)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """In order: its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One request: the status, and the JSON that came back, else its text."""
        connection = HTTPConnection("docker")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(PATIENCE)
        try:
            connection.sock.connect(str(self.socket))
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
            answer = connection.getresponse()
            text = answer.read().decode()
            try:
                return answer.status, json.loads(text)
            except ValueError:
                return answer.status, text
        finally:
            connection.close()

    def run(self, name: str, *command: str, network: str = "bridge", **config: object) -> str:
        """A container that runs: its id."""
        host_config = {"NetworkMode": network, **config.pop("HostConfig", {})}  # type: ignore[dict-item]
        body = {"Image": "host", "Cmd": list(command or ("sleep", "1000")), "HostConfig": host_config, **config}
        status, made = self.ask("POST", f"/containers/create?name={name}", body)
        assert status == 201, made
        status, said = self.ask("POST", f"/containers/{made['Id']}/start")
        assert status == 204, said
        return str(made["Id"])

    def docker(self, *words: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        """The docker CLI's output."""
        done = subprocess.run(
            ["docker", *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "DOCKER_HOST": self.host, **(env or {})},
        )
        said = f"{done.returncode}: {done.stdout}{done.stderr}{self.log()}"
        assert not check or done.returncode == 0, f"docker {' '.join(words)}: {said}"
        return done.stdout

    def pid(self, container: str) -> int:
        """The host's number of a container's init."""
        return int(self.ask("GET", f"/containers/{container}/json")[1]["State"]["Pid"])

    def clear(self) -> None:
        """Nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        instances = self.runtime / "instances"
        if instances.is_dir():
            freezer.thaw(list(instances.iterdir()))  # what is paused does not end by SIGKILL either
        clear(self.runtime)


@contextmanager
def daemon(folder: Path, *options: str, netns: str = "") -> Iterator[DaemonProcess]:
    """One that answers inside, and of which nothing is left after. ``options``: as on the command line; ``netns``: its host."""
    process = DaemonProcess(folder, *options, netns=netns)
    try:
        process.start()
        yield process
    finally:
        process.clear()


def sandbox_says(pid: int, *words: str, check: bool = True) -> str:
    """What a command says in the network namespace of a process."""
    done = subprocess.run(["nsenter", "-t", str(pid), "-n", *words], capture_output=True, text=True, timeout=30, check=False)
    assert not check or done.returncode == 0, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout
