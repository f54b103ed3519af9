"""Begin a daemon's core, be it for the first time or where another was stopped or killed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path

from dataplane.daemon.container.kept import Kept
from dataplane.daemon.core import Core
from dataplane.daemon.finding import Found
from dataplane.daemon.helpers import end_helper, helper_of, replaced
from dataplane.daemon.hostside import HostSide
from dataplane.live.engine import EngineThread
from dataplane.proc.helper import Helper
from dataplane.store import Store
from dataplane.underlay import Underlay


@asynccontextmanager
async def opened(
    name: str,
    folder: Path,
    store: Store,
    *,
    kept: Path,
    helper: Helper | None = None,
    finding: Future[Found] | None = None,
    host_rules: bool = True,
    underlay: Underlay | None = None,
) -> AsyncIterator[Core]:
    """A core that runs inside. ``folder``: for what lives as long as the machine runs, a folder called ``name``; ``kept``: the
    folder for what containers leave, beside the store; ``helper``: one that is there already, and ``finding`` what it has;
    ``host_rules`` False: tell what the host needs instead of setting it; ``underlay``: carries overlays.

    Afterwards no packets are carried; namespaces, interfaces, processes and rules stay. Where nothing runs the host is as it was,
    and the helper has ended. UserError: what is remembered cannot be made so."""
    if folder.name != name:
        raise ValueError(f"the folder of {name} is called {folder.name}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if helper is None:
        helper = await asyncio.to_thread(helper_of, folder)
    engine = EngineThread(secrets.randbits(63), again="end the daemon and start it again: containers go on")
    host = HostSide(name, folder, helper, change=host_rules, underlay=underlay)
    core = Core(folder, store, helper, engine, host, kept=Kept(kept, folder / "instances"), finding=finding)

    def another() -> Helper:
        other = replaced(folder, core.rooms.hosts())
        core.rooms.renew(other.namespaces())
        return other

    helper.replace = another
    try:
        await core.begin()
        yield core
    finally:
        await core.close()
        helper.replace = None
        helper.close()
        if core.idle:
            await asyncio.to_thread(end_helper, folder)  # it holds nothing
