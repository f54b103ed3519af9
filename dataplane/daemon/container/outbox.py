"""What waits to be written to a process: in order, without waiting for it, and with a way to wait for room."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Outbox:
    """``number``: the non-blocking descriptor, which stays the caller's; ``send`` writes to it and tells how much of a piece it
    took; ``end`` is called when all is written that came before the end, again where it raises BlockingIOError."""

    def __init__(self, number: int, send: Callable[[bytes], int], end: Callable[[], None]) -> None:
        self._number, self._send, self._end = number, send, end
        self._pieces: deque[bytes] = deque()
        self._ending = self._done = self._watching = False
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, data: bytes) -> None:
        """Write that, now or later; empty: the end, behind which nothing comes."""
        if self._ending or self._done:
            return
        if data:
            self._pieces.append(data)
        else:
            self._ending = True
        if not self._watching:
            self._write()

    @property
    def waits(self) -> bool:
        """Something is to be written yet."""
        return not self._empty.is_set()

    async def room(self) -> None:
        """Until all is written that was put."""
        await self._empty.wait()

    def close(self) -> None:
        """Forget what waits."""
        self._done = True
        self._pieces.clear()
        self._watch(False)
        self._empty.set()

    def _write(self) -> None:
        try:
            while self._pieces:
                piece = self._pieces[0]
                taken = self._send(piece)
                if taken < len(piece):
                    self._pieces[0] = piece[taken:]
                else:
                    self._pieces.popleft()
            if self._ending:
                self._end()
                self._done = True
        except BlockingIOError:
            self._empty.clear()
            self._watch(True)
            return
        except OSError:  # nobody reads any more
            self.close()
            return
        self._watch(False)
        self._empty.set()

    def _watch(self, wanted: bool) -> None:
        if wanted == self._watching:
            return
        self._watching = wanted
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_writer(self._number, self._write)
        else:
            loop.remove_writer(self._number)
