"""Labs for tests: started in a private world, spoken to, and compared with what the machine had before."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from private_world import run_in_private_world
from traces import of_lab, processes

from dataplane import compose, live
from dataplane.live.client import Client
from dataplane.live.lookup import info
from dataplane.proc.clean import clean
from dataplane.proc.registry import base_folder, lab_folder

ROOT = Path(__file__).parents[2]

# A foreground `up`, as the command line runs it: prints the logs.
FOREGROUND = """
import sys
from dataplane import compose, live
show = lambda row: print(row["instance"], row["text"], flush=True)
events = lambda row: None
sys.exit(live.up(compose.load(sys.argv[1]), on_log=show))
"""


def in_world(
    *, user: bool = False, before: Callable[[], None] = lambda: None
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A test that runs in a private world, where nothing may be left afterwards. ``before``: what root does there first."""

    def decorate(test: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(test)
        def wrapped() -> None:
            run_in_private_world(lambda: _checked(test), user=user, before=before)

        return wrapped

    return decorate


def as_root_and_user(test: Callable[[], None]) -> Callable[[bool], None]:
    """A test that takes its turn as each; ask pytest for ``user``."""

    @functools.wraps(test)
    def wrapped(user: bool) -> None:
        run_in_private_world(lambda: _checked(test), user=user)

    del wrapped.__wrapped__  # type: ignore[attr-defined]  # pytest would read the other's arguments
    return wrapped


def _checked(test: Callable[[], None]) -> None:
    before = everything()
    started: list[str] = []
    try:
        test()
        started = [lab.name for lab in live.labs()]
        assert not started, f"the test left labs up: {started}"
        more = everything() - before
        assert not more, f"there is more than before: {sorted(more)}"
    finally:
        for lab in live.labs():
            clean(lab.name)


def everything() -> set[str]:
    """Mounts, files under /run and routes of the host."""
    found = {f"mount {line}" for line in Path("/proc/self/mounts").read_text().splitlines()}
    found |= {f"file {path}" for path in Path("/run").rglob("*")}
    return found | {f"route {line}" for line in Path("/proc/net/route").read_text().splitlines()}


def up(text: str, name: str, **more: object) -> Client:
    """Start a lab from the text of a file, detached."""
    topology = compose.load(text, name=name, text=True, environment={})
    assert live.up(topology, detach=True, **more) == 0  # type: ignore[arg-type]
    return Client(lab_folder(name))


@contextmanager
def lab(text: str, name: str) -> Iterator[Client]:
    """A lab that is up inside, and of which nothing is left after."""
    client = up(text, name)
    try:
        yield client
    finally:
        assert live.down(name)
        assert_gone(name)


def assert_gone(name: str) -> None:
    """Nothing of the lab is left, once its last process has finished ending."""
    wait_for(lambda: not processes(name), "the processes of the lab end")
    left = of_lab(name, base_folder() / name, set())
    assert not left, f"left of {name}: {left}"
    assert info(name) is None


def run(client: Client, service: str, *command: str, **more: object) -> tuple[int, str]:
    """Exec: the exit status, and what came out of both streams."""
    with tempfile.TemporaryFile(dir="/tmp") as out:
        status = client.exec(service, command, stdin=None, stdout=out.fileno(), stderr=out.fileno(), **more)  # type: ignore[arg-type]
        out.seek(0)
        return status, out.read().decode()


def ok(client: Client, service: str, *command: str) -> str:
    """Exec that must succeed: its output."""
    status, text = run(client, service, *command)
    assert status == 0, f"{command} in {service}: {status}: {text}"
    return text


def wait_for(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


@contextmanager
def foreground(text: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """A foreground ``up`` in a process of its own, which has ended in the end."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix=name) as folder:
        file = Path(folder) / "compose.yaml"
        file.write_text(f"name: {name}\n{text}")
        with subprocess.Popen([sys.executable, "-c", FOREGROUND, str(file)], stdout=subprocess.PIPE, text=True, env=env) as process:
            try:
                yield process
            finally:
                process.kill()


def row(client: Client, name: str) -> dict[str, object]:
    """One instance of ``ps``."""
    return next(dict(one) for one in client.ps() if one["name"] == name)
