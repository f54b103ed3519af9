"""The API over a fake daemon on a thread of its own, for clients that block; `python -m` this with a path: as a program."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dataplane.api.gate import Gate
from dataplane.api.server import serve
from tests.dataplane.api.fake import Fake


@contextmanager
def served(path: Path, *, any_image: bool = False, gate: Gate | None = None) -> Iterator[Fake]:
    """It answers at ``path`` until the end of the context."""
    ready, stop = threading.Event(), asyncio.Event()
    found: list[tuple[Fake, asyncio.AbstractEventLoop]] = []

    async def run() -> None:
        fake = Fake(any_image=any_image)
        server = await serve(fake, path, gate=gate)
        found.append((fake, asyncio.get_running_loop()))
        ready.set()
        await stop.wait()
        await server.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    fake, loop = found[0]
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()


async def _main(path: Path) -> None:
    server = await serve(Fake(), path)
    try:
        await asyncio.Event().wait()
    finally:
        await server.close()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
