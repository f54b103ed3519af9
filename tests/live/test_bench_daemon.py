"""The daemon's benchmark: a few containers give every figure, also of a daemon that is killed on the way."""

from __future__ import annotations

import pytest

from bench import daemon
from dataplane.proc.server import privileged

pytestmark = pytest.mark.skipif(not privileged(), reason="namespaces with names")


def test_a_few_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough for two on one network, between which a datagram goes before and after."""
    monkeypatch.setattr(daemon, "IDLE", 0.2)
    table = daemon.many(daemon.NETWORKS + 1)
    assert isinstance(table.raw, dict)
    assert {"up", "idle", "shim_mib", "daemon_kib", "traffic", "answers"} == table.raw.keys()
    assert all(table.raw[figure] > 0 for figure in ("up", "shim_mib", "traffic", "answers"))
    assert len(table.rows) == len(table.raw)
