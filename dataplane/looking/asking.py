"""Asking a lab or a daemon for its tables: every method is one request. Rows: ``rows``, ``gateway_rows``, ``vtep_rows``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import quote

from dataplane.looking.gateway_rows import FlowsRow, NatsRow, NeighborRow, PublishedRow, RouteRow, RuleRow
from dataplane.looking.rows import DropRow, FdbRow, StatsRow
from dataplane.looking.vtep_rows import VtepsRow


class Asking(Protocol):
    """Requests to one of them; paths are those of ``tables``. UserError when it does not answer, and for what it refuses."""

    def ask(self, verb: str, path: str, **more: Any) -> Any:
        """The JSON of the answer; ``query``, ``timeout`` (seconds)."""

    def text(self, verb: str, path: str, **more: Any) -> str:
        """The answer as text."""

    def lines(self, verb: str, path: str, **more: Any) -> Iterator[Any]:
        """Each line of an answer that goes on."""


class Tables:
    """Of whom ``asking`` asks."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def stats(self, *, interval: float = 1.0) -> list[StatsRow]:
        """Every port, with rates over ``interval`` seconds, which it takes; 0: totals only, at once."""
        found: list[StatsRow] = self._asking.ask("GET", "stats", query={"interval": interval}, timeout=interval + 30.0)
        return found

    def watch_stats(self, *, interval: float = 1.0) -> Iterator[list[StatsRow]]:
        """Every port each ``interval`` seconds, for ever."""
        return self._asking.lines("GET", "stats", query={"interval": interval, "stream": 1})

    def drops(self) -> list[DropRow]:
        """Why frames were dropped, where, how many."""
        found: list[DropRow] = self._asking.ask("GET", "drops")
        return found

    def counters(self) -> list[dict[str, Any]]:
        """A row a node: in, out, cloned, originated, consumed, held, dropped."""
        found: list[dict[str, Any]] = self._asking.ask("GET", "counters")
        return found

    def graph(self, kind: str = "text") -> str:
        """The wiring drawn as text, mermaid or dot."""
        return self._asking.text("GET", "graph", query={"format": kind})

    def fdb(self, network: str) -> list[FdbRow]:
        """The stations that a network's bridge knows."""
        found: list[FdbRow] = self._asking.ask("GET", f"networks/{_quoted(network)}/fdb")
        return found

    def watch_fdb(self, network: str) -> Iterator[FdbRow]:
        """The stations, then what becomes of them (``event``), for ever."""
        return self._asking.lines("GET", f"networks/{_quoted(network)}/fdb", query={"watch": 1})

    def routes(self) -> list[RouteRow]:
        """The gateway's routes."""
        found: list[RouteRow] = self._asking.ask("GET", "routes")
        return found

    def neighbors(self) -> list[NeighborRow]:
        """The stations that the gateway knows or asks for."""
        found: list[NeighborRow] = self._asking.ask("GET", "neighbors")
        return found

    def flows(self, *, limit: int | None = None, **chosen: str | int | None) -> FlowsRow:
        """Connections that the gateway follows: protocol, source, target, source_port, target_port, state choose."""
        found: FlowsRow = self._asking.ask("GET", "flows", query={**chosen, "limit": limit})
        return found

    def forget_flows(self, **chosen: str | int | None) -> int:
        """Forget those that are chosen, all where nothing is; how many that were."""
        return int(self._asking.ask("DELETE", "flows", query=chosen)["deleted"])

    def nat(self, *, limit: int | None = None, **chosen: str | None) -> NatsRow:
        """Translations in use: kind, protocol, inside, outside choose."""
        found: NatsRow = self._asking.ask("GET", "nat", query={**chosen, "limit": limit})
        return found

    def rules(self, network: str | None = None) -> list[RuleRow]:
        """Rules in force, of one network or of all."""
        found: list[RuleRow] = self._asking.ask("GET", "rules", query={"network": network})
        return found

    def published(self) -> list[PublishedRow]:
        """Published ports."""
        found: list[PublishedRow] = self._asking.ask("GET", "published")
        return found

    def vteps(self, network: str | None = None, *, limit: int | None = None) -> VtepsRow:
        """Overlays, the VTEPs that they reach, what looks wrong; of one network also who is behind those, ``limit`` at most."""
        found: VtepsRow = self._asking.ask("GET", "vteps", query={"network": network, "limit": limit})
        return found


def _quoted(name: str) -> str:
    return quote(name, safe="")
