"""When a container starts again by itself."""

import asyncio
from dataclasses import replace

from dataplane.daemon.container.restarts import Restarts
from dataplane.desired.records import ContainerRecord
from dataplane.model import Restart

TWICE = Restart(policy="on-failure", max_retries=2)
RECORD = ContainerRecord(id="1" * 64, name="web", created=0, restart=TWICE)


async def nothing() -> None:
    """Nobody starts here."""


def test_a_count_goes_on_from_another_daemons_and_a_user_begins_it_anew():
    restarts = Restarts("web", nothing)
    counted = replace(RECORD, fate=replace(RECORD.fate, restarts=1))
    assert restarts.delay(counted, 1, 0.0) is not None
    assert restarts.delay(counted, 1, 0.0) is None
    restarts.renew(TWICE)
    assert [restarts.delay(counted, 1, 0.0) is None for _ in range(3)] == [False, False, True]


def test_it_starts_when_its_time_has_come_unless_that_is_cancelled():
    started = []

    async def start() -> None:
        restarts.begun()
        restarts.cancel()  # too late: this is the task itself
        await asyncio.sleep(0)
        started.append(True)

    restarts = Restarts("web", start)

    async def work() -> None:
        restarts.soon(0.0)
        restarts.cancel()
        await asyncio.sleep(0.05)
        assert not started
        restarts.soon(0.0)
        async with asyncio.timeout(30):
            while not started:
                await asyncio.sleep(0.01)

    asyncio.run(work())
