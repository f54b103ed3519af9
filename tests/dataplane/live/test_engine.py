"""The engine's thread: work between turns, and its death, which does not go unnoticed."""

import asyncio

import pytest

from dataplane.apply.taps import LiveDataplane
from dataplane.errors import UserError
from dataplane.live.engine import EngineThread
from dataplane.wiring import NodeSpec, Wiring

BRIDGE = Wiring.of([NodeSpec("bridge front", "bridge", {"ageing_ns": 300_000_000_000, "fdb_limit": 100})])


def test_it_changes_and_tells_while_it_runs():
    async def run():
        engine = EngineThread(seed=7)
        actions = await engine.change_to(BRIDGE, {})
        rows = await engine.call(lambda dataplane: dataplane.counters()["node"].tolist())
        await engine.stop()
        await engine.stop()
        return list(map(str, actions)), rows

    actions, rows = asyncio.run(run())
    assert actions == ["+ bridge front (ageing 300 s, fdb_limit 100)"]
    assert "bridge front" in rows


def test_errors_inside_come_out_and_it_goes_on():
    async def run():
        engine = EngineThread(seed=0)
        with pytest.raises(UserError, match="no bridge network"):
            await engine.call(lambda dataplane: dataplane.fdb("nowhere"))
        assert await engine.call(lambda _dataplane: 5) == 5
        await engine.stop()

    asyncio.run(run())


def test_its_death_is_told_and_whoever_asks_hears_why(monkeypatch):
    run_loop = LiveDataplane.run

    def die(self):
        self.submit(lambda: None)
        self.stop()
        run_loop(self)
        raise RuntimeError("a bug")

    monkeypatch.setattr(LiveDataplane, "run", die)

    async def run():
        told = asyncio.Event()
        why = []
        engine = EngineThread(seed=0)
        engine.watch(lambda _port, _what: None, lambda reason: (why.append(reason), told.set()))
        await asyncio.wait_for(told.wait(), 30)
        assert engine.state == why[0] == "the engine's thread died: RuntimeError: a bug"
        with pytest.raises(UserError, match="no traffic flows: the engine's thread died"):
            await engine.call(lambda _dataplane: 1)
        await engine.stop()

    asyncio.run(run())
