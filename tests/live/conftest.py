"""The "host" of every live test is the tests' own: a network namespace, so labs may change its rules, and a /run, so that the
names in it are nobody else's. Both end with the tests. Two runs of the tests side by side are two hosts.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess, daemon
from docker_clients import CLIENTS, Docker
from private_world import enter_host

from dataplane.proc.server import privileged

MS_PRIVATE = 1 << 18


@pytest.fixture(scope="session", autouse=True)
def own_host() -> None:
    """Enter it, for as long as this process lives. An ordinary user stays: its labs change nothing outside."""
    if privileged():
        enter_host()


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
