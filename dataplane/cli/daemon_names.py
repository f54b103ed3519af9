"""Names that a shell may complete: of a daemon's networks and containers. Nothing here fails (see ``candidates``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import click

SOON = 2.0
"""Seconds: a shell waits for it."""


def networks(_context: click.Context) -> Iterator[str]:
    """Names of networks."""
    return networks_of(lambda _driver: True)


def networks_of(wanted: Callable[[str], bool]) -> Iterator[str]:
    """Those of whose driver it is true."""
    from dataplane.client import Daemon

    yield from (one["Name"] for one in Daemon.at().ask("GET", "/networks", timeout=SOON) if wanted(one["Driver"]))


def containers(_context: click.Context) -> Iterator[str]:
    """Names of all containers."""
    yield from _containers(alive=False)


def running(_context: click.Context) -> Iterator[str]:
    """Names of those that run."""
    yield from _containers(alive=True)


def network_and_container(context: click.Context) -> Iterator[str]:
    """A network first, then a container."""
    yield from containers(context) if context.params.get("words") else networks(context)


def _containers(*, alive: bool) -> Iterator[str]:
    from dataplane.client import Daemon

    for container in Daemon.at().ask("GET", "/containers/json", query={"all": not alive}, timeout=SOON):
        yield from (name.lstrip("/") for name in container["Names"])
