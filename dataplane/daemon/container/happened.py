"""What has happened to a container is written down, however often that takes."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from dataplane.daemon.ended import EndedError
from dataplane.desired.records import State

if TYPE_CHECKING:
    from dataplane.daemon.core import Core

ATTEMPTS = 5


async def happened(core: Core, id: str, change: Callable[[State], State]) -> None:
    """Change the state so, if the container is still known. Raises what the last attempt raised."""
    for attempt in range(ATTEMPTS):
        try:
            async with core.lock:
                if id in core.state.containers:
                    with core.store.owing():  # a full disk brings nobody back to life
                        await core.change_to(change(core.state))
            return
        except EndedError:
            raise
        except Exception:
            if attempt == ATTEMPTS - 1:
                raise
            traceback.print_exc()
            await asyncio.sleep(0.2 * 2**attempt)
