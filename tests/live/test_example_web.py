"""examples/web.yaml as it stands: served to the host, to localhost and to another namespace, and with a way out; with real curl."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hosts import HOST4, HOST6, OUTSIDE4, outside
from labs import in_world, lab, ok, run
from servers import curl, serving

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

FILE = (Path(__file__).parents[2] / "examples" / "web.yaml").read_text(encoding="utf-8")
LISTING = "Directory listing"


def served(url: str, where: str = "") -> str:
    """What is there, once the server is up."""
    for _ in range(300):
        if found := curl(url, where):
            return found
        time.sleep(0.1)
    return ""


@in_world()
def test_it_serves_in_and_reaches_out() -> None:
    with outside(), lab(FILE, "t-example-web") as client, serving("outside", 8000):
        for port in (8080, 8081):
            assert LISTING in served(f"http://127.0.0.1:{port}/")
            assert LISTING in served(f"http://[::1]:{port}/")
            assert LISTING in served(f"http://{HOST4}:{port}/")
            assert LISTING in served(f"http://[{HOST6}]:{port}/")
            assert LISTING in served(f"http://{HOST4}:{port}/", "outside")
            assert LISTING in served(f"http://[{HOST6}]:{port}/", "outside")
        assert LISTING in served("http://127.0.0.1:9090/")
        assert curl(f"http://{HOST4}:9090/", "outside", seconds=1) == ""
        for service in ("web-1", "web-2", "admin"):
            assert ok(client, service, "curl", "-s", "-m", "4", f"http://{OUTSIDE4}:8000/") == HOST4
        assert LISTING in ok(client, "web-1", "curl", "-s", "-m", "4", "http://db:5432/")
        assert run(client, "admin", "curl", "-s", "-m", "2", "http://10.61.0.50:5432/")[0] != 0
        assert run(client, "db", "curl", "-s", "-m", "2", f"http://{OUTSIDE4}:8000/")[0] != 0
