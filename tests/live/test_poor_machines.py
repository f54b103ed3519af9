"""Where something is missing or full: no TUN node, no nft, too small a table of flows. Each is named, and nothing is left."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hosts import OUTSIDE4, assert_same, outside, sh, state
from labs import in_world, lab, ok, up, wait_for
from servers import PYTHON, serving

from dataplane import live
from dataplane.errors import UserError
from dataplane.live.rows import StepRow
from dataplane.proc import kernel

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

FILE = """
services: {web: {image: host, ports: ["8080:80"]}, mate: {image: host}}
networks: {default: {ipam: {config: [{subnet: 10.77.0.0/24}]}}}
"""


# A connection that is used once there is a file; how much came.
SLOW = """
import os, socket, sys, time
one = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while not os.path.exists(sys.argv[3]): time.sleep(0.05)
one.sendall(b"GET /3000000 HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
data = b""
while more := one.recv(1 << 20): data += more
print(len(data.partition(b"\\r\\n\\r\\n")[2]))
"""

# Connections, each kept open, until one more cannot be had; how many there were.
ONE_BY_ONE = """
import socket, sys
kept = []
try:
    while len(kept) < 1000: kept.append(socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5))
except OSError: print(len(kept))
"""


@in_world()
def test_without_a_tun_node_up_says_how_to_make_one_and_leaves_nothing() -> None:
    kernel.mount("none", "/dev/net", "tmpfs")
    with outside():
        before = state()
        with pytest.raises(UserError) as error:
            up(FILE, "notun")
        assert error.value.where == "/dev/net/tun"
        assert "mknod" in error.value.mend
        assert live.labs() == []
        assert_same(before, state())
    kernel.unmount("/dev/net")


@in_world()
def test_without_nft_the_lab_works_inside_and_up_says_what_is_missing() -> None:
    """The relay serves published ports all the same."""
    with outside():
        nft = next(path for path in ("/usr/sbin/nft", "/sbin/nft") if Path(path).exists())
        before = {name: value for name, value in state().items() if name != "rules"}
        kernel.mount("/dev/null", nft, flags=kernel.MS_BIND)
        told: list[StepRow] = []
        client = up(FILE, "nonft", on_step=told.append)
        assert [row["what"] for row in told if row["kind"] == "warning" and "the program nft is missing" in row["what"]]
        ok(client, "web", "ping", "-c", "1", "-W", "2", "mate")
        assert live.down("nonft")
        kernel.unmount(nft)
        assert_same(before, {name: value for name, value in state().items() if name != "rules"})


@in_world()
def test_with_a_full_table_of_flows_what_is_established_goes_on() -> None:
    text = FILE + "x-dataplane: {nat: {flows: 64}}\n"
    with outside(), lab(text, "full") as client, serving("outside", 8000), TemporaryDirectory() as folder:
        got: list[str] = []
        slow = (PYTHON, "-c", SLOW, OUTSIDE4, "8000", f"{folder}/now")
        thread = threading.Thread(target=lambda: got.append(ok(client, "mate", *slow)), daemon=True)
        thread.start()
        wait_for(lambda: client.flows(limit=0, state="established")["count"], "it is established")
        assert ok(client, "web", PYTHON, "-c", ONE_BY_ONE, OUTSIDE4, "8000").strip() == "63"
        assert client.flows(limit=0)["known"] == 64
        assert "flow limit" in {drop["reason"] for drop in client.drops()}
        Path(folder, "now").touch()
        thread.join()
        assert got == ["3000000\n"]
        client.forget_flows()
        assert ok(client, "web", "curl", "-s", "-m", "4", f"http://{OUTSIDE4}:8000/")
    assert "full" not in sh("ip -o link")
