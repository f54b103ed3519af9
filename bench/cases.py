"""The cases by name, and how they are run."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from bench.table import Table


def _bridge() -> Iterator[Table]:
    from bench import bridge

    yield bridge.by_stations()
    yield bridge.by_size()
    yield bridge.by_burst()


def _latency() -> Iterator[Table]:
    from bench import latency

    yield latency.table()


def _flood() -> Iterator[Table]:
    from bench import flood

    yield flood.table()


def _fdb() -> Iterator[Table]:
    from bench import fdb

    yield fdb.table()


def _replay() -> Iterator[Table]:
    from bench import replay

    yield replay.table()


def _peer() -> Iterator[Table]:
    from bench import peer

    yield peer.table()


def _nat() -> Iterator[Table]:
    from bench import nat, nat_peer, newflows, published

    yield from nat.tables()
    yield newflows.table()
    yield published.table()
    yield nat_peer.table()


def _routing() -> Iterator[Table]:
    from bench import routing

    yield routing.table()


def _live() -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("live: two namespaces", ("switch",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import live

    yield from live.tables(live.run())


def _live_nat() -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("live: through a gateway", ("gateway",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import live_nat

    yield from live_nat.tables(live_nat.run())


def _underlays() -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("underlays", ("traffic",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import underlays

    yield underlays.merging()
    yield underlays.sockets()


def _footprint() -> Iterator[Table]:
    from bench import footprint

    yield footprint.table()


CASES: dict[str, Callable[[], Iterator[Table]]] = {
    "bridge": _bridge,
    "latency": _latency,
    "flood": _flood,
    "fdb": _fdb,
    "replay": _replay,
    "peer": _peer,
    "routing": _routing,
    "nat": _nat,
    "live": _live,
    "live-nat": _live_nat,
    "underlays": _underlays,
    "footprint": _footprint,
}
"""By name: the tables of the case, one after the other. Imported only when run."""


def run(cases: Sequence[str] = (), json: str | Path | None = None, console: Console | None = None) -> dict[str, Any]:
    """Run the cases, all without any; print their tables, write them to the file `json`; returns what is written there.

    Errors: ValueError for a case that does not exist; RuntimeError where a measurement shows that it is not one.
    """
    for name in cases:
        if name not in CASES:
            raise ValueError(f"no benchmark {name!r}: {', '.join(CASES)}")
    from bench.machine import machine

    console = console or Console(width=max(Console().width, 96))
    tables = []
    for name in cases or CASES:
        for table in CASES[name]():
            table.show(console)
            tables.append({"case": name, **table.data()})
    report: dict[str, Any] = {"machine": machine(), "tables": tables}
    for key, value in report["machine"].items():
        console.print(f"{key.replace('_', ' ')}: {value}", highlight=False, markup=False, soft_wrap=True)
    if json is not None:
        path = Path(json)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json_format.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return report
