"""A process is told apart by its start time: a recycled number is never signalled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataplane.proc import pids


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "100"])
    yield process
    process.kill()
    process.wait()


def test_another_process_under_the_number_is_left_alone(child: subprocess.Popen[bytes]) -> None:
    start = pids.start_time(child.pid)
    assert pids.alive(child.pid, start)
    assert not pids.alive(child.pid, start + 1)
    assert pids.open_pidfd(child.pid, start + 1) is None
    assert pids.kill(child.pid, start + 1)
    assert child.poll() is None


def test_kill_waits_for_the_end(child: subprocess.Popen[bytes]) -> None:
    start = pids.start_time(child.pid)
    pidfd = pids.open_pidfd(child.pid, start)
    assert pidfd is not None
    assert not pids.ended(pidfd, 0)
    assert pids.kill(child.pid, start)
    assert pids.ended(pidfd, 0)
    # A zombie is gone, though its number is not free yet.
    assert not pids.alive(child.pid, start)
    assert pids.start_time(child.pid) == 0
    assert child.wait() == -signal.SIGKILL
    os.close(pidfd)


LEADERLESS = """
import os, sys, threading
threading.Thread(target=sys.stdin.read).start()
print("up", flush=True)
import ctypes
ctypes.CDLL(None).syscall({exit}, 0)
"""


@pytest.mark.skipif(os.uname().machine not in {"x86_64", "aarch64"}, reason="the number of exit(2) is known of two machines")
def test_a_process_whose_first_thread_has_ended_has_not_let_go() -> None:
    number = {"x86_64": 60, "aarch64": 93}[os.uname().machine]
    with subprocess.Popen(
        [sys.executable, "-c", LEADERLESS.format(exit=number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        start = pids.start_time(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        while pids.alive(process.pid, start):
            time.sleep(0.001)
        assert not pids.let_go(process.pid, start, 0)
        assert pids.let_go(process.pid, start + 1, 0)
        process.stdin.close()
        assert pids.let_go(process.pid, start, 20)
    assert pids.let_go(process.pid, start, 0)


def test_a_process_that_does_not_end_is_reported(child: subprocess.Popen[bytes]) -> None:
    assert not pids.kill(child.pid, pids.start_time(child.pid), number=signal.SIGCONT, wait=0.05)


def test_names_with_parentheses_do_not_confuse(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([str(program), "100"]) as process:
        text = Path(f"/proc/{process.pid}/stat").read_text()
        assert pids.start_time(process.pid) == int(text.rpartition(")")[2].split()[19])
        process.kill()


def test_no_process() -> None:
    assert pids.start_time(2**22 + 1) == 0
    assert not pids.alive(2**22 + 1, 0)


def test_a_small_file_is_replaced_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "status.json")
    assert pids.read_json(path) is None
    pids.write_json(path, {"a": 1})
    pids.write_json(path, {"a": 2})
    assert pids.read_json(path) == {"a": 2}
    assert [entry.name for entry in tmp_path.iterdir()] == ["status.json"]
    Path(path).write_text("[1")
    assert pids.read_json(path) is None
