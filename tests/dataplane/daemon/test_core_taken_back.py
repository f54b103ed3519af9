"""A change that fails half-way is taken back, also where the disk is full by then."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from dataplane.daemon.core import Core
from dataplane.desired.records import NetworkRecord, State
from dataplane.errors import UserError
from dataplane.store.sqlite import SqliteStore

NETWORK = NetworkRecord(id="n", name="net", created=1, driver="bridge")
OTHER = replace(NETWORK, id="o", name="other")


def of(*networks: NetworkRecord) -> State:
    return State(networks=MappingProxyType({one.id: one for one in networks}))


class Failing(Core):
    """Nothing can be made; and from then on, ``fills``, nothing be written."""

    fills = True

    async def _planned(self, new: State) -> Any:
        return (new,)

    def _claim(self, planned: Any, new: State) -> None:
        pass

    async def _reconcile(self, *planned: Any) -> None:
        if planned[0] is not self.state:
            if self.fills:
                self.store._db.execute("PRAGMA query_only = 1")
            raise UserError("it cannot be made")


async def _nothing(_work: object) -> None:
    pass


def test_what_could_not_be_made_is_forgotten_once_there_is_room(tmp_path, capsys):
    store = SqliteStore(tmp_path / "state")

    async def work() -> None:
        host: Any = SimpleNamespace(underlay=None, give_back=lambda: None)
        engine: Any = SimpleNamespace(call=_nothing)
        core = Failing(tmp_path, store, SimpleNamespace(), engine, host, kept=SimpleNamespace())  # type: ignore[arg-type]
        async with core.lock:
            with pytest.raises(UserError, match="it cannot be made"):
                await core.change_to(of(NETWORK))
            assert core.state == State()
            assert list(store.load().networks) == ["n"], "it could not be taken back in the file"
            store._db.execute("PRAGMA query_only = 0")
            core.fills = False
            with pytest.raises(UserError, match="it cannot be made"):
                await core.change_to(of(OTHER))
        assert store.load() == State()

    asyncio.run(work())
    store.close()
    assert "what happens is kept in memory until it can" in capsys.readouterr().err
