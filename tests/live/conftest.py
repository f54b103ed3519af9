"""The "host" of every live test is a network namespace of the tests' own: labs may change its rules, and it ends with them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess, daemon
from docker_clients import CLIENTS, Docker

from dataplane.proc import kernel
from dataplane.proc.server import privileged


@pytest.fixture(scope="session", autouse=True)
def own_host() -> None:
    """Enter it, for as long as this process lives. An ordinary user stays: its labs change nothing outside."""
    if privileged():
        kernel.unshare(kernel.CLONE_NEWNET)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """A daemon for all tests of a module."""
    with daemon(tmp_path_factory.mktemp("daemon")) as one:
        yield one


@pytest.fixture
def docker(process: DaemonProcess) -> Iterator[Docker]:
    """The newest of Docker's clients here, on that daemon; what it made goes with the test."""
    client = Docker(CLIENTS[-1], process)
    yield client
    client.clear()
