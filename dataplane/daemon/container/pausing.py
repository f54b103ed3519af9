"""Pause and unpause of one container: frozen, and said to be. Under its lock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from dataplane.daemon.container import freezer
from dataplane.daemon.container.happened import happened
from dataplane.desired import fates
from dataplane.desired.records import ALIVE, PAUSED, State
from dataplane.desired.refused import Refused

if TYPE_CHECKING:
    from dataplane.daemon.container.life import Life


async def pause(life: Life) -> None:
    """Stop all its processes. Refused 409: it has ended just now."""
    process = life.process
    if process is not None:
        await asyncio.to_thread(freezer.pause, life.place, process.pid)
        await _say(life, PAUSED)
    if process is None or life.process is not process:
        await asyncio.to_thread(freezer.forget, life.place)
        raise Refused(409, f"container {life.id} is not running")
    life.tell("pause")


async def unpause(life: Life) -> None:
    """Let them go on."""
    process = life.process
    await _say(life, "running")
    life.tell("unpause")  # before it goes on: it may have been waiting for its end
    if process is not None:
        await asyncio.to_thread(freezer.unpause, life.place, process.pid)


async def _say(life: Life, word: str) -> None:
    def said(state: State) -> State:
        fate = state.containers[life.id].fate
        return fates.with_fate(state, life.id, replace(fate, state=word)) if fate.state in ALIVE else state

    await happened(life.core, life.id, said)
