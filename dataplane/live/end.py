"""``down``: end a lab and see that nothing is left of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from dataplane.errors import UserError
from dataplane.live.client import Client
from dataplane.live.lookup import info
from dataplane.live.rows import AS_BEFORE, StepRow
from dataplane.proc import pids, registry
from dataplane.proc.clean import clean

MARGIN = 15.0
LONGEST = 3600.0


def down(lab: str, *, on_step: Callable[[StepRow], None]) -> bool:
    """See ``live.down``."""

    def tell(what: str) -> None:
        on_step({"kind": "step", "what": what, "by_hand": ""})

    def restored(command: str) -> None:
        on_step({"kind": "step", "what": AS_BEFORE, "by_hand": command})

    known = info(lab)
    if known is None:
        return clean(lab, kill=lambda _holder: False)
    holder = registry.holder(known.folder)
    if holder is not None:
        pidfd = pids.open_pidfd(*holder)
        try:
            tell(f"end lab {lab}")
            for row in Client(known.folder).stop_told():
                on_step(row)
        except UserError:
            tell(f"lab {lab} does not answer: kill it")
            pids.kill(*holder)
        if pidfd is not None:
            _wait(pidfd, holder)
    else:
        tell(f"lab {lab} died: remove what is left of it")
    # Whoever holds a lab of that name now began after we were asked: its lab stays.
    clean(lab, kill=lambda other: other == holder, tell=restored)
    tell(f"removed lab {lab}")
    return True


def _wait(pidfd: int, holder: tuple[int, int]) -> None:
    """Until the lab process has ended; it waits for its services, each by its own grace."""
    deadline = time.monotonic() + LONGEST
    try:
        while not pids.ended(pidfd, 1.0):
            if time.monotonic() > deadline:
                pids.kill(*holder)
    finally:
        os.close(pidfd)
