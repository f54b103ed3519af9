"""The "host" of every live test is a network namespace of the tests' own: labs may change its rules, and it ends with them."""

from __future__ import annotations

import subprocess

import pytest

from dataplane.proc import kernel
from dataplane.proc.server import privileged


@pytest.fixture(scope="session", autouse=True)
def own_host() -> None:
    """Enter it, for as long as this process lives. An ordinary user stays: its labs change nothing outside."""
    if privileged():
        kernel.unshare(kernel.CLONE_NEWNET)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
