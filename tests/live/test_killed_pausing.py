"""A daemon that was killed in the midst of a pause, when all is frozen and nothing says so yet."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon

from dataplane.daemon.container import freezer
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="the kernel's freezer is root's")]


def place(d: DaemonProcess, container: str) -> Path:
    """The folder of its shim."""
    return d.runtime / "instances" / container[:12]


def test_what_is_frozen_and_not_said_to_be_paused_goes_on(tmp_path: Path) -> None:
    with daemon(tmp_path) as d:
        made = d.run("one")
        pid = d.pid("one")
        d.kill()
        freezer.pause(place(d, made), pid)
        assert freezer.frozen(place(d, made))
        d.start()
        assert not freezer.frozen(place(d, made))
        assert d.pid("one") == pid
        assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204


def test_frozen_ones_that_are_to_be_gone_end(tmp_path: Path) -> None:
    """Frozen by whomever: `rm -f` gives its processes the chance to end."""
    with daemon(tmp_path) as d:
        made = d.run("one")
        freezer.pause(place(d, made), d.pid("one"))
        assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204
        assert not freezer.frozen(place(d, made))


def test_a_pause_outlives_the_daemon(tmp_path: Path) -> None:
    with daemon(tmp_path) as d:
        made = d.run("one")
        assert d.ask("POST", f"/containers/{made}/pause")[0] == 204
        d.kill()
        d.start()
        assert freezer.frozen(place(d, made))
        assert d.ask("GET", f"/containers/{made}/json")[1]["State"]["Paused"]
        assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204


def test_what_is_killed_while_it_is_paused_ends_when_it_goes_on(tmp_path: Path) -> None:
    """The kernel lets an init end after all its processes, and those are frozen: it is paused until somebody says otherwise."""
    with daemon(tmp_path) as d:
        made = d.run("one")
        assert d.ask("POST", f"/containers/{made}/pause")[0] == 204
        pid = d.pid("one")
        d.kill()
        os.kill(pid, signal.SIGKILL)
        d.start()
        assert d.ask("GET", f"/containers/{made}/json")[1]["State"]["Paused"]
        assert d.ask("POST", f"/containers/{made}/unpause")[0] == 204
        assert d.ask("POST", f"/containers/{made}/wait")[1]["StatusCode"] == 137
        assert not freezer.frozen(place(d, made))


def test_nothing_is_left_of_a_pause_that_its_container_did_not_live_to_see(tmp_path: Path) -> None:
    """Either answer is right; a cgroup that stays, and a failure of ours, are not."""
    with daemon(tmp_path) as d:
        for delay in range(20):
            made = d.run(f"one{delay}")
            pid = d.pid(f"one{delay}")
            killer = threading.Timer(delay / 1000, os.kill, (pid, signal.SIGKILL))
            killer.start()
            status, said = d.ask("POST", f"/containers/{made}/pause")
            killer.join()
            assert status in {204, 409}, said
            assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204
            assert not freezer.frozen(place(d, made))
