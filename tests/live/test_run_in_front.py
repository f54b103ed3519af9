"""`dataplane run`, `exec` and `attach` in front of a user: terminals, input, signals, exit statuses, on a real daemon (issue 5:
run, exec with and without terminal; "half-closed streams stay open")."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

from tests.live.daemon_process import DaemonProcess, daemon

pytestmark = pytest.mark.live
COMMAND = [sys.executable, "-m", "dataplane"]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with daemon(tmp_path_factory.mktemp("front")) as one:
        yield one


def environment(running: DaemonProcess) -> dict[str, str]:
    return {**os.environ, "DATAPLANE_HOST": running.host, "TERM": "xterm"}


def call(running: DaemonProcess, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = environment(running)
    return subprocess.run([*COMMAND, *words], env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)


class Screen:
    """A terminal with a program on it."""

    def __init__(self, running: DaemonProcess, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        termios.tcsetwinsize(self.ours, (31, 97))
        self.process = subprocess.Popen(
            [*COMMAND, *words], env=environment(running), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.seen = ""

    def read_until(self, text: str, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))[0], f"no {text!r} in {self.seen!r}"
            self.seen += os.read(self.ours, 4096).decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self.ours, text.encode())

    def end(self) -> int:
        status = self.process.wait(30)
        os.close(self.ours)
        return status


def test_exit_statuses(running):
    assert call(running, "run", "--rm", "host", "sh", "-c", "exit 7").returncode == 7
    assert call(running, "run", "--rm", "--", "sh", "-c", "exit 8").returncode == 8
    assert call(running, "run", "--rm", "host", "no-such-program-here").returncode == 127
    assert call(running, "run", "--rm", "host", "/etc/hostname").returncode == 126
    assert call(running, "run", "--rm", "--name", "?", "host", "true").returncode == 125


def test_output_and_errors_stay_apart(running):
    said = call(running, "run", "--rm", "host", "sh", "-c", "echo out; echo err >&2")
    assert (said.stdout, said.stderr) == ("out\n", "err\n")


def test_input_reaches_it_and_its_end_too(running):
    """The end of input is passed on; what comes after it arrives."""
    said = call(running, "run", "--rm", "-i", "host", "sh", "-c", "cat; echo after", stdin="one\ntwo\n")
    assert (said.stdout, said.returncode) == ("one\ntwo\nafter\n", 0)
    big = "x" * 1_000_000
    assert call(running, "run", "--rm", "-i", "host", "wc", "-c", stdin=big).stdout.strip() == "1000000"


def test_a_signal_to_us_reaches_it(running):
    """--sig-proxy: SIGTERM to the client is the container's."""
    script = "trap 'echo got it; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [*COMMAND, "run", "--rm", "host", "sh", "-c", script], env=environment(running), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "got it\n"
    assert process.wait(30) == 5


def test_a_terminal_has_our_size_and_the_keys_leave_it(running):
    screen = Screen(running, "run", "-it", "--name", "term", "host", "sh")
    screen.type("sleep 0.3; stty size; tty\n")
    screen.read_until("31 97")
    termios.tcsetwinsize(screen.ours, (20, 60))
    os.killpg(screen.process.pid, signal.SIGWINCH)
    screen.type("while [ \"$(stty size)\" = '31 97' ]; do sleep 0.1; done; stty size\n")
    screen.read_until("20 60")
    screen.type("\x10\x11")
    assert screen.end() == 0
    assert call(running, "ps", "--format", "{{.Names}}").stdout == "term\n", "it runs on"

    again = Screen(running, "attach", "term")
    again.type("echo a$((1+1))b\n")
    again.read_until("a2b")
    again.type("exit 9\n")
    assert again.end() == 9
    assert call(running, "rm", "term").returncode == 0


def test_exec_with_a_terminal(running):
    running.run("ground")
    screen = Screen(running, "exec", "-it", "ground", "sh", "-c", "stty size; read x; echo got $x; exit 4")
    screen.read_until("31 97")
    screen.type("this\n")
    screen.read_until("got this")
    assert screen.end() == 4
    said = call(running, "exec", "-i", "-e", "A=b", "-w", "/tmp", "ground", "sh", "-c", "cat; pwd; echo $A >&2", stdin="in\n")
    assert (said.stdout, said.stderr, said.returncode) == ("in\n/tmp\n", "b\n", 0)
    assert call(running, "exec", "ground", "no-such-program-here").returncode == 127
    assert call(running, "exec", "-t", "-i", "ground", "true").stderr == "the input device is not a TTY\n"
    assert call(running, "exec", "-d", "ground", "touch", "/dev/null").returncode == 0
    call(running, "rm", "-f", "ground")


def test_logs_follow_and_since(running):
    call(running, "run", "-d", "--name", "writer", "host", "sh", "-c", "echo one; sleep 1.2; echo two >&2")
    said = call(running, "logs", "-f", "-t", "writer")
    assert said.stdout.split()[1] == "one"
    assert said.stderr.split()[1] == "two"
    assert call(running, "logs", "--tail", "1", "writer").stderr == "two\n"
    since = said.stderr.split()[0]
    assert call(running, "logs", "--since", since, "writer").stdout == ""
    call(running, "rm", "-f", "writer")


def test_events_are_told_as_they_happen(running):
    begun = f"{time.time():.9f}"  # it may be told of them from then on, however long it takes to ask
    process = subprocess.Popen(
        [*COMMAND, "events", "--since", begun, "--filter", "type=network", "--format", "{{.Action}} {{.Actor.Attributes.name}}"],
        env=environment(running),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    call(running, "network", "create", "told")
    call(running, "network", "rm", "told")
    assert [process.stdout.readline() for _ in range(2)] == ["create told\n", "destroy told\n"]
    process.kill()
    process.wait()


def test_names_complete(running):
    """Shell completion offers networks and containers of the daemon."""
    running.run("shown", network="host")

    def complete(words: str) -> list[str]:
        env = {
            **environment(running),
            "_DATAPLANE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        said = subprocess.run(COMMAND, env=env, capture_output=True, text=True, timeout=60, check=True)
        return [line.split(",", 1)[1] for line in said.stdout.splitlines()]

    assert complete("dataplane network inspect ") == ["bridge", "host", "none"]
    assert complete("dataplane network connect b") == ["bridge"]
    assert complete("dataplane network connect bridge s") == ["shown"]
    assert complete("dataplane exec sh") == ["shown"]
    assert complete("dataplane run --network h") == ["host"]
    assert complete("dataplane network cr") == ["create"]
    assert "--subnet" in complete("dataplane network create --s")
    call(running, "rm", "-f", "shown")
