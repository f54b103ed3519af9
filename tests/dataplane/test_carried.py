"""Work that is finished once begun."""

import asyncio
from collections.abc import Awaitable

import pytest

from dataplane.carried import Carried


async def failing() -> None:
    await asyncio.sleep(0)
    raise LookupError("no such thing")


async def given_up(asked: Awaitable[object]) -> None:
    """Somebody asks, and goes while it is on its way."""
    asking = asyncio.ensure_future(asked)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()


def test_who_waits_gets_what_it_comes_to():
    assert asyncio.run(Carried().through(asyncio.sleep(0, "done"))) == "done"


def test_who_waits_gets_the_error():
    with pytest.raises(LookupError):
        asyncio.run(Carried().through(failing()))


def test_it_goes_on_where_who_asked_has_gone():
    async def story() -> None:
        may, done = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            await may.wait()
            done.set()

        await given_up(Carried().through(work()))
        assert not done.is_set()
        may.set()
        await asyncio.wait_for(done.wait(), 60)

    asyncio.run(story())


def test_an_error_that_nobody_waits_for_is_not_told(caplog):
    async def story() -> None:
        await given_up(Carried().through(failing()))
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)

    asyncio.run(story())
    assert not caplog.records
