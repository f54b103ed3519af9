"""The cases by name, and how they are run."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from bench.settings import Settings

if TYPE_CHECKING:
    from bench.table import Table


def _bridge(_: Settings) -> Iterator[Table]:
    from bench import bridge

    yield bridge.by_stations()
    yield bridge.by_size()
    yield bridge.by_burst()


def _latency(_: Settings) -> Iterator[Table]:
    from bench import latency

    yield latency.table()


def _flood(_: Settings) -> Iterator[Table]:
    from bench import flood

    yield flood.table()


def _fdb(_: Settings) -> Iterator[Table]:
    from bench import fdb

    yield fdb.table()


def _replay(_: Settings) -> Iterator[Table]:
    from bench import replay

    yield replay.table()


def _peer(_: Settings) -> Iterator[Table]:
    from bench import peer

    yield peer.table()


def _nat(_: Settings) -> Iterator[Table]:
    from bench import nat, nat_peer, newflows, published

    yield from nat.tables()
    yield newflows.table()
    yield published.table()
    yield nat_peer.table()


def _routing(_: Settings) -> Iterator[Table]:
    from bench import routing

    yield routing.table()


def _parents(_: Settings) -> Iterator[Table]:
    from bench import parents

    yield parents.table()


def _encap(settings: Settings) -> Iterator[Table]:
    from bench import replay_vxlan, vxlan, vxlan_peer

    if settings.pcap is None:
        yield from vxlan.tables("encap", settings)
    if not settings.given:
        yield vxlan_peer.table("encap")
    if settings.pcap is not None or not settings.given:
        yield replay_vxlan.table(settings)


def _decap(settings: Settings) -> Iterator[Table]:
    from bench import vxlan, vxlan_peer

    yield from vxlan.tables("decap", settings)
    if not settings.given:
        yield vxlan_peer.table("decap")


def _live(_: Settings) -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("live: two namespaces", ("switch",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import live

    yield from live.tables(live.run())


def _live_nat(_: Settings) -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("live: through a gateway", ("gateway",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import live_nat

    yield from live_nat.tables(live_nat.run())


def _live_vxlan(_: Settings) -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("live: VXLAN", ("overlay",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import live_vxlan

    yield from live_vxlan.tables(live_vxlan.run())


def _drivers(_: Settings) -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("Network drivers", ("driver",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench.live_drivers import COMPARED

    yield from COMPARED.tables(COMPARED.run())


def _underlays(_: Settings) -> Iterator[Table]:
    import os

    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("underlays", ("traffic",), notes=["not run: not root, so that no namespaces can be made"])
        return
    from bench import underlays

    yield underlays.merging()
    yield underlays.sockets()


def _dns(_: Settings) -> Iterator[Table]:
    import os

    from bench import nameserver
    from bench.table import Table

    if os.geteuid() != 0:
        yield Table("embedded DNS", ("question",), notes=["not run: not root, so that no namespaces can be made"])
        return
    yield nameserver.table(nameserver.run())


def _daemon(_: Settings) -> Iterator[Table]:
    from bench import daemon

    yield from daemon.tables()


def _footprint(_: Settings) -> Iterator[Table]:
    from bench import footprint

    yield footprint.table()


CASES: dict[str, Callable[[Settings], Iterator[Table]]] = {
    "bridge": _bridge,
    "latency": _latency,
    "flood": _flood,
    "fdb": _fdb,
    "replay": _replay,
    "peer": _peer,
    "routing": _routing,
    "parents": _parents,
    "nat": _nat,
    "encap": _encap,
    "decap": _decap,
    "live": _live,
    "live-nat": _live_nat,
    "live-vxlan": _live_vxlan,
    "drivers": _drivers,
    "underlays": _underlays,
    "dns": _dns,
    "daemon": _daemon,
    "footprint": _footprint,
}
"""By name: the tables of the case, one after the other. Imported only when run."""
TAKE_SETTINGS = {
    "encap": ("size", "flows", "peers", "burst", "outer", "pcap"),
    "decap": ("size", "flows", "peers", "burst", "outer"),
}
"""Cases that can be told what to measure, and by which options."""


def run(
    cases: Sequence[str] = (),
    json: str | Path | None = None,
    console: Console | None = None,
    settings: Settings = Settings(),  # noqa: B008 frozen
) -> dict[str, Any]:
    """Run the cases, all without any; print their tables, write them to the file `json`; returns what is written there.

    Errors: ValueError for a case that does not exist, or does not take the settings; RuntimeError where a measurement shows that it
    is not one.
    """
    for name in cases:
        if name not in CASES:
            raise ValueError(f"no benchmark {name!r}: {', '.join(CASES)}")
    for name in cases or CASES:
        for option in settings.given:
            if option.removeprefix("--") not in TAKE_SETTINGS.get(name, ()):
                raise ValueError(f"{name} takes no {option}")
    from bench.machine import machine

    # Rows that say what was asked for are longer.
    console = console or Console(width=max(Console().width, 116 if settings.given else 100))
    tables = []
    for name in cases or CASES:
        for table in CASES[name](settings):
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
