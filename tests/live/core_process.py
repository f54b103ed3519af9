"""A core in a process of its own, to be killed: obeys lines on its standard input, answers each with a line.

    python core_process.py FOLDER NAME

A line is Python: a call of a function of ``cores``, with ``core`` for the core (``run(core, "web")``), or of ``networks``.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import isawaitable
from pathlib import Path


async def _main(folder: Path, name: str) -> None:
    import cores

    from dataplane.daemon.networks import Networks
    from dataplane.desired.wishes import EndpointWish
    from dataplane.model import PortBinding

    async with cores.core_in(folder, name, leave=True) as core:
        names = {**vars(cores), "core": core, "networks": Networks(core), "EndpointWish": EndpointWish, "PortBinding": PortBinding}
        print("ready", flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            try:
                found = eval(line.decode(), names)
                print(repr(await found if isawaitable(found) else found), flush=True)
            except Exception as error:
                print(f"! {type(error).__name__}: {error}".replace("\n", " "), flush=True)


class CoreProcess:
    """The test's side of one."""

    def __init__(self, folder: Path, name: str) -> None:
        words = [sys.executable, __file__, str(folder), name]
        log = (folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.folder = folder

    def wait(self) -> None:
        """Until it is up."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said == "ready\n", f"{said}{(self.folder / 'log').read_text()}"

    def send(self, line: str) -> None:
        """A line to obey; nobody waits."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line: str) -> str:
        """A line, and what it returned."""
        self.send(line)
        assert self.process.stdout is not None
        answer = self.process.stdout.readline().rstrip("\n")
        assert answer, (self.folder / "log").read_text()
        assert not answer.startswith("!"), answer
        return answer

    def kill(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """In order."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(20) == 0, (self.folder / "log").read_text()


@contextmanager
def core_process(folder: Path, name: str) -> Iterator[CoreProcess]:
    """One that is up inside."""
    process = CoreProcess(folder, name)
    try:
        process.wait()
        yield process
    finally:
        process.kill()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), sys.argv[2]))
