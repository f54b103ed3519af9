"""An uplink whose making fails: what is on the host by then is known to the next attempt, and what is others' is left alone."""

from __future__ import annotations

import asyncio
import os
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dataplane.daemon.planner import Planner
from dataplane.errors import UserError
from dataplane.hostnet import record
from dataplane.hostnet.facts import Facts
from dataplane.live import wayout
from dataplane.live.wayout import WayOut
from dataplane.model import Plan
from dataplane.proc.spec import NamespaceRef
from dataplane.uplink import UPLINK, Uplink

UP = Uplink(name="dp-t", ipv4=IPv4Interface("10.9.0.2/30"), gateway4=IPv4Address("10.9.0.1"))


def plan() -> Plan:
    made: Plan = Planner.nothing("t")
    object.__setattr__(made, "uplinks", {UPLINK: UP})
    return made


def way(folder: Path) -> Any:
    helper: Any = SimpleNamespace()

    async def on_a_loop() -> WayOut:
        return WayOut(UPLINK, folder, helper, change=True, stays=True)

    made: Any = asyncio.run(on_a_loop())
    made._site = SimpleNamespace(
        inode=1, namespace=NamespaceRef("", "/proc/self/ns/net", inode=1, owned=False), path="/proc/self/ns/net"
    )
    made.facts = Facts(addresses={"dp-t": (UP.gateway4,)}, routes=())
    return made


def opened(*_: object, **__: object) -> int:
    return os.open("/dev/null", os.O_RDONLY)


def fails(*_: object, **__: object) -> int:
    raise UserError("the helper has died")


def nothing(*_: object, **__: object) -> None:
    return None


def test_what_was_left_is_taken_up_by_the_next_attempt(tmp_path, monkeypatch):
    record.write(tmp_path, record.Record(inode=1, tap="dp-t", stays=True))
    one, asked = way(tmp_path), plan()
    monkeypatch.setattr(wayout, "take_up", fails)
    with pytest.raises(UserError, match="has died"):
        one.make(asked, nothing, nothing)
    assert one.tap == "dp-t", "it is still ours"
    monkeypatch.setattr(wayout, "take_up", opened)
    os.close(one.make(asked, nothing, nothing))


def test_so_is_one_whose_routes_could_not_be_set(tmp_path, monkeypatch):
    record.write(tmp_path, record.Record(inode=1, tap="dp-t", stays=True))
    one, asked = way(tmp_path), plan()
    monkeypatch.setattr(wayout, "take_up", opened)
    monkeypatch.setattr(one, "set_routes", fails)
    with pytest.raises(UserError, match="has died"):
        one.make(asked, nothing, nothing)
    assert one.tap == "dp-t"
    monkeypatch.setattr(one, "set_routes", nothing)
    os.close(one.make(asked, nothing, nothing))


def test_one_half_made_is_ours(tmp_path, monkeypatch):
    one, asked = way(tmp_path), plan()
    one.facts = Facts(addresses={}, routes=())
    monkeypatch.setattr(wayout, "make_tap", fails)
    with pytest.raises(UserError, match="has died"):
        one.make(asked, nothing, nothing)
    assert one.tap == "dp-t"


def test_an_interface_of_others_is_not_written_down_as_ours(tmp_path):
    one = way(tmp_path)
    with pytest.raises(UserError, match="has an interface dp-t already"):
        one.make(plan(), nothing, nothing)
    assert record.read(tmp_path) is None, "or it would be deleted with what is ours"
    assert one.tap == ""
