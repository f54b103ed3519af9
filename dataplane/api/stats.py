"""GET /containers/{name}/stats and top."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Mapping

from aiohttp import web

from dataplane.api.call import Call, answer
from dataplane.api.sending import open_stream, say
from dataplane.api.times import rfc3339
from dataplane.daemon.face import Usage
from dataplane.desired.records import ContainerRecord
from dataplane.desired.refused import Refused

PERIOD = 1.0
PS_ARGUMENTS = re.compile(r"[A-Za-z0-9 ,:=_%+-]{0,128}")
PS_PATIENCE = 10.0
_PIDS = re.compile(r"(?<![A-Za-z])p?pid=")


async def stats(call: Call) -> web.StreamResponse:
    """Once a second, or with ``stream=0`` once: two looks a second apart, one with ``one-shot=1``."""
    container = call.daemon.containers.find(call.name)
    if not call.flag("stream", True):
        before = await _look(call, container)
        if container.alive and not (call.flag("one-shot") and call.version >= (1, 41)):
            await asyncio.sleep(PERIOD)
            return answer(_object(container, before, await _look(call, container)))
        return answer(_object(container, None, before))
    response = await open_stream(call, "application/json")
    last: _Look | None = None
    while container.id in call.daemon.state.containers:
        look = await _look(call, container)
        await say(response, _object(container, last, look))
        last = look
        await asyncio.sleep(PERIOD)
    await response.write_eof()
    return response


class _Look:
    """What was seen when. ``busy``: ns that this host's processors have been up for."""

    def __init__(self, usage: Usage | None) -> None:
        self.usage = usage
        self.time = time.time_ns()
        self.busy = time.clock_gettime_ns(time.CLOCK_BOOTTIME) * (os.cpu_count() or 1)


async def _look(call: Call, container: ContainerRecord) -> _Look:
    now = call.daemon.state.containers.get(container.id)
    if now is None or not now.alive:
        return _Look(None)
    try:
        return _Look(await call.daemon.containers.usage(container.id))
    except Refused:
        return _Look(None)  # it has ended meanwhile


def _object(container: ContainerRecord, before: _Look | None, now: _Look) -> dict[str, object]:
    usage = now.usage
    body: dict[str, object] = {
        "read": rfc3339(now.time), "preread": rfc3339(before.time if before else 0),
        "pids_stats": {"current": usage.pids, "limit": 2**22} if usage else {},
        "blkio_stats": dict.fromkeys(_BLKIO), "num_procs": 0, "storage_stats": {},
        "cpu_stats": _cpu(now), "precpu_stats": _cpu(before),
        "memory_stats": {"usage": usage.memory, "stats": {}, "limit": _memory()} if usage else {},
        "name": f"/{container.name}", "id": container.id,
    }  # fmt: skip
    if usage and usage.networks:
        body["networks"] = {
            name: {**dict.fromkeys(_COUNTERS, 0), **_counted(counters)} for name, counters in usage.networks.items()
        }
    return body


_BLKIO = (
    "io_service_bytes_recursive", "io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive",
    "io_wait_time_recursive", "io_merged_recursive", "io_time_recursive", "sectors_recursive",
)  # fmt: skip
_COUNTERS = ("rx_bytes", "rx_packets", "rx_errors", "rx_dropped", "tx_bytes", "tx_packets", "tx_errors", "tx_dropped")


def _counted(counters: Mapping[str, int]) -> dict[str, int]:
    return {name: value for name, value in counters.items() if name in _COUNTERS}


def _cpu(look: _Look | None) -> dict[str, object]:
    usage = look.usage if look is not None else None
    used: dict[str, object] = {
        "cpu_usage": {"total_usage": usage.cpu if usage else 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
        "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
    }
    return used | {"system_cpu_usage": look.busy, "online_cpus": os.cpu_count() or 1} if look is not None and usage else used


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


async def top(call: Call) -> web.StreamResponse:
    """GET …/top: `ps` of this host, and of it the container's processes."""
    words = call.text("ps_args") or "-ef"
    if not PS_ARGUMENTS.fullmatch(words) or _PIDS.search(words):
        raise Refused(400, f'the ps_args "{words[:64]}" are not allowed here')
    pids = {str(pid) for pid in await call.daemon.containers.top(call.name)}
    # A preloaded library (a sanitiser's) is for this process.
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec("ps", *words.split(), stdin=nothing, stdout=pipe, stderr=pipe, env=env)
    try:
        said, wrong = await asyncio.wait_for(process.communicate(), PS_PATIENCE)
    except TimeoutError:
        raise Refused(500, f"error running ps: no answer within {PS_PATIENCE:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise Refused(500, f"error running ps: {wrong.decode('utf-8', 'replace')[:256].strip()}")
    lines = said.decode("utf-8", "replace").splitlines()
    titles = lines[0].split() if lines else []
    if "PID" not in titles:
        raise Refused(500, "Couldn't find PID field in ps output")
    at = titles.index("PID")
    rows = [line.split(None, len(titles) - 1) for line in lines[1:]]
    return answer({"Titles": titles, "Processes": [row for row in rows if len(row) > at and row[at] in pids]})
