"""A container that ends while its daemon does: nothing of it looks like a failure, and the next daemon sees its end."""

from __future__ import annotations

import asyncio
import threading
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from dataplane.daemon.container.happened import happened
from dataplane.daemon.container.life import Life
from dataplane.daemon.core import Core
from dataplane.daemon.ended import EndedError
from dataplane.desired.records import NetworkRecord, State
from dataplane.store.sqlite import SqliteStore

OTHER = State(networks=MappingProxyType({"n": NetworkRecord(id="n", name="net", created=1, driver="bridge")}))


async def _nothing(*_: object) -> None:
    pass


def test_after_its_end_a_core_changes_nothing(tmp_path, capsys):
    async def work() -> None:
        host: Any = SimpleNamespace(underlay=None, let_go=_nothing)
        engine: Any = SimpleNamespace(stop=_nothing)
        nobody: Any = SimpleNamespace()
        core: Any = Core(tmp_path, SqliteStore(tmp_path / "state"), nobody, engine, host, kept=nobody)
        await core.close()
        core.state = SimpleNamespace(containers={"c": None})
        with pytest.raises(EndedError):
            await happened(core, "c", lambda _state: OTHER)

    asyncio.run(work())
    assert capsys.readouterr().err == ""


def test_an_end_that_is_read_while_the_daemon_lets_go_is_the_next_ones(capsys):
    class Process:
        pid, closed = 0, 0

        def __init__(self) -> None:
            self.read, self.go = threading.Event(), threading.Event()

        def status(self) -> None:
            self.read.set()
            assert self.go.wait(10)

        def fileno(self) -> int:
            return 0

        def close(self) -> None:
            self.closed += 1

    async def work() -> int:
        nobody: Any = SimpleNamespace()
        life: Any = Life(nobody, nobody, None, "c" * 64, _nothing)
        process = life.process = Process()
        ending = asyncio.create_task(life._ending(process))
        await asyncio.to_thread(process.read.wait, 10)
        life.let_go()
        process.go.set()
        await ending
        return process.closed

    assert asyncio.run(work()) == 1, "a second time it may be another's descriptor"
    assert capsys.readouterr().err == ""
