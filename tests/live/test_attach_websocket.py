"""A container's streams over a WebSocket, from its shim to a client and back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest
from daemon_process import DaemonProcess, daemon

from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]


async def heard(d: DaemonProcess, name: str, *words: str) -> bytes:
    """What comes back until as much has come as was sent; then the client leaves."""
    place = f"http://docker/v1.51/containers/{name}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1"
    connector, got = aiohttp.UnixConnector(str(d.socket)), b""
    async with aiohttp.ClientSession(connector=connector) as session, session.ws_connect(place) as socket:
        for word in words:
            await socket.send_str(word)
        while len(got) < sum(map(len, words)):
            got += await asyncio.wait_for(socket.receive_bytes(), 30)
    return got


def test_input_and_output_and_a_client_that_leaves(tmp_path: Path) -> None:
    """With StdinOnce its leaving is the end of input, so that `cat` ends; without it the next client goes on."""
    with daemon(tmp_path) as d:
        for name, once in (("once", True), ("often", False)):
            d.run(name, "cat", OpenStdin=True, StdinOnce=once)
            assert asyncio.run(heard(d, name, "hello\n", "again\n")) == b"hello\nagain\n"
        deadline = time.monotonic() + 30
        while d.ask("GET", "/containers/once/json")[1]["State"]["Running"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert d.ask("GET", "/containers/once/json")[1]["State"]["ExitCode"] == 0
        assert asyncio.run(heard(d, "often", "third\n")) == b"third\n"
