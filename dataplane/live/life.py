"""The life of a lab, as one coroutine: up, serve until a reason to end, down."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import traceback
from collections.abc import Callable
from pathlib import Path

from dataplane.errors import UserError
from dataplane.exchange import from_json
from dataplane.live.ending import Ending
from dataplane.live.engine import EngineThread
from dataplane.live.explained import explained
from dataplane.live.host import Host
from dataplane.live.lab import Lab
from dataplane.live.logs import logs
from dataplane.live.rows import StepRow
from dataplane.live.server import serve
from dataplane.live.supervisor import FINAL
from dataplane.live.tether import Message, Tether
from dataplane.model import Topology
from dataplane.proc import message
from dataplane.proc.helper import Helper
from dataplane.proc.server import privileged

PATIENCE = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(lab: str, folder: Path, helper: Helper, connection: socket.socket, wanted: Message) -> int:
    """Live as ``up`` wants it; the exit status."""
    return asyncio.run(_live(lab, folder, helper, connection, wanted))


async def _live(name: str, folder: Path, helper: Helper, connection: socket.socket, wanted: Message) -> int:
    tether = await Tether.of(connection)
    seed = wanted["seed"] if wanted["seed"] is not None else secrets.randbits(63)
    ending = Ending()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, ending.ask, f"signal {number.name}")
    host = Host(name, folder, helper, change=wanted["host_rules"], way_out=privileged())
    lab = Lab(name, folder, helper, EngineThread(seed, poll=wanted["poll"]), host)

    def died(why: str) -> None:
        lab.tell("engine", name, why)
        if not wanted["detach"]:
            tether.tell(failed=message.failure(UserError(why, mend="up again; this is a bug, please report it", status=1)))
            ending.ask(why, status=1)

    lab.engine.watch(lambda port, what: lab.tell(what, port), died)

    def tell(row: StepRow) -> None:
        if wanted["verbose"] or row["kind"] != "step":
            tether.tell(step=row)

    server = await serve(lab, folder, ending)
    tasks = [asyncio.create_task(_obey(tether, ending, detached=wanted["detach"]))]
    showing: asyncio.Task[None] | None = None
    try:
        await lab.change_to(from_json(Topology, wanted["topology"]), tell)
        if not wanted["detach"]:
            showing = asyncio.create_task(_show_logs(lab, tether))
            tasks += [showing, asyncio.create_task(_end_with_services(lab, ending))]
        tasks.append(asyncio.create_task(_report(lab, tether, ending, wanted["detach"])))
        await ending.wait()
        lab.tell("stop", name, ending.reason or "")
    except Exception as error:
        if not isinstance(error, UserError):
            traceback.print_exc()
        await tether.say(error=message.failure(explained(error)))
        ending.ask("failed", status=1)
    finally:
        await _stop(lab, ending, tell)
        await server.close()
        if showing is not None:
            await asyncio.wait({showing}, timeout=PATIENCE)  # the last lines
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await tether.close()
    return ending.status


async def _stop(lab: Lab, ending: Ending, tell: Callable[[StepRow], None]) -> None:
    """Stop with grace; without, once somebody asks again."""

    def tell_all(row: StepRow) -> None:
        tell(row)
        ending.tell(row)

    stopping = asyncio.create_task(lab.stop(tell_all, ending.grace))
    hurry = asyncio.create_task(ending.hurry.wait())
    await asyncio.wait({stopping, hurry}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        for one in lab.supervisors.values():
            if one.process is not None:
                await asyncio.to_thread(one.process.kill)
    hurry.cancel()
    try:
        await stopping
    finally:
        ending.tell(None)


async def _obey(tether: Tether, ending: Ending, *, detached: bool) -> None:
    """What ``up`` says: stop. A foreground ``up`` that is gone says so too."""
    while (said := await tether.hear()) is not None:
        ending.ask("up was interrupted", grace=said.get("stop"))
    if not detached:
        ending.ask("up is gone")


async def _report(lab: Lab, tether: Tether, ending: Ending, detach: bool) -> None:
    """Tell ``up`` once every service has been started, or why one was not; which ends a foreground lab."""
    while True:
        news = lab.news()
        error = lab.failure()
        if error is not None:
            await tether.say(failed=message.failure(error))
            if not detach:
                ending.ask(error.what, status=1)
            return
        if all(one.settled for one in lab.supervisors.values()):
            await tether.say(ready=True)
            return
        await news.wait()


async def _show_logs(lab: Lab, tether: Tether) -> None:
    async for row in logs(lab.folder, lambda: lab.supervisors, follow=True, ended=lambda: lab.stopped):
        await tether.say(log=row)


async def _end_with_services(lab: Lab, ending: Ending) -> None:
    """A foreground lab ends when nothing in it runs any more."""
    while True:
        news = lab.news()
        if all(one.state in FINAL for one in lab.supervisors.values()):
            ending.ask("every service has ended")
            return
        await news.wait()
