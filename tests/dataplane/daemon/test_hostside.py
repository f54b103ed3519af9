"""A daemon's part in its host after a change that failed: the host is watched, and told its rules, as before."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dataplane.daemon.hostside import HostSide
from dataplane.daemon.planner import Planner
from dataplane.errors import UserError
from dataplane.uplink import UPLINK, Uplink


class Watched:
    """A host side whose host does nothing, and counts."""

    def __init__(self, folder: Path) -> None:
        helper: Any = SimpleNamespace()
        self.side = HostSide("d", folder, helper)
        self.rules: Any = None
        self.told: list[Any] = []
        self.fails = False
        self.sockets: list[socket.socket] = []
        way: Any = self.side._host.ways[UPLINK]
        way.wanted, way.watch = lambda _plan: self.rules, self._watch
        way.uplink = Uplink(name="dp-d")
        host: Any = self.side._host
        host.settle = self._settle

    async def _settle(self, *_: object) -> None:
        self.told.append(self.rules)
        if self.fails:
            raise UserError("the host does not")

    def _watch(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        self.sockets.append(theirs)
        return ours

    @property
    def watching(self) -> bool:
        return UPLINK in self.side._watch._watching

    def close(self) -> None:
        self.side._watch.stop()
        for one in self.sockets:
            one.close()


def test_a_change_of_the_uplink_that_failed_leaves_the_host_watched(tmp_path):
    plan = Planner.nothing("d")

    async def work() -> None:
        one = Watched(tmp_path)
        await one.side.settle(plan)
        assert one.watching
        assert one.side.leaving(plan) == {UPLINK}
        assert not one.watching
        await one.side.settle(plan)  # nothing was dropped yet when it failed: taken back, it is all as it was
        assert one.watching
        one.close()

    asyncio.run(work())


def test_rules_that_failed_half_way_are_set_back(tmp_path):
    plan = Planner.nothing("d")

    async def work() -> None:
        one = Watched(tmp_path)
        one.rules = "old"
        await one.side.settle(plan)
        one.rules, one.fails = "new", True
        with pytest.raises(UserError, match="the host does not"):
            await one.side.settle(plan)
        one.rules, one.fails = "old", False
        await one.side.settle(plan)
        assert one.told == ["old", "new", "old"]
        one.close()

    asyncio.run(work())
