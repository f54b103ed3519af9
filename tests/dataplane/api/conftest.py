"""A fake daemon behind the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dataplane.api.fake import Fake
from tests.dataplane.api.serving import served


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "docker.sock"


@pytest.fixture
def fake(socket_path: Path) -> Iterator[Fake]:
    with served(socket_path) as daemon:
        yield daemon
