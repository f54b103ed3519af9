"""A daemon that is stopped while containers come and go: its log has no failure, and the next daemon removes what was to go."""

from __future__ import annotations

import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon

from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]


def come_and_go(d: DaemonProcess, name: str, stopped: threading.Event) -> None:
    body = {"Image": "host", "Cmd": ["true"], "HostConfig": {"AutoRemove": True}}
    number = 0
    while not stopped.is_set():
        number += 1
        try:
            if d.ask("POST", f"/containers/create?name={name}{number}", body)[0] == 201:
                d.ask("POST", f"/containers/{name}{number}/start")
        except (OSError, HTTPException):
            return


def test_nothing_looks_like_a_failure(tmp_path: Path) -> None:
    with daemon(tmp_path) as d:
        for turn in range(6):
            stopped = threading.Event()
            threads = [threading.Thread(target=come_and_go, args=(d, f"c{turn}{letter}", stopped)) for letter in "ab"]
            for thread in threads:
                thread.start()
            time.sleep(0.3 + turn / 50)
            assert d.stop() == 0
            stopped.set()
            for thread in threads:
                thread.join()
            d.start()
        deadline = time.monotonic() + 10
        while [one for one in d.ask("GET", "/containers/json?all=1")[1] if one["State"] != "created"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert "Traceback" not in d.log()
        assert "cannot" not in d.log()
