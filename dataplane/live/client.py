"""A running lab, for programs: every method is one request to its control socket. Rows are those of ``rows``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dataplane.live.connection import Connection
from dataplane.live.gateway_rows import FlowsRow, NatsRow, NeighborRow, PublishedRow, RouteRow, RuleRow
from dataplane.live.rows import DropRow, EventRow, FdbRow, InstanceRow, LabRow, LogRow, StatsRow, StepRow
from dataplane.live.vtep_rows import VtepsRow
from dataplane.model import EMPTY


class Client:
    """A lab by its state folder. UserError when it does not answer, and for what it refuses."""

    def __init__(self, folder: Path) -> None:
        self.name, self.folder = folder.name, folder
        self.connection = Connection(folder)

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

    def stats(self, *, interval: float = 1.0) -> list[StatsRow]:
        """Every port, with rates over ``interval`` seconds, which it takes; 0: totals only, at once."""
        found: list[StatsRow] = self.connection.ask("GET", "stats", query={"interval": interval}, timeout=interval + 30.0)
        return found

    def watch_stats(self, *, interval: float = 1.0) -> Iterator[list[StatsRow]]:
        """Every port each ``interval`` seconds, for ever."""
        return self.connection.lines("GET", "stats", query={"interval": interval, "stream": 1})

    def drops(self) -> list[DropRow]:
        """Why frames were dropped, where, how many."""
        found: list[DropRow] = self.connection.ask("GET", "drops")
        return found

    def counters(self) -> list[dict[str, Any]]:
        """A row a node: in, out, cloned, originated, consumed, held, dropped."""
        found: list[dict[str, Any]] = self.connection.ask("GET", "counters")
        return found

    def graph(self, kind: str = "text") -> str:
        """The wiring drawn as text, mermaid or dot."""
        return self.connection.text("GET", "graph", query={"format": kind})

    def fdb(self, network: str) -> list[FdbRow]:
        """The stations that a network's bridge knows."""
        found: list[FdbRow] = self.connection.ask("GET", f"networks/{_quoted(network)}/fdb")
        return found

    def watch_fdb(self, network: str) -> Iterator[FdbRow]:
        """The stations, then what becomes of them (``event``), for ever."""
        return self.connection.lines("GET", f"networks/{_quoted(network)}/fdb", query={"watch": 1})

    def routes(self) -> list[RouteRow]:
        """The gateway's routes."""
        found: list[RouteRow] = self.connection.ask("GET", "routes")
        return found

    def neighbors(self) -> list[NeighborRow]:
        """The stations that the gateway knows or asks for."""
        found: list[NeighborRow] = self.connection.ask("GET", "neighbors")
        return found

    def flows(self, *, limit: int | None = None, **chosen: str | int | None) -> FlowsRow:
        """Connections that the gateway follows: protocol, source, target, source_port, target_port, state choose."""
        found: FlowsRow = self.connection.ask("GET", "flows", query={**chosen, "limit": limit})
        return found

    def forget_flows(self, **chosen: str | int | None) -> int:
        """Forget those that are chosen, all where nothing is; how many that were."""
        return int(self.connection.ask("DELETE", "flows", query=chosen)["deleted"])

    def nat(self, *, limit: int | None = None, **chosen: str | None) -> NatsRow:
        """Translations in use: kind, protocol, inside, outside choose."""
        found: NatsRow = self.connection.ask("GET", "nat", query={**chosen, "limit": limit})
        return found

    def rules(self, network: str | None = None) -> list[RuleRow]:
        """Rules in force, of one network or of all."""
        found: list[RuleRow] = self.connection.ask("GET", "rules", query={"network": network})
        return found

    def published(self) -> list[PublishedRow]:
        """Published ports."""
        found: list[PublishedRow] = self.connection.ask("GET", "published")
        return found

    def vteps(self, network: str | None = None, *, limit: int | None = None) -> VtepsRow:
        """Overlays, the VTEPs that they reach, what looks wrong; of one network also who is behind those, ``limit`` at most."""
        found: VtepsRow = self.connection.ask("GET", "vteps", query={"network": network, "limit": limit})
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


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
