"""What waits to be written: in order, all of it, the end after it, and room only when it is gone."""

from __future__ import annotations

import asyncio
import os

from dataplane.daemon.container.outbox import Outbox


def test_all_is_written_in_order_while_the_reader_is_slow() -> None:
    async def work() -> None:
        there, here = os.pipe()
        os.set_blocking(here, False)
        ended: list[bool] = []
        box = Outbox(here, lambda piece: os.write(here, piece), lambda: ended.append(True))
        sent = os.urandom(500_000)
        for at in range(0, len(sent), 70_000):
            box.put(sent[at : at + 70_000])
        box.put(b"")
        box.put(b"after its end")
        assert box.waits
        assert not ended
        seen = b""
        room = asyncio.create_task(box.room())
        while len(seen) < len(sent):
            assert not room.done() or len(seen) > len(sent) - 70_000
            seen += await asyncio.to_thread(os.read, there, 50_000)
            await asyncio.sleep(0)
        await room
        assert seen == sent
        assert ended == [True]
        box.close()
        os.close(there)
        os.close(here)

    asyncio.run(work())


def test_a_reader_that_is_gone_is_an_end() -> None:
    async def work() -> None:
        there, here = os.pipe()
        os.set_blocking(here, False)
        os.close(there)
        ended: list[bool] = []
        box = Outbox(here, lambda piece: os.write(here, piece), lambda: ended.append(True))
        box.put(b"x")
        await box.room()
        box.put(b"y")
        assert not box.waits
        assert not ended
        box.close()
        os.close(here)

    asyncio.run(work())


def test_an_end_that_cannot_be_told_yet_is_told_later() -> None:
    async def work() -> None:
        there, here = os.pipe()
        os.set_blocking(here, False)
        tries = iter([True, True, False])
        done: list[bool] = []

        def end() -> None:
            if next(tries):
                raise BlockingIOError
            done.append(True)

        box = Outbox(here, lambda piece: os.write(here, piece), end)
        box.put(b"")
        assert box.waits
        async with asyncio.timeout(5):
            await box.room()
        assert done == [True]
        os.close(there)
        os.close(here)

    asyncio.run(work())
