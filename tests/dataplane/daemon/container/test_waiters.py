"""Who waits for a container's end, or for its removal."""

import asyncio

from dataplane.daemon.container.waiters import Waiters


def test_each_end_is_told_once_and_a_removal_to_all():
    async def work() -> None:
        waiters = Waiters()
        first, removed = waiters.exit(), waiters.removal()
        gone = waiters.exit()
        gone.cancel()  # a client that has left
        waiters.ended(3)
        assert (first.result(), removed.done()) == (3, False)
        second = waiters.exit()
        waiters.removed(4)
        assert (first.result(), second.result(), removed.result()) == (3, 4, 4)

    asyncio.run(work())
