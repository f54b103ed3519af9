"""A container's healthcheck: run again and again in its namespaces, the last five results kept as `inspect` shows them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from dataplane.errors import UserError
from dataplane.live.health import SECOND, Health, argv
from dataplane.model import Healthcheck
from dataplane.proc.instance import Instance

KEPT = 5
OUTPUT = 4096
NOBODY = -1
"""The exit status of a check that took too long."""


class Checks:
    """Of one run of a container. ``tell`` is called with ``health_status: …`` and the events of the command itself."""

    def __init__(self, check: Healthcheck, process: Instance, tell: Callable[..., None], paused: Callable[[], bool]) -> None:
        self._health = Health(check)
        self._process, self._tell, self._paused = process, tell, paused
        self._results: deque[Mapping[str, object]] = deque(maxlen=KEPT)
        self._task = asyncio.create_task(self._run(), name=f"health of {process.name}")

    def state(self) -> tuple[str, int, Sequence[Mapping[str, object]]]:
        """starting, healthy or unhealthy; failures in a row; the results."""
        return self._health.state, self._health.failures, tuple(self._results)

    def stop(self) -> None:
        """No more of them."""
        self._task.cancel()

    async def _run(self) -> None:
        begun = time.monotonic()
        check = self._health.check
        while True:
            await asyncio.sleep(self._health.wait(time.monotonic() - begun))
            if self._paused():
                continue
            age, start = time.monotonic() - begun, _now()
            number, words = secrets.token_hex(32), argv(check.test)
            for what in ("create", "start"):
                self._tell(f"exec_{what}: {' '.join(words)}", execID=number)
            code, output = await asyncio.to_thread(self._once, words, check.timeout_ns / SECOND)
            self._tell("exec_die", execID=number, exitCode=str(code))
            self._results.append({"Start": start, "End": _now(), "ExitCode": code, "Output": output})
            if self._health.take(code == 0, age, output):
                self._tell(f"health_status: {self._health.state}")

    def _once(self, command: tuple[str, ...], timeout: float) -> tuple[int, str]:
        try:
            code, output = self._process.run(command, timeout=timeout, limit=OUTPUT)
        except UserError as error:
            return error.status, error.what
        if code is None:
            return NOBODY, f"Health check exceeded timeout ({timeout:g}s)"
        return code, output.decode("utf-8", "replace")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def wanted(check: Healthcheck | None) -> bool:
    """There is something to run."""
    return check is not None and bool(argv(check.test))
