"""A running lab, for programs: every method is one request to its control socket. Rows are those of ``rows`` and ``looking``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dataplane.live.connection import Connection
from dataplane.live.rows import EventRow, InstanceRow, LabRow, LogRow, StepRow
from dataplane.looking.asking import Tables
from dataplane.model import EMPTY


class Client(Tables):
    """A lab by its state folder. UserError when it does not answer, and for what it refuses."""

    def __init__(self, folder: Path) -> None:
        self.name, self.folder = folder.name, folder
        self.connection = Connection(folder)
        super().__init__(self.connection)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing is held between requests."""

    def lab(self) -> LabRow:
        """The lab itself."""
        found: LabRow = self.connection.ask("GET", "lab")
        return found

    def ps(self) -> list[InstanceRow]:
        """Every instance, in the file's order."""
        found: list[InstanceRow] = self.connection.ask("GET", "instances")
        return found

    def logs(self, *services: str, follow: bool = False, tail: int | None = None, since: int | None = None) -> Iterator[LogRow]:
        """Lines of the services, or of all: the last ``tail`` of each, after ``since`` (ns since 1970); ``follow``: for ever."""
        query = {"service": services, "follow": int(follow), "tail": tail, "since": since}
        return self.connection.lines("GET", "logs", query=query)

    def events(self, *, follow: bool = False, since: int = 0) -> Iterator[EventRow]:
        """What happened after event number ``since``; ``follow``: for ever."""
        return self.connection.lines("GET", "events", query={"follow": int(follow), "since": since})

    def exec(
        self,
        service: str,
        command: Sequence[str],
        *,
        tty: bool = False,
        stdin: int | None = 0,
        stdout: int = 1,
        stderr: int = 2,
        env: Mapping[str, str] = EMPTY,
        working_dir: str | None = None,
        user: str | None = None,
    ) -> int:
        """Run a command in a service's namespaces on three descriptors of ours (``stdin`` None: none); its exit status.

        ``tty``: on a terminal there, ``stdin`` being one here, which is raw meanwhile. UserError with status 125 to 127 as Docker
        has them when it does not run.
        """
        from dataplane.live.exec_client import run

        body = {"command": list(command), "tty": tty, "stdin": stdin is not None, "env": dict(env)}
        return run(self.connection, service, {**body, "working_dir": working_dir, "user": user}, (stdin, stdout, stderr))

    def stop(self, *, grace: float | None = None) -> None:
        """Ask the lab to end; ``grace``: seconds for every service instead of its own. Asked again it hurries."""
        self.connection.ask("POST", "stop", query={"grace": grace})

    def stop_told(self) -> Iterator[StepRow]:
        """The same, and what the lab does then, until nothing is left to do. UserError when it does not answer."""
        for line in self.connection.lines("POST", "stop", query={"follow": 1}):
            yield line["step"]
