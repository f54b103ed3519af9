"""What the API asks of a daemon. Every method runs on the event loop; each raises ``Refused`` in Docker's words.

``reference`` is what a user wrote: a whole id, an unambiguous beginning of one, or a name. Whole names win over beginnings of ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dataplane.desired.records import ContainerRecord, NetworkRecord, State
from dataplane.desired.wishes import ContainerWish, EndpointWish, NetworkWish
from dataplane.looking.inside import Inside
from dataplane.model import EMPTY


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: Docker's type (container, network, daemon) and action, whom it is about, and what is said of it."""

    type: str
    action: str
    id: str
    attributes: Mapping[str, str]
    time: int  # ns since 1970


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a container wrote: ``stream`` is stdout or stderr; ``text`` ends with its newline where it had one."""

    time: int
    stream: str
    text: bytes


async def no_wait() -> None:
    """There is room."""


@dataclass(slots=True)
class Streams:
    """A process's streams for a client to hold: chunks of (1 stdout | 2 stderr, octets; a terminal's all as 1) until its end; and
    where the client's input goes (b"" ends it, None: there is no input). ``room``: wait for it after each ``feed``, and a client
    that sends faster than the process reads waits too. Who holds them calls ``close`` at the end, whatever it was."""

    output: AsyncIterator[tuple[int, bytes]]
    feed: Callable[[bytes], None] | None
    tty: bool
    close: Callable[[], None]
    room: Callable[[], Awaitable[None]] = no_wait


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecWish:
    """`exec create`."""

    command: tuple[str, ...]
    tty: bool = False
    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    environment: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    working_dir: str | None = None
    user: str | None = None
    detach_keys: str = ""


@dataclass(frozen=True, slots=True)
class ExecState:
    """An exec as it is now. ``exit`` None: it runs, or was not started."""

    id: str
    container: str
    wish: ExecWish
    running: bool
    exit: int | None
    pid: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a container uses, for `stats`: ns of CPU, octets of memory (PSS), processes, and per interface the engine's counters:
    rx_bytes, rx_packets, rx_dropped, tx_bytes, tx_packets, tx_dropped."""

    cpu: int
    memory: int
    pids: int
    networks: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question to a container's name server. ``time``: ns since 1970. ``transport``: udp or tcp. ``rcode`` as dig writes it.
    ``answers``: records in our answer, -1 where a server outside gave it. ``why``: where it is from, or why there is none."""

    time: int
    name: str
    type: str
    transport: str
    rcode: str
    answers: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """Paths on the host of what a container has in /etc, and of its log; "" where there is none, as before its first start."""

    resolv: str = ""
    hosts: str = ""
    hostname: str = ""
    log: str = ""


class Networks(Protocol):
    """`docker network`."""

    async def create(self, wish: NetworkWish) -> tuple[str, str]:
        """The id, and a warning or ""."""

    async def remove(self, reference: str) -> None:
        """One with endpoints stays (403), and so does a predefined one (403)."""

    async def connect(self, network: str, container: str, wish: EndpointWish) -> None:
        """Hot where the container is alive; else from its next start on."""

    async def disconnect(self, network: str, container: str, *, force: bool = False) -> None:
        """``force``: also where the container is unknown by now."""

    async def prune(self, chosen: Callable[[NetworkRecord], bool]) -> list[str]:
        """Remove every network without endpoints that is ``chosen`` and not predefined; their names."""

    def find(self, reference: str) -> NetworkRecord:
        """The network that is meant."""


class Containers(Protocol):
    """`docker container`."""

    async def create(self, wish: ContainerWish) -> tuple[str, list[str]]:
        """The id, and warnings."""

    async def start(self, reference: str) -> bool:
        """False: it runs already."""

    async def stop(self, reference: str, *, grace: float | None = None, signal: str = "") -> bool:
        """False: it did not run."""

    async def restart(self, reference: str, *, grace: float | None = None, signal: str = "") -> None:
        """Stop it, if it runs, and start it."""

    async def kill(self, reference: str, signal: str = "SIGKILL") -> None:
        """Send a signal to its process."""

    async def pause(self, reference: str) -> None:
        """Freeze all that runs in it."""

    async def unpause(self, reference: str) -> None:
        """Let it go on."""

    async def rename(self, reference: str, name: str) -> None:
        """Names that others ask for follow at once."""

    async def remove(self, reference: str, *, force: bool = False) -> None:
        """``force``: one that runs is killed first."""

    async def prune(self, chosen: Callable[[ContainerRecord], bool]) -> list[str]:
        """Remove every container that does not run and is ``chosen``; their ids."""

    async def wait(self, reference: str, condition: str = "not-running") -> int:
        """The exit status, once it is not running, has made its next exit, or is removed (Docker's three conditions)."""

    async def attach(self, reference: str, *, stdin: bool, logs: bool) -> Streams:
        """``logs``: what it wrote before comes first."""

    async def resize(self, reference: str, rows: int, columns: int) -> None:
        """Set the size of its terminal."""

    def logs(self, reference: str, *, since: int, until: int, tail: int | None, follow: bool) -> AsyncIterator[LogLine]:
        """Lines from ``since`` until ``until`` (ns, 0: no bound), the last ``tail`` of them; with ``follow`` until it ends."""

    async def usage(self, reference: str) -> Usage:
        """What it uses now."""

    async def top(self, reference: str) -> Sequence[int]:
        """Pids (the host's) of its processes."""

    def find(self, reference: str) -> ContainerRecord:
        """The container that is meant."""

    def pid(self, reference: str) -> int:
        """The host's pid of its init, 0 where it does not run."""

    def health(self, reference: str) -> tuple[str, int, Sequence[Mapping[str, object]]]:
        """starting, healthy, unhealthy or none; failures in a row; the last five results (Docker's Log objects)."""


class Execs(Protocol):
    """`docker exec`."""

    async def create(self, container: str, wish: ExecWish) -> str:
        """The id of an exec that is not started yet."""

    async def start(self, exec_id: str, *, detach: bool, tty: bool, size: tuple[int, int] | None = None) -> Streams | None:
        """None where it is detached."""

    async def resize(self, exec_id: str, rows: int, columns: int) -> None:
        """Set the size of its terminal."""

    def inspect(self, exec_id: str) -> ExecState:
        """How it fares."""

    def of(self, container: str) -> list[str]:
        """The ids of those that run in the container of that id."""


class Events(Protocol):
    """`docker events`."""

    def past(self, since: int, until: int) -> list[Event]:
        """Those still remembered (the last 256)."""

    def follow(self) -> asyncio.Queue[Event]:
        """Those to come, until ``leave``."""

    def leave(self, queue: asyncio.Queue[Event]) -> None:
        """No more of them."""


class Daemon(Protocol):
    """All of it. ``state`` is replaced whole at each change: who holds an old one holds a consistent one."""

    any_image: bool

    @property
    def state(self) -> State:
        """What is wanted now."""

    @property
    def name(self) -> str:
        """What the daemon is called."""

    @property
    def networks(self) -> Networks:
        """`docker network`."""

    @property
    def containers(self) -> Containers:
        """`docker container`."""

    @property
    def execs(self) -> Execs:
        """`docker exec`."""

    @property
    def events(self) -> Events:
        """`docker events`."""

    def lookups(self, container: str) -> Sequence[Lookup]:
        """What a container (its whole id) has asked its name server, oldest first: the last 256 questions of those that run."""

    @property
    def inside(self) -> Inside:
        """Its engine's tables."""

    def sandbox(self, container: str) -> str:
        """The path of the namespace that the container is in, "" where it has none."""

    def papers(self, container: str) -> Papers:
        """Where a container (its whole id) has its files on the host."""
