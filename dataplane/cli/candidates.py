"""Names that a shell may complete: of the Compose file at hand and of what runs.

Nothing here fails: a wrong file completes nothing, and is explained when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.model import Topology

Names = Callable[[click.Context], Iterable[str]]
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completer(names: Names) -> Completer:
    """Offer those of ``names`` that begin as the word does, without the words that are there already."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        there = context.params.get(parameter.name or "")
        taken = set(there) if isinstance(there, tuple) else set()
        found: set[str] = set()
        with suppress(UserError, OSError):
            found.update(names(context))
        return [CompletionItem(name) for name in sorted(found - taken) if name.startswith(incomplete)]

    return complete


def running_labs(_context: click.Context) -> Iterator[str]:
    """Labs of this user."""
    from dataplane import live

    return (lab.name for lab in live.labs())


def services(context: click.Context) -> Iterator[str]:
    """Services of the lab that is meant: those that run, else those of the file."""
    from dataplane import live

    wanted = context.params.get("lab")
    for lab in live.labs():
        if wanted in {None, lab.name}:
            yield from lab.services
    with suppress(UserError):
        yield from _topology(context).services


def instances(context: click.Context) -> Iterator[str]:
    """Containers that run of the daemon, or services of the lab, whichever is meant."""
    from dataplane.cli import daemon_names, whose

    if whose.means_daemon(context.params.get("lab"), daemon=bool(context.params.get("daemon"))):
        return daemon_names.running(context)
    return services(context)


def networks(context: click.Context) -> Iterator[str]:
    """Networks of the daemon or the lab that is meant, else of the file."""
    return _networks(context, lambda driver: driver not in {"host", "null"})


def overlays(context: click.Context) -> Iterator[str]:
    """The same, of driver overlay only."""
    return _networks(context, lambda driver: driver == "overlay")


def _networks(context: click.Context, wanted: Callable[[str], bool]) -> Iterator[str]:
    from dataplane import live
    from dataplane.cli import daemon_names, whose

    lab = context.params.get("lab")
    if whose.means_daemon(lab, daemon=bool(context.params.get("daemon"))):
        yield from daemon_names.networks_of(wanted)
        return
    with suppress(UserError), live.find(lab=lab) as client:
        yield from (network["key"] for network in client.lab()["networks"] if wanted(network["driver"]))
        return
    yield from (key for key, network in _topology(context).networks.items() if wanted(network.driver))


def replay_ports(context: click.Context) -> Iterator[str]:
    """``PORT=`` of the file that is replayed, for ``--in``."""
    from dataplane.plan import make_plan

    plan = make_plan(_topology(context))
    yield from (f"{name}=" for name in ("auto", *plan.ports()))


def _topology(context: click.Context) -> Topology:
    from dataplane.compose import load

    return load(str(context.params.get("option_file") or context.params.get("file") or "."))
