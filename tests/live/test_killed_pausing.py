"""A daemon that was killed in the midst of a pause, when all is frozen and nothing says so yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from daemon_process import daemon

from dataplane.daemon.container import freezer
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="the kernel's freezer is root's")]


def test_what_is_frozen_and_not_said_to_be_paused_goes_on(tmp_path: Path) -> None:
    with daemon(tmp_path) as d:
        made = d.run("one")
        pid = d.pid("one")
        d.kill()
        freezer.pause(made[:12], pid)
        assert freezer.frozen(made[:12])
        d.start()
        assert not freezer.frozen(made[:12])
        assert d.pid("one") == pid
        assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204


def test_frozen_ones_that_are_to_be_gone_end(tmp_path: Path) -> None:
    """Frozen by whomever: `rm -f` gives its processes the chance to end."""
    with daemon(tmp_path) as d:
        made = d.run("one")
        freezer.pause(made[:12], d.pid("one"))
        assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204
        assert not freezer.frozen(made[:12])


def test_a_pause_outlives_the_daemon(tmp_path: Path) -> None:
    with daemon(tmp_path) as d:
        made = d.run("one")
        assert d.ask("POST", f"/containers/{made}/pause")[0] == 204
        d.kill()
        d.start()
        assert freezer.frozen(made[:12])
        assert d.ask("GET", f"/containers/{made}/json")[1]["State"]["Paused"]
        assert d.ask("DELETE", f"/containers/{made}?force=1")[0] == 204
